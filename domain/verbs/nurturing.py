"""Below MQL: marketing goes on with the lead, in the programme that fits it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from domain.rules import programmes as rules
from domain.rules.lifecycle import LeadMove, Stage, lead_step
from domain.rules.programmes import NurtureProgramme
from domain.tables import Handoff, Happened, Lead, Programme, SystemLink
from domain.verbs.recommending import recommend
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import MARKETING, PROGRAMMES, mark_dirty


def enrol(session: Session, lead_id: int, now: datetime) -> Lead:
    """Put the lead into nurture, unless it went to sales meanwhile. Marketing is told in either case of what is new."""
    lead = locked_lead(session, lead_id)
    if lead_step(lead.stage, LeadMove.ENROL) is None:
        return lead
    move_lead(lead, LeadMove.ENROL)
    lead.nurtured_at = now
    look_after(session, lead, now)
    mark_dirty(session, lead, now, MARKETING)
    happened(session, Happened.LEAD_NURTURED, now, lead=lead, tier=lead.tier, programme=lead.programme)
    return lead


def look_after(session: Session, lead: Lead, now: datetime) -> None:
    """Whenever something about the lead changed: the programme and the next content that fit it now. The lead is locked.

    Outside nurture it is in no programme.
    """
    if lead.stage is Stage.NURTURING:
        choose_programme(session, lead, now)
        recommend(session, lead, now)
    else:
        leave_programme(session, lead, now)


def choose_programme(
    session: Session, lead: Lead, now: datetime, among: Sequence[NurtureProgramme] | None = None
) -> str | None:
    """Put the lead into the first programme that fits; returns its name. `among`: the programmes, if they are at hand."""
    among = programmes(session) if among is None else among
    if not among:
        chosen = None
    else:
        why = last_rejection(session, lead.id) if rules.asks_for_rejection(among) else None
        chosen = rules.choose_programme(among, {**lead.attributes, "source": lead.source}, lead.tier, why)
    _change(session, lead, chosen.name if chosen else None, now)
    return lead.programme


def leave_programme(session: Session, lead: Lead, now: datetime) -> None:
    """Take the lead out of its programme: sales has it, or nobody shall write to it any more."""
    _change(session, lead, None, now)


def _change(session: Session, lead: Lead, programme: str | None, now: datetime) -> None:
    before = lead.programme
    if programme == before:
        return
    lead.programme, lead.programme_since = programme, now if programme else None
    mark_dirty(session, lead, now, PROGRAMMES)
    happened(session, Happened.LEAD_PROGRAMME_CHANGED, now, lead=lead, before=before, programme=programme)


def programmes(session: Session) -> list[NurtureProgramme]:
    """The programmes in force, in their order."""
    rows = session.scalars(select(Programme).where(Programme.active).order_by(Programme.position, Programme.id))
    return [NurtureProgramme(row.name, row.when, row.external_id, row.contents) for row in rows]


def last_rejection(session: Session, lead_id: int) -> str | None:
    """The reason for which sales gave the lead back last."""
    return session.scalars(
        select(Handoff.reason)
        .where(Handoff.lead_id == lead_id, Handoff.rejected_at.is_not(None))
        .order_by(Handoff.cycle.desc())
        .limit(1)
    ).first()


def set_programmes(session: Session, wanted: Sequence[NurtureProgramme], now: datetime) -> None:
    """Make these the programmes in force. Who is in one stays there until `choose_programme` looks at them again.

    What marketing automation must hear of it, and what it refused before, is told again.
    """
    known = {row.name: row for row in session.scalars(select(Programme))}
    elsewhere = []
    for position, one in enumerate(wanted):
        row = known.pop(one.name, None)
        if row is None:
            row = Programme(name=one.name)
            session.add(row)
        elif not row.active or row.external_id != one.external_id:
            elsewhere.append(one.name)
        row.position, row.when, row.external_id, row.active = position, dict(one.when), one.external_id, True
        row.contents = list(one.contents)
    for gone in known.values():
        gone.active = False
        elsewhere.append(gone.name)
    session.flush()
    _tell_again(session, elsewhere, now)
    happened(session, Happened.PROGRAMMES_IMPORTED, now, programmes=len(wanted))


def _tell_again(session: Session, names: Sequence[str], now: datetime) -> None:
    theirs = select(Lead.id).where(Lead.programme.in_(names))
    session.execute(
        update(SystemLink)
        .where(
            SystemLink.system.startswith(PROGRAMMES),
            or_(SystemLink.lead_id.in_(theirs), SystemLink.problem.is_not(None)),
        )
        .values(dirty=SystemLink.dirty + 1, dirty_since=func.coalesce(SystemLink.dirty_since, now))
    )


def choose_again(session: Session, after_id: int, limit: int, now: datetime) -> tuple[int | None, int]:
    """Look at the programme of the next leads in nurture; returns the last one's id (None: no more) and how many moved."""
    among, moved = programmes(session), 0
    leads = session.scalars(
        select(Lead)
        .where(Lead.stage == Stage.NURTURING, Lead.id > after_id)
        .order_by(Lead.id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for lead in leads:
        before = lead.programme
        moved += choose_programme(session, lead, now, among) != before
        recommend(session, lead, now)
    return (leads[-1].id if leads else None), moved
