"""The laws of the rotation on a real Postgres: a bulk through several workers spreads evenly, leave and limits are never
violated, and nobody who was away gets a run of leads.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.candidates import HELD, loads
from domain.tables import Absence, Company, Handoff, Pool, PoolMember, Rep, Role, Turn, TurnKind
from domain.verbs import absences, deciding, staffing
from domain.verbs.offering import hand_over
from handlers.jobs import transaction
from tests.conftest import NOON
from tests.domain.making import make_lead, make_rep, make_team
from tests.domain.test_concurrency import all_at_once, copies

MINUTE = timedelta(minutes=1)


def a_pool(session: Session, weights: Sequence[int], name: str = "Bulk") -> tuple[Pool, list[Rep]]:
    """A pool of the whole territory, with as many reps as there are weights."""
    reps = [make_rep(session, f"{name}{number} Sample", Role.SDR) for number in range(len(weights))]
    pool = staffing.save_pool(session, name=name, role=Role.SDR, slack_channel="C0BULK", manager=None)
    staffing.set_members(session, pool, {rep.id: weight for rep, weight in zip(reps, weights, strict=True)})
    staffing.set_territories(session, Role.SDR, [({}, pool.id)])
    return pool, reps


def assign(lead_id: int, now: datetime = NOON) -> int:
    with transaction() as session:
        handoff = hand_over(session, lead_id, now)
        assert handoff is not None
        return handoff.rep_id or 0


@pytest.mark.parametrize("weights", [[1] * 8, [1, 2, 3], [5, 1, 1, 1]], ids=str)
def test_a_bulk_through_ten_workers_gives_everybody_their_exact_share_within_one(
    committed: Engine, weights: list[int]
) -> None:
    """Takes a second or more: the transactions queue at the row of one pool, which is what is proven. Ten thousand arrivals
    are in `benchmarks/fairness.py`.
    """
    with transaction() as session:
        _, reps = a_pool(session, weights)
        leads = [lead.id for lead in copies(session, make_lead(session), 75)]
    got = Counter(all_at_once([partial(assign, lead_id) for lead_id in leads]))
    for rep, weight in zip(reps, weights, strict=True):
        assert abs(got[rep.id] - 75 * weight / sum(weights)) <= 1
    with Session(committed) as session:
        assert Counter(session.scalars(select(Turn.rep_id).where(Turn.kind == TurnKind.TURN))) == got


def test_pools_that_overflow_into_each_other_never_wait_in_a_ring(committed: Engine) -> None:
    """Two pools, each the other's overflow, their leads at once: a wrong order of locks would be a deadlock."""
    with transaction() as session:
        team = make_team(session)
        german, more = make_rep(session, "Gerd Sample", Role.SDR), {"title": "VP Sales", "country": "DE"}
        dach = staffing.save_pool(session, name="DACH", role=Role.SDR, slack_channel="C0DACH", manager=None)
        staffing.set_members(session, dach, {german.id: 1, team.sam.id: 1})
        dach.overflow_id, team.sdrs.overflow_id = team.sdrs.id, dach.id
        staffing.set_territories(session, Role.SDR, [({"country": ["DE"]}, dach.id), ({}, team.sdrs.id)])
        for rep in (german, team.sam, team.dana):
            rep.most_open = 15
        leads = copies(session, make_lead(session, person=more | {"industry": "Software", "employees": 300}), 60)
        for lead in leads[::2]:
            lead.attributes = lead.attributes | {"country": "FR"}
        ids = [lead.id for lead in leads]
    got = Counter(all_at_once([partial(assign, lead_id) for lead_id in ids]))
    assert got == {german.id: 15, team.sam.id: 15, team.dana.id: 15, 0: 15}


def test_an_owner_and_a_rotation_at_once_do_not_fill_the_same_last_place(committed: Engine) -> None:
    with transaction() as session:
        _, (rep, _) = a_pool(session, [1, 1])
        rep.most_open = 3
        leads = copies(session, make_lead(session), 40)
        company = Company(domain="owned.example", owner_id=rep.id)
        session.add(company)
        session.flush()
        for lead in leads[::2]:
            lead.company_id = company.id
        ids = [lead.id for lead in leads]
    got = Counter(all_at_once([partial(assign, lead_id) for lead_id in ids]))
    assert got[rep.id] == 3


def test_a_limit_holds_for_a_rep_of_two_pools_at_once(committed: Engine) -> None:
    with transaction() as session:
        team = make_team(session)
        french = staffing.save_pool(session, name="FR", role=Role.SDR, slack_channel="C0FR", manager=None)
        staffing.set_members(session, french, {team.sam.id: 1})
        staffing.set_territories(session, Role.SDR, [({"country": ["FR"]}, french.id), ({}, team.sdrs.id)])
        team.sam.most_a_day = 4
        leads = copies(session, make_lead(session), 40)
        for lead in leads[::2]:
            lead.attributes = lead.attributes | {"country": "FR"}
        ids = [lead.id for lead in leads]
    assert Counter(all_at_once([partial(assign, lead_id) for lead_id in ids]))[team.sam.id] == 4


