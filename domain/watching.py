"""Whether a model that was put in force keeps what it promised: fewer SQLs than it foresaw, or fewer leads that sales wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.backtest.intervals import Share
from domain.outcomes import Outcome
from domain.rules.preferences import Alert
from domain.rules.probability import Outcome as Foreseen
from domain.rules.proposals import ProposalStatus
from domain.rules.scoring import Model
from domain.tables import Notice, Proposal, Rep, Role, ScoringModel

TOLD_AGAIN_AFTER = timedelta(weeks=4)
WORSE, SHADOW_OVER = "worse", "shadow_over"
"""Why somebody is told of a proposal."""
WORDS = {
    WORSE: "The model in force does worse than its proposal promised. You can roll it back.",
    SHADOW_OVER: "A model's time in shadow is over. Put it in force, or stop it.",
}
"""In a digest."""


@dataclass(frozen=True, slots=True)
class Watch:
    """`promised`: the share of SQLs that the model foresaw of those it was asked about. `before`: acceptance under others."""

    sql: Share
    promised: float
    accepted: Share
    before: Share

    @property
    def fewer_sqls(self) -> bool:
        return self.sql.enough and self.sql.interval[1] < self.promised

    @property
    def fewer_accepted(self) -> bool:
        both = self.accepted.enough and self.before.enough
        return both and self.accepted.interval[1] < self.before.interval[0]

    @property
    def worse(self) -> bool:
        return self.fewer_sqls or self.fewer_accepted

    def as_json(self) -> dict[str, Any]:
        return {
            "sql": list(self.sql),
            "promised": round(self.promised, 4),
            "accepted": list(self.accepted),
            "before": list(self.before),
            "worse": self.worse,
        }


def watch(outcomes: Sequence[Outcome], model_id: int, model: Model) -> Watch:
    """Of the outcomes that have matured by now; what still runs says nothing."""
    ours = [one for one in outcomes if one.model_id == model_id]
    others = [one for one in outcomes if one.model_id != model_id]
    known = [one for one in ours if one.sql is not None]
    foreseen = [_foreseen(model, one) for one in known]
    return Watch(
        sql=Share(sum(bool(one.sql) for one in known), len(known)),
        promised=sum(foreseen) / len(foreseen) if foreseen else 0.0,
        accepted=_accepted(ours),
        before=_accepted(others),
    )


def _foreseen(model: Model, one: Outcome) -> float:
    """By the model's own table of chances, else by what it expects of the tier."""
    if model.probability is not None and model.probability.of is Foreseen.SQL:
        return model.probability.chance(one.score).share
    return model.expected_conversion.get(one.tier, 0.0)


def _accepted(outcomes: Sequence[Outcome]) -> Share:
    known = [one.accepted for one in outcomes if one.accepted is not None]
    return Share(sum(known), len(known))


def in_force(session: Session, active: ScoringModel) -> Proposal | None:
    """The proposal that the active model came from."""
    return session.scalars(
        select(Proposal)
        .where(Proposal.status == ProposalStatus.ACTIVE, Proposal.model_id == active.id)
        .order_by(Proposal.id.desc())
        .limit(1)
    ).one_or_none()


def managers(session: Session) -> Sequence[Rep]:
    """Who is told of a proposal: the managers who are in Slack; without any, the admins."""
    reachable = select(Rep).where(Rep.active, Rep.slack_dm_id.is_not(None)).order_by(Rep.id)
    return (
        session.scalars(reachable.where(Rep.role == Role.MANAGER)).all()
        or session.scalars(reachable.where(Rep.admin)).all()
    )


def told_since(session: Session, proposal_id: int, why: str, since: datetime) -> bool:
    wanted = select(Notice.id).where(
        Notice.kind == Alert.PROPOSAL,
        Notice.at >= since,
        Notice.data["proposal_id"].as_integer() == proposal_id,
        Notice.data["why"].astext == why,
    )
    return session.scalars(wanted.limit(1)).first() is not None


def still_asks(session: Session, data: Mapping[str, Any]) -> bool:
    """Whether what a manager was told of can still be answered."""
    row = session.get_one(Proposal, int(data["proposal_id"]))
    return row.status is (ProposalStatus.ACTIVE if data["why"] == WORSE else ProposalStatus.SHADOW)


def shadows_over(session: Session, now: datetime) -> list[Proposal]:
    """Those whose time in shadow is over, and of whom nobody was told so yet, or lately. A trial before this one is none."""
    rows = session.scalars(
        select(Proposal).where(Proposal.status == ProposalStatus.SHADOW, Proposal.shadow_until <= now)
    ).all()
    lately = now - TOLD_AGAIN_AFTER
    return [
        row for row in rows if not told_since(session, row.id, SHADOW_OVER, max(lately, row.shadow_until or lately))
    ]
