"""What the brief beside a card says of a lead: why it is here, what it did, its company, its past with us. It only reads."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.cards import colleagues_of
from domain.finding import lead_view, score_of
from domain.rules.lifecycle import LIVE, Stage
from domain.rules.openers import Did, opener
from domain.rules.qualification import Verdict
from domain.rules.refusals import NotFound
from domain.succession import came_to_nothing
from domain.tables import (
    CardPlace,
    Company,
    ContactAttempt,
    Content,
    Handoff,
    Happened,
    Lead,
    LeadEvent,
    Qualification,
    Rep,
    ScoreRow,
    TouchRow,
)
from domain.views import ActivityView, BriefView, EarlierView, Step, StepView

READ_TOUCHES = 50
COLLEAGUES, EARLIER, STEPS, CAMPAIGNS = 5, 3, 6, 4
VERDICTS = {Verdict.QUALIFIED: "an SQL", Verdict.NOT_YET: "not settled yet", Verdict.NOT_QUALIFIED: "no SQL"}


def brief_view(session: Session, handoff_id: int, now: datetime) -> BriefView:
    """Raises NotFound. In a dozen queries, however long the lead's history is."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    lead = session.get_one(Lead, handoff.lead_id)
    score = score_of(session.get_one(ScoreRow, lead.score_id or handoff.score_id))
    touches = _touches(session, lead.id)
    titles = _titles(session, touches)
    colleagues, more = colleagues_of(session, lead, COLLEAGUES)
    return BriefView(
        handoff_id=handoff.id,
        cycle=handoff.cycle,
        place=handoff.place,
        erased=lead.stage is Stage.ERASED,
        lead=lead_view(lead),
        score=score.total,
        fit=score.fit,
        intent=score.intent,
        negative=score.negative,
        ledger=score.ledger,
        opener=opener([_did(one, titles) for one in touches], lead.attributes.get("persona"), now),
        activities=_grouped(touches, titles),
        campaigns=list(dict.fromkeys(one.campaign for one in touches if one.campaign))[:CAMPAIGNS],
        company=list(_company_facts(session, lead)),
        colleagues=colleagues,
        more_colleagues=more,
        earlier=_earlier(session, handoff),
        steps=steps_of(session, handoff.id),
    )


class StandingBrief(NamedTuple):
    handoff_id: int
    place: str


def standing_brief(session: Session, lead_id: int) -> StandingBrief | None:
    """Where the brief of the lead's live handoff stands; None: it has none."""
    found = session.execute(
        select(Handoff.id, Handoff.place)
        .join(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(Handoff.lead_id == lead_id, Handoff.status.in_(LIVE), CardPlace.brief_ts.is_not(None))
    ).first()
    return StandingBrief(found.id, str(found.place)) if found is not None else None


def _touches(session: Session, lead_id: int) -> Sequence[TouchRow]:
    return session.scalars(
        select(TouchRow)
        .where(TouchRow.lead_id == lead_id)
        .order_by(TouchRow.occurred_at.desc(), TouchRow.id.desc())
        .limit(READ_TOUCHES)
    ).all()


def _titles(session: Session, touches: Sequence[TouchRow]) -> Mapping[str, str]:
    """What the catalogue calls the contents that touches name by their keys."""
    keys = {one.content for one in touches if one.content}
    if not keys:
        return {}
    return dict(session.execute(select(Content.key, Content.title).where(Content.key.in_(keys))).all())


def _did(touch: TouchRow, titles: Mapping[str, str]) -> Did:
    return Did(touch.kind, touch.occurred_at, titles.get(touch.content or "", touch.content))


def _grouped(touches: Sequence[TouchRow], titles: Mapping[str, str]) -> list[ActivityView]:
    """One line for what was done again and again."""
    named = [(one.kind, titles.get(one.content or "", one.content) or one.page) for one in touches]
    times = Counter(named)
    newest: dict[tuple[str, str | None], datetime] = {}
    for name, touch in zip(named, touches, strict=True):
        newest.setdefault(name, touch.occurred_at)
    return [ActivityView(*name, times[name], at) for name, at in newest.items()]


def _company_facts(session: Session, lead: Lead) -> Iterator[tuple[str, str]]:
    known = lead.attributes
    domain = session.scalar(select(Company.domain).where(Company.id == lead.company_id)) if lead.company_id else None
    technologies = known.get("technologies") or []
    facts = {
        "Domain": domain,
        "Industry": str(known.get("industry") or "").replace("_", " "),
        "Employees": known.get("employees") or known.get("company_size"),
        "Country": known.get("country"),
        "Works with": ", ".join(sorted(str(one) for one in technologies)[:6]),
    }
    yield from ((label, str(value)) for label, value in facts.items() if value)


def _earlier(session: Session, handoff: Handoff) -> list[EarlierView]:
    tried = select(func.count()).where(ContactAttempt.handoff_id == Handoff.id).correlate(Handoff).scalar_subquery()
    rows = session.execute(
        select(Handoff, Rep.name, CardPlace, tried)
        .outerjoin(Rep, Rep.id == Handoff.rep_id)
        .outerjoin(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(Handoff.lead_id == handoff.lead_id, Handoff.cycle < handoff.cycle, ~came_to_nothing)
        .order_by(Handoff.cycle.desc())
        .limit(EARLIER)
    )
    return [
        EarlierView(
            at=one.rejected_at or one.offered_at or one.opened_at,
            tier=one.tier,
            score=one.score,
            status=one.status,
            reason=one.reason,
            rep=rep,
            attempts=attempts or 0,
            card=(place.channel, place.ts) if place is not None and place.ts is not None else None,
            permalink=place.permalink if place is not None else None,
        )
        for one, rep, place, attempts in rows
    ]


def steps_of(session: Session, handoff_id: int) -> list[StepView]:
    """What was done in this attempt, the newest first."""
    found = [*_tries(session, handoff_id), *_answers(session, handoff_id), *_snoozes(session, handoff_id)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:STEPS]


def _tries(session: Session, handoff_id: int) -> Iterator[StepView]:
    rows = session.execute(
        select(ContactAttempt, Rep.name)
        .join(Rep, Rep.id == ContactAttempt.rep_id)
        .where(ContactAttempt.handoff_id == handoff_id)
        .order_by(ContactAttempt.at.desc())
        .limit(STEPS)
    )
    for attempt, name in rows:
        yield StepView(Step.TRIED, attempt.at, name, attempt.outcome.words, attempt.note)


def _answers(session: Session, handoff_id: int) -> Iterator[StepView]:
    rows = session.execute(
        select(Qualification, Rep.name)
        .join(Rep, Rep.id == Qualification.rep_id)
        .where(Qualification.handoff_id == handoff_id)
        .order_by(Qualification.at.desc())
        .limit(STEPS)
    )
    for answered, name in rows:
        yield StepView(Step.ANSWERED, answered.at, name, VERDICTS[answered.verdict])


def _snoozes(session: Session, handoff_id: int) -> Iterator[StepView]:
    kinds = {Happened.HANDOFF_SNOOZED: Step.SNOOZED, Happened.HANDOFF_WOKEN: Step.WOKEN}
    rows = session.execute(
        select(LeadEvent.kind, LeadEvent.at, Rep.name)
        .outerjoin(Rep, Rep.id == LeadEvent.rep_id)
        .where(LeadEvent.handoff_id == handoff_id, LeadEvent.kind.in_(kinds))
        .order_by(LeadEvent.at.desc())
        .limit(STEPS)
    )
    for kind, at, name in rows:
        yield StepView(kinds[kind], at, name)
