"""HubSpot as marketing automation: contacts are upserted by e-mail, our findings in properties named `handoff_...`.
A nurture programme is a list to which contacts are added by hand (MANUAL or SNAPSHOT); HubSpot's workflows begin there.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.rules.field_maps import Direction, FieldMap, FieldType, Pair, Theirs
from integrations import hubspot_reading
from integrations.hubspot_settings import Settings
from integrations.hubspot_wire import (
    ACCOUNT,
    ASSOCIATE,
    MEMBERS,
    NEW_GROUP,
    NEW_PROPERTY,
    PROPERTIES,
    READ,
    SCOPES,
    SEARCH,
    UPSERT,
    BadRecordError,
    MissingError,
    ThereAlreadyError,
    Wire,
    listed,
)
from integrations.marketing_ports import Activity, ChangedContact, Contact, MarketingAutomation, Member, NoSuchProgramme
from integrations.ports import Page, Upserted
from integrations.reading import dig, sentence, text
from kit.outside import Refused
from kit.quota import OPEN, Gate

__all__ = ["HubSpot", "Settings", "build"]

PREFIX = "handoff_"
GROUP = "handoff"
BATCH_SIZE = 100
LIFECYCLE = "lifecyclestage"
FORWARD = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
)
"""HubSpot's own stages in their order. An account may have others: whoever stands in one of those is left there."""
OURS_AS_THEIRS = {"mql": FORWARD[2], "sql": FORWARD[3], "opportunity": FORWARD[4], "customer": FORWARD[5]}
DEFAULT_MAP = FieldMap(
    (
        Pair("first_name", "firstname", Direction.BOTH),
        Pair("last_name", "lastname", Direction.BOTH),
        Pair("company", "company", Direction.BOTH),
        Pair("title", "jobtitle", Direction.BOTH),
        Pair("phone", "phone", Direction.FROM),
        Pair("country", "country", Direction.FROM),
        Pair("lifecycle", LIFECYCLE, values=OURS_AS_THEIRS),
        *(
            Pair(name, PREFIX + name)
            for name in ("score", "fit", "intent", "tier", "stage", "owner", "reasons", "sql_at")
        ),
        *(Pair(name, PREFIX + name) for name in ("next_content_title", "next_content_url")),
    )
)
"""What HubSpot has a property of its own for goes there; what we found out into properties of ours."""
NEEDED = (
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.lists.read",
    "crm.lists.write",
)
TYPES = {
    "number": FieldType.NUMBER,
    "bool": FieldType.FLAG,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
    "enumeration": FieldType.CHOICE,
}
"""Whatever else HubSpot has is text."""
MADE_AS = {
    FieldType.TEXT: ("string", "textarea"),
    FieldType.NUMBER: ("number", "number"),
    FieldType.FLAG: ("bool", "booleancheckbox"),
    FieldType.DATE: ("date", "date"),
    FieldType.CHOICE: ("enumeration", "select"),
}
"""How HubSpot calls the type of a property, and the field that shows it."""


