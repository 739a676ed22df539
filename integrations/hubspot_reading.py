"""What HubSpot has to tell: contacts that changed, and what people did. Where a reading stands is in its cursor, a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.rules.cleaning import one_line
from domain.rules.facts import TouchKind
from integrations.hubspot_wire import (
    EVENTS,
    MAIL_EVENTS,
    READ,
    SEARCH,
    BadRecordError,
    MissingScopesError,
    Wire,
    listed,
    milliseconds,
    moment,
)
from integrations.marketing_ports import Activity, ChangedContact
from integrations.ports import Page
from integrations.reading import dig, text
from kit.clock import utcnow
from kit.outside import Refused

FORM_AT, FORM_NAME = "recent_conversion_date", "recent_conversion_event_name"
"""HubSpot's own properties for the last form that a contact sent, on every plan."""
ALWAYS = ("email", "lastmodifieddate", FORM_AT, FORM_NAME)
SEARCH_PAGE = 200
MOST_FOUND = 10_000
"""Beyond this the search answers no more."""
LAG = timedelta(minutes=3)
"""How long a change may need until the search finds it, and until an event is in the log."""
LOOK_BACK = timedelta(days=2)
EVENTS_PAGE = 100
MAIL_KINDS = {"CLICK": TouchKind.EMAIL_CLICK, "OPEN": TouchKind.EMAIL_OPEN, "STATUSCHANGE": TouchKind.UNSUBSCRIBE}
WEB_KINDS = {"e_visited_page": TouchKind.PAGE_VIEW, "e_submitted_form": TouchKind.FORM_SUBMISSION}


def contacts(wire: Wire, ids: Sequence[str], names: Sequence[str]) -> list[ChangedContact]:
    """These contacts, at most 100. Who is gone, or has no e-mail address, is left out."""
    found = (_contact(one, names) for one in _by_ids(wire, ids, [*ALWAYS, *names]))
    return [one for one in found if one is not None]


def read_back(wire: Wire, ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    return {str(dig(one, "id")): _properties(one) for one in _by_ids(wire, ids, names)}


def _by_ids(wire: Wire, ids: Sequence[str], names: Sequence[str]) -> Sequence[Any]:
    known = [one for one in dict.fromkeys(ids) if one.isdecimal()]
    if not known:
        return []
    asked = {
        "inputs": [{"id": one} for one in known],
        "properties": [*dict.fromkeys(names)],
        "propertiesWithHistory": [],
    }
    try:
        return listed(wire.ask(READ, asked), "results")
    except BadRecordError as bad:
        raise Refused(f"HubSpot does not read these contacts: {bad.message}") from None


# ---- what changed -----------------------------------------------------------------------------------------------------


def changed_contacts(wire: Wire, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
    """A page by the time of the last change. Who changes meanwhile comes again, at the end: counting pages would lose others,
    so each page asks anew from the time of the last one. Only those of one millisecond are counted through.

    The cursor of a reading under way is `MS+N`, that of one that has ended `MS`.
    """
    since, offset = _position(cursor)
    asked = {
        "filterGroups": [{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(since)}]}],
        "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
        "properties": [*dict.fromkeys([*ALWAYS, *names])],
        "limit": SEARCH_PAGE,
        **({"after": str(offset)} if offset else {}),
    }
    try:
        found = listed(wire.ask(SEARCH, asked, kind="contacts"), "results")
    except BadRecordError as bad:
        raise Refused(f"HubSpot does not search contacts: {bad.message}") from None
    read = [one for one in (_contact(each, names) for each in found) if one is not None]
    times = [at for at in (_changed_at(one) for one in found) if at is not None]
    newest = max([since, *map(milliseconds, times)])
    if len(found) < SEARCH_PAGE:
        return Page(read, str(newest))
    return Page(read, _next(since, offset, newest), more=True)


