"""What a replay comes to, rep by rep: how many leads, how many on a day, and how many that could hardly be called in time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.routing_replay import Given, Plan, Seller
from domain.rules.calendars import elapsed, working


@dataclass(frozen=True, slots=True)
class Load:
    """`then`: leads that the rep got; `now`: that the rules would give them. Of the latter are all other numbers."""

    rep_id: int
    name: str
    then: int
    now: int
    days: int
    """Working days of the window, by the rules' calendar."""
    hours: float
    """Working hours of it."""
    most: int
    """First contacts on the fullest day."""
    most_on: date | None
    out_of_hours: int
    """Leads whose first contact would be due before the rep has worked for a minute."""

    @property
    def an_hour(self) -> float | None:
        """First contacts to be made in one working hour; None: they never work."""
        return self.now / self.hours if self.hours else None


def loads(plan: Plan, given: Sequence[Given], since: datetime, until: datetime) -> list[Load]:
    """Of every seller of the plan, by name."""
    sellers = sorted(plan.sellers.values(), key=lambda seller: (seller.name, seller.rep_id))
    then = Counter(one.attempt.rep_id for one in given)
    return [
        _load(seller, then[seller.rep_id], [one for one in given if one.rep_id == seller.rep_id], since, until)
        for seller in sellers
    ]


def _load(seller: Seller, then: int, theirs: Sequence[Given], since: datetime, until: datetime) -> Load:
    days = Counter(one.at.astimezone(seller.calendar.zone).date() for one in theirs)
    # The earliest of the fullest days, so that the same question has the same answer.
    most_on, most = min(days.items(), key=lambda one: (-one[1], one[0]), default=(None, 0))
    worked = {begin.astimezone(seller.calendar.zone).date() for begin, _ in working(seller.calendar, since, until)}
    return Load(
        rep_id=seller.rep_id,
        name=seller.name,
        then=then,
        now=len(theirs),
        days=len(worked),
        hours=elapsed(seller.calendar, since, until) / timedelta(hours=1),
        most=most,
        most_on=most_on,
        out_of_hours=sum(_out_of_hours(seller, one) for one in theirs),
    )


def _out_of_hours(seller: Seller, given: Given) -> bool:
    """A clock that counts working time waits for the rep."""
    if given.attempt.working:
        return False
    # The clock runs from when the lead came, whenever somebody could be asked.
    due = given.attempt.at + given.attempt.target
    return elapsed(seller.calendar, given.at, max(due, given.at)) <= timedelta(0)


def moved(given: Iterable[Given]) -> Iterator[Given]:
    """Those that somebody else would have got."""
    return (one for one in given if one.rep_id != one.attempt.rep_id)
