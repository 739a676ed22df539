"""Working time: when somebody is at work, how much of it lies between two moments, and when so much of it has passed.

All of it is arithmetic on intervals of UTC, a day at a time. Days on which a clock is put forward or back have as much
working time as really passes on them.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Block = tuple[int, int]
"""From and to, in minutes after midnight of the wall clock; the end is not part of it, and may be 1440."""
Interval = tuple[datetime, datetime]

DAY = timedelta(days=1)
LONGEST = timedelta(days=750)
"""How far ahead working time is looked for: who is never at work within two years has none."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week`: Monday is 0; the blocks of a day are in order and do not overlap. `away`: absences, in order or not."""

    zone: ZoneInfo
    week: Mapping[int, Sequence[Block]]
    holidays: Container[date] = frozenset()
    away: Sequence[Interval] = field(default=())


ALWAYS = Calendar(ZoneInfo("UTC"), dict.fromkeys(range(7), ((0, 1440),)))
"""Wall time."""


def working(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    """The intervals of work between two moments, in order, in UTC."""
    away = _merged(calendar.away)
    day = start.astimezone(calendar.zone).date() - DAY
    last = end.astimezone(calendar.zone).date() + DAY
    while day <= last:
        for one in _of_day(calendar, day):
            begin, stop = max(one[0], start), min(one[1], end)
            if begin < stop:
                yield from _without(begin, stop, away)
        day += DAY


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two moments."""
    return sum((stop - begin for begin, stop in working(calendar, start, end)), timedelta(0))


def after(calendar: Calendar, start: datetime, span: timedelta) -> datetime | None:
    """When `span` of working time has passed since `start`; None if that is not within LONGEST. A span of nothing is over
    at once, at work or not.
    """
    if span <= timedelta(0):
        return start
    for begin, stop in working(calendar, start, start + LONGEST):
        if stop - begin >= span:
            return begin + span
        span -= stop - begin
    return None


def at_work(calendar: Calendar, now: datetime) -> bool:
    return any(True for _ in working(calendar, now, now + timedelta(microseconds=1)))


def _of_day(calendar: Calendar, day: date) -> list[Interval]:
    blocks = calendar.week.get(day.weekday(), ())
    if not blocks or day in calendar.holidays:
        return []
    midnight = datetime.combine(day, time())
    pieces = [
        (
            max(since, (midnight + timedelta(minutes=begin) - offset).replace(tzinfo=UTC)),
            min(until, (midnight + timedelta(minutes=end) - offset).replace(tzinfo=UTC)),
        )
        for since, until, offset in _offsets(calendar.zone, day)
        for begin, end in blocks
    ]
    return sorted(piece for piece in pieces if piece[0] < piece[1])


def _offsets(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime, timedelta]]:
    """The stretches about a day in which the zone's distance from UTC is one: (since, until, distance)."""
    since = datetime.combine(day, time(), UTC) - DAY
    until = since + 3 * DAY
    first, last = _offset(zone, since), _offset(zone, until)
    if first == last:
        return [(since, until, first)]
    low, high = since, until
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(zone, middle) == first else (low, middle)
    change = high.replace(microsecond=0)
    return [(since, change, first), (change, until, last)]


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for begin, end in sorted(intervals):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _without(begin: datetime, end: datetime, away: Sequence[Interval]) -> Iterator[Interval]:
    for since, until in away:
        if until <= begin or since >= end:
            continue
        if begin < since:
            yield begin, since
        begin = max(begin, until)
    if begin < end:
        yield begin, end
