"""Many people at the same moment: real threads, a connection each, and the database decides."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, TAKEN, HandoffStatus
from domain.rules.refusal import Refusal
from domain.rules.refusals import AlreadyDecided, NoLongerOffered, NoSuchMove
from domain.tables import (
    Company,
    Handoff,
    Happened,
    JobRow,
    Lead,
    LeadEvent,
    Pool,
    Qualification,
    Rep,
    Role,
    SlaClock,
    TouchRow,
)
from domain.verbs import deciding, passing, qualifying, staffing
from domain.verbs.absences import cancel_absence
from domain.verbs.merging import merge_leads
from domain.verbs.offering import hand_over
from domain.verbs.snoozing import snooze
from handlers.jobs import transaction
from handlers.sending import Job
from tests.conftest import NOON
from tests.domain.making import make_absence, make_lead, make_offer, make_rep, make_team, take

T = TypeVar("T")
NAMES = ("Alpha", "Bravo", "Delta", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima")
SQL = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "yes", "notes": ""}
THREADS = 10
"""As many as may be in the database at once; more of them wait at the pool of connections, not at each other."""


def all_at_once(acts: Sequence[Callable[[], T]]) -> list[T | Refusal]:
    """Do all of `acts` in threads that start together; returns what each returned or was refused with."""
    start = threading.Barrier(THREADS)

    def run(chunk: Sequence[Callable[[], T]]) -> list[T | Refusal]:
        start.wait(timeout=10)
        return [attempt(act) for act in chunk]

    def attempt(act: Callable[[], T]) -> T | Refusal:
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(THREADS) as pool:
        done = pool.map(run, [acts[one::THREADS] for one in range(THREADS)])
        return [result for results in done for result in results]


def copies(session: Session, lead: Lead, count: int) -> list[Lead]:
    """`count` other people who did the same, without going the long way for each."""
    values = {column.key: getattr(lead, column.key) for column in Lead.__mapper__.columns if column.key != "id"}
    emails = [f"lead-{n}@buyer.example.com" for n in range(count)]
    made = [Lead(**values | {"email": email, "identity": email}) for email in emails]
    session.add_all(made)
    session.flush()
    return made


def counted(engine: Engine, *where: object) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(*where)) or 0  # type: ignore[arg-type]  # conditions of any table


def test_of_a_thousand_clicks_by_fifty_people_who_all_may_one_accepts_and_the_others_are_told_who(
    committed: Engine,
) -> None:
    """Takes several seconds: a thousand transactions queue at the row of one lead, which is what is proven."""
    with transaction() as session:
        team = make_team(session)
        handoff = make_offer(session)
        managers = [make_rep(session, f"Manager{n} Sample", Role.MANAGER) for n in range(28)]
        covers = [make_rep(session, f"Cover{n} Sample", Role.SDR) for n in range(20)]
        for cover in covers:
            make_absence(session, team.sam, cover=cover, since=NOON, until=NOON + timedelta(hours=1))
        people = [team.sam, team.morgan, *managers, *covers]
        by_id = {rep.id: rep.name for rep in people}
    assert len(by_id) == 50

    def click(rep_id: int) -> int:
        with transaction() as session:
            rep = session.get_one(Rep, rep_id)
            return deciding.accept(session, handoff.id, version=2, by=rep, now=NOON).accepted_by or 0

    results = all_at_once([partial(click, rep.id) for _ in range(20) for rep in people])
    winners = [result for result in results if isinstance(result, int)]
    assert (len(results), len(winners)) == (1000, 1)
    losers = [result for result in results if isinstance(result, AlreadyDecided)]
    assert {loser.sentence(by_id) for loser in losers} == {f"{by_id[winners[0]]} accepted this lead at 12:00 UTC."}
    assert len(losers) == 999
    assert counted(committed, LeadEvent.kind == Happened.HANDOFF_ACCEPTED) == 1
    assert counted(committed, JobRow.name == Job.LOG_CRM_TASK) == 1
    assert counted(committed, JobRow.name == Job.TELL_CRM) == 1
    assert counted(committed, Handoff.version == 3) == 1


def test_all_that_people_do_with_one_card_at_once_leaves_one_owner(committed: Engine) -> None:
    """Takes a second or more: two hundred transactions queue at the row of one lead."""
    with transaction() as session:
        team = make_team(session)
        handoff = make_offer(session)

    def act(verb: Callable[..., Handoff], rep_id: int) -> HandoffStatus:
        with transaction() as session:
            return verb(session, handoff.id, version=2, by=session.get_one(Rep, rep_id), now=NOON).status

    verbs = (deciding.accept, passing.release, passing.take_over)
    results = all_at_once([partial(act, verb, team.morgan.id) for verb in verbs] * 66)
    assert len([result for result in results if isinstance(result, HandoffStatus)]) == 1
    with Session(committed) as session:
        lead = session.get_one(Lead, handoff.lead_id)
        (live,) = session.scalars(select(Handoff).where(Handoff.status.in_(LIVE))).all()
        assert lead.owner_id == (live.rep_id if live.status in TAKEN else None)


def test_answers_rejections_snoozes_and_a_merge_at_once_leave_a_record_that_holds_together(committed: Engine) -> None:
    """Many rounds: which of them comes first is up to the database."""
    with transaction() as session:
        team = make_team(session)
        handoffs = [make_offer(session, email=f"lead-{n}@buyer.example.com") for n in range(10)]
        others = [take(session, f"other-{n}@buyer.example.com") for n in range(10)]
        for handoff in handoffs:
            deciding.accept(session, handoff.id, version=2, by=team.morgan, now=NOON)

    def act(verb: Callable[..., object], handoff_id: int, **more: object) -> None:
        with transaction() as session:
            verb(session, handoff_id, version=3, by=session.get_one(Rep, team.morgan.id), now=NOON, **more)

    def merge(place: int) -> None:
        with transaction() as session:
            merge_leads(session, others[place].id, handoffs[place].lead_id, by=None, now=NOON)

    acts: list[Callable[[], None]] = []
    for place, handoff in enumerate(handoffs):
        acts += [
            partial(act, qualifying.qualify, handoff.id, said=SQL),
            partial(act, deciding.reject, handoff.id, reason="competitor", note=None),
            partial(act, snooze, handoff.id, until=NOON + timedelta(hours=1)),
            partial(act, passing.reassign, handoff.id, to=None),
            partial(merge, place),
        ]
    assert {type(result) for result in all_at_once(acts)} <= {type(None), AlreadyDecided, NoLongerOffered, NoSuchMove}
    with Session(committed) as session:
        for handoff in session.scalars(select(Handoff)):
            clocks = session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id)).all()
            waiting = [clock for clock in clocks if clock.stopped_at is None]
            lead = session.get_one(Lead, handoff.lead_id)
            assert lead.merged_into is None
            if handoff.status not in LIVE:
                assert waiting == []
                continue
            assert lead.owner_id == (handoff.rep_id if handoff.status in TAKEN else None)
            assert {clock.running_since is None for clock in waiting} <= {handoff.snoozed_until is not None}
            assert (handoff.qualified_at is not None) == (handoff.status is HandoffStatus.QUALIFIED)
        answered = session.scalars(select(Qualification.handoff_id)).all()
        assert len(answered) == len(set(answered))


def test_accepting_and_rejecting_at_once_leaves_one_verdict(committed: Engine) -> None:
    with transaction() as session:
        team = make_team(session)
        handoff = make_offer(session)

    def accept() -> str:
        with transaction() as session:
            return deciding.accept(
                session, handoff.id, version=2, by=session.get_one(Rep, team.sam.id), now=NOON
            ).status

    def reject() -> str:
        with transaction() as session:
            by = session.get_one(Rep, team.morgan.id)
            return deciding.reject(
                session, handoff.id, version=2, by=by, reason="competitor", note=None, now=NOON
            ).status

    results = all_at_once([accept, reject] * 10)
    verdicts = [result for result in results if isinstance(result, str)]
    with Session(committed) as session:
        assert [session.get_one(Handoff, handoff.id).status.value] == verdicts


def test_sixty_leads_that_are_handed_over_at_once_spread_within_one(committed: Engine) -> None:
    """Takes a second or more: sixty transactions queue at the row of one pool, which is what is proven."""
    with transaction() as session:
        team = make_team(session)
        more = [make_rep(session, f"Rep{n} Sample", Role.SDR) for n in range(2)]
        staffing.set_members(session, team.sdrs, {rep.id: 1 for rep in (team.sam, team.dana, *more)})
        leads = [lead.id for lead in copies(session, make_lead(session), 60)]

    def assign(lead_id: int) -> int:
        with transaction() as session:
            handoff = hand_over(session, lead_id, NOON)
            assert handoff is not None
            return handoff.rep_id or 0

    got = Counter(all_at_once([partial(assign, lead_id) for lead_id in leads]))
    assert sorted(got.values()) == [15, 15, 15, 15]


def test_one_lead_that_is_handed_over_many_times_at_once_is_offered_once(committed: Engine) -> None:
    with transaction() as session:
        make_team(session)
        lead_id = make_lead(session).id

    def assign() -> int:
        with transaction() as session:
            handoff = hand_over(session, lead_id, NOON)
            assert handoff is not None
            return handoff.id

    assert len(set(all_at_once([assign] * 20))) == 1
    assert counted(committed, LeadEvent.kind == Happened.HANDOFF_OFFERED) == 1


@pytest.mark.parametrize("company", ["buyer-company.com", "gmail.com"])
def test_captures_of_the_same_new_person_at_once_make_one_lead_with_all_touches(
    committed: Engine, company: str
) -> None:
    def capture() -> int:
        with transaction() as session:
            return take(session, f"kim@{company}").id

    with transaction() as session:
        take(session, "first@example.com")  # so that the source is there
    assert len(set(all_at_once([capture] * 20))) == 1
    assert counted(committed, Lead.email == f"kim@{company}") == 1
    assert counted(committed, TouchRow.lead_id != 1) == 20
    captured = (LeadEvent.kind == Happened.LEAD_CAPTURED, LeadEvent.lead_id != 1)
    assert counted(committed, *captured) == 1


def test_two_spellings_of_one_mailbox_at_once_make_one_lead(committed: Engine) -> None:
    def capture(email: str) -> int:
        with transaction() as session:
            return take(session, email).id

    with transaction() as session:
        take(session, "first@example.com")  # so that the source is there
    spellings = ["kim@gmail.com", "kim+x@gmail.com", "k.i.m@googlemail.com", "KIM+news@Gmail.com"]
    made = all_at_once([partial(capture, email) for email in spellings * 5])
    assert len(set(made)) == 1
    assert counted(committed, Lead.identity == "kim@gmail.com") == 1
    assert counted(committed, TouchRow.lead_id != 1) == 20


def test_captures_and_the_merge_of_their_lead_at_once_lose_no_touch(committed: Engine) -> None:
    with transaction() as session:
        kept, other = take(session, "kim@example.com").id, take(session, "kim.buyer@gmail.com").id

    def capture() -> int:
        with transaction() as session:
            return take(session, "kim.buyer@gmail.com").id

    def merge() -> int:
        with transaction() as session:
            return merge_leads(session, kept, other, by=None, now=NOON).id

    all_at_once([capture] * 9 + [merge] + [capture] * 10)
    assert counted(committed, TouchRow.lead_id == kept) == 21
    assert counted(committed, TouchRow.lead_id == other) == 0


def test_one_company_without_a_domain_is_made_once(committed: Engine) -> None:
    def capture(number: int) -> int:
        with transaction() as session:
            person = {"company": "Acme Robotics GmbH", "country": "DE"}
            return take(session, f"sample{number}@gmail.com", person=person).company_id or 0

    with transaction() as session:
        take(session, "first@example.com")
    assert len(set(all_at_once([partial(capture, number) for number in range(20)]))) == 1


def test_two_companies_known_by_name_that_get_one_domain_at_once_lose_nobody(committed: Engine) -> None:
    with transaction() as session:
        for n, name in enumerate(NAMES):
            take(session, f"before{n}@gmail.com", person={"company": name, "country": "DE"})

    def arrive(n: int, name: str) -> int:
        with transaction() as session:
            person = {"company": name, "country": "DE"}
            return take(session, f"kim{n}@sample-company.com", person=person).company_id or 0

    results = all_at_once([partial(arrive, n, name) for n, name in enumerate(NAMES)])
    assert len(set(results)) == 1
    assert counted(committed, Company.domain == "sample-company.com") == 1


def test_coming_back_early_and_a_lead_that_is_given_back_do_not_wait_for_each_other(committed: Engine) -> None:
    """Both want the clocks of the lead and the pool's row, and hold what they have: the order of locks has to be one."""
    with transaction() as session:
        team = make_team(session)
        handoff = make_offer(session)
        for clock in session.scalars(select(SlaClock).where(SlaClock.kind == ClockKind.FIRST_CONTACT)):
            clock.working = True
        away = make_absence(session, team.sam, cover=team.dana, since=NOON, until=NOON + timedelta(hours=1))
        ids = {"sam": team.sam.id, "dana": team.dana.id, "handoff": handoff.id, "away": away.id, "pool": team.sdrs.id}
        assert handoff.rep_id == team.sam.id

    def come_back() -> None:
        with transaction() as session:
            cancel_absence(session, ids["away"], session.get_one(Rep, ids["sam"]), NOON)

    def give_back() -> None:
        with transaction() as session:
            dana = session.get_one(Rep, ids["dana"])
            deciding.reject(session, ids["handoff"], version=2, by=dana, reason="bad_data", note="A note", now=NOON)

    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid <> pg_backend_pid()")
    with ThreadPoolExecutor(2) as threads, committed.connect() as watcher, Session(committed) as holder:
        holder.execute(select(Pool.id).where(Pool.id == ids["pool"]).with_for_update())
        both = []
        for count, act in enumerate((come_back, give_back), 1):
            both.append(threads.submit(act))
            while watcher.scalar(waiting) != count:
                watcher.rollback()
        holder.rollback()
        assert [one.result(timeout=20) for one in both] == [None, None]
