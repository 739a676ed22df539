"""The handoffs of the past under other rules: who would have got what. Nothing is read and nothing is written here.

What is known is kept: when each lead came, what it was like then, who was away, how each attempt ended and when. What cannot be
known is taken as it was: another rep would have kept the lead as long, and rejected it for the same reason.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from domain.rules.calendars import Calendar, Interval
from domain.rules.facts import Value
from domain.rules.fairness import Member, after_credit, after_turn, next_member, on_return
from domain.rules.routing import ABOUT_THE_LEAD, Candidate, Territory, choose_territory, skip_reason
from domain.tables import Role

FOR_EVER = datetime.max.replace(tzinfo=UTC)
REJECTED, HANDED_ON, GAVE_BACK = "rejected_this_lead", "handed_on", "gave_it_back"


@dataclass(frozen=True, slots=True)
class Seller:
    """A rep as the rules have them. `away`: leave and pauses that are known."""

    rep_id: int
    name: str
    calendar: Calendar
    away: Sequence[Interval] = ()
    reachable: bool = True
    most_open: int | None = None
    most_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """`overflow` is the place of another pool among those of the plan."""

    name: str
    weights: Mapping[int, int]
    overflow: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules that need not be in force. The `pool_id` of a territory is a pool's place."""

    sellers: Mapping[int, Seller]
    pools: Sequence[PlannedPool]
    territories: Mapping[Role, Sequence[Territory]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One handoff as it was: what was known of the lead then, who got it, and how long they had it."""

    handoff_id: int
    lead_id: int
    email: str
    role: Role
    at: datetime
    until: datetime | None
    """When it ceased to be anybody's open work; None: it has not."""
    attributes: Mapping[str, Value]
    rep_id: int | None
    outside: bool = False
    """It went to its owner, or a person gave it to somebody: no rotation was asked."""
    refusal: str | None = None
    """Why its rep was not asked for this lead again: a code of `routing.ABOUT_THE_LEAD`."""
    goes_on: bool = False
    """It followed at once on an attempt that had no verdict: who had that one is not asked again."""
    credited: bool = False
    """Its turn was given back when it ended."""
    target: timedelta = timedelta(0)
    """How long the first contact might take."""
    working: bool = False
    """Whether that is working time."""


@dataclass(frozen=True, slots=True)
class Given:
    """Who would have got it, and when; None: nobody could have been asked until the end."""

    attempt: Attempt
    rep_id: int | None
    pool: int | None
    at: datetime

    @property
    def waited(self) -> bool:
        return self.rep_id is None or self.at > self.attempt.at


def replay(plan: Plan, attempts: Iterable[Attempt], since: datetime) -> list[Given]:
    """All attempts that began at `since` or later, in their order, as the plan would have given them. Those before only say
    what everybody had in hand. The rotation begins with everybody level.
    """
    floor = _Floor(plan)
    given: list[Given] = []
    for attempt in sorted(attempts, key=lambda one: (one.at, one.handoff_id)):
        if attempt.at < since:
            floor.has(attempt, attempt.rep_id, attempt.at)
            continue
        given += floor.those_that_waited(attempt.at)
        given += floor.give(attempt)
    given += [Given(attempt, None, pool, attempt.at) for pool, attempt in floor.waiting()]
    return sorted(given, key=lambda one: (one.attempt.at, one.attempt.handoff_id))


class _Floor:
    """The sales floor while the leads come in."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._members = [
            {rep_id: Member(rep_id, weight, 0.0) for rep_id, weight in sorted(pool.weights.items())}
            for pool in plan.pools
        ]
        self._absent: list[set[int]] = [set() for _ in plan.pools]
        self._in_hand: dict[int, list[datetime]] = defaultdict(list)
        self._days: Counter[tuple[int, date]] = Counter()
        self._refused: dict[int, dict[int, str]] = defaultdict(dict)
        self._credits: list[tuple[datetime, int, int, int]] = []
        self._waiting: dict[int, deque[Attempt]] = defaultdict(deque)
        self._homeless: list[Attempt] = []

    def give(self, attempt: Attempt) -> Iterator[Given]:
        """The lead to whom the rules give it. Nothing comes if it has to wait."""
        self._give_back(attempt.at)
        if attempt.outside and attempt.rep_id in self._plan.sellers:
            self.has(attempt, attempt.rep_id, attempt.at)
            yield Given(attempt, attempt.rep_id, None, attempt.at)
            return
        found = choose_territory(self._plan.territories.get(attempt.role, ()), attempt.attributes)
        if found is None:
            self._homeless.append(attempt)
            return
        pool = found[1].pool_id
        asked = self._ask(attempt, pool, attempt.at)
        if asked is None:
            self._waiting[pool].append(attempt)
        else:
            yield asked

    def those_that_waited(self, at: datetime) -> Iterator[Given]:
        """The leads for whom somebody can be asked by now, longest waiting first."""
        self._give_back(at)
        for pool, line in self._waiting.items():
            aside: list[Attempt] = []
            while line and self._somebody(pool, at):
                attempt = line.popleft()
                asked = self._ask(attempt, pool, at)
                if asked is None:
                    aside.append(attempt)
                else:
                    yield asked
            line.extendleft(reversed(aside))

    def waiting(self) -> Iterator[tuple[int | None, Attempt]]:
        yield from ((None, attempt) for attempt in self._homeless)
        yield from ((pool, attempt) for pool, line in self._waiting.items() for attempt in line)

    def has(self, attempt: Attempt, rep_id: int | None, at: datetime) -> None:
        """Note that the lead is in this rep's hands, for as long as it was in somebody's."""
        seller = self._plan.sellers.get(rep_id or 0)
        if seller is None:
            return
        kept = FOR_EVER if attempt.until is None else at + (attempt.until - attempt.at)
        heapq.heappush(self._in_hand[seller.rep_id], kept)
        self._days[seller.rep_id, _day(seller, at)] += 1
        if attempt.refusal is not None:
            self._refused[attempt.lead_id][seller.rep_id] = attempt.refusal

    def _ask(self, attempt: Attempt, first: int, at: datetime) -> Given | None:
        pool: int | None = first
        while pool is not None:
            skipped = {rep_id: self._skip(rep_id, attempt, at) for rep_id in self._members[pool]}
            self._absent[pool] = {rep_id for rep_id, why in skipped.items() if why and why not in ABOUT_THE_LEAD}
            following = next_member(member for member in self._members[pool].values() if not skipped[member.rep_id])
            if following is not None:
                self._turn(attempt, pool, following, at)
                return Given(attempt, following.rep_id, pool, at)
            pool = self._plan.pools[pool].overflow
        return None

    def _turn(self, attempt: Attempt, pool: int, member: Member, at: datetime) -> None:
        self._members[pool][member.rep_id] = replace(member, virtual_time=after_turn(member), last_turn_at=at)
        self._keep_up(pool)
        self.has(attempt, member.rep_id, at)
        if attempt.credited and attempt.until is not None:
            ended = at + (attempt.until - attempt.at)
            heapq.heappush(self._credits, (ended, attempt.handoff_id, pool, member.rep_id))

    def _skip(self, rep_id: int, attempt: Attempt | None, at: datetime) -> str | None:
        """Why the rep is not asked for this lead; without one, for any."""
        seller, in_hand = self._plan.sellers[rep_id], self._in_hand[rep_id]
        while in_hand and in_hand[0] <= at:
            heapq.heappop(in_hand)
        refused = self._refused.get(attempt.lead_id, {}).get(rep_id) if attempt else None
        if refused and (refused == REJECTED or (attempt and attempt.goes_on)):
            return refused
        return skip_reason(
            Candidate(
                rep_id,
                available=True,
                reachable=seller.reachable,
                rejected_before=False,
                on_leave=any(begin <= at < end for begin, end in seller.away),
                open=len(in_hand),
                most_open=seller.most_open,
                today=self._days[rep_id, _day(seller, at)] if seller.most_a_day is not None else 0,
                most_a_day=seller.most_a_day,
            )
        )

    def _somebody(self, first: int, at: datetime) -> bool:
        """Whether anybody of the pool, or of those behind it, could be asked for some lead."""
        pool: int | None = first
        while pool is not None:
            if any(self._skip(rep_id, None, at) is None for rep_id in self._members[pool]):
                return True
            pool = self._plan.pools[pool].overflow
        return False

    def _keep_up(self, pool: int) -> None:
        """Who takes no turns goes along with the others: nobody comes back to a run of leads."""
        members, absent = self._members[pool], self._absent[pool]
        active = [member for member in members.values() if member.rep_id not in absent]
        for rep_id in absent:
            members[rep_id] = replace(members[rep_id], virtual_time=on_return(members[rep_id].virtual_time, active))

    def _give_back(self, at: datetime) -> None:
        while self._credits and self._credits[0][0] <= at:
            _, _, pool, rep_id = heapq.heappop(self._credits)
            members = self._members[pool]
            active = [member for member in members.values() if member.rep_id not in self._absent[pool]]
            members[rep_id] = replace(members[rep_id], virtual_time=after_credit(members[rep_id], active))


def _day(seller: Seller, at: datetime) -> date:
    return at.astimezone(seller.calendar.zone).date()
