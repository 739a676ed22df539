"""What is known of a lead, field by field, for who wants to put it right."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.corrections import as_shown
from domain.rules.merging import FORM, REP
from domain.rules.refusals import NotFound
from domain.tables import Handoff, Happened, Lead, LeadEvent, Rep
from domain.verbs.describing import findings
from domain.views import DataView


def datasheet(session: Session, handoff_id: int) -> DataView:
    """What is known of the handoff's lead, with who said it."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    lead = session.get_one(Lead, handoff.lead_id)
    who = _correctors(session, lead.id)
    hints = {field: sentence for _, sentence, field in findings(lead)}
    hints |= {field: _said_by(said["source"], who.get(field)) for field, said in lead.fields.items()}
    values = {field: said["value"] for field, said in lead.fields.items()}
    return DataView(handoff.id, handoff.version, lead.email, as_shown(values), hints)


def _correctors(session: Session, lead_id: int) -> dict[str, str]:
    """Who corrected each field last."""
    corrections = session.execute(
        select(LeadEvent.data, Rep.name)
        .join(Rep, Rep.id == LeadEvent.rep_id)
        .where(LeadEvent.lead_id == lead_id, LeadEvent.kind == Happened.LEAD_CORRECTED)
        .order_by(LeadEvent.id)
    )
    return {field: name for data, name in corrections for field in data["fields"]}


def _said_by(source: str, corrector: str | None) -> str:
    if source == REP:
        return f"Corrected by {corrector or 'a colleague'}."
    return "As they wrote it." if source == FORM else f"{source.capitalize()} says so."
