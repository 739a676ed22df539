"""An invented past, for the numbers that are reckoned of it a second time."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.qualification import BANT, UNKNOWN, Answer, Verdict, answers_to_json
from domain.rules.scoring import default_model_toml
from domain.rules.tiers import Tier
from domain.tables import (
    ClockOutcome,
    CreditRun,
    Handoff,
    Lead,
    Opportunity,
    Qualification,
    Role,
    ScoreRow,
    ScoringModel,
    SlaClock,
    TouchRow,
)
from domain.verbs import modelling, staffing
from tests.conftest import NOON

STATUSES = tuple(HandoffStatus)
LEADS = 150
CHANCES = """
[probability]
of = "sql"
outcomes = 200
at = [[60, 0.2, 0.1, 0.3], [80, 0.5, 0.4, 0.6], [100, 0.9, 0.8, 1.0]]
"""


class Past:
    """An invented record: leads with one to three handoffs each, their scores, clocks, calls, touches and opportunities."""

    def __init__(self, session: Session, seed: int, *, leads: int = LEADS, days: int = 40) -> None:
        self.session = session
        self.days = days
        self.dice = random.Random(seed)
        self.models = [model.id for model in self._models()]
        self.reps = [
            staffing.save_rep(session, NOON, name=name, email=f"{name[:3].lower()}@example.com", role=Role.SDR)
            for name in ("Sam Sample", "Dana Demo")
        ]
        self.pools = [
            staffing.save_pool(session, name=name, role=Role.SDR, slack_channel=f"C0{name}", manager=self.reps[0])
            for name in ("EMEA", "Americas")
        ]
        for number in range(leads):
            self._lead(number)
        session.flush()

    def _models(self) -> list[ScoringModel]:
        """The one in force, one with other expectations, one that has measured its chances, and one that expects nothing."""
        toml = default_model_toml()
        usual = "mql = 0.4\nhql = 0.6"
        assert usual in toml
        texts = [
            toml.replace('name = "default"', 'name = "bold"').replace(usual, "mql = 0.55\nhql = 0.8"),
            toml.replace('name = "default"', 'name = "learnt"') + CHANCES,
            toml.replace('name = "default"', 'name = "silent"').replace(usual, ""),
        ]
        return [
            modelling.active_model(self.session)[0],
            *(modelling.draft(self.session, one, NOON)[0] for one in texts),
        ]

    def _lead(self, number: int) -> None:
        mail = f"lead-{number}@buyer.example.com"
        lead = Lead(
            email=mail, identity=mail, source="website", fields={}, attributes={}, notes=[], captured_at=self._moment()
        )
        lead.attributes = {"persona": self.dice.choice(("influencer", "decision_maker"))}
        self.session.add(lead)
        self.session.flush()
        for _ in range(self.dice.randrange(3)):
            channel, campaign = self.dice.choice(("ads", "mail", None)), self.dice.choice(("Spring Fair", None))
            self.session.add(
                TouchRow(
                    lead_id=lead.id, kind="webinar", occurred_at=self._moment(), channel=channel, campaign=campaign
                )
            )
        cycles = self.dice.choice((1, 1, 2, 3))
        for cycle in range(1, cycles + 1):
            self._handoff(lead, cycle, live=cycle == cycles)

    def _handoff(self, lead: Lead, cycle: int, *, live: bool) -> None:
        status = self.dice.choice([status for status in STATUSES if live or status not in LIVE])
        became = self._moment()
        accepted = self._after(became, status is HandoffStatus.ACCEPTED or self.dice.random() < 0.6)
        if status in {HandoffStatus.OPEN, HandoffStatus.OFFERED}:
            accepted = None
        contacted = self._after(accepted, status is HandoffStatus.CONTACTED or self.dice.random() < 0.7)
        qualified = self._after(contacted or accepted, status is HandoffStatus.QUALIFIED or self.dice.random() < 0.3)
        if status is HandoffStatus.QUALIFIED:
            qualified = qualified or self._after(became, True)
        elif status in LIVE:
            qualified = None
        tier = self.dice.choice((Tier.MQL, Tier.HQL))
        score = self._score(lead, tier, became)
        handoff = Handoff(
            lead_id=lead.id,
            cycle=cycle,
            tier=tier,
            score=score.total,
            score_id=score.id,
            model_id=score.model_id,
            pool_id=self.dice.choice(self.pools).id,
            rep_id=self.dice.choice(self.reps).id,
            status=status,
            version=1,
            policy={},
            trace={},
            became_at=became,
            opened_at=became,
            accepted_at=accepted,
            contacted_at=contacted,
            qualified_at=qualified,
            rejected_at=self._after(accepted or became, True) if status is HandoffStatus.REJECTED else None,
            reason=self.dice.choice(("no_budget", "bad_timing", "other")) if status is HandoffStatus.REJECTED else None,
        )
        self.session.add(handoff)
        self.session.flush()
        for kind in ClockKind:
            if self.dice.random() < 0.8:
                self._clock(handoff, kind)
        for _ in range(self.dice.randrange(3)):
            self._call(handoff)
        if self.dice.random() < 0.25:
            self._deal(lead, handoff if self.dice.random() < 0.8 else None)

    def _score(self, lead: Lead, tier: Tier, at: datetime) -> ScoreRow:
        total = self.dice.randrange(60, 80) if tier is Tier.MQL else self.dice.randrange(80, 101)
        row = ScoreRow(
            lead_id=lead.id,
            model_id=self.dice.choice(self.models),
            as_of=at,
            total=total,
            fit=total,
            intent=0,
            negative=0,
            tier=tier,
            ledger=[],
        )
        self.session.add(row)
        self.session.flush()
        return row

    def _call(self, handoff: Handoff) -> None:
        said = {question.key: self.dice.choice((*question.choices, UNKNOWN)).key for question in BANT.questions[:4]}
        answers = [
            Answer(one.key, one.label, "", choice.key, choice.counts)
            for one in BANT.questions[:4]
            for choice in (*one.choices, UNKNOWN)
            if choice.key == said[one.key]
        ]
        self.session.add(
            Qualification(
                handoff_id=handoff.id,
                rep_id=handoff.rep_id,
                at=self._moment(),
                framework=BANT.key,
                answers=answers_to_json([*answers, Answer("notes", "Notes", "They were kind")]),
                verdict=self.dice.choice(tuple(Verdict)),
            )
        )

    def _clock(self, handoff: Handoff, kind: ClockKind) -> None:
        stopped = self.dice.random() < 0.6
        self.session.add(
            SlaClock(
                handoff_id=handoff.id,
                kind=kind,
                started_at=handoff.became_at + timedelta(minutes=self.dice.randrange(60)),
                due_at=handoff.became_at + timedelta(hours=self.dice.randrange(900)),
                running_since=None if self.dice.random() < 0.3 else handoff.became_at,
                breached_at=NOON if self.dice.random() < 0.2 else None,
                stopped_at=NOON - timedelta(minutes=1) if stopped else None,
                outcome=self.dice.choice(tuple(ClockOutcome)) if stopped else None,
            )
        )

    def _deal(self, lead: Lead, handoff: Handoff | None) -> None:
        opened = self._moment()
        won = self.dice.choice((None, True, False))
        deal = Opportunity(
            lead_id=lead.id,
            handoff_id=handoff.id if handoff else None,
            system="salesforce",
            name="A deal",
            stage="open",
            stage_since=opened,
            opened_at=opened,
            closed_at=None if won is None else opened + timedelta(days=self.dice.randrange(9)),
            won=won,
            lost_reason=self.dice.choice(("Price", "No decision", None)) if won is False else None,
        )
        self.session.add(deal)
        self.session.flush()
        if won and self.dice.random() < 0.8:
            self._frozen(deal)

    def _frozen(self, deal: Opportunity) -> None:
        rate = self.dice.choice((Decimal(1), Decimal("1.1"), None))
        for version, old in ((1, True), (2, False)):
            self.session.add(
                CreditRun(
                    opportunity_id=deal.id,
                    version=version,
                    why="closed",
                    made_at=NOON,
                    superseded_at=NOON if old else None,
                    closed_at=deal.closed_at,
                    amount=1000,
                    currency="EUR",
                    rate=rate,
                    base="EUR",
                    value=int(1000 * rate) + version if rate else 0,
                    touches=1,
                )
            )

    def _moment(self) -> datetime:
        return NOON - timedelta(minutes=self.dice.randrange(self.days * 24 * 60))

    def _after(self, moment: datetime | None, so: bool) -> datetime | None:
        return moment + timedelta(minutes=self.dice.randrange(3 * 24 * 60)) if moment is not None and so else None
