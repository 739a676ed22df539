"""A lead or an activity arrives. One person is one lead, known by the mailbox behind their e-mail address."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from domain.rules.cleaning import one_line
from domain.rules.facts import Attribute, Touch, TouchKind
from domain.rules.lifecycle import Stage
from domain.rules.merging import FORM, merge_fields
from domain.rules.notes import Note
from domain.rules.refusals import AlreadyThere, DeliveryConflict
from domain.rules.validation import BadLead, Checked, check
from domain.tables import (
    Arrival,
    ArrivalState,
    CaptureSource,
    Happened,
    Lead,
    TouchRow,
)
from domain.verbs.companies import match_companies
from domain.verbs.describing import describe, findings, note_attributes, sourced_fields
from domain.verbs.record import happened

TOUCH_TEXT = 300
RESERVED = frozenset(attribute.value for attribute in Attribute)
ATTRIBUTE_TEXT = 500
MOST_ATTRIBUTES = 300
"""Of one lead. Each change of them is kept whole: a form that sends new names with every post must not fill the record."""


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


def add_source(session: Session, name: str, key_hash: str | None) -> CaptureSource:
    """Make a source; its key is known by its hash alone."""
    source = session.scalars(
        upsert(CaptureSource).values(name=name, key_hash=key_hash).on_conflict_do_nothing().returning(CaptureSource)
    ).one_or_none()
    if source is None:
        raise AlreadyThere(what="source", name=name)
    return source


class Kept(NamedTuple):
    """A delivery that is stored, and the person in it as `check` read them."""

    arrival: Arrival
    delivery: Delivery
    checked: Checked


def keep(session: Session, source_id: int, delivery_key: str, body: bytes, now: datetime) -> tuple[Arrival, bool]:
    """Store a delivery as it came; says whether it is new. The same key with another body raises DeliveryConflict."""
    return keep_all(session, source_id, {delivery_key: body}, now)[delivery_key]


def keep_all(
    session: Session, source_id: int, bodies: Mapping[str, bytes], now: datetime
) -> dict[str, tuple[Arrival, bool]]:
    """The same for many, by their keys. Those that were there already are locked."""
    values = [
        {
            "source_id": source_id,
            "delivery_key": key,
            "body": bodies[key],
            "body_hash": sha256(bodies[key]).hexdigest(),
            "state": ArrivalState.TAKEN,
            "received_at": now,
        }
        for key in sorted(bodies)
    ]
    made = session.scalars(upsert(Arrival).on_conflict_do_nothing().returning(Arrival), values).all() if values else []
    kept = {arrival.delivery_key: (arrival, True) for arrival in made}
    known = select(Arrival).where(Arrival.source_id == source_id, Arrival.delivery_key.in_(bodies.keys() - kept.keys()))
    if len(kept) < len(bodies):
        locked = known.order_by(Arrival.id).with_for_update().execution_options(populate_existing=True)
        kept |= {arrival.delivery_key: (arrival, False) for arrival in session.scalars(locked)}
    if any(kept[str(value["delivery_key"])][0].body_hash != value["body_hash"] for value in values):
        raise DeliveryConflict
    return kept


def refuse(arrival: Arrival, why: str) -> None:
    """Keep the arrival with the reason why nothing was made of it."""
    arrival.state, arrival.refusal = ArrivalState.REFUSED, why


def receive(
    session: Session, arrival: Arrival, source: str, delivery: Delivery, now: datetime, *, bulk: bool = False
) -> Lead:
    """Make of a delivery what it is: a new lead, or one more touch of a known one. Raises `validation.BadLead`."""
    kept = Kept(arrival, delivery, check(delivery.person))
    ((lead, _),) = receive_all(session, source, [kept], now, bulk=bulk)
    return lead


def receive_all(
    session: Session, source: str, kept: Sequence[Kept], now: datetime, *, bulk: bool = False
) -> list[tuple[Lead, bool]]:
    """The same for many, in their order, with their leads found, made and locked together; says whether each made its lead."""
    leads, unseen = _find_or_make(session, kept, source, now, bulk=bulk)
    received = []
    for arrival, delivery, checked in kept:
        lead, new = leads[checked.identity], checked.identity in unseen
        if lead.stage is Stage.ERASED:
            raise BadLead("email", "This person asked to be forgotten a moment ago. Send it again in a day.")
        unseen.discard(checked.identity)
        lead.bulk = bulk and (new or lead.bulk)
        before = lead.attributes
        take_in(lead, checked, delivery)
        note_attributes(session, lead, before, now)
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
                recorded_at=now,
            )
        )
        arrival.state, arrival.refusal, arrival.lead_id = ArrivalState.TAKEN, None, lead.id
        kind = Happened.LEAD_CAPTURED if new else Happened.TOUCH_RECORDED
        # A lead that enrichment still may answer for is scored when it does, or when patience ends.
        happened(session, kind, now, lead=lead, bulk=bulk, arrival_id=arrival.id, news=lead.scored_at is not None)
        received.append((lead, new))
    match_companies(session, (lead for lead, _ in received))
    return received


def take_in(lead: Lead, checked: Checked, delivery: Delivery) -> None:
    """Write on the lead what a delivery says of the person. Asks no database: a forecast does the same to a lead that is none."""
    fields, imported, form = sourced_fields(lead), dict[str, Any](), None
    if not _spoils(lead, checked):
        fields, form = merge_fields(fields, checked.said, FORM, delivery.occurred_at, ()), checked
        imported = _as_many_as_fit(lead, _imported(checked, delivery))
        if checked.identity == lead.identity:
            # What comes under another address of theirs says nothing of the mailbox that we write to.
            imported |= _flags(checked)
    if delivery.kind == TouchKind.UNSUBSCRIBE:
        imported[Attribute.UNSUBSCRIBED] = True
    describe(lead, fields, imported, form)


def _spoils(lead: Lead, checked: Checked) -> bool:
    """Whether a machine speaks of a lead that is known: then nothing is believed of what it says of the person."""
    by_machine = any(one.code is Note.HONEYPOT for one in checked.notes)
    return by_machine and bool(lead.attributes) and all(one.code is not Note.HONEYPOT for one in findings(lead))


def _imported(checked: Checked, delivery: Delivery) -> dict[str, Any]:
    """What else was sent. What we work out ourselves is not for a form's hidden fields to say; an `attributes` object is
    meant, but whose the address is it does not say either.
    """
    extra = {name: value for name, value in checked.extra.items() if name not in RESERVED}
    flags = _flags(checked)
    return {name: value for name, value in {**extra, **_cleaned(delivery.attributes)}.items() if name not in flags}


def _as_many_as_fit(lead: Lead, imported: Mapping[str, Any]) -> dict[str, Any]:
    """Names that are known or that we know ourselves always fit."""
    fresh = [name for name in imported if name not in lead.attributes and name not in RESERVED]
    beyond = {*fresh[max(0, MOST_ATTRIBUTES - len(lead.attributes)) :]}
    return {name: value for name, value in imported.items() if name not in beyond}


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


def _find_or_make(
    session: Session, kept: Sequence[Kept], source: str, now: datetime, *, bulk: bool
) -> tuple[dict[str, Lead], set[str]]:
    """The one lead of each identity, locked, and which of them are new.

    Two deliveries at the same moment make one lead: the second waits for the first.
    """
    emails = {one.checked.identity: one.checked.email for one in reversed(kept)}
    values = [
        {
            "email": emails[identity],
            "identity": identity,
            "stage": Stage.CAPTURED,
            "source": source,
            "captured_at": now,
            "fields": {},
            "attributes": {},
            "notes": [],
            "bulk": bulk,
        }
        for identity in sorted(emails)
    ]
    new = upsert(Lead).on_conflict_do_nothing().returning(Lead.identity)
    made = session.scalars(new, values).all() if values else []
    return leads_of(session, emails.keys(), lock=True), set(made)


def leads_of(session: Session, identities: Collection[str], *, lock: bool) -> dict[str, Lead]:
    """The leads that these identities are. Of a lead that was merged it is the one that goes on."""
    named = aliased(Lead)
    wanted = (
        select(named.identity, Lead)
        .join(Lead, Lead.id == func.coalesce(named.merged_into, named.id))
        .where(named.identity.in_(identities))
        .order_by(Lead.id)
        .execution_options(populate_existing=True)
    )
    while True:
        found = dict(session.execute(wanted.with_for_update(of=Lead) if lock else wanted).all())
        # While we waited for its lock, a lead may have been merged: then it is another one that goes on.
        if not any(lead.merged_into for lead in found.values()):
            return found


def _flags(checked: Checked) -> dict[str, Any]:
    return {
        Attribute.FREE_MAIL: checked.free_mail,
        Attribute.DISPOSABLE_MAIL: checked.disposable,
        Attribute.ROLE_INBOX: checked.role_inbox,
        "company_domain": checked.company_domain or "",
    }


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


def _short(text: str | None) -> str | None:
    return (one_line(text, TOUCH_TEXT) or None) if text else None
