"""What providers said of a company is kept with the company: of its next person it need not be paid for again.

Only the people whose address is of the company's own domain bring and get it. Who was matched to it by its name alone may
work elsewhere, and a provider that knows an earlier employer of a person speaks of another company.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.mailboxes import registrable_domain
from domain.rules.merging import Sourced, merge_fields
from domain.tables import Company, Lead
from domain.verbs.describing import describe, sourced_fields

ITS_FIELDS = {"company": "company", "industry": "industry", "employees": "employees", "company_country": "country"}
"""What a provider says of a company -> what it is called of the company, and of a person who works there."""
OF_COMPANY_ALONE = frozenset({"domain", "company_country"})
"""What says nothing of the person."""


def reuse(session: Session, lead: Lead, order: Sequence[str]) -> None:
    """Tell of the lead what is known of its company, as what it is: the word of a provider, as old as it is."""
    company = _own(session, lead)
    if company is None or not company.fields:
        return
    before = sourced_fields(lead)
    merged = before
    for name, said in _read(company.fields).items():
        merged = merge_fields(merged, {name: said.value}, said.source, said.at, order)
    if merged != before:
        describe(lead, merged, {})


def note(
    session: Session, lead: Lead, fields: Mapping[str, str | int], source: str, now: datetime, order: Sequence[str]
) -> None:
    """Keep with the lead's company what a provider said of it just now."""
    said = {ours: fields[theirs] for theirs, ours in ITS_FIELDS.items() if theirs in fields}
    domain = registrable_domain(str(fields.get("domain", "")))
    company = _own(session, lead) if said and domain else None
    if company is None or company.domain != domain:
        return
    # Two of its people may be looked up at the same moment: the second reads what the first has written.
    session.refresh(company, with_for_update=True)
    company.fields = _stored(merge_fields(_read(company.fields), said, source, now, order))


def _own(session: Session, lead: Lead) -> Company | None:
    """The company whose domain the lead's address has."""
    if lead.company_id is None:
        return None
    company = session.scalars(select(Company).where(Company.id == lead.company_id)).one()
    mine = registrable_domain(lead.email.rpartition("@")[2])
    return company if mine is not None and company.domain == mine else None


def _read(fields: Mapping[str, Any]) -> dict[str, Sourced]:
    return {
        name: Sourced(said["value"], said["source"], datetime.fromisoformat(said["at"]))
        for name, said in fields.items()
    }


def _stored(fields: Mapping[str, Sourced]) -> dict[str, Any]:
    return {
        name: {"value": said.value, "source": said.source, "at": said.at.isoformat()} for name, said in fields.items()
    }
