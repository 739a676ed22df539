"""A lead or an activity arrives; providers say what they know of it. One person is one lead, known by their e-mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.cleaning import one_line
from domain.rules.facts import Attribute, Touch, TouchKind
from domain.rules.lifecycle import LeadMove, Stage
from domain.rules.merging import FORM, Sourced, merge_fields
from domain.rules.personas import categorise
from domain.rules.refusals import AlreadyThere, DeliveryConflict
from domain.rules.validation import Checked, check
from domain.tables import (
    Arrival,
    ArrivalState,
    CaptureSource,
    Company,
    Happened,
    Lead,
    ModelStatus,
    ProfileRow,
    ScoringModel,
    TouchRow,
)
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.scoring import import_model

TOUCH_TEXT = 300
ATTRIBUTE_TEXT = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a source says happened. `person` is raw; a kind of None is something known of a person, not a touch."""

    person: Mapping[str, object]
    kind: str
    occurred_at: datetime
    campaign: str | None = None
    channel: str | None = None
    content: str | None = None
    page: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider said. `outcome`: matched or no_match."""

    provider: str
    outcome: str
    fields: Mapping[str, str | int]
    cost_cents: int


def add_source(session: Session, name: str, key_hash: str | None) -> CaptureSource:
    """Make a source; its key is known by its hash alone."""
    source = session.scalars(
        upsert(CaptureSource).values(name=name, key_hash=key_hash).on_conflict_do_nothing().returning(CaptureSource)
    ).one_or_none()
    if source is None:
        raise AlreadyThere(what="source", name=name)
    return source


def keep(session: Session, source_id: int, delivery_key: str, body: bytes, now: datetime) -> tuple[Arrival, bool]:
    """Store a delivery as it came; says whether it is new. The same key with another body raises DeliveryConflict."""
    body_hash = sha256(body).hexdigest()
    values = {"source_id": source_id, "delivery_key": delivery_key, "body": body, "body_hash": body_hash}
    made = session.scalars(
        upsert(Arrival)
        .values(**values, state=ArrivalState.TAKEN, received_at=now)
        .on_conflict_do_nothing()
        .returning(Arrival)
    ).one_or_none()
    if made is not None:
        return made, True
    known = session.scalars(
        select(Arrival).where(Arrival.source_id == source_id, Arrival.delivery_key == delivery_key)
    ).one()
    if known.body_hash != body_hash:
        raise DeliveryConflict
    return known, False


def refuse(arrival: Arrival, why: str) -> None:
    """Keep the arrival with the reason why nothing was made of it."""
    arrival.state, arrival.refusal = ArrivalState.REFUSED, why


def receive(
    session: Session, arrival: Arrival, source: str, delivery: Delivery, now: datetime, *, bulk: bool = False
) -> Lead:
    """Make of a delivery what it is: a new lead, or one more touch of a known one. Raises `validation.BadLead`."""
    checked = check(delivery.person)
    company_id = _company(session, checked)
    lead, new = _find_or_make(session, checked, source, now, bulk=bulk)
    lead.company_id = lead.company_id or company_id
    lead.bulk = bulk and (new or lead.bulk)
    take_in(lead, checked, delivery)
    touch = touch_of(delivery)
    session.add(
        TouchRow(
            lead_id=lead.id,
            arrival_id=arrival.id,
            kind=touch.kind,
            occurred_at=touch.occurred_at,
            campaign=touch.campaign,
            channel=touch.channel,
            content=touch.content,
            page=touch.page,
        )
    )
    arrival.state, arrival.refusal, arrival.lead_id = ArrivalState.TAKEN, None, lead.id
    happened(session, Happened.LEAD_CAPTURED if new else Happened.TOUCH_RECORDED, now, lead=lead, arrival_id=arrival.id)
    return lead


def take_in(lead: Lead, checked: Checked, delivery: Delivery) -> None:
    """Write on the lead what a delivery says of the person. Asks no database: a forecast does the same to a lead that is none."""
    merged = merge_fields(_sourced(lead), _with_names(checked), FORM, delivery.occurred_at, ())
    imported = {**checked.extra, **_cleaned(delivery.attributes)}
    if delivery.kind == TouchKind.UNSUBSCRIBE:
        imported[Attribute.UNSUBSCRIBED] = True
    _describe(lead, merged, imported | _flags(checked))
    lead.notes = [[code.value, sentence] for code, sentence in checked.notes]


def touch_of(delivery: Delivery) -> Touch:
    """The touch that a delivery is, in the length that is kept."""
    return Touch(
        kind=one_line(delivery.kind, 60),
        occurred_at=delivery.occurred_at,
        campaign=_short(delivery.campaign),
        channel=_short(delivery.channel),
        content=_short(delivery.content),
        page=_short(delivery.page),
    )


def learn(session: Session, lead_id: int, said: Said | None, now: datetime, order: Sequence[str] = ()) -> Lead:
    """Merge what a provider said, field by field; `order` names the providers, the most trusted first.

    With None nobody was asked: the lead is as enriched as it gets.
    """
    lead = locked_lead(session, lead_id)
    if lead.stage is Stage.ERASED:
        return lead
    if said is not None:
        _keep_profile(session, lead, said, now)
        known = {name: value for name, value in said.fields.items() if name != "domain"}
        _describe(lead, merge_fields(_sourced(lead), known, said.provider, now, order), {})
    move_lead(lead, LeadMove.LEARN)
    lead.enriched_at = now
    happened(session, Happened.LEAD_ENRICHED, now, lead=lead, provider=said.provider if said else None)
    return lead


def ensure_model(session: Session, toml: str, now: datetime) -> None:
    """Make `toml` the active model, if there is none."""
    if session.scalars(select(ScoringModel.id).where(ScoringModel.status == ModelStatus.ACTIVE)).first() is None:
        import_model(session, toml, now)


def _find_or_make(session: Session, checked: Checked, source: str, now: datetime, *, bulk: bool) -> tuple[Lead, bool]:
    """The one lead of this e-mail, locked. Two deliveries at the same moment make one lead: the second waits for the first."""
    made = session.scalar(
        upsert(Lead)
        .values(
            email=checked.email,
            stage=Stage.CAPTURED,
            source=source,
            captured_at=now,
            fields={},
            attributes={},
            notes=[],
            bulk=bulk,
        )
        .on_conflict_do_nothing()
        .returning(Lead.id)
    )
    lead_id = made or session.scalars(select(Lead.id).where(Lead.email == checked.email)).one()
    return locked_lead(session, lead_id), made is not None


def _company(session: Session, checked: Checked) -> int | None:
    if checked.company_domain is None:
        return None
    known = select(Company.id).where(Company.domain == checked.company_domain)
    found = session.scalar(known)
    if found is None:
        session.execute(
            upsert(Company)
            .values(domain=checked.company_domain, name=checked.said.get("company"))
            .on_conflict_do_nothing()
        )
        found = session.scalars(known).one()
    return found


def _with_names(checked: Checked) -> dict[str, str | int]:
    """What was said; a name in one field is taken apart, unless its parts were given."""
    said = dict(checked.said)
    name = str(said.pop("name", ""))
    if name and "first_name" not in said and "last_name" not in said:
        first, _, last = name.partition(" ")
        said |= {"first_name": first} | ({"last_name": last} if last else {})
    return said


def _flags(checked: Checked) -> dict[str, Any]:
    return {
        Attribute.FREE_MAIL: checked.free_mail,
        Attribute.DISPOSABLE_MAIL: checked.disposable,
        Attribute.ROLE_INBOX: checked.role_inbox,
        Attribute.COMPANY_PRESENT: checked.company_present,
        Attribute.QUALITY_NOTES: sorted({code.value for code, _ in checked.notes}),
        "company_domain": checked.company_domain or "",
    }


def _describe(lead: Lead, merged: Mapping[str, Sourced], more: Mapping[str, Any]) -> None:
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


def _cleaned(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as they may be kept: their texts on one line, without what cannot be seen or stored."""
    return {
        name: [one_line(one, ATTRIBUTE_TEXT) for one in value]
        if isinstance(value, list)
        else one_line(value, ATTRIBUTE_TEXT)
        if isinstance(value, str)
        else value
        for name, value in attributes.items()
    }


def _sourced(lead: Lead) -> dict[str, Sourced]:
    return {
        name: Sourced(stored["value"], stored["source"], datetime.fromisoformat(stored["at"]))
        for name, stored in lead.fields.items()
    }


def _keep_profile(session: Session, lead: Lead, said: Said, now: datetime) -> None:
    values = {"outcome": said.outcome, "fields": dict(said.fields), "cost_cents": said.cost_cents, "asked_at": now}
    session.execute(
        upsert(ProfileRow)
        .values(lead_id=lead.id, provider=said.provider, **values)
        .on_conflict_do_update(index_elements=["lead_id", "provider"], set_=values)
    )


def _text(values: Mapping[str, str | int], name: str) -> str | None:
    return str(values[name]) if name in values else None


def _short(text: str | None) -> str | None:
    return (one_line(text, TOUCH_TEXT) or None) if text else None
