"""What happened: append-only, history and audit in one. Every verb writes a row here."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base, HasId, Word


class Happened(StrEnum):
    LEAD_CAPTURED = "lead.captured"
    TOUCH_RECORDED = "touch.recorded"
    LEAD_ENRICHED = "lead.enriched"
    LEAD_MERGED = "lead.merged"
    LEAD_UNMERGED = "lead.unmerged"
    LEAD_COMPANY_SET = "lead.company_set"
    LEAD_CORRECTED = "lead.corrected"
    LEAD_RESCORED = "lead.rescored"
    LEAD_TO_NURTURE = "lead.to_nurture"
    LEAD_TO_SDR = "lead.to_sdr"
    LEAD_TO_AE = "lead.to_ae"
    LEAD_TIER_CHANGED = "lead.tier_changed"
    LEAD_JUMPED = "lead.jumped"
    LEAD_NURTURED = "lead.nurtured"
    LEAD_PROGRAMME_CHANGED = "lead.programme_changed"
    LEAD_ERASED = "lead.erased"
    LEADS_REVIEWED = "leads.reviewed"
    CONTENT_RECOMMENDED = "content.recommended"
    LEAD_DISQUALIFIED = "lead.disqualified"
    HANDOFF_WAITING = "handoff.waiting"
    POOL_SHORT = "pool.short"
    HANDOFF_OFFERED = "handoff.offered"
    HANDOFF_ACCEPTED = "handoff.accepted"
    HANDOFF_RECYCLED = "handoff.recycled"
    HANDOFF_PASSED_ON = "handoff.passed_on"
    HANDOFF_WITHDRAWN = "handoff.withdrawn"
    HANDOFF_MOVED = "handoff.moved"
    HANDOFF_SNOOZED = "handoff.snoozed"
    HANDOFF_WOKEN = "handoff.woken"
    HANDOFF_UNDONE = "handoff.undone"
    HANDOFF_HEATED = "handoff.heated"
    HANDOFF_CONTACTED = "handoff.contacted"
    CONTACT_LOGGED = "contact.logged"
    HANDOFF_QUALIFIED = "handoff.qualified"
    HANDOFF_ANSWERED = "handoff.answered"
    HANDOFF_CONVERTED = "handoff.converted"
    OPPORTUNITY_OPENED = "opportunity.opened"
    OPPORTUNITY_MOVED = "opportunity.moved"
    OPPORTUNITY_WON = "opportunity.won"
    OPPORTUNITY_LOST = "opportunity.lost"
    OPPORTUNITY_REOPENED = "opportunity.reopened"
    OPPORTUNITY_CORRECTED = "opportunity.corrected"
    OPPORTUNITY_CREDITED = "opportunity.credited"
    DEAL_OFFERED = "deal.offered"
    DEAL_ACCEPTED = "deal.accepted"
    DEAL_RETURNED = "deal.returned"
    DEAL_WITHDRAWN = "deal.withdrawn"
    DEAL_REMINDED = "deal.reminded"
    DEAL_ESCALATED = "deal.escalated"
    HANDOFF_REMINDED = "handoff.reminded"
    HANDOFF_BREACHED = "handoff.breached"
    HANDOFF_ESCALATED = "handoff.escalated"
    HANDOFF_HANDED_ON = "handoff.handed_on"
    QUALIFICATION_IMPORTED = "qualification.imported"
    SLA_IMPORTED = "sla.imported"
    REP_JOINED = "rep.joined"
    REP_LEFT = "rep.left"
    REP_RETURNED = "rep.returned"
    REP_SETTINGS = "rep.settings"
    ABSENCE_SET = "absence.set"
    ABSENCE_CANCELLED = "absence.cancelled"
    PROGRAMMES_IMPORTED = "programmes.imported"
    CONTENTS_IMPORTED = "contents.imported"
    CONTENTS_MEASURED = "contents.measured"
    MODEL_IMPORTED = "model.imported"
    MODEL_ACTIVATED = "model.activated"
    MODEL_SHADOWED = "model.shadowed"
    MODEL_UNSHADOWED = "model.unshadowed"
    MODEL_LEARNT = "model.learnt"
    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_SHADOWED = "proposal.shadowed"
    PROPOSAL_UNSHADOWED = "proposal.unshadowed"
    PROPOSAL_ACTIVATED = "proposal.activated"
    PROPOSAL_DECLINED = "proposal.declined"
    PROPOSAL_ROLLED_BACK = "proposal.rolled_back"
    PROPOSAL_SUPERSEDED = "proposal.superseded"
    COSTS_IMPORTED = "costs.imported"
    RATES_IMPORTED = "rates.imported"
    ATTRIBUTION_IMPORTED = "attribution.imported"
    ATTRIBUTION_FITTED = "attribution.fitted"
    LOOP_MADE = "loop.made"
    PULSE_ASKED = "pulse.asked"
    PULSE_ANSWERED = "pulse.answered"
    RESCORING_BEGUN = "rescoring.begun"
    RESCORING_CANCELLED = "rescoring.cancelled"
    RESCORING_FINISHED = "rescoring.finished"


class LeadEvent(HasId, Base):
    """`data` holds ids, codes and numbers, never a person's data."""

    __tablename__ = "lead_events"
    __table_args__ = (
        Index("ix_lead_events_lead_id_at", "lead_id", "at"),
        Index("ix_lead_events_kind_at", "kind", "at"),
    )
    kind: Mapped[Happened] = mapped_column(Word(Happened))
    at: Mapped[datetime]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"))
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), index=True)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    """Who did it, or for events of a rep whom it is about; None: the system."""
    data: Mapped[dict[str, Any]]
