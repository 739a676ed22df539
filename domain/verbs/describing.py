"""What is known of a lead, as it is written on it: the merged fields, and what rules and people read of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.rules.facts import Attribute
from domain.rules.merging import REP, Sourced
from domain.rules.notes import MAIL, Finding, Note, heard, standing
from domain.rules.personas import categorise
from domain.rules.quality import grade
from domain.rules.regions import region_of
from domain.rules.validation import Checked
from domain.tables import AttributesRow, Lead

COPIED = (Attribute.COUNTRY, Attribute.EMPLOYEES, Attribute.MAIL_DOMAIN)
"""Fields that rules read as they are."""

Values = Mapping[str, str | int]


def describe(lead: Lead, merged: Mapping[str, Sourced], more: Mapping[str, Any], form: Checked | None = None) -> None:
    """Write the merged fields to the lead, what rules read of them, and how good they are. `form`: what was sent, if it was."""
    values = {name: sourced.value for name, sourced in merged.items()}
    notes = _all_notes(lead, form)
    gone = {name for name in (*COPIED, Attribute.REGION, Attribute.SUB_REGION) if _was_known(lead, name, values)}
    lead.fields = {name: _stored(sourced) for name, sourced in merged.items()}
    lead.first_name, lead.last_name = _text(values, "first_name"), _text(values, "last_name")
    lead.title, lead.company_name = _text(values, "title"), _text(values, "company")
    known = {name: value for name, value in lead.attributes.items() if name not in gone}
    known |= {str(name): value for name, value in {**more, **_categories(values)}.items()}
    corrected = {name for name, sourced in merged.items() if sourced.source == REP}
    lead.attributes = known | _judged(lead, notes, values, corrected, known)


def note_attributes(session: Session, lead: Lead, before: Mapping[str, Any], now: datetime) -> None:
    """Remember what rules could read of the lead from now on, if that is another thing than `before`."""
    if lead.attributes != before:
        session.add(AttributesRow(lead_id=lead.id, at=now, attributes=lead.attributes))


def sourced_fields(lead: Lead) -> dict[str, Sourced]:
    return {name: _sourced(stored) for name, stored in lead.fields.items()}


def findings(lead: Lead) -> list[Finding]:
    """The lead's notes. Where one does not say which field it is about, the next delivery replaces it."""
    return [Finding(Note(code), sentence, *(field or [MAIL])) for code, sentence, *field in lead.notes]


def _sourced(stored: Mapping[str, Any]) -> Sourced:
    below = _sourced(stored["below"]) if "below" in stored else None
    return Sourced(stored["value"], stored["source"], datetime.fromisoformat(stored["at"]), below)


def _stored(sourced: Sourced) -> dict[str, Any]:
    below = {"below": _stored(sourced.below)} if sourced.below else {}
    return {"value": sourced.value, "source": sourced.source, "at": sourced.at.isoformat(), **below}


def _was_known(lead: Lead, name: str, values: Values) -> bool:
    field = Attribute.COUNTRY if name in {Attribute.REGION, Attribute.SUB_REGION} else name
    return field in lead.fields and field not in values


def _categories(values: Values) -> dict[str, Any]:
    employees = values.get("employees")
    found = categorise(
        _text(values, "title"),
        _text(values, "industry"),
        employees if isinstance(employees, int) else None,
        rank=_text(values, "seniority"),
    )
    region = region_of(str(values.get("country", "")))
    return {
        Attribute.SENIORITY: found.seniority.value,
        Attribute.FUNCTION: found.function.value,
        Attribute.PERSONA: found.persona.value,
        Attribute.INDUSTRY: found.industry.value,
        Attribute.COMPANY_SIZE: found.company_size.value,
        **({Attribute.REGION: region[0], Attribute.SUB_REGION: region[1]} if region else {}),
        **{name: values[name] for name in COPIED if name in values},
    }


def _judged(
    lead: Lead, noted: Sequence[Finding], values: Values, corrected: set[str], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Notes and grade of the record as it is now: a later good form, a provider or a colleague mends both."""
    company_present = bool(values.get("company") or known.get("company_domain"))
    notes = standing(noted, values, corrected, company_present=company_present)
    found = grade({one.code for one in notes}, values, _text(values, Attribute.MAIL_DOMAIN))
    lead.notes, lead.grade = [list(one) for one in notes], found.letter
    return {
        Attribute.COMPANY_PRESENT.value: company_present,
        Attribute.QUALITY_NOTES.value: sorted({one.code.value for one in notes}),
        Attribute.DATA_QUALITY.value: found.letter,
    }


def _all_notes(lead: Lead, form: Checked | None) -> Sequence[Finding]:
    before = findings(lead)
    if form is None:
        return before
    mine = form.identity == lead.identity  # another address of theirs says nothing of the mailbox that we write to
    found = [one for one in form.notes if mine or one.field != MAIL]
    return heard(before, found, {MAIL, *form.said} if mine else form.said)


def _text(values: Values, name: str) -> str | None:
    return str(values[name]) if name in values else None
