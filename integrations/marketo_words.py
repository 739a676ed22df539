"""Marketo's words in ours and ours in Marketo's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.rules.facts import TouchKind
from domain.rules.field_maps import FieldType, Theirs
from integrations.marketing_ports import Activity, Contact, Member
from integrations.marketo_wire import LATER, SIGN_IN_AGAIN
from integrations.ports import Upserted
from integrations.reading import dig, sentence, text, unreadable

TYPES = {
    **dict.fromkeys(("integer", "float", "score", "currency", "percent"), FieldType.NUMBER),
    **dict.fromkeys(("date", "datetime"), FieldType.DATE),
    "boolean": FieldType.FLAG,
}
MADE_AS = {FieldType.NUMBER: "integer", FieldType.DATE: "date", FieldType.FLAG: "boolean"}
WEB, MAIL = "web", "email"
NO_LEAD = frozenset({"1004", "1015"})


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def typed(properties: Mapping[str, str], known: Mapping[str, Theirs]) -> dict[str, Any]:
    """Marketo takes no text for a number; nothing takes away what stands there."""
    return {name: _value(value, known[name].type if name in known else None) for name, value in properties.items()}


def _value(value: str, kind: FieldType | None) -> object:
    if not value:
        return None
    if kind is FieldType.FLAG:
        return value.casefold() in {"true", "yes", "1"}
    if kind is FieldType.NUMBER:
        try:
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            return value
    return value


def as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def upserted(contact: Contact, result: object) -> Upserted:
    if dig(result, "status") in {"created", "updated"}:
        return Upserted(contact.email, external_id=str(dig(result, "id")))
    code, message = _reason(result)
    if code in LATER | SIGN_IN_AGAIN:
        return Upserted(contact.email, later=True)
    return Upserted(contact.email, problem=sentence(message, "Marketo refused this lead"))


def _reason(result: object) -> tuple[str, str]:
    reasons = dig(result, "reasons")
    first = reasons[0] if isinstance(reasons, list) and reasons else None
    return str(dig(first, "code")), str(dig(first, "message") or "")


def member_answer(member: Member, result: object) -> Upserted:
    if dig(result, "status") in {"added", "removed", "memberof"}:
        return Upserted(member.email, external_id=member.contact_id)
    code, message = _reason(result)
    if result is None or code in NO_LEAD:
        return Upserted(member.email, problem="Marketo does not have this lead any more")
    return Upserted(member.email, problem=sentence(message, "Marketo refused this lead"))


def by_a_machine(one: object) -> bool:
    """Mail scanners open and click; Marketo says so if its filter is on."""
    return as_text(_attributes(one).get("Is Bot Activity")) == "true"


def _attributes(one: object) -> dict[str, Any]:
    found = dig(one, "attributes")
    pairs = found if isinstance(found, list) else []
    return {str(dig(pair, "name")): dig(pair, "value") for pair in pairs}


def activity(one: object, emails: Mapping[str, str | None], types: Mapping[str, str]) -> Activity | None:
    email, kind = emails.get(str(dig(one, "leadId"))), types.get(str(dig(one, "activityTypeId")))
    number = dig(one, "marketoGUID") or dig(one, "id")
    if not email or kind is None or number is None:
        return None
    what, more = text(dig(one, "primaryAttributeValue")), _attributes(one)
    # A link that was followed, or the page on which a form stood.
    page = text(more.get("Link")) or text(more.get("Referrer URL"))
    by_mail = kind in {TouchKind.EMAIL_OPEN, TouchKind.EMAIL_CLICK, TouchKind.UNSUBSCRIBE}
    return Activity(
        external_id=str(number),
        email=email,
        kind=kind,
        occurred_at=when(dig(one, "activityDate")),
        campaign=what if by_mail else None,
        channel=MAIL if by_mail else WEB,
        content=what if kind == TouchKind.FORM_SUBMISSION else None,
        page=what if kind == TouchKind.PAGE_VIEW else page,
    )


def when(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise unreadable("Marketo") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def theirs(field: object) -> Theirs:
    name = str(dig(field, "name"))
    kind = TYPES.get(str(dig(field, "dataType")), FieldType.TEXT)
    return Theirs(name, kind, str(dig(field, "displayName") or ""), writable=dig(field, "updateable") is True)
