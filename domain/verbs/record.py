"""What every verb does last: one row in `lead_events`. And what every verb does first: lock its lead."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import LeadMove, lead_step
from domain.rules.refusals import NoSuchMove, NotFound
from domain.tables import Handoff, Happened, Lead, LeadEvent, Rep
from domain.verbs.noticing import acted

_EVENTS = "events"

DECISIONS = frozenset(
    {
        Happened.HANDOFF_ACCEPTED,
        Happened.HANDOFF_RECYCLED,
        Happened.HANDOFF_PASSED_ON,
        Happened.LEAD_DISQUALIFIED,
        Happened.HANDOFF_MOVED,
        Happened.HANDOFF_SNOOZED,
        Happened.HANDOFF_UNDONE,
        Happened.HANDOFF_CONTACTED,
        Happened.CONTACT_LOGGED,
        Happened.HANDOFF_QUALIFIED,
        Happened.HANDOFF_ANSWERED,
        Happened.LEAD_CORRECTED,
        Happened.DEAL_ACCEPTED,
        Happened.DEAL_RETURNED,
    }
)
"""What a person does about a lead: it says that what they were told of the lead before was worth telling."""

HOME_IS_FRESH = timedelta(hours=1)
"""Who opened their Home within this may still look at it: Slack does not say when somebody closes it."""


def happened(
    session: Session,
    kind: Happened,
    at: datetime,
    *,
    lead: Lead | None = None,
    handoff: Handoff | None = None,
    rep_id: int | None = None,
    bulk: bool = False,
    **data: Any,
) -> LeadEvent:
    """Write the event. Of a handoff it always says where its card belongs, whose pool it is, and its tier.

    `bulk`: what follows stands behind everything live, though the lead itself may be live.
    """
    if handoff is not None:
        data |= {"place": handoff.place, "pool_id": handoff.pool_id, "tier": handoff.tier.value, "cycle": handoff.cycle}
    if bulk or (lead is not None and lead.bulk):
        data |= {"bulk": True}
    if kind in DECISIONS and lead is not None and rep_id is not None:
        acted(session, lead.id, rep_id, at)
        data |= _home_of(session, rep_id, at)
    event = LeadEvent(
        kind=kind,
        at=at,
        lead_id=lead.id if lead else None,
        handoff_id=handoff.id if handoff else None,
        rep_id=rep_id,
        data=data,
    )
    session.add(event)
    session.info.setdefault(_EVENTS, []).append(event)
    return event


def _home_of(session: Session, rep_id: int, now: datetime) -> dict[str, str]:
    """Whose Home is to be drawn anew. Who decides has been read already, so that this asks nothing."""
    rep = session.get_one(Rep, rep_id)
    opened = rep.home_opened_at
    return {"home": rep.slack_user_id} if rep.slack_user_id and opened and opened > now - HOME_IS_FRESH else {}


def events_of(session: Session) -> list[LeadEvent]:
    """The events that verbs wrote in this session since it was asked last."""
    events: list[LeadEvent] = session.info.pop(_EVENTS, [])
    return events


def locked_lead(session: Session, lead_id: int) -> Lead:
    """The lead, locked until the transaction ends. All verbs lock the lead first, so they never wait for each other in a ring."""
    lead = session.scalars(
        select(Lead).where(Lead.id == lead_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if lead is None:
        raise NotFound(what="lead")
    return lead


def move_lead(lead: Lead, move: LeadMove) -> None:
    """Take the lead along `move`, if the table allows it from where it stands."""
    stage = lead_step(lead.stage, move)
    if stage is None:
        raise NoSuchMove(move=move.value, state=lead.stage.value)
    lead.stage = stage
