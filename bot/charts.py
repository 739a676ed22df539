"""The chart of `/leadstats` as a picture. Drawing it is in bot/drawing.py, which is loaded when it is first needed: its
library takes half a second to import, and the web process never draws.
"""

import threading
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from bot.figures import percent
from bot.stats import Metric, Stage, funnel, metrics
from domain.stats.quality import Numbers

DRAWN_BY = "bot.drawing"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Bar:
    """A step of the funnel: `note` is its part of the step before."""

    name: str
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class Bullet:
    """A metric against its target, both from 0 to 1. `low_is_good`: the target is the most it may be."""

    name: str
    now: str
    rate: float | None
    target: float
    mark: str
    low_is_good: bool


class Pen(Protocol):
    def draw(self, title: str, bars: list[Bar], bullets: list[Bullet]) -> bytes: ...


def chart(period: str, found: Numbers) -> bytes:
    """A PNG. It holds our own words and numbers only: the names of others stand in the message, where any script can be read."""
    bars = [_bar(stage) for stage in funnel(found)]
    bullets = [_bullet(metric) for metric in metrics(found)]
    # One at a time: the fonts that the library keeps are shared by all threads.
    with _lock:
        pen: Pen = import_module(DRAWN_BY)
        return pen.draw(f"Lead quality, {period}", bars, bullets)


def _bar(stage: Stage) -> Bar:
    return Bar(stage.name, stage.count, percent(stage.of_before) if stage.of_before is not None else "")


def _bullet(metric: Metric) -> Bullet:
    low = metric.target.startswith("within")
    return Bullet(metric.name, metric.now, metric.rate, metric.aim, metric.mark, low)
