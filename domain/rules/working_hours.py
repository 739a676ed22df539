"""Working hours as people write them: `mon-fri 09:00-12:30, 13:30-18:00; sat 10:00-14:00`, and a time zone by its name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from domain.rules.calendars import Block

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Week = Mapping[int, Sequence[Block]]
"""Monday is 0; the blocks of a day are in order and do not overlap."""

_BLOCK = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
_PASTED = {0x2013: "-", 0x2014: "-", 0x2060: None, 0x00A0: " "}
"""What copying from elsewhere makes of it: dashes, joiners, fixed spaces."""
_GROUP = re.compile(r"([a-z]{3}(?:\s*-\s*[a-z]{3})?)\s+(\S.*)", re.ASCII)


class Unreadable(ValueError):
    """Its text is the reason, to be read after the name of the field."""


def read_week(text: str) -> dict[int, list[Block]] | None:
    """The week that somebody wrote; None for nothing, which is: always at work. Raises Unreadable."""
    groups = [group.strip() for group in re.split(r"[;\n]", text.casefold().translate(_PASTED)) if group.strip()]
    read = []
    for group in groups:
        parts = _GROUP.fullmatch(group)
        if parts is None:
            raise Unreadable(f"{group[:40]!r}: write days and hours, as in mon-fri 09:00-12:30, 13:30-18:00")
        read.append((read_days(parts[1]), in_order([read_block(one) for one in parts[2].split(",")])))
    return week_of(read) if read else None


def week_of(groups: Iterable[tuple[Sequence[int], Sequence[Block]]]) -> dict[int, list[Block]]:
    """One week of (days, blocks). Raises Unreadable if a day is named twice."""
    week: dict[int, list[Block]] = {}
    for days, blocks in groups:
        for day in days:
            if day in week:
                raise Unreadable(f"{DAYS[day]} is named twice")
            week[day] = list(blocks)
    return week


def read_days(text: str) -> tuple[int, ...]:
    """`mon`, or `mon-fri` with both ends; `sat-mon` goes over the end of the week. Raises Unreadable."""
    first, dash, last = (part.strip() for part in text.strip().casefold().partition("-"))
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise Unreadable(f"{name[:20]!r} is no day; days are {', '.join(DAYS)}, or a range such as mon-fri")
    begin, end = DAYS.index(first), DAYS.index(last) if dash else DAYS.index(first)
    return tuple(day % 7 for day in range(begin, end + (8 if end < begin else 1)))


def read_block(text: object) -> Block:
    """`09:00-17:30` in minutes after midnight; a day ends at 24:00. Raises Unreadable."""
    parts = _BLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if parts is None:
        raise Unreadable(f"{str(text)[:20]!r}: write it as 09:00-17:30")
    hour, minute, end_hour, end_minute = map(int, parts.groups())
    begin, end = 60 * hour + minute, 60 * end_hour + end_minute
    if max(minute, end_minute) > 59 or max(begin, end) > 1440:
        raise Unreadable(f"{parts[0]} is no time of a day; a day goes from 00:00 to 24:00")
    if begin >= end:
        raise Unreadable(f"{parts[0]} ends before it begins; a night is two blocks, of two days")
    return begin, end


def in_order(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a day by time. Raises Unreadable if there is none, or if two overlap."""
    if not blocks:
        raise Unreadable("name at least one block of hours, or leave the day out")
    ordered = sorted(blocks)
    for earlier, later in pairwise(ordered):
        if later[0] < earlier[1]:
            raise Unreadable(f"{_words(later)} overlaps with {_words(earlier)}")
    return ordered


def week_words(week: Week) -> str:
    """The week as `read_week` reads it, days of equal hours together."""
    groups: list[tuple[int, int, Sequence[Block]]] = []
    for day in sorted(week):
        if groups and groups[-1][1] == day - 1 and list(groups[-1][2]) == list(week[day]):
            groups[-1] = (groups[-1][0], day, week[day])
        else:
            groups.append((day, day, week[day]))
    return "; ".join(
        f"{DAYS[first] if first == last else f'{DAYS[first]}-{DAYS[last]}'} {', '.join(map(_words, blocks))}"
        for first, last, blocks in groups
    )


def _words(block: Block) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in block)


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def read_zone(text: str) -> str:
    """The name of a time zone as the world's list of them writes it, whatever its capitals. Raises Unreadable."""
    wanted = text.strip().replace(" ", "_").casefold()
    if name := _zones().get(wanted):
        return name
    near = [_zones()[one] for one in get_close_matches(wanted[:60], _zones(), 2)]
    hint = f"did you mean {' or '.join(near)}?" if near else "write it as Europe/Berlin"
    raise Unreadable(f"there is no time zone {text.strip()[:40]!r}; {hint}")
