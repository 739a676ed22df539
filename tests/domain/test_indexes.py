"""Every query of a click, a capture and a job about a lead has its index: shown by EXPLAIN on a record that is large enough to matter."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from domain import briefing, cards, finding, notices, why
from domain.next_up import next_up
from domain.rules.lifecycle import HandoffMove
from domain.rules.preferences import Alert, How, Preferences
from domain.stats.fairness import fairness
from domain.tables import AttemptOutcome, Company, Lead, Pool, Rep, Role
from domain.verbs import (
    capturing,
    choosing,
    claiming,
    deciding,
    escalating,
    modelling,
    moving,
    noticing,
    nurturing,
    offering,
    owning,
    passing,
    placing,
    rechecking,
    rescoring,
    scoring,
    snoozing,
    staffing,
    syncing,
    telling,
    turns,
    undoing,
)
from domain.verbs.capturing import Delivery
from domain.verbs.rescoring_batch import score_batch
from tests.conftest import NOON
from tests.domain.making_large_record import bulk_source, fresh_handoff, large, scans, scans_on, watched

__all__ = ["large"]  # fixture


def accept(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    moving.may_move(session, handoff.id, version=handoff.version, by=rep, move=HandoffMove.ACCEPT, now=NOON)
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=NOON)
    deciding.log_attempt(session, handoff.id, by=rep, outcome=AttemptOutcome.SPOKE, note=None, now=NOON)
    cards.card_view(session, handoff.id)
    finding.place_of(session, handoff.id)


def reject(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = session.scalars(select(Rep).where(Rep.slack_user_id == "U1")).one()
    deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason="bad_timing", note=None, now=NOON)
    nurturing.enrol(session, handoff.lead_id, NOON)


def pass_on(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    later = NOON + timedelta(hours=1)
    snoozing.snooze(session, handoff.id, version=handoff.version, by=rep, until=later, now=NOON)
    assert snoozing.wake_due(session, later, 100) == 1
    deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason="bad_timing", note=None, now=later)
    undoing.undo(session, handoff.id, version=handoff.version, by=rep, now=later)
    passing.release(session, handoff.id, version=handoff.version, by=rep, now=later)
    cards.card_view(session, handoff.id)


def brief(session: Session) -> None:
    handoff = fresh_handoff(session)
    placing.claim(session, handoff.id, "C1", NOON)
    placing.note_drawn(session, handoff.id, "1.2", "x", NOON)
    placing.claim_brief(session, handoff.id, NOON)
    placing.note_brief(session, handoff.id, "1.2", "1.3", "y")
    briefing.brief_view(session, handoff.id, NOON)
    assert briefing.standing_brief(session, handoff.lead_id) is not None


def take_it(session: Session) -> None:
    handoff = fresh_handoff(session)
    later = NOON + timedelta(hours=5)
    escalating.take_steps(session, later, 100)
    assert claiming.for_the_taking(session, handoff)
    placing.claim_pool_call(session, handoff.id, "C1", later)
    placing.note_pool_call(session, handoff.id, "1.4", "z")
    manager = session.scalars(select(Rep).where(Rep.role == Role.MANAGER)).one()
    claiming.claim(session, handoff.id, version=handoff.version, by=manager, now=later)


def sweep(session: Session) -> None:
    fresh_handoff(session)
    later = NOON + timedelta(hours=3)
    assert escalating.take_steps(session, later, 100) == 1
    offering.waiting_leads(session)


def tell(session: Session) -> None:
    handoff = fresh_handoff(session)
    links = telling.dirty_links(session, telling.CRM, 100)
    finding.leads_with_handoffs(session, [link.lead_id for link in links])
    finding.identity_of(session, handoff.lead_id)
    session.get_one(Lead, handoff.lead_id)
    for system in (telling.CRM, telling.MARKETING):
        telling.is_dirty(session, system)
        told = [telling.Told(link.lead_id, link.dirty, "x", f"00Q{link.lead_id}") for link in links]
        telling.note_told(session, system, told, NOON)
    syncing.clean_links(session, telling.CRM, 0, 100)


def match_by_name(session: Session) -> None:
    """A company that is known, one that is spelt nearly as it is, and one that nobody knows."""
    known = session.scalars(select(Company.name).order_by(Company.id).limit(1)).one() or ""
    leads = []
    for n, company in enumerate((known, known + "x", "Quite Another Ltd")):
        arrival, _ = capturing.keep(session, bulk_source(session), f"named-{n}", b"{}", NOON)
        person = {"email": f"named{n}@gmail.com", "company": company, "country": "DE"}
        leads.append(capturing.receive(session, arrival, "bulk", Delivery(person, "webinar", NOON), NOON))
    assert [(lead.company_match or {})["by"] for lead in leads] == ["name", "likeness", "new"]
    session.flush()
    cards.colleagues_of(session, leads[0])


def ask_why(session: Session) -> None:
    """Of a lead with sales and of one in nurture."""
    handoff = fresh_handoff(session)
    found = finding.lead_by_email(session, "vera@alder.example.com")
    assert found.id == handoff.lead_id
    assert why.why(session, found, NOON) is not None
    nurtured = session.scalars(select(Lead).where(Lead.email == "lead7@acme.example.com")).one()
    scoring.score_lead(session, nurtured.id, NOON)
    assert why.why(session, nurtured, NOON) is not None


def hear_of_a_jump(session: Session) -> None:
    lead_id = session.scalars(select(Lead.id).where(Lead.email == "lead9@acme.example.com")).one()
    scoring.score_lead(session, lead_id, NOON)
    for kind in ("webinar", "demo_request"):
        arrival, _ = capturing.keep(session, bulk_source(session), f"jump-{kind}", b"{}", NOON)
        delivery = Delivery({"email": "lead9@acme.example.com"}, kind, NOON + timedelta(hours=1))
        capturing.receive(session, arrival, "bulk", delivery, NOON + timedelta(hours=1))
    scoring.score_lead(session, lead_id, NOON + timedelta(hours=1))
    assert session.get_one(Lead, lead_id).alerted_at is not None
    assert finding.rise_of(session, lead_id) is not None
    rechecking.due_rechecks(session, NOON + timedelta(days=100), 500)


def tell_beside_the_card(session: Session) -> None:
    """A reminder at once, a jump for the digest, and the first decision after them."""
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    staffing.set_preferences(session, rep, Preferences({Alert.JUMP: How.DIGEST}), NOON)
    said = noticing.notify(session, rep, Alert.REMINDER, NOON, direct=False, handoff_id=handoff.id)
    noticing.notify(session, rep, Alert.JUMP, NOON, direct=True, lead_id=handoff.lead_id, data={"before": 1})
    noticing.claim(session, said.id, NOON)
    noticing.note_sent(session, [said.id], NOON)
    later = NOON + timedelta(days=1)
    assert notices.digests_due(session, later) == [rep]
    held, _ = noticing.claim_digest(session, rep.id, later)
    assert len(notices.digest_of(session, held).items) == 1
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=NOON)


def choose_with_limits(session: Session) -> None:
    """Everybody has a limit, and all is looked at that a choice, its books and the questions about it can need."""
    for rep in session.scalars(select(Rep)):
        rep.most_open, rep.most_a_day = 9, 9
    handoff = fresh_handoff(session)
    pool = session.scalars(select(Pool)).one()
    owning.owner_to_ask_for(session, handoff.lead_id, NOON)
    choosing.choose(session, session.get_one(Lead, handoff.lead_id), Role.SDR, NOON, lock=True)
    next_up(session, pool, NOON)
    turns.credit(session, handoff, NOON)
    turns.charge_again(session, handoff, NOON)
    fairness(session, pool.id, NOON - timedelta(minutes=10))


@pytest.mark.parametrize(
    "road",
    [
        accept,
        reject,
        pass_on,
        brief,
        take_it,
        sweep,
        tell,
        match_by_name,
        ask_why,
        hear_of_a_jump,
        choose_with_limits,
        tell_beside_the_card,
    ],
    ids=lambda road: road.__name__,
)
def test_no_query_of_the_hot_path_reads_a_table_from_end_to_end(
    large: Connection, road: Callable[[Session], None]
) -> None:
    assert scans_on(large, road) == []


def test_a_batch_of_a_rescoring_reads_no_table_from_end_to_end(large: Connection) -> None:
    with Session(large, join_transaction_mode="create_savepoint") as session:
        model, _ = modelling.active_model(session)
        row = rescoring.start(session, model.id, NOON + timedelta(days=1))
        assert row is not None
        session.flush()
        with watched(large) as seen:
            assert score_batch(session, row.id, NOON + timedelta(days=1), 50).goes_on
            session.flush()
        assert row.done == 50
        assert scans(large, seen) == []


def test_the_check_sees_a_query_without_an_index(large: Connection) -> None:
    with watched(large) as seen:
        large.exec_driver_sql("select count(*) from leads where first_name = %(name)s", {"name": "Vera"})
    assert len(scans(large, seen)) == 1
