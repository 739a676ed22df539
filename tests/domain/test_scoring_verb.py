"""Scoring a lead keeps the ledger, and the event already holds the decision."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.rules.refusals import NotFound
from domain.rules.scoring import default_model_toml
from domain.rules.tiers import Tier
from domain.tables import Happened, ModelStatus, ScoreRow, ScoringModel, SystemLink
from domain.verbs import nurturing
from domain.verbs.modelling import import_model
from domain.verbs.offering import hand_over
from domain.verbs.scoring import score_lead
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, Team, events, make_lead, take

LATER = NOON + timedelta(days=1)


def test_the_score_is_the_sum_of_the_ledger_that_is_kept(session: Session) -> None:
    lead = make_lead(session, HQL)
    row = session.scalars(select(ScoreRow)).one()
    assert lead.score == row.total == sum(part["points"] for part in row.ledger)
    assert (lead.fit, lead.intent, lead.negative) == (row.fit, row.intent, row.negative)
    assert (lead.score_id, lead.scored_at, row.as_of) == (row.id, NOON, NOON)


def test_every_score_stays_in_the_history(session: Session) -> None:
    lead = make_lead(session)
    a_month_later = NOON + timedelta(days=30)
    score_lead(session, lead.id, a_month_later)
    rows = session.scalars(select(ScoreRow).order_by(ScoreRow.id)).all()
    assert [row.as_of for row in rows] == [NOON, a_month_later]
    assert rows[1].total < rows[0].total  # intent fades


@pytest.mark.parametrize(
    ("kinds", "person", "way", "tier"),
    [
        (("page_view",), {}, Happened.LEAD_TO_NURTURE, Tier.COLD),
        (("page_view",), None, Happened.LEAD_TO_NURTURE, Tier.MEL),
        (MQL, None, Happened.LEAD_TO_SDR, Tier.MQL),
        (HQL, None, Happened.LEAD_TO_AE, Tier.HQL),
    ],
)
def test_the_tier_decides_the_way(
    session: Session, kinds: tuple[str, ...], person: dict[str, object] | None, way: Happened, tier: Tier
) -> None:
    lead = make_lead(session, kinds) if person is None else make_lead(session, kinds, person=person)
    assert (lead.tier, events(session, lead)[-1]) == (tier, way)


def test_the_sla_counts_from_the_moment_the_lead_became_mql_and_not_from_the_last_score(session: Session) -> None:
    lead = make_lead(session)
    score_lead(session, lead.id, NOON + timedelta(minutes=5))
    assert lead.became_sales_ready_at == NOON


def test_a_lead_in_nurture_that_is_ready_later_counts_from_then(session: Session) -> None:
    lead = make_lead(session, ("page_view",))
    nurturing.enrol(session, lead.id, NOON)
    take(session, kind="demo_request", now=LATER)
    score_lead(session, lead.id, LATER)
    assert lead.became_sales_ready_at == LATER
    assert events(session, lead)[-1] is Happened.LEAD_TO_SDR


def test_a_lead_that_is_with_sales_is_only_scored_anew(session: Session, team: Team) -> None:
    lead = make_lead(session)
    hand_over(session, lead.id, NOON)
    take(session, kind="page_view", now=NOON)
    score_lead(session, lead.id, NOON)
    assert (lead.tier, lead.stage) == (Tier.MQL, Stage.IN_HANDOFF)
    assert events(session, lead)[-1] is Happened.LEAD_RESCORED
    told = session.scalars(select(SystemLink.dirty_since).where(SystemLink.system == "marketing")).one()
    assert told == NOON


def test_a_lead_in_nurture_is_not_enrolled_a_second_time(session: Session) -> None:
    lead = make_lead(session, ("page_view",))
    nurturing.enrol(session, lead.id, NOON)
    score_lead(session, lead.id, LATER)
    assert events(session, lead)[-1] is Happened.LEAD_RESCORED


@pytest.mark.parametrize(("days", "way"), [(29, Happened.LEAD_RESCORED), (31, Happened.LEAD_TO_SDR)])
def test_a_lead_that_rests_is_not_handed_over_before_its_time(session: Session, days: int, way: Happened) -> None:
    lead = make_lead(session, ("page_view",))
    nurturing.enrol(session, lead.id, NOON)
    lead.rests_until = NOON + timedelta(days=30)
    then = NOON + timedelta(days=days)
    take(session, kind="demo_request", now=then)
    score_lead(session, lead.id, then)
    assert events(session, lead)[-1] is way


def test_a_lead_that_went_to_sales_meanwhile_is_not_put_into_nurture(session: Session, team: Team) -> None:
    lead = make_lead(session)
    hand_over(session, lead.id, NOON)
    assert nurturing.enrol(session, lead.id, NOON).stage is Stage.IN_HANDOFF
    assert Happened.LEAD_NURTURED not in events(session, lead)


def test_an_erased_lead_is_not_scored(session: Session) -> None:
    lead = take(session)
    lead.stage = Stage.ERASED
    session.flush()
    assert score_lead(session, lead.id, NOON).score is None


def test_without_a_model_nothing_is_scored_and_the_refusal_says_so(session: Session) -> None:
    session.execute(update(ScoringModel).values(status=ModelStatus.RETIRED))
    lead = take(session)
    with pytest.raises(NotFound, match="not_found") as refusal:
        score_lead(session, lead.id, NOON)
    assert "scoring model" in refusal.value.sentence({})


def test_a_new_model_retires_the_old_one_and_the_same_one_changes_nothing(session: Session) -> None:
    first = import_model(session, default_model_toml(), NOON)
    stricter = default_model_toml().replace("mql = 60", "mql = 65")
    second = import_model(session, stricter, LATER)
    again = import_model(session, stricter, LATER)
    assert again.id == second.id != first.id
    assert second.version == first.version + 1
    statuses = session.scalars(select(ScoringModel.status).order_by(ScoringModel.id)).all()
    assert statuses == [ModelStatus.RETIRED, ModelStatus.ACTIVE]


def test_a_score_names_the_model_that_gave_it(session: Session) -> None:
    lead = make_lead(session)
    newer = import_model(session, default_model_toml().replace("mql = 60", "mql = 65"), LATER)
    score_lead(session, lead.id, LATER)
    models = session.scalars(select(ScoreRow.model_id).order_by(ScoreRow.id)).all()
    assert models[0] != models[1] == newer.id
