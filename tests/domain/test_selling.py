"""The opportunity's record: the CRM's word is the last one, in whatever order its words come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffStatus, Stage
from domain.tables import (
    ClockOutcome,
    Handoff,
    Happened,
    Lead,
    Opportunity,
    OpportunityStage,
    SlaClock,
    SystemLink,
)
from domain.verbs import deciding, merging, selling, snoozing
from domain.verbs.nurturing import enrol
from domain.verbs.selling import Word
from domain.verbs.telling import CRM, MARKETING
from tests.conftest import HEAVY_LAW, NOON
from tests.domain.making import Team, events, make_lead, make_offer

EMAIL = "kim@buyer.example.com"
LATER = NOON + timedelta(days=1)


def word(stage: str = "Proposal", *, days: float = 0, **more: Any) -> Word:
    """What the CRM says of Kim's opportunity some days after it was opened."""
    closed = stage.startswith("Closed")
    said: dict[str, Any] = {
        "system": "salesforce",
        "external_id": "006A",
        "name": "Sample Software (MQL)",
        "stage": stage,
        "modified_at": NOON + timedelta(days=days),
        "is_closed": closed,
        "is_won": stage == "Closed Won",
        "emails": (EMAIL,),
    }
    return Word(**said | more)


def history(session: Session) -> list[str]:
    rows = select(OpportunityStage.stage).order_by(OpportunityStage.opportunity_id, OpportunityStage.at)
    return list(session.scalars(rows))


def stage_of(session: Session, lead: Lead) -> Stage:
    session.flush()
    session.refresh(lead)
    return lead.stage


def test_an_opportunity_that_we_opened_ends_the_handoff_and_stops_its_clocks(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    deciding.accept(session, handoff.id, version=handoff.version, by=team.sam, now=NOON)
    made = selling.open_opportunity(
        session, handoff.id, system="salesforce", external_id="006A", name="Sample", stage="New", now=LATER
    )
    lead = session.get_one(Lead, handoff.lead_id)
    assert (made.lead_id, made.handoff_id, made.owner_id, made.stage) == (lead.id, handoff.id, team.sam.id, "New")
    assert (handoff.status, handoff.converted_at, lead.stage) == (HandoffStatus.CONVERTED, LATER, Stage.OPPORTUNITY)
    assert events(session, lead)[-2:] == [Happened.HANDOFF_CONVERTED, Happened.OPPORTUNITY_OPENED]
    clocks = session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id)).all()
    assert all(clock.stopped_at is not None and clock.next_at is None for clock in clocks)
    assert {clock.outcome for clock in clocks} <= {ClockOutcome.MET, ClockOutcome.MISSED, ClockOutcome.CANCELLED}


