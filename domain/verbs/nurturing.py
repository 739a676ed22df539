"""Below MQL: marketing goes on with the lead."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.rules.lifecycle import LeadMove, lead_step
from domain.tables import Happened, Lead
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import MARKETING, mark_dirty


def enrol(session: Session, lead_id: int, now: datetime) -> Lead:
    """Put the lead into nurture, unless it went to sales meanwhile. Marketing is told in either case of what is new."""
    lead = locked_lead(session, lead_id)
    if lead_step(lead.stage, LeadMove.ENROL) is None:
        return lead
    move_lead(lead, LeadMove.ENROL)
    lead.nurtured_at = now
    mark_dirty(session, lead, now, MARKETING)
    happened(session, Happened.LEAD_NURTURED, now, lead=lead, tier=lead.tier)
    return lead
