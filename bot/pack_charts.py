"""The pictures of the monthly pack. Drawing them is in bot/pack_drawing.py, which is loaded when it is first needed, in a job."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.loops.monthly import Pack, Row
from domain.loops.sentences import value_words
from domain.rules.feedback import FEWEST_ANSWERS, band_words, month_words
from domain.stats.trend import Metric
from kit import heavy

DRAWN_BY = "bot.pack_drawing"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric by quarter; a value is from 0 to `top`, or None. A hollow point is not final yet."""

    name: str
    now: str
    labels: Sequence[str]
    values: Sequence[float | None]
    hollow: Sequence[bool]
    target: float | None
    top: float


@dataclass(frozen=True, slots=True)
class Column:
    """One bar with its interval. `note` stands above it."""

    label: str
    value: float
    low: float
    high: float
    note: str


class Pen(Protocol):
    def panels(self, title: str, panels: Sequence[Panel]) -> bytes: ...

    def columns(self, title: str, columns: Sequence[Column]) -> bytes: ...


def overview(pack: Pack) -> bytes:
    """A PNG: each metric by quarter, with its target. It holds our own words and numbers only."""
    panels = [_panel(row) for row in pack.metrics]
    return _drawn(lambda pen: pen.panels(f"Quality of leads, {month_words(pack.month)}", panels))


def _panel(row: Row) -> Panel:
    tops = {Metric.SATISFACTION: 5.0, Metric.ACCURACY: 0.5}
    return Panel(
        name=row.metric.words,
        now=value_words(row.metric, row.value),
        labels=[one.quarter.removesuffix(" so far") for one in row.quarters],
        values=[one.value for one in row.quarters],
        hollow=[not one.mature for one in row.quarters],
        target=row.metric.target,
        top=tops.get(row.metric, 1.0),
    )


def bands(pack: Pack) -> bytes | None:
    """A PNG: how often leads of each band became an SQL, with intervals; None: nothing is due."""
    columns = [
        Column(band_words(one.low), one.sql / one.due, one.at_least, one.at_most, f"{one.sql} of {one.due}")
        for one in reversed(pack.bands)
        if one.due
    ]
    return _drawn(lambda pen: pen.columns("Leads that became an SQL, by score", columns)) if columns else None


def contentment(pack: Pack) -> bytes | None:
    """A PNG: the share of sales that is content, by month; None: nobody has answered, or too few."""
    months = [(month, one) for month, one in sorted(pack.satisfaction.items()) if one.answered >= FEWEST_ANSWERS]
    columns = [
        Column(month, one.content or 0.0, one.content or 0.0, one.content or 0.0, f"{one.mean:.1f} of 5")
        for month, one in months
    ]
    return _drawn(lambda pen: pen.columns("Sales that is content with its leads", columns)) if columns else None


def _drawn(draw: Callable[[Pen], bytes]) -> bytes:
    # One at a time: the fonts that the library keeps are shared by all threads.
    with _lock:
        pen: Pen = heavy.load(DRAWN_BY)
        return draw(pen)