def test_who_leaves_and_comes_back_in_the_middle_of_a_bulk_holds_up_nobody(committed: Engine) -> None:
    """Leads, pauses and returns at once, over pools that are short again and again: a wrong order of locks would be a deadlock."""
    with transaction() as session:
        _, reps = a_pool(session, [1, 1])
        leads = [lead.id for lead in copies(session, make_lead(session), 40)]
        emails = [rep.email for rep in reps]

    def leave_and_return(email: str) -> int:
        for move in (staffing.step_away, staffing.come_back):
            with transaction() as session:
                move(session, email, NOON)
        return 0

    comings = [partial(leave_and_return, emails[n % 2]) for n in range(40)]
    all_at_once(
        [act for pair in zip(comings, [partial(assign, lead_id) for lead_id in leads], strict=True) for act in pair]
    )
    waiting = {lead_id for lead_id in leads if not assign(lead_id)}
    assert waiting == set()


def test_credits_and_turns_at_once_are_all_in_the_books(committed: Engine) -> None:
    """The sum of what is in the books is where everybody stands: no turn and no credit is lost."""
    with transaction() as session:
        a_pool(session, [1, 1, 1, 1])
        leads = [lead.id for lead in copies(session, make_lead(session), 60)]

    def assign_and_reject(lead_id: int, n: int) -> None:
        with transaction() as session:
            handoff = hand_over(session, lead_id, NOON)
            assert handoff is not None
        if n % 6 == 0:
            with transaction() as session:
                by = session.get_one(Rep, handoff.rep_id)
                deciding.reject(
                    session, handoff.id, version=handoff.version, by=by, reason="bad_data", note=None, now=NOON
                )

    all_at_once([partial(assign_and_reject, lead_id, n) for n, lead_id in enumerate(leads)])
    with Session(committed) as session:
        moved = dict(session.execute(select(Turn.rep_id, func.sum(Turn.moved)).group_by(Turn.rep_id)).all())
        times = dict(session.execute(select(PoolMember.rep_id, PoolMember.virtual_time)).all())
        assert times == pytest.approx(moved)
        assert session.scalar(select(func.count()).where(Turn.kind == TurnKind.CREDIT)) == 10


@pytest.mark.parametrize("seed", range(3))
def test_in_any_course_of_things_leave_and_limits_hold_and_nobody_gets_a_run(session: Session, seed: int) -> None:
    """Takes seconds: eighty leads. A random day: leads come, reps go on leave and come back, pause, get limits, decide. Looked at after every step."""
    chance = random.Random(seed)
    _, reps = a_pool(session, [1, 1, 2, 3])
    weights = {rep.id: weight for rep, weight in zip(reps, [1, 1, 2, 3], strict=True)}
    waiting = copies(session, make_lead(session), 80)
    for lead in waiting:
        lead.company_id = None
    now, stretch = NOON, Stretch()
    for lead in waiting:
        now += 7 * MINUTE
        _something_happens(session, chance, chance.choice(reps), now)
        absences.begin_and_end(session, now, limit=10)
        free = _free(session, reps, now)
        handoff = hand_over(session, lead.id, now)
        assert handoff is not None
        if handoff.rep_id is None:
            assert free == set()
            continue
        assert handoff.rep_id in free
        given_back = session.scalar(select(func.count()).where(Turn.kind == TurnKind.CREDIT)) or 0
        stretch.got(handoff.rep_id, {one: weights[one] for one in free}, given_back)


def _something_happens(session: Session, chance: random.Random, rep: Rep, now: datetime) -> None:
    what = chance.randrange(8)
    away = rep.id not in _free(session, [rep], now)
    if what == 0 and not away:
        absences.set_absence(session, rep, now, now + chance.randrange(10, 300) * MINUTE, None, None, now)
    elif what == 1 and rep.available:
        staffing.step_away(session, rep.email, now)
    elif what == 2:
        staffing.come_back(session, rep.email, now)
    elif what == 3:
        rep.most_open = chance.choice([None, 3, 10])
    elif what == 4:
        rep.most_a_day = chance.choice([None, 8, 20])
    else:
        held = session.scalars(select(Handoff).where(Handoff.rep_id == rep.id, Handoff.status.in_(HELD))).all()
        for handoff in held[: chance.randrange(4)]:
            reason = chance.choice(["bad_data", "no_budget", "not_ready"])
            deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason=reason, note=None, now=now)


def _free(session: Session, reps: Sequence[Rep], now: datetime) -> set[int]:
    """Who may be asked, by the words of the law."""
    session.flush()
    have, away = loads(session, reps, now), _away(session, now)
    return {
        rep.id
        for rep in reps
        if rep.available
        and rep.id not in away
        and (rep.most_open is None or have[rep.id].open < rep.most_open)
        and (rep.most_a_day is None or have[rep.id].today < rep.most_a_day)
    }


def _away(session: Session, now: datetime) -> set[int]:
    running = (Absence.since <= now, Absence.ended_at.is_(None), Absence.cancelled_at.is_(None))
    return set(session.scalars(select(Absence.rep_id).where(*running)))


class Stretch:
    """Some leads in a row in which the same people could be asked, and nobody was given a turn back."""

    def __init__(self) -> None:
        self._among: tuple[frozenset[int], int] | None = None
        self._got: Counter[int] = Counter()

    def got(self, rep_id: int, weights: Mapping[int, int], given_back: int) -> None:
        """Nobody gets two leads more than their share of it: what one was away for, one does not get afterwards."""
        if (frozenset(weights), given_back) != self._among:
            self._among, self._got = (frozenset(weights), given_back), Counter()
        self._got[rep_id] += 1
        whole, leads = sum(weights.values()), self._got.total()
        assert all(count <= leads * weights[one] / whole + 2 for one, count in self._got.items())
