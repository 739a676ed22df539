"""Webhooks as HubSpot sends them: whether it was HubSpot, and which contacts the events are about.

Of an event only its contact counts: neither order nor uniqueness is promised, so what became of the contact is asked for.
"""

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from integrations.reading import dig

FRESH_SECONDS = 300
MOST_EVENTS = 100
CONTACT = "0-1"
TOLD_OF = ("creation", "propertyChange", "merge", "restore")
"""Events after which a contact is read. A contact that was deleted there stays a lead here."""
# The documentation lists these as decoded before the signature is made; everything else stays as it stands in the address.
_DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def is_signed(secret: str, uri: str, body: bytes, signature: str, timestamp: str, now: datetime) -> bool:
    """Whether HubSpot sent this POST to `uri` (the address as it is configured there), in the last five minutes (version 3).

    `timestamp` is in milliseconds.
    """
    if not (secret and uri and timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 20):
        return False
    if abs(now.timestamp() - int(timestamp) / 1000) > FRESH_SECONDS:
        return False
    address = _DECODED.sub(lambda found: unquote(found[0]), uri)
    signed = b"POST" + address.encode() + body + timestamp.encode()
    wanted = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256"))
    return hmac.compare_digest(wanted, signature.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """`key` is the same however often it is delivered; `body` is the event as it came, but for the number of the attempt."""

    key: str
    contact_id: str
    body: bytes


class NoEventsError(ValueError):
    """The body is no list of events."""


def contact_events(body: bytes, portal_id: int | None) -> list[ContactEvent]:
    """Those events of a delivery after which contacts are to be read, each once. Raises NoEventsError.

    What we wrote ourselves, and what happened in another account than `portal_id` (None: any), is left out.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NoEventsError from None
    if not isinstance(found, list) or len(found) > MOST_EVENTS or not all(isinstance(one, dict) for one in found):
        raise NoEventsError
    events = {event.key: event for one in found for event in _read(one, portal_id)}
    return [*events.values()]


def contact_of(body: bytes) -> str:
    """The id of the contact that a kept event is about."""
    return str(dig(json.loads(body), "objectId"))


def _read(one: Mapping[str, Any], portal_id: int | None) -> Iterator[ContactEvent]:
    if not _is_of_contact(one) or _is_our_own(one) or not isinstance(one.get("objectId"), int):
        return
    if portal_id is not None and one.get("portalId") != portal_id:
        return
    kept = {name: value for name, value in one.items() if name != "attemptNumber"}
    key = ".".join(str(one.get(name)) for name in ("portalId", "subscriptionType", "objectId", "eventId", "occurredAt"))
    yield ContactEvent(key[:200], str(one["objectId"]), json.dumps(kept, sort_keys=True).encode())


def _is_of_contact(one: Mapping[str, Any]) -> bool:
    """Both spellings are in use: contact.creation, and object.creation with the type's number beside it."""
    what, _, happened = str(one.get("subscriptionType")).partition(".")
    of_contact = what == "contact" or (what == "object" and one.get("objectTypeId") == CONTACT)
    return of_contact and happened in TOLD_OF


def _is_our_own(one: Mapping[str, Any]) -> bool:
    """HubSpot names the app that changed something; `appId` is the app that is told, which is ours."""
    app = one.get("appId")
    return one.get("changeSource") == "INTEGRATION" and app is not None and str(one.get("sourceId")) == str(app)
