"""A person is forgotten: nothing of them is found anywhere, the numbers stay, and no import brings them back."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.refusals import CannotUnmerge, NoSuchLead
from domain.rules.validation import BadLead
from domain.tables import (
    ContactAttempt,
    Handoff,
    Happened,
    Lead,
    LeadMerge,
    ScoreRow,
    SlaClock,
    SyncFinding,
    SyncRun,
    TouchRow,
)
from domain.tables.handoffs import AttemptOutcome
from domain.verbs import capturing, deciding, erasing, syncing
from domain.verbs.merging import merge_leads, unmerge
from tests.conftest import NOON
from tests.domain.making import DIRECTOR, events, learn, make_arrival, make_lead, make_offer, make_team, take

EMAIL, OTHER = "quilla.zyx@buyer.example.com", "q.zyx@private.example.com"
PERSON = {**DIRECTOR, "first_name": "Quilla", "last_name": "Zyxwander", "company": "Zyxwander Consulting"}
TRACES = ("quilla", "zyx", "wander")
LATER = NOON + timedelta(hours=1)


def found(session: Session) -> Iterator[str]:
    """Every column of every table in which a trace of the person stands, whatever its type."""
    session.flush()
    columns = session.execute(
        text(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = current_schema() order by 1, 2"
        )
    ).all()
    assert len(columns) > 200
    for table, column, kind in columns:
        shown = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
        for trace in TRACES:
            hits = session.scalar(text(f"select count(*) from {table} where {shown} ilike '%{trace}%'"))  # noqa: S608  (our own names)
            if hits:
                yield f"{table}.{column}: {trace}"


def a_life(session: Session) -> Handoff:
    """Somebody who was captured, enriched, merged, offered, accepted, called and written notes about."""
    team = make_team(session)
    body = json.dumps({"email": EMAIL, **PERSON}).encode()
    delivery = capturing.Delivery(
        {"email": EMAIL, **PERSON}, "form_submission", NOON, page=f"https://x.example.com?e={EMAIL}"
    )
    lead = capturing.receive(session, make_arrival(session, body), "website", delivery, NOON)
    learn(session, lead.id, None, NOON)
    other = take(session, OTHER, person=PERSON)
    merge_leads(session, lead.id, other.id, by=None, now=NOON)
    capturing.refuse(make_arrival(session, b'{"broken": "' + EMAIL.upper().encode()), "It is no JSON.")
    handoff = make_offer(session, email=EMAIL)
    deciding.accept(session, handoff.id, version=handoff.version, by=team.morgan, now=NOON)
    deciding.log_attempt(
        session, handoff.id, by=team.morgan, outcome=AttemptOutcome.SPOKE, note="Quilla was busy", now=NOON
    )
    session.flush()
    return handoff


def test_nothing_of_the_person_is_found_in_any_table(session: Session) -> None:
    handoff = a_life(session)
    assert {one.split(".")[0] for one in found(session)} >= {"leads", "arrivals", "lead_merges", "contact_attempts"}
    erasing.erase(session, handoff.lead_id, None, LATER)
    assert {one.split(":")[0] for one in found(session)} == {"leads.email", "leads.identity"}
    erasing.forget_address(session, handoff.lead_id)
    assert list(found(session)) == []


def test_nothing_says_any_more_where_other_systems_have_them(session: Session) -> None:
    handoff = a_life(session)
    run = SyncRun(system="hubspot", began_at=NOON)
    session.add(run)
    session.flush()
    lead_id = handoff.lead_id
    syncing.note_finding(session, run, syncing.Differs.LOST, NOON, lead_id=lead_id, external_id="4711")
    erasing.erase(session, lead_id, None, LATER)
    erasing.forget_address(session, lead_id)
    finding = session.execute(select(SyncFinding.kind, SyncFinding.external_id)).one()
    assert tuple(finding) == (syncing.Differs.LOST, None)


def test_the_numbers_stay(session: Session) -> None:
    handoff = a_life(session)
    counted = [select(func.count()).select_from(table) for table in (Lead, Handoff, TouchRow, ScoreRow, ContactAttempt)]
    before = [session.scalar(one) for one in counted]
    erasing.erase(session, handoff.lead_id, None, LATER)
    erasing.forget_address(session, handoff.lead_id)
    assert [session.scalar(one) for one in counted] == before
    lead = session.get_one(Lead, handoff.lead_id)
    assert (lead.stage, lead.score, lead.source) == (Stage.ERASED, handoff.score, "website")
    score = session.scalars(select(ScoreRow).where(ScoreRow.id == handoff.score_id)).one()
    assert sum(row["points"] for row in score.ledger) == score.total


def test_who_had_the_lead_has_it_no_more(session: Session) -> None:
    handoff = a_life(session)
    erasing.erase(session, handoff.lead_id, None, LATER)
    assert (handoff.status, handoff.reason) == (HandoffStatus.WITHDRAWN, "erased")
    assert session.scalars(select(SlaClock.id).where(SlaClock.stopped_at.is_(None))).all() == []
    assert session.get_one(Lead, handoff.lead_id).owner_id is None
    assert events(session, handoff.lead_id)[-2:] == [Happened.HANDOFF_WITHDRAWN, Happened.LEAD_ERASED]


def test_erasing_twice_changes_nothing(session: Session) -> None:
    handoff = a_life(session)
    for _ in range(2):
        erasing.erase(session, handoff.lead_id, None, LATER)
        erasing.forget_address(session, handoff.lead_id)
    assert events(session, handoff.lead_id).count(Happened.LEAD_ERASED) == 1


@pytest.mark.parametrize("email", [EMAIL, OTHER, "Quilla.Zyx+news@buyer.example.com"])
def test_nobody_finds_them_by_any_of_their_addresses(session: Session, email: str) -> None:
    handoff = a_life(session)
    assert finding.lead_by_email(session, email).id == handoff.lead_id
    erasing.erase(session, handoff.lead_id, None, LATER)
    with pytest.raises(NoSuchLead):
        finding.lead_by_email(session, email)


def test_an_address_that_is_not_erased_keeps_its_address(session: Session) -> None:
    lead = make_lead(session)
    erasing.forget_address(session, lead.id)
    assert lead.email == "kim@buyer.example.com"


def test_a_merge_with_somebody_erased_is_not_taken_back(session: Session) -> None:
    handoff = a_life(session)
    merge = session.scalars(select(LeadMerge)).one()
    erasing.erase(session, handoff.lead_id, None, LATER)
    with pytest.raises(CannotUnmerge):
        unmerge(session, merge.id, LATER)


def test_who_is_erased_is_known_as_such_by_a_hash_alone_until_they_come_back_themselves(session: Session) -> None:
    handoff = a_life(session)
    identities = {EMAIL, OTHER, "kim@buyer.example.com"}
    assert erasing.suppressed(session, identities) == set()
    erasing.erase(session, handoff.lead_id, None, LATER)
    assert erasing.suppressed(session, identities) == {EMAIL, OTHER}
    with pytest.raises(BadLead):
        take(session, EMAIL, now=LATER)
    erasing.forget_address(session, handoff.lead_id)
    assert erasing.suppressed(session, identities) == {EMAIL, OTHER}
    back = take(session, EMAIL, now=LATER)
    assert (back.id != handoff.lead_id, back.stage) == (True, Stage.CAPTURED)
    assert erasing.suppressed(session, identities) == {OTHER}


def test_the_address_waits_for_those_who_know_the_person_by_it_for_a_day(session: Session) -> None:
    handoff = a_life(session)
    erasing.erase(session, handoff.lead_id, None, LATER)
    assert erasing.waits_for(session, handoff.lead_id, ["crm"], LATER)
    assert not erasing.waits_for(session, handoff.lead_id, [], LATER)
    assert not erasing.waits_for(session, handoff.lead_id, ["crm"], LATER + erasing.PATIENCE)
