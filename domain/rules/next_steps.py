"""What is to be done next about a lead, as a rep writes it after a call."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from domain.rules.cleaning import one_line
from domain.rules.refusals import NoSuchNextStep

LONGEST_STEP = 150
"""Characters."""
FARTHEST = timedelta(days=365)


class NextStep(NamedTuple):
    """`at` None: whenever it suits."""

    what: str
    at: datetime | None = None


def read_next_step(step: str, at: str, now: datetime) -> NextStep | None:
    """The step and its moment (`at`: seconds since 1970), each of which may be left out; but a moment wants a step.

    Raises NoSuchNextStep.
    """
    what = one_line(step, LONGEST_STEP)
    if not at:
        return NextStep(what) if what else None
    if not (at.isascii() and at.isdecimal() and len(at) <= 10):
        raise NoSuchNextStep(why="when")
    when = datetime.fromtimestamp(int(at), UTC)
    if not now < when <= now + FARTHEST:
        raise NoSuchNextStep(why="when")
    if not what:
        raise NoSuchNextStep(why="what")
    return NextStep(what, when)
