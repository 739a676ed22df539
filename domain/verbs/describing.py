"""What is known of a lead, as it is written on it: the merged fields, and what rules read of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.rules.facts import Attribute
from domain.rules.merging import Sourced
from domain.rules.personas import categorise
from domain.tables import AttributesRow, Lead


def describe(lead: Lead, merged: Mapping[str, Sourced], more: Mapping[str, Any]) -> None:
    """Write the merged fields to the lead, and what rules read of them."""
    values = {name: sourced.value for name, sourced in merged.items()}
    lead.fields = {name: {"value": s.value, "source": s.source, "at": s.at.isoformat()} for name, s in merged.items()}
    lead.first_name, lead.last_name = _text(values, "first_name"), _text(values, "last_name")
    lead.title, lead.company_name = _text(values, "title"), _text(values, "company")
    employees = values.get("employees")
    categories = categorise(lead.title, _text(values, "industry"), employees if isinstance(employees, int) else None)
    known: dict[str, Any] = {
        Attribute.SENIORITY: categories.seniority.value,
        Attribute.FUNCTION: categories.function.value,
        Attribute.PERSONA: categories.persona.value,
        Attribute.INDUSTRY: categories.industry.value,
        Attribute.COMPANY_SIZE: categories.company_size.value,
    }
    known |= {name: values[name] for name in (Attribute.COUNTRY, Attribute.EMPLOYEES) if name in values}
    lead.attributes = {str(name): value for name, value in {**lead.attributes, **more, **known}.items()}


def note_attributes(session: Session, lead: Lead, before: Mapping[str, Any], now: datetime) -> None:
    """Remember what rules could read of the lead from now on, if that is another thing than `before`."""
    if lead.attributes != before:
        session.add(AttributesRow(lead_id=lead.id, at=now, attributes=lead.attributes))


def sourced_fields(lead: Lead) -> dict[str, Sourced]:
    return {
        name: Sourced(stored["value"], stored["source"], datetime.fromisoformat(stored["at"]))
        for name, stored in lead.fields.items()
    }


def _text(values: Mapping[str, str | int], name: str) -> str | None:
    return str(values[name]) if name in values else None