def test_what_was_opened_twice_is_one(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    opened = {"system": "salesforce", "external_id": "006A", "name": "Sample", "stage": "New"}
    first = selling.open_opportunity(session, handoff.id, **opened, now=NOON)
    told = len(events(session))
    assert selling.open_opportunity(session, handoff.id, **opened, now=LATER) is first
    assert len(events(session)) == told


def test_what_sales_opened_by_itself_is_linked_by_e_mail_and_ends_the_offer(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    heard = selling.hear(session, word(), LATER)
    assert heard is not None
    assert (heard.lead_id, heard.handoff_id, heard.stage) == (handoff.lead_id, handoff.id, "Proposal")
    session.flush()
    session.refresh(handoff)
    assert handoff.status is HandoffStatus.CONVERTED


def test_a_lead_is_known_by_the_id_that_the_crm_gave_it_before_its_e_mail(session: Session, team: Team) -> None:
    kim, lee = make_lead(session), make_lead(session, email="lee@buyer.example.com")
    session.merge(SystemLink(lead_id=lee.id, system=CRM, external_id="00Q7", dirty=1))
    heard = selling.hear(session, word(lead_ids=("00Q1", "00Q7")), NOON)
    assert heard is not None
    assert (heard.lead_id, kim.stage is Stage.OPPORTUNITY) == (lee.id, False)


def test_an_opportunity_of_nobody_is_passed_over(session: Session, team: Team) -> None:
    assert selling.hear(session, word(emails=("who@else.example.com", "no address"), lead_ids=("1",)), NOON) is None
    assert session.scalars(select(Opportunity)).all() == []


def test_a_deal_is_won_and_then_it_is_not_and_then_it_is_again(session: Session, team: Team) -> None:
    lead = make_lead(session)
    for days, stage in enumerate(("Proposal", "Closed Won", "Negotiation", "Closed Lost", "Closed Won")):
        selling.hear(session, word(stage, days=days, lost_reason="Price"), LATER)
        session.flush()
        session.refresh(lead)
        expected = {"Closed Won": Stage.WON, "Closed Lost": Stage.LOST}.get(stage, Stage.OPPORTUNITY)
        assert lead.stage is expected
    assert events(session, lead)[-5:] == [
        Happened.OPPORTUNITY_OPENED,
        Happened.OPPORTUNITY_WON,
        Happened.OPPORTUNITY_REOPENED,
        Happened.OPPORTUNITY_LOST,
        Happened.OPPORTUNITY_WON,
    ]
    (known,) = session.scalars(select(Opportunity))
    assert (known.won, known.lost_reason, known.closed_at) == (True, None, NOON + timedelta(days=4))


def test_the_same_word_again_changes_nothing(session: Session, team: Team) -> None:
    make_offer(session)
    selling.hear(session, word("Closed Won"), NOON)
    told = events(session)
    selling.hear(session, word("Closed Won"), LATER)
    assert (events(session), history(session)) == (told, ["Closed Won"])


def test_what_changes_twice_within_a_second_is_heard_twice(session: Session, team: Team) -> None:
    """The CRM's moments are whole seconds: what it says otherwise of the same one has changed since."""
    lead = make_lead(session)
    for stage in ("Proposal", "Closed Won", "Closed Won"):
        selling.hear(session, word(stage), LATER)
    assert stage_of(session, lead) is Stage.WON
    assert sorted(history(session)) == ["Closed Won", "Proposal"]
    selling.hear(session, word("Proposal", expected_on=LATER.date()), LATER)
    (known,) = session.scalars(select(Opportunity))
    assert (known.stage, known.expected_on, known.won) == ("Proposal", LATER.date(), None)
    assert stage_of(session, lead) is Stage.OPPORTUNITY


def test_old_news_stands_in_the_history_alone(session: Session, team: Team) -> None:
    make_offer(session)
    selling.hear(session, word("Negotiation", days=5, amount=900_000), LATER)
    told = events(session)
    selling.hear(session, word("Proposal", days=2, amount=100), LATER)
    (known,) = session.scalars(select(Opportunity))
    assert (known.stage, known.amount, history(session)) == ("Negotiation", 900_000, ["Proposal", "Negotiation"])
    assert events(session) == told


def test_an_older_word_may_say_that_it_came_to_its_stage_earlier(session: Session, team: Team) -> None:
    make_offer(session)
    selling.hear(session, word("Negotiation", days=5), LATER)
    selling.hear(session, word("Negotiation", days=3), LATER)
    (known,) = session.scalars(select(Opportunity))
    assert known.stage_since == NOON + timedelta(days=3)


def test_when_it_was_closed_is_what_the_crm_has_said_whatever_older_word_comes_late(
    session: Session, team: Team
) -> None:
    lead = make_lead(session, email=EMAIL)
    won = selling.hear(session, word("Closed Won", days=30, closed_at=NOON + timedelta(days=28)), LATER)
    selling.hear(session, word("Proposal", days=20), LATER)
    assert won is not None
    assert won.closed_at == NOON + timedelta(days=28)
    assert Happened.OPPORTUNITY_CORRECTED not in events(session, lead)


def test_a_lead_with_an_open_deal_beside_a_lost_one_is_an_opportunity(session: Session, team: Team) -> None:
    lead = make_lead(session)
    selling.hear(session, word(), NOON)
    selling.hear(session, word("Closed Lost", external_id="006B"), NOON)
    assert stage_of(session, lead) is Stage.OPPORTUNITY
    selling.hear(session, word("Closed Won", days=1), LATER)
    assert stage_of(session, lead) is Stage.WON


def test_who_has_a_deal_is_in_no_nurture_programme_any_more_and_marketing_hears_of_it(
    session: Session, team: Team
) -> None:
    lead = make_lead(session, ("page_view",))
    enrol(session, lead.id, NOON)
    selling.hear(session, word(), LATER)
    session.flush()
    session.refresh(lead)
    assert (lead.stage, lead.programme) == (Stage.OPPORTUNITY, None)
    assert session.get_one(SystemLink, (lead.id, MARKETING)).dirty_since is not None


def test_a_lead_that_is_put_aside_is_awake_once_it_has_a_deal(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    deciding.accept(session, handoff.id, version=handoff.version, by=team.sam, now=NOON)
    session.flush()
    session.refresh(handoff)
    until = NOON + timedelta(days=3)
    snoozing.snooze(session, handoff.id, version=handoff.version, by=team.sam, until=until, now=NOON)
    selling.hear(session, word(), LATER)
    session.flush()
    session.refresh(handoff)
    assert (handoff.status, handoff.snoozed_until) == (HandoffStatus.CONVERTED, None)


def test_the_deal_of_a_lead_that_was_merged_goes_on_with_the_other_one(session: Session, team: Team) -> None:
    kept, other = make_lead(session, email="lee@buyer.example.com"), make_lead(session)
    selling.hear(session, word(), NOON)
    merging.merge_leads(session, kept.id, other.id, by=None, now=LATER)
    heard = selling.hear(session, word("Closed Won", days=1), LATER)
    session.flush()
    session.refresh(kept)
    assert heard is not None
    assert (heard.lead_id, kept.stage) == (kept.id, Stage.WON)


def test_the_owner_in_the_crm_is_the_rep_whom_we_know_there(session: Session, team: Team) -> None:
    make_offer(session)
    team.ada.crm_user_id = "005ADA"
    session.flush()
    heard = selling.hear(session, word(owner_id="005ADA"), NOON)
    assert heard is not None
    assert heard.owner_id == team.ada.id


@pytest.mark.parametrize("status", [HandoffStatus.OFFERED, HandoffStatus.CONVERTED])
def test_only_an_sql_without_a_deal_gets_one_from_us(session: Session, team: Team, status: HandoffStatus) -> None:
    handoff = make_offer(session)
    handoff.status = HandoffStatus.QUALIFIED
    session.flush()
    assert selling.to_open(session, handoff.id) is not None
    handoff.status = status
    session.flush()
    assert selling.to_open(session, handoff.id) is None


def test_whose_deal_sales_has_opened_gets_no_second_one(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    selling.hear(session, word(), NOON)
    handoff.status = HandoffStatus.QUALIFIED
    session.flush()
    assert selling.to_open(session, handoff.id) is None


STAGES = ("Proposal", "Negotiation", "Closed Won", "Closed Lost")
WORDS = st.lists(
    st.builds(
        lambda deal, stage, minutes, amount, dated: word(
            stage,
            external_id=f"006{deal}",
            modified_at=NOON + timedelta(minutes=minutes),
            closed_at=NOON - timedelta(minutes=minutes + 1) if dated and stage.startswith("Closed") else None,
            amount=amount,
            lost_reason="Price" if stage == "Closed Lost" else None,
        ),
        st.sampled_from("AB"),
        st.sampled_from(STAGES),
        st.integers(0, 50),
        st.integers(0, 3) | st.none(),
        st.booleans(),
    ),
    max_size=8,
    # The CRM says one thing of one moment.
    unique_by=lambda said: (said.external_id, said.modified_at),
)


def _plain_lead(session: Session) -> int:
    made = Lead(email=EMAIL, identity=EMAIL, stage=Stage.NURTURING, source="website", captured_at=NOON)
    made.fields, made.attributes, made.notes = {}, {}, []
    session.add(made)
    session.flush()
    return made.id


def record_after(engine: Engine, words: Sequence[Word]) -> object:
    """All that stands in the record once these words were heard in this order, in a world of its own."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            lead_id = _plain_lead(session)
            for said in words:
                selling.hear(session, said, LATER)
            session.flush()
            session.expire_all()
            deals = session.scalars(select(Opportunity).order_by(Opportunity.external_id)).all()
            rows = select(Opportunity.external_id, OpportunityStage.at, OpportunityStage.stage, OpportunityStage.amount)
            joined = rows.join(Opportunity, Opportunity.id == OpportunityStage.opportunity_id)
            fields = [
                (
                    *(deal.external_id, deal.stage, deal.stage_since, deal.amount, deal.won, deal.closed_at),
                    *(deal.lost_reason, deal.opened_at, deal.modified_at),
                )
                for deal in deals
            ]
            told = [
                tuple(row) for row in session.execute(joined.order_by(Opportunity.external_id, OpportunityStage.at))
            ]
            found = (session.get_one(Lead, lead_id).stage, fields, told)
        outer.rollback()
    return found


# Seconds, not milliseconds: each example writes two records in Postgres, word by word.
@HEAVY_LAW
@given(WORDS, st.randoms(use_true_random=False))
def test_in_whatever_order_the_words_come_and_how_often_the_record_ends_the_same(
    migrated: Engine, words: list[Word], rng: Any
) -> None:
    again = [*words, *(replace(one) for one in words if rng.random() < 0.5)]
    rng.shuffle(again)
    in_order = sorted(words, key=lambda said: said.modified_at)
    assert record_after(migrated, again) == record_after(migrated, in_order)


def test_a_handoff_leads_to_one_deal(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    selling.hear(session, word(), NOON)
    selling.hear(session, word(external_id="006B"), NOON)
    led = select(Opportunity.handoff_id).order_by(Opportunity.external_id)
    assert list(session.scalars(led)) == [handoff.id, None]
    assert session.scalars(select(Handoff.status)).one() is HandoffStatus.CONVERTED