def _position(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return milliseconds(utcnow() - LOOK_BACK), 0
    since, plus, offset = cursor.partition("+")
    if plus:
        return int(since), int(offset)
    return int(since) - int(LAG.total_seconds() * 1000), 0


def _next(since: int, offset: int, newest: int) -> str:
    if newest > since:
        return f"{newest}+0"
    beyond = offset + SEARCH_PAGE
    # More than the search counts through changed in one millisecond: the rest of them is for another change to bring.
    return f"{since}+{beyond}" if beyond < MOST_FOUND else f"{since + 1}+0"


def _contact(one: object, names: Sequence[str]) -> ChangedContact | None:
    properties, changed_at = _properties(one), _changed_at(one)
    email = properties.get("email")
    if not email or changed_at is None:
        return None
    known = {name: properties[name] for name in names if name in properties}
    external_id = str(dig(one, "id"))
    return ChangedContact(external_id, email, changed_at, known, _form(external_id, email, properties))


def _properties(one: object) -> dict[str, str]:
    said = dig(one, "properties")
    return (
        {str(name): str(value) for name, value in said.items() if value is not None}
        if isinstance(said, Mapping)
        else {}
    )


def _changed_at(one: object) -> datetime | None:
    return moment(dig(one, "properties", "lastmodifieddate")) or moment(dig(one, "updatedAt"))


def _form(external_id: str, email: str, properties: Mapping[str, str]) -> Sequence[Activity]:
    """The form that the contact sent last, if they sent one."""
    at = moment(properties.get(FORM_AT, ""))
    if at is None:
        return ()
    content = text(properties.get(FORM_NAME))
    key = f"form-{external_id}-{milliseconds(at)}"
    return (Activity(key, email, TouchKind.FORM_SUBMISSION, at, channel="hubspot", content=content),)


# ---- what people did --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of time that is read one log after another: up to `end`, in `log`, from the page `offset` on."""

    start: int
    end: int
    log: str
    offset: str = ""

    @property
    def cursor(self) -> str:
        return f"{self.start}/{self.end}/{self.log}/{self.offset}"


def activities(wire: Wire, cursor: str | None, web_events: str) -> Page[Activity]:
    """A page of one of the logs: e-mails clicked, opened, unsubscribed from, then the events of the website that are asked for.

    The cursor of a stretch under way is `START/END/LOG/OFFSET`, that of one that has been read `END`.
    """
    logs = [*MAIL_KINDS, *(one.strip() for one in web_events.split(",") if one.strip())]
    reading = _reading(cursor, logs)
    if reading is None:
        return Page([], str(milliseconds(utcnow())))
    read = _mails if reading.log in MAIL_KINDS else _web
    try:
        items, offset = read(wire, reading)
    except MissingScopesError:
        if reading.log in MAIL_KINDS:
            raise
        # The plan or the token does not have them: e-mails are read all the same.
        items, offset = [], ""
    items.sort(key=lambda one: one.occurred_at)
    if offset:
        return Page(items, Reading(reading.start, reading.end, reading.log, offset).cursor, more=True)
    after = logs[logs.index(reading.log) + 1 :]
    if after:
        return Page(items, Reading(reading.start, reading.end, after[0]).cursor, more=True)
    return Page(items, str(reading.end))


def _reading(cursor: str | None, logs: Sequence[str]) -> Reading | None:
    """None: nothing was read before, and we begin now."""
    if cursor is None:
        return None
    if "/" in cursor:
        start, end, log, offset = cursor.split("/", 3)
        if log in logs:
            return Reading(int(start), int(end), log, offset)
        cursor = start
    lag = int(LAG.total_seconds() * 1000)
    return Reading(int(cursor) - lag, milliseconds(utcnow()), logs[0])


def _mails(wire: Wire, reading: Reading) -> tuple[list[Activity], str]:
    query = {
        "eventType": reading.log,
        "startTimestamp": str(reading.start),
        "endTimestamp": str(reading.end),
        "excludeFilteredEvents": "true",
        "limit": str(EVENTS_PAGE),
    }
    body = wire.ask(MAIL_EVENTS, query=query | ({"offset": reading.offset} if reading.offset else {}))
    found = [_mail(one, MAIL_KINDS[reading.log]) for one in listed(body, "events")]
    offset = str(dig(body, "offset") or "") if dig(body, "hasMore") is True else ""
    return [one for one in found if one is not None], offset


def _mail(one: object, kind: TouchKind) -> Activity | None:
    email, at = text(dig(one, "recipient")), moment(dig(one, "created"))
    if email is None or at is None:
        return None
    if kind is TouchKind.UNSUBSCRIBE and dig(one, "portalSubscriptionStatus") != "UNSUBSCRIBED":
        return None
    return Activity(
        external_id=f"mail-{dig(one, 'id')}-{milliseconds(at)}",
        email=email,
        kind=kind,
        occurred_at=at,
        campaign=str(dig(one, "emailCampaignId") or "") or None,
        channel="email",
        content=text(dig(one, "subject")),
        page=text(dig(one, "url")),
    )


def _web(wire: Wire, reading: Reading) -> tuple[list[Activity], str]:
    """Events name contacts by their ids, whose addresses are asked for."""
    query = {
        "objectType": "contact",
        "eventType": reading.log,
        "occurredAfter": _iso(reading.start),
        "occurredBefore": _iso(reading.end),
        "limit": str(EVENTS_PAGE),
    }
    body = wire.ask(EVENTS, query=query | ({"after": reading.offset} if reading.offset else {}))
    found = listed(body, "results")
    emails = {one.external_id: one.email for one in contacts(wire, [str(dig(one, "objectId")) for one in found], ())}
    did = [_event(one, reading.log, emails) for one in found]
    return [one for one in did if one is not None], str(dig(body, "paging", "next", "after") or "")


def _event(one: object, log: str, emails: Mapping[str, str]) -> Activity | None:
    email, at = emails.get(str(dig(one, "objectId"))), moment(dig(one, "occurredAt"))
    if email is None or at is None:
        return None
    page = text(dig(one, "properties", "hs_url"))
    kind = WEB_KINDS.get(log) or one_line(log.removeprefix("e_"), 60)
    return Activity(f"event-{dig(one, 'id')}", email, kind, at, channel="website", page=page)


def _iso(ms: int) -> str:
    at = moment(ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else ""
