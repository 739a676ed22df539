"""The charts of `/leadstats` as pictures, and what those of the monthly pack share with them. Drawing is in bot/drawing.py, which
is loaded when it is first needed: its library takes half a second to import, and the web process never draws.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot import trend
from bot.figures import percent
from bot.stats import Metric, Stage, funnel, metrics
from domain.stats.quality import Numbers
from domain.stats.trend import Change, Line
from domain.stats.trend import Metric as Measure
from kit import heavy

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


@dataclass(frozen=True, slots=True)
class Dot:
    """A metric in one quarter. `rate`: from 0 to 1, of the height; None: nothing to show. `arrow`: ▲, ▼ or nothing."""

    quarter: str
    rate: float | None
    said: str
    mature: bool
    arrow: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric over the quarters. `target`: of the height; None: there is none but to rise."""

    name: str
    aim: str
    target: float | None
    mark: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True)
class Column:
    """A share from 0 to 1 as a bar, with the bounds of its interval. `note` stands beneath it."""

    label: str
    rate: float
    low: float
    high: float
    note: str


class Pen(Protocol):
    def draw(self, title: str, bars: list[Bar], bullets: list[Bullet]) -> bytes: ...

    def draw_trend(self, title: str, panels: list[Panel]) -> bytes: ...

    def draw_columns(self, title: str, columns: list[Column]) -> bytes: ...


def drawn(draw: Callable[[Pen], bytes]) -> bytes:
    """One at a time: the fonts that the library keeps are shared by all threads."""
    with _lock:
        pen: Pen = heavy.load(DRAWN_BY)
        return draw(pen)


def chart(period: str, found: Numbers) -> bytes:
    """A PNG. It holds our own words and numbers only: the names of others stand in the message, where any script can be read."""
    bars = [_bar(stage) for stage in funnel(found)]
    bullets = [_bullet(metric) for metric in metrics(found)]
    return drawn(lambda pen: pen.draw(f"Lead quality, {period}", bars, bullets))


def trend_chart(lines: Sequence[Line]) -> bytes:
    """A PNG: one small chart for each metric, all over the same quarters."""
    return by_quarter([_panel(line) for line in lines])


def by_quarter(panels: list[Panel]) -> bytes:
    return drawn(lambda pen: pen.draw_trend("Lead quality by quarter", panels))


def _bar(stage: Stage) -> Bar:
    return Bar(stage.name, stage.count, percent(stage.of_before) if stage.of_before is not None else "")


def _bullet(metric: Metric) -> Bullet:
    low = metric.target.startswith("within")
    return Bullet(metric.name, metric.now, metric.rate, metric.aim, metric.mark, low)


WORST, BEST_FEELING = 0.5, 5.0
"""Where the height of a distance ends; and the best that people can say."""


def _panel(line: Line) -> Panel:
    dots = [dot(line.metric, one.quarter, one.value, mature=one.mature, change=one.change) for one in line.points]
    return panel(line.metric, trend.mark_of(line), dots)


def panel(metric: Measure, mark: str, dots: Sequence[Dot]) -> Panel:
    """`mark`: good, short, or too few to say."""
    target = None if metric.target is None else _height(metric, metric.target)
    return Panel(metric.words, trend.aim(metric), target, mark, dots)


def dot(metric: Measure, quarter: str, value: float | None, *, mature: bool, change: Change | None) -> Dot:
    rate = None if value is None else _height(metric, value)
    said = "" if value is None else trend.value_of(metric, value).removeprefix("off by ").removesuffix(" of 5")
    return Dot(_short(quarter), rate, said, mature, trend.ARROWS[change])


def _height(metric: Measure, value: float) -> float:
    if metric is Measure.SATISFACTION:
        return (value - 1) / (BEST_FEELING - 1)
    return min(value / WORST, 1.0) if metric.low_is_good else value


def _short(quarter: str) -> str:
    """`2026-Q3 so far` is Q3 '26."""
    year, _, number = quarter.split(maxsplit=1)[0].partition("-")
    return f"{number} '{year[2:]}"
