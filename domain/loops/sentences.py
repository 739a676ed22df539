"""The three sentences of a month that matter most, and the line that says a loop in a digest."""

from collections.abc import Iterator, Sequence

from domain.loops.daily import Day
from domain.loops.monthly import Pack, Row
from domain.loops.weekly import Week
from domain.rules.counting import how_many
from domain.rules.feedback import WEEKDAYS, band_words, month_before, month_words
from domain.rules.reasons import label_of
from domain.stats.quality import FEW
from domain.stats.share import beside_words
from domain.stats.trend import Metric

MOST = 3


def sentences(pack: Pack) -> Sequence[str]:
    """The most important first: what is short of its target, what stands out, how sales feels; else how many there were."""
    found = [*_short(pack), *_standing_out(pack), *_feeling(pack), *_changes(pack), *_earned(pack), _volume(pack)]
    return found[:MOST]


def _short(pack: Pack) -> Iterator[str]:
    """The metric that is furthest from its target."""
    known = [row for row in pack.metrics if row.of >= FEW and row.metric.target is not None]
    short = [row for row in known if row.short]
    if short:
        row = max(short, key=_distance)
        target = row.metric.target or 0.0
        aim = f"within {target:.0%}" if row.metric.low_is_good else f"over {target:.0%}"
        so_far = "" if row.final else f" so far, with {row.waiting:,} still open"
        now = value_words(row.metric, row.value)
        yield f"{row.metric.words} is {now}{so_far}; the target is {aim}{_compared(pack, row)}."
    elif known:
        so_far = "" if all(row.final for row in known) else " so far"
        yield f"Every metric of which there is enough to say is on target{so_far}."


def _distance(row: Row) -> float:
    """How far a metric is from its target, as a part of it."""
    target = row.metric.target or 1.0
    return abs((row.value or 0.0) - target) / target


def _compared(pack: Pack, row: Row) -> str:
    if row.before is None:
        return ""
    return f" ({month_words(month_before(pack.month))}: {value_words(row.metric, row.before)})"


def _standing_out(pack: Pack) -> Iterator[str]:
    for one in pack.stands_out[:1]:
        yield (
            f"{cell_words(one.source, one.band)} are rejected as “{label_of(one.reason)}” more than others: {one.hit} of {one.of}, "
            f"elsewhere {one.rest_hit} of {one.rest_of}."
        )


def cell_words(source: str | None, band: int | None) -> str:
    scored = f" that scored {band_words(band)}" if band is not None else ""
    return f"Leads from {source}{scored}" if source is not None else f"Leads{scored}"


def _feeling(pack: Pack) -> Iterator[str]:
    pulse = pack.pulse
    if pulse is None or pulse.mean is None:
        return
    before = pack.satisfaction.get(month_before(pack.month))
    was = f" ({month_words(month_before(pack.month))}: {before.mean:.1f})" if before and before.mean else ""
    blamed = max(pulse.blamed.items(), key=lambda one: one[1], default=None)
    worst = f" What was worst most often: {blamed[0].words.lower()}." if blamed else ""
    yield f"Sales gives its leads {pulse.mean:.1f} of 5{was}; {pulse.answered} of {pulse.asked} answered.{worst}"


def _changes(pack: Pack) -> Iterator[str]:
    """What is better or worse than in the quarter before, by more than chance."""
    for row in pack.metrics:
        newest = next((one for one in reversed(row.quarters) if one.mature), None)
        if newest is not None and newest.change in {"better", "worse"}:
            value = value_words(row.metric, newest.value)
            yield f"{row.metric.words} got {newest.change} in {newest.quarter}: {value}."


def _earned(pack: Pack) -> Iterator[str]:
    lines = [(one.roi, one) for one in pack.earned.lines if one.roi is not None]
    if lines:
        roi, best = max(lines, key=lambda one: one[0])
        yield f"Best return: {best.by.value} {best.name}, {1 + roi:.1f} for each 1 that was spent."


def _volume(pack: Pack) -> str:
    leads = how_many(pack.handed, "lead")
    return (
        f"{leads} went to sales: {pack.mqls:,} MQL, {pack.hqls:,} HQL "
        f"({month_words(month_before(pack.month))}: {pack.handed_before:,})."
    )


def value_words(metric: Metric, value: float | None) -> str:
    """As people read it: a share, how far the predictions were off, or a feeling from 1 to 5."""
    if value is None:
        return "\N{EN DASH}"
    if metric is Metric.SATISFACTION:
        return f"{value:.1f} of 5"
    shown = beside_words(value, metric.target or 0.0)
    return f"off by {shown}" if metric is Metric.ACCURACY else shown


# ---- in a digest -----------------------------------------------------------------------------------------------------


def day_in_a_line(found: Day) -> str:
    mqls, hqls = (
        sum(volume.count for volume in each) for each in zip(*((p.mql, p.hql) for p in found.pools), strict=True)
    )
    waits = sum(pool.with_nobody + pool.offered for pool in found.pools)
    return (
        f"{WEEKDAYS[found.day.weekday()]}: {mqls} MQL, {hqls} HQL, {len(found.misses)} missed SLAs; "
        f"{waits} waited for a decision"
    )


def week_in_a_line(found: Week) -> str:
    said = len(found.stands_out) + len(found.inverted) + len(found.fires_for_no_fit) + len(found.advice)
    odd = "nothing stands out" if not said else "1 thing stands out" if said == 1 else f"{said} things stand out"
    return f"{found.period}: {found.rejected} of {found.decided} offers rejected; {odd}"
