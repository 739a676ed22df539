"""What the card of a handoff shows, read in one go."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import succession
from domain.finding import lead_view, name_of, newest_touches, score_of
from domain.rules.deals import DEAL_REASONS, DealStatus
from domain.rules.lifecycle import GONE, LIVE, undo_until
from domain.rules.probability import Chance
from domain.rules.qualification import answers_from_json
from domain.rules.refusals import NotFound
from domain.rules.scoring import top_reasons
from domain.tables import (
    ContactAttempt,
    DealHandoff,
    Handoff,
    Lead,
    Opportunity,
    Pool,
    Qualification,
    Rep,
    ScoreRow,
    ScoringModel,
    SlaClock,
)
from domain.verbs.modelling import parsed
from domain.views import AttemptView, CardView, ClockView, ColleagueView, DealView, Person, QualificationView

SHOWN_COLLEAGUES = 3


def card_view(session: Session, handoff_id: int) -> CardView:
    """All that the card of a handoff shows, in nine queries whatever its history and its company; once it has ended, in two more."""
    found = session.execute(
        select(Handoff, Lead, ScoreRow, Pool, ScoringModel)
        .join(Lead, Lead.id == Handoff.lead_id)
        .join(ScoreRow, ScoreRow.id == Handoff.score_id)
        .join(ScoringModel, ScoringModel.id == ScoreRow.model_id)
        .outerjoin(Pool, Pool.id == Handoff.pool_id)
        .where(Handoff.id == handoff_id)
    ).one_or_none()
    if found is None:
        raise NotFound(what="handoff")
    handoff, lead, scored, pool, model = found
    clocks = session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id)).all()
    attempts = _attempts(session, handoff.id)
    answered = _newest_answers(session, handoff.id)
    deal, handed = _newest_deal(session, handoff.id)
    decider = handoff.rejected_by or handoff.accepted_by
    went_to = succession.rep_of_next(session, handoff)
    tried_by = [attempt.rep_id for attempt in attempts]
    others = {
        deal.owner_id if deal else None,
        handed.rep_id if handed else None,
        answered.rep_id if answered else None,
        handoff.qualified_by,
    }
    people = people_of(session, {handoff.rep_id, decider, handoff.moved_by, went_to, *tried_by, *others})
    colleagues, more = colleagues_of(session, lead)
    return CardView(
        handoff_id=handoff.id,
        version=handoff.version,
        cycle=handoff.cycle,
        status=handoff.status,
        tier=handoff.tier,
        score=scored.total,
        fit=scored.fit,
        intent=scored.intent,
        negative=scored.negative,
        reasons=top_reasons(score_of(scored)),
        now_score=lead.score,
        now_tier=lead.tier,
        lead=lead_view(lead),
        touches=newest_touches(session, lead.id),
        clocks=[ClockView(c.kind, c.due_at, c.breached_at, c.stopped_at, c.outcome) for c in clocks],
        attempts=[AttemptView(a.at, people[a.rep_id].name, a.outcome, a.next_step, a.next_at) for a in attempts],
        pool=pool.name if pool else None,
        place=handoff.place,
        rep=people.get(handoff.rep_id) if handoff.rep_id else None,
        offered_at=handoff.offered_at,
        decided_by=people.get(decider) if decider else None,
        decided_at=handoff.rejected_at or handoff.accepted_at,
        reason=handoff.reason,
        note=handoff.note,
        colleagues=colleagues,
        more_colleagues=more,
        detail=succession.detail_of(session, handoff),
        snoozed_until=handoff.snoozed_until,
        moved_by=people.get(handoff.moved_by or 0),
        went_to=people.get(went_to or 0),
        undo_until=undo_until(handoff.status, handoff.accepted_at, handoff.contacted_at, handoff.rejected_at),
        stage=lead.stage,
        qualification=_qualification(answered, people) if answered else None,
        qualified_at=handoff.qualified_at,
        qualified_by=people.get(handoff.qualified_by or 0),
        deal=_deal(deal, handed, people) if deal else None,
        chance=chance_of(model, scored.total),
    )


def chance_of(row: ScoringModel, total: int) -> Chance | None:
    """What this model says of a score that it gave; None if it has measured nothing."""
    probability = parsed(row).probability
    return probability.chance(total) if probability is not None else None


def _newest_answers(session: Session, handoff_id: int) -> Qualification | None:
    return session.scalars(
        select(Qualification)
        .where(Qualification.handoff_id == handoff_id)
        .order_by(Qualification.at.desc(), Qualification.id.desc())
        .limit(1)
    ).first()


def _qualification(row: Qualification, people: Mapping[int, Person]) -> QualificationView:
    return QualificationView(row.at, people[row.rep_id].name, row.verdict, answers_from_json(row.answers))


def _newest_deal(session: Session, handoff_id: int) -> tuple[Opportunity | None, DealHandoff | None]:
    """The opportunity that the handoff led to, with the newest attempt to hand it to an AE."""
    found = session.execute(
        select(Opportunity, DealHandoff)
        .outerjoin(DealHandoff, DealHandoff.opportunity_id == Opportunity.id)
        .where(Opportunity.handoff_id == handoff_id)
        .order_by(DealHandoff.id.desc().nulls_last())
        .limit(1)
    ).first()
    return (found[0], found[1]) if found is not None else (None, None)


def _deal(row: Opportunity, handed: DealHandoff | None, people: Mapping[int, Person]) -> DealView:
    returned = DEAL_REASONS.get(handed.reason or "") if handed and handed.status is DealStatus.RETURNED else None
    return DealView(
        stage=row.stage,
        amount=row.amount,
        currency=row.currency,
        owner=people.get(row.owner_id or 0),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        won=row.won,
        lost_reason=row.lost_reason,
        handed=handed.status if handed else None,
        ae=people.get(handed.rep_id) if handed else None,
        returned=returned.label if returned else None,
    )


def colleagues_of(session: Session, lead: Lead, most: int = SHOWN_COLLEAGUES) -> tuple[list[ColleagueView], int]:
    """The best of the other leads of the same company, and how many there are besides."""
    if lead.company_id is None:
        return [], 0
    rows = session.execute(
        select(Lead, Rep.name, func.count().over())
        .outerjoin(Handoff, (Handoff.lead_id == Lead.id) & Handoff.status.in_(LIVE))
        .outerjoin(Rep, Rep.id == func.coalesce(Lead.owner_id, Handoff.rep_id))
        .where(Lead.company_id == lead.company_id, Lead.id != lead.id, Lead.stage.not_in(GONE))
        .order_by(Lead.score.desc().nulls_last(), Lead.id)
        .limit(most)
    ).all()
    shown = [ColleagueView(name_of(one), one.title, one.stage, one.tier, one.score, rep) for one, rep, _ in rows]
    return shown, rows[0][2] - len(shown) if rows else 0


def _attempts(session: Session, handoff_id: int) -> Sequence[ContactAttempt]:
    in_order = (ContactAttempt.at, ContactAttempt.id)
    return session.scalars(
        select(ContactAttempt).where(ContactAttempt.handoff_id == handoff_id).order_by(*in_order)
    ).all()


def people_of(session: Session, rep_ids: set[int | None]) -> dict[int, Person]:
    wanted = [rep_id for rep_id in rep_ids if rep_id is not None]
    rows = session.execute(select(Rep.id, Rep.name, Rep.slack_user_id).where(Rep.id.in_(wanted)))
    return {row.id: Person(row.id, row.name, row.slack_user_id) for row in rows}
