"""What marketing automation says of a contact, as deliveries: the sweep and the webhooks make the same of it."""

import json
from collections.abc import Mapping

from sqlalchemy.orm import Session

from domain import finding
from domain.rules.field_maps import FieldMap
from domain.rules.refusals import NoSuchLead
from domain.tables import Lead
from domain.verbs.capturing import Delivery
from domain.verbs.syncing import Incoming
from integrations.marketing_ports import Activity, ChangedContact
from kit.clock import utcnow

SYNCED = "contact_synced"
"""The kind of touch that a changed contact is: nothing that the person did."""


def lead_of(session: Session, email: str) -> Lead | None:
    try:
        return finding.lead_by_email(session, email)
    except NoSuchLead:
        return None


def news_of(fields: FieldMap, one: ChangedContact, lead: Lead | None) -> Mapping[str, str]:
    """What the contact says, by our names, and we do not know."""
    said = fields.inward(one.properties)
    return said if lead is None else {name: value for name, value in said.items() if not _is_known(lead, name, value)}


def _is_known(lead: Lead, name: str, value: str) -> bool:
    known = lead.fields.get(name)
    return known is not None and same(str(known["value"]), value)


def same(ours: str, theirs: str) -> bool:
    """Systems trim texts, and write a number as they like."""
    if ours.strip() == theirs.strip():
        return True
    try:
        return float(ours) == float(theirs)
    except ValueError:
        return False


def touch(one: Activity, said: Mapping[str, str] | None = None) -> Incoming:
    """Something a person did. `said`: what is known of the person besides, by our names."""
    body = {"kind": one.kind, "campaign": one.campaign, "content": one.content, "at": one.occurred_at.isoformat()}
    delivery = Delivery(
        person={"email": one.email, **(said or {})},
        kind=one.kind,
        occurred_at=min(one.occurred_at, utcnow()),
        campaign=one.campaign,
        channel=one.channel,
        content=one.content,
        page=one.page,
    )
    return Incoming(f"activity-{one.external_id}", json.dumps(body).encode(), delivery)


def deliveries(fields: FieldMap, one: ChangedContact, lead: Lead | None) -> list[Incoming]:
    """What there is to take in of a contact: what it did, and what changed in it. Of a new person what it did says who it is."""
    said = fields.inward(one.properties)
    did = [touch(activity, said if lead is None else None) for activity in one.did]
    if (lead is None and did) or (lead is not None and not news_of(fields, one, lead)):
        return did
    delivery = Delivery(person={"email": one.email, **said}, kind=SYNCED, occurred_at=min(one.changed_at, utcnow()))
    key = f"contact-{one.external_id}-{one.changed_at.isoformat()}"
    body = json.dumps({"contact": one.external_id, "fields": sorted(said)}).encode()
    return [*did, Incoming(key, body, delivery)]
