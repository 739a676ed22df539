"""For how long a rep may put a lead aside. Its clocks stand still meanwhile, so it is never for ever."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from domain.rules.refusals import NoSuchSnooze

LONGEST = timedelta(days=30)
UNTIL_IT_RISES = "rise"

SPANS: Mapping[str, tuple[str, timedelta]] = {
    "1h": ("One hour", timedelta(hours=1)),
    "4h": ("Four hours", timedelta(hours=4)),
    "1d": ("One day", timedelta(days=1)),
    "3d": ("Three days", timedelta(days=3)),
    "7d": ("One week", timedelta(days=7)),
    "14d": ("Two weeks", timedelta(days=14)),
    UNTIL_IT_RISES: ("Until the score jumps (30 days at most)", LONGEST),
}
"""Key -> what it is called, how long it is. A jump of the score wakes the lead in any case."""


def snooze_until(span: str, until: str, now: datetime) -> datetime:
    """When a snooze ends: at the moment that was chosen (`until`, seconds since 1970), else after the span.

    Raises NoSuchSnooze for what is neither, has passed, or is further away than LONGEST.
    """
    if until:
        if not (until.isascii() and until.isdecimal() and len(until) <= 10):
            raise NoSuchSnooze
        end = datetime.fromtimestamp(int(until), UTC)
    elif span in SPANS:
        end = now + SPANS[span][1]
    else:
        raise NoSuchSnooze
    if not now < end <= now + LONGEST:
        raise NoSuchSnooze
    return end
