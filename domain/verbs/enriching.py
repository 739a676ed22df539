"""Providers say what they know of a lead; it is merged field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.lifecycle import GONE, LeadMove
from domain.rules.merging import merge_fields
from domain.tables import Happened, Lead, ProfileRow
from domain.verbs.describing import describe, note_attributes, sourced_fields
from domain.verbs.record import happened, locked_lead, move_lead


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider said. `outcome`: matched or no_match."""

    provider: str
    outcome: str
    fields: Mapping[str, str | int]
    cost_cents: int


def learn(session: Session, lead_id: int, said: Said | None, now: datetime, order: Sequence[str] = ()) -> Lead:
    """Merge what a provider said, field by field; `order` names the providers, the most trusted first.

    With None nobody was asked: the lead is as enriched as it gets.
    """
    lead = locked_lead(session, lead_id)
    if lead.stage in GONE:
        return lead
    before = lead.attributes
    if said is not None:
        _keep_profile(session, lead, said, now)
        known = {name: value for name, value in said.fields.items() if name != "domain"}
        describe(lead, merge_fields(sourced_fields(lead), known, said.provider, now, order), {})
        note_attributes(session, lead, before, now)
    move_lead(lead, LeadMove.LEARN)
    lead.enriched_at = now
    news = said is not None or lead.scored_at is None
    happened(session, Happened.LEAD_ENRICHED, now, lead=lead, provider=said.provider if said else None, news=news)
    return lead


def _keep_profile(session: Session, lead: Lead, said: Said, now: datetime) -> None:
    values = {"outcome": said.outcome, "fields": dict(said.fields), "cost_cents": said.cost_cents, "asked_at": now}
    session.execute(
        upsert(ProfileRow)
        .values(lead_id=lead.id, provider=said.provider, **values)
        .on_conflict_do_update(index_elements=["lead_id", "provider"], set_=values)
    )
