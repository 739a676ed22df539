"""Learning whole, on a real record: from what became of leads to a question, a trial, the model in force, and back.

It takes a few seconds. `enough` is as in earnest: 140 leads with a plain signal have 60 of either outcome. They are written as
rows: by the verbs, each with its brief, card and clocks, they would take longer than all that is asked here.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.ids import ProposalPress
from domain.rules.facts import LeadFacts, Touch
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.proposals import ProposalStatus
from domain.rules.scoring import ledger_to_json, score
from domain.rules.tiers import tier_of
from domain.tables import AttributesRow, Handoff, Lead, Learning, Proposal, ScoreRow, TouchRow
from domain.verbs import modelling
from domain.verbs.scoring import attributes
from handlers.calibration_settings import learning_settings
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, learn_model
from kit.clock import utcnow
from tests.domain.making import DIRECTOR, take
from tests.handlers.making import (
    MORGAN,
    Outside,
    clear_jobs,
    door,
    door_url,
    jobs,
    make_staff,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

LEADS = 140
KNOWN = {"persona": "decision_maker", "industry": "software", "company_size": "mid_market"}
"""Of everybody: the model in force sees no difference between them."""


@pytest.fixture
def channel(slack: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    made = slack.new_channel()
    make_staff(made)
    monkeypatch.setenv("LEARNING_CHANNEL", made)
    learning_settings.cache_clear()
    yield made
    learning_settings.cache_clear()


def past(session: Session, now: datetime) -> None:
    """One lead after the other, half of them teams: of ten teams nine became an SQL, of ten others one did."""
    row, model = modelling.active_model(session)
    for number in range(LEADS):
        at = now - timedelta(days=150) + timedelta(hours=20 * number)
        plan = "team" if number % 2 else "alone"
        good = (number // 2 % 10 != 0) == (plan == "team")
        said, mail = {**KNOWN, "plan": plan}, f"lead{number}@buyer.example.com"
        given = score(model, LeadFacts(attributes(said, "website"), [Touch("demo_request", at)]), at)
        tier = tier_of(given.total, model.thresholds)
        lead = Lead(
            email=mail,
            identity=mail,
            source="website",
            stage=Stage.OPPORTUNITY if good else Stage.DISQUALIFIED,
            captured_at=at,
            scored_at=at,
            tier=tier,
            score=given.total,
            fields={},
            attributes=said,
            notes=[],
        )
        session.add(lead)
        session.flush()
        scored = ScoreRow(
            lead_id=lead.id,
            model_id=row.id,
            as_of=at,
            total=given.total,
            fit=given.fit,
            intent=given.intent,
            negative=given.negative,
            tier=tier,
            ledger=ledger_to_json(given.ledger),
        )
        session.add_all(
            [
                AttributesRow(lead_id=lead.id, at=at, attributes=said),
                TouchRow(lead_id=lead.id, kind="demo_request", occurred_at=at, recorded_at=at),
                scored,
            ]
        )
        session.flush()
        lead.score_id = scored.id
        session.add(
            Handoff(
                lead_id=lead.id,
                cycle=1,
                tier=tier,
                score=given.total,
                score_id=scored.id,
                model_id=row.id,
                status=HandoffStatus.CONVERTED if good else HandoffStatus.REJECTED,
                version=1,
                policy={},
                trace={},
                became_at=at,
                opened_at=at,
                accepted_at=at + timedelta(hours=1),
                qualified_at=at + timedelta(days=2) if good else None,
                converted_at=at + timedelta(days=3) if good else None,
                rejected_at=None if good else at + timedelta(days=2),
                reason=None if good else "no_budget",
            )
        )


def proposal() -> Proposal:
    with reading() as session:
        return session.scalars(select(Proposal)).one()


def in_force() -> int:
    with reading() as session:
        return modelling.active_model(session)[0].id


def scores_of(email: str) -> dict[int, int]:
    """Model -> the last score that it gave the lead."""
    wanted = (
        select(ScoreRow.model_id, ScoreRow.total)
        .join(Lead, Lead.id == ScoreRow.lead_id)
        .where(Lead.email == email)
        .order_by(ScoreRow.id)
    )
    with reading() as session:
        return dict(session.execute(wanted).all())


def press(slack: Outside, channel: str, what: ProposalPress) -> str:
    """What its message says then."""
    slack.press(MORGAN, slack.messages(channel)[0], what)
    work_off()
    return json.dumps(slack.messages(channel)[0], ensure_ascii=False)


def test_what_sales_did_with_leads_becomes_points_that_a_manager_tries_puts_in_force_and_takes_back(
    door: httpx.Client, slack: Outside, channel: str
) -> None:
    before = in_force()
    with transaction() as session:
        past(session, utcnow())
        send(session, learn_model())
    work_off()
    with reading() as session:
        said = session.scalars(select(Learning.said).order_by(Learning.id)).first()
    asked = proposal()
    assert said == "Learnt from 140 leads of which one knows what became of them."
    assert (asked.status, in_force()) == (ProposalStatus.OPEN, before)
    text = json.dumps(slack.messages(channel)[0], ensure_ascii=False)
    for words in (
        "Proposal: a newly learnt scoring model",
        "Plan: alone: *-",
        "In the last 90 days",
        "by more than chance",
    ):
        assert words in text

    assert "Tried in shadow until" in press(slack, channel, ProposalPress.APPROVE)
    # Whoever comes now is scored by both, and goes where the model in force says.
    with transaction() as session:
        take(session, "kim@buyer.example.com", kind="demo_request", now=utcnow(), person={**DIRECTOR, "plan": "alone"})
    work_off()
    both = scores_of("kim@buyer.example.com")
    assert both.keys() == {before, asked.model_id}
    with reading() as session:
        lead = session.scalars(select(Lead).where(Lead.email == "kim@buyer.example.com")).one()
    assert lead.score == both[before]
    assert both[asked.model_id] < both[before] - 10

    assert "In force since" in press(slack, channel, ProposalPress.ACTIVATE)
    assert in_force() == asked.model_id
    # All were scored anew, and now teams stand above the others.
    team, alone = (scores_of(f"lead{number}@buyer.example.com")[asked.model_id] for number in (1, 0))
    assert team > alone + 10

    assert "Rolled back" in press(slack, channel, ProposalPress.ROLL_BACK)
    assert (in_force(), proposal().status) == (before, ProposalStatus.ROLLED_BACK)
    with reading() as session:
        back = (
            select(func.count())
            .select_from(Lead)
            .join(ScoreRow, ScoreRow.id == Lead.score_id)
            .where(ScoreRow.model_id == before)
        )
        assert session.scalar(back) == LEADS + 1
    clear_jobs()
    with transaction() as session:
        send(session, learn_model())
    work_off(Job.LEARN)
    with reading() as session:
        again = session.scalars(select(Learning.verdict).order_by(Learning.id.desc()).limit(2)).all()
    assert "resting" in again
    assert jobs() == []