class HubSpot(MarketingAutomation):
    name = "hubspot"
    batch_size = BATCH_SIZE
    default_map = DEFAULT_MAP

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._wire = Wire(settings, gate)
        self._settings = settings

    # ---- contacts ----------------------------------------------------------------------------------------------------

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        answers = []
        for at in range(0, len(contacts), BATCH_SIZE):
            answers += self._upsert(self._forward(contacts[at : at + BATCH_SIZE]))
        return answers

    def _forward(self, contacts: Sequence[Contact]) -> Sequence[Contact]:
        """Without the lifecycle stages that would be a step back, or none. HubSpot itself would pass over those in silence."""
        moving = [contact for contact in contacts if LIFECYCLE in contact.properties]
        there = self._lifecycles([contact.email for contact in moving]) if moving else {}
        return [_only_forward(contact, there.get(contact.email.casefold(), "")) for contact in contacts]

    def _lifecycles(self, emails: Sequence[str]) -> dict[str, str]:
        """Lifecycle stage by e-mail address; who is not there yet is not in it."""
        # A text that is no address would have all of it refused; it is nobody's, too.
        inputs = [{"id": email} for email in emails if "@" in email]
        try:
            asked = {"inputs": inputs, "idProperty": "email", "propertiesWithHistory": []}
            body = self._wire.ask(READ, asked | {"properties": ["email", LIFECYCLE]})
        except BadRecordError:
            # One of them cannot be read: HubSpot passes over a step back by itself.
            return {}
        found = [dig(result, "properties") for result in listed(body, "results")]
        return {str(dig(one, "email")).casefold(): str(dig(one, LIFECYCLE) or "") for one in found}

    def _upsert(self, contacts: Sequence[Contact]) -> list[Upserted]:
        """One batch. HubSpot may refuse all of it for one bad record (400): the halves are tried, to find that one."""
        traces = {uuid.uuid4().hex: contact for contact in contacts}
        try:
            body = self._wire.ask(UPSERT, {"inputs": [_input(contact, trace) for trace, contact in traces.items()]})
        except BadRecordError as bad:
            if len(contacts) == 1:
                return [Upserted(contacts[0].email, problem=bad.message)]
            middle = len(contacts) // 2
            return [*self._upsert(contacts[:middle]), *self._upsert(contacts[middle:])]
        return _read(body, traces)

    def contacts(self, external_ids: Sequence[str], names: Sequence[str]) -> Sequence[ChangedContact]:
        return hubspot_reading.contacts(self._wire, external_ids, names)

    def changed_contacts(self, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
        return hubspot_reading.changed_contacts(self._wire, cursor, names)

    def activities(self, cursor: str | None) -> Page[Activity]:
        return hubspot_reading.activities(self._wire, cursor, self._settings.web_events)

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        return hubspot_reading.read_back(self._wire, external_ids, names)

    def as_sent(self, contact: Contact) -> Mapping[str, str]:
        # A person may have come further there than here.
        return {name: value for name, value in contact.properties.items() if name != LIFECYCLE}

    # ---- lists -------------------------------------------------------------------------------------------------------

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        missing = self._change_list("add", programme, members)
        return [_member(member, member.contact_id in missing) for member in members]

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        self._change_list("remove", programme, members)
        # Whom HubSpot does not know (any more) is in no list of it.
        return [_member(member, missing=False) for member in members]

    def _change_list(self, change: str, list_id: str, members: Sequence[Member]) -> set[str]:
        """Returns the ids that HubSpot does not know. Who is in the list already, or not in it, is ignored by HubSpot."""
        missing: set[str] = set()
        for at in range(0, len(members), BATCH_SIZE):
            ids = [member.contact_id for member in members[at : at + BATCH_SIZE]]
            try:
                body = self._wire.ask(MEMBERS, ids, list=list_id, change=change)
            except MissingError:
                raise NoSuchProgramme(f"HubSpot has no list {list_id}") from None
            except BadRecordError as bad:
                raise NoSuchProgramme(f"HubSpot's list {list_id} takes nobody from us: {bad.message}") from None
            missing.update(str(one) for one in listed(body, "recordIdsMissing"))
        return missing

    # ---- companies and deals -----------------------------------------------------------------------------------------

    def associate(self, contact_id: str, domain: str | None, opportunity_ids: Sequence[str]) -> Sequence[str]:
        companies = self._find("companies", "domain", [domain]) if domain else []
        # Of two companies with one domain the older one is what people mean.
        tied = [("companies", one) for one in companies[:1]]
        if self._settings.deal_key and opportunity_ids:
            tied += [("deals", one) for one in self._find("deals", self._settings.deal_key, opportunity_ids)]
        for kind, one in tied:
            self._wire.ask(ASSOCIATE, contact=contact_id, kind=kind, id=one)
        return [one for _, one in tied]

    def _find(self, kind: str, name: str, values: Sequence[str]) -> list[str]:
        """The ids of the records whose property `name` has one of these values, oldest first."""
        which = {"propertyName": name, "operator": "IN", "values": [value.lower() for value in values]}
        if kind == "deals":
            which["values"] = [*values]
        asked = {"filterGroups": [{"filters": [which]}], "properties": [name], "limit": BATCH_SIZE}
        oldest_first = {"sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}]}
        try:
            body = self._wire.ask(SEARCH, asked | oldest_first, kind=kind)
        except BadRecordError as bad:
            raise Refused(f"HubSpot cannot search {kind} by {name}: {bad.message}") from None
        return [str(dig(result, "id")) for result in listed(body, "results")]

    # ---- setting up --------------------------------------------------------------------------------------------------

    def check(self) -> str:
        account = self._wire.ask(ACCOUNT)
        zone = text(dig(account, "timeZone")) or "an unknown time zone"
        lacking = self._lacking_scopes()
        if lacking:
            raise Refused(f"The token lacks the scopes {', '.join(lacking)}")
        hint = (
            "" if zone == self._settings.time_zone else f" Set HUBSPOT_TIME_ZONE={zone}: the day of calls ends there."
        )
        return f"This is HubSpot's account {dig(account, 'portalId')}, in {zone}.{hint}"

    def _lacking_scopes(self) -> list[str]:
        try:
            body = self._wire.ask(SCOPES, {"tokenKey": self._wire.token()})
        except (Refused, BadRecordError):
            # Only tokens of private apps can be asked about: for another one, the first call that lacks a right says so.
            return []
        granted = {str(one) for one in listed(body, "scopes")}
        return [scope for scope in NEEDED if granted and scope not in granted]

    def fields(self) -> Sequence[Theirs]:
        return [_theirs(one) for one in listed(self._wire.ask(PROPERTIES), "results")]

    def create_field(self, wanted: Theirs) -> None:
        label = {"name": GROUP, "label": "Handoff"}
        self._make(NEW_GROUP, label)
        kind, shown = MADE_AS[wanted.type]
        values = ("true", "false") if wanted.type is FieldType.FLAG else wanted.options
        options = [
            {"label": value, "value": value, "displayOrder": at, "hidden": False} for at, value in enumerate(values)
        ]
        made = {"name": wanted.name, "label": wanted.label or wanted.name, "type": kind, "fieldType": shown}
        self._make(NEW_PROPERTY, made | {"groupName": GROUP} | ({"options": options} if options else {}))

    def _make(self, call: tuple[str, str], body: Mapping[str, object]) -> None:
        try:
            self._wire.ask(call, body)
        except ThereAlreadyError:
            return
        except BadRecordError as bad:
            raise Refused(f"HubSpot does not make {body['name']}: {bad.message}") from None

    def close(self) -> None:
        self._wire.close()


def build(settings: Settings, gate: Gate) -> HubSpot:
    return HubSpot(settings, gate)


def _only_forward(contact: Contact, there: str) -> Contact:
    wanted = contact.properties.get(LIFECYCLE)
    if wanted is None or _is_forward(there, wanted):
        return contact
    return Contact(contact.email, {name: value for name, value in contact.properties.items() if name != LIFECYCLE})


def _is_forward(there: str, wanted: str) -> bool:
    if not there:
        return True
    return there in FORWARD and wanted in FORWARD and FORWARD.index(there) < FORWARD.index(wanted)


def _input(contact: Contact, trace: str) -> dict[str, Any]:
    properties = dict(contact.properties)
    return {"id": contact.email, "idProperty": "email", "objectWriteTraceId": trace, "properties": properties}


def _read(body: Mapping[str, Any], traces: Mapping[str, Contact]) -> list[Upserted]:
    """HubSpot promises no order. What it neither confirms nor refuses may be sent again: an upsert may come twice."""
    found: dict[str, Upserted] = {}
    by_email = {contact.email.casefold(): trace for trace, contact in traces.items()}
    for result in listed(body, "results"):
        email = str(dig(result, "properties", "email")).casefold()
        trace = str(dig(result, "objectWriteTraceId") or by_email.get(email))
        if trace in traces:
            found[trace] = Upserted(traces[trace].email, external_id=str(dig(result, "id")))
    for error in listed(body, "errors"):
        for trace in _traces_of(error):
            if trace in traces:
                found[trace] = _refused(traces[trace].email, error)
    return [found.get(trace) or Upserted(contact.email, later=True) for trace, contact in traces.items()]


def _member(member: Member, missing: bool) -> Upserted:
    if missing:
        return Upserted(member.email, problem="HubSpot does not have this contact any more")
    return Upserted(member.email, external_id=member.contact_id)


def _traces_of(error: object) -> Iterable[str]:
    named = dig(error, "context", "objectWriteTraceId")
    return [trace for trace in named if isinstance(trace, str)] if isinstance(named, list) else []


def _refused(email: str, error: object) -> Upserted:
    if dig(error, "category") in {"RATE_LIMITS", "INTERNAL_ERROR"}:
        return Upserted(email, later=True)
    return Upserted(email, problem=sentence(dig(error, "message"), "HubSpot refused this contact"))


def _theirs(one: object) -> Theirs:
    fixed = bool(dig(one, "modificationMetadata", "readOnlyValue")) or bool(dig(one, "calculated"))
    kind = TYPES.get(str(dig(one, "type")), FieldType.TEXT)
    return Theirs(
        name=str(dig(one, "name")),
        type=kind,
        label=text(dig(one, "label")) or "",
        writable=not fixed,
        options=tuple(str(dig(option, "value")) for option in listed(one, "options"))
        if kind is FieldType.CHOICE
        else (),
    )
