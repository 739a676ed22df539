"""Pardot (Marketing Cloud Account Engagement), version 5 of its API, as marketing automation: prospects are upserted by e-mail, our
findings in custom fields named `handoff_...__c`. A nurture programme is a static list, which an Engagement Studio program watches.

There are no batches: one call a prospect. What is read may be a minute older than what was written, so nothing is looked for
that was just made.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from domain.rules.facts import TouchKind
from domain.rules.field_maps import FieldMap, FieldType, Pair, Theirs
from integrations.marketing_ports import Activity, ChangedContact, Contact, MarketingAutomation, Member, NoSuchProgramme
from integrations.pardot_wire import PAGE_LOST, SaidNo, Settings, Wire
from integrations.ports import NotOffered, Page, Quota, Upserted
from integrations.reading import dig, sentence, text, unreadable
from kit.clock import utcnow
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate

T = TypeVar("T", Contact, Member)

BATCH_SIZE = 25
PAGE = "200"
MOST = 1_000
"""Records in one answer."""
PREFIX, SUFFIX = "handoff_", "__c"
OURS = ("score", "fit", "intent", "tier", "stage", "sql_at", "next_content_title", "next_content_url")
DEFAULT_MAP = FieldMap(
    (
        Pair("first_name", "firstName"),
        Pair("last_name", "lastName"),
        Pair("company", "company"),
        Pair("title", "jobTitle"),
        *(Pair(name, PREFIX + name + SUFFIX) for name in OURS),
    )
)
STANDARD = (
    *("firstName", "lastName", "company", "jobTitle", "phone", "country", "industry", "website", "source", "comments"),
    *("city", "state", "department", "annualRevenue", "employees", "addressOne", "zip", "territory"),
)
"""Pardot describes its custom fields only; these are its own, as text."""
TYPES = {"Number": FieldType.NUMBER, "Date": FieldType.DATE}
MADE_AS = {kind: name for name, kind in TYPES.items()}
OVERLAP = timedelta(minutes=3)
"""What is read lags behind: a reading begins a little before the end of the last one."""
ACTIVITY_FIELDS = "id,type,typeName,createdAt,details,prospect.email,campaign.name"
KINDS = {
    2: TouchKind.PAGE_VIEW,
    4: TouchKind.FORM_SUBMISSION,
    11: TouchKind.EMAIL_OPEN,
    12: "unsubscribe_page",
    14: TouchKind.UNSUBSCRIBE,
    17: "link_click",
    20: TouchKind.PAGE_VIEW,
    21: "link_click",
    24: TouchKind.WEBINAR,
    25: "webinar_registration",
    27: "video_view",
    28: "event_registration",
    29: TouchKind.EVENT_ATTENDANCE,
    34: "video_watched",
}
"""What a person does, by Pardot's number of it. Mails that were sent or bounced are not among it."""
CLICK = 1
MEMBER_ALREADY, NO_SUCH_LIST = 58, 55
GONE = frozenset({3, 92, 109, 132, 192, 219})
OF_RECORD = frozenset({4, 9, 54, 56, 57, 85, 132, 154, 166, 219})
"""What Pardot says against one prospect: the others are none the worse."""


class Pardot(MarketingAutomation):
    name = "pardot"
    batch_size = BATCH_SIZE
    default_map = DEFAULT_MAP

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._wire = Wire(settings, gate)
        self._lag = settings.read_lag
        self._of = settings.calls_a_day
        self._lock = threading.Lock()
        self._missed: dict[tuple[str, str], float] = {}
        """List and prospect -> since when a membership that should be there was not found."""
        self._asked_for: set[str] = set()
        """Fields that we have wanted to make."""

    # ---- prospects

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        return _one_by_one(contacts, self._upsert)

    def _upsert(self, contact: Contact) -> Upserted:
        """Of several prospects with one address it is the one that changed last."""
        prospect = {"email": contact.email} | {name: value or None for name, value in contact.properties.items()}
        body = {"matchEmail": contact.email, "prospect": prospect, "fields": ["id"]}
        try:
            saved = self._wire.post("prospects/do/upsertLatestByEmail", body)
        except SaidNo as no:
            if no.code not in OF_RECORD:
                raise
            return Upserted(contact.email, problem=sentence(no.message, "Pardot refused this prospect"))
        return Upserted(contact.email, external_id=_id(saved))

    def contacts(self, external_ids: Sequence[str], names: Sequence[str]) -> Sequence[ChangedContact]:
        prospects = self._prospects(external_ids, names)
        return [one for one in (_changed(prospect, names) for prospect in prospects.values()) if one is not None]

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        prospects = self._prospects(external_ids, names)
        return {which: {name: _text(one.get(name)) for name in names} for which, one in prospects.items()}

    def _prospects(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Pardot asks for one prospect or for a range of ids: a range costs one call where ours stand close together, and
        never more calls than there are prospects to be read.
        """
        wanted = sorted({int(one) for one in ids if one.isdecimal()})
        found: dict[str, dict[str, Any]] = {}
        while wanted:
            asked = {"idGreaterThanOrEqualTo": str(wanted[0]), "idLessThanOrEqualTo": str(wanted[-1])}
            body = self._wire.get("prospects", fields=_fields(names), orderBy="id", limit=str(MOST), **asked)
            read = {int(_id(one)): one for one in _values(body)}
            found |= {str(one): read[one] for one in wanted if one in read}
            last = max(read) if len(read) >= MOST else wanted[-1]
            wanted = [one for one in wanted if one > last]
        return found

    # ---- nurture programmes

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        return _one_by_one(members, partial(self._add, _list_number(programme)))

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        return _one_by_one(members, partial(self._remove, _list_number(programme)))

    def _add(self, list_id: str, member: Member) -> Upserted:
        with self._lock:
            self._missed.pop((list_id, member.contact_id), None)
        try:
            self._wire.post("list-memberships", {"listId": int(list_id), "prospectId": _number(member)})
        except SaidNo as no:
            if no.code == NO_SUCH_LIST:
                raise NoSuchProgramme(f"Pardot has no static list {list_id}") from None
            if no.code in GONE:
                return Upserted(member.email, problem="Pardot does not have this prospect any more")
            if no.code != MEMBER_ALREADY:
                raise
        return Upserted(member.email, external_id=member.contact_id)

    def _remove(self, list_id: str, member: Member) -> Upserted:
        """A membership that is not found may be too young to be read: it is looked for until it can be so no more."""
        asked = {"listId": list_id, "prospectId": str(_number(member))}
        found = _values(self._wire.get("list-memberships", fields="id", **asked))
        if not found:
            return Upserted(member.email, external_id=member.contact_id, later=self._may_be_too_young(list_id, member))
        for one in found:
            try:
                self._wire.delete(f"list-memberships/{_id(one)}")
            except SaidNo as no:
                # It was deleted before, and is still to be read.
                if no.code not in GONE:
                    raise
        return Upserted(member.email, external_id=member.contact_id)

    def _may_be_too_young(self, list_id: str, member: Member) -> bool:
        with self._lock:
            since = self._missed.setdefault((list_id, member.contact_id), time.monotonic())
            if time.monotonic() - since < self._lag:
                return True
            del self._missed[list_id, member.contact_id]
            return False

    # ---- what happened there

    def activities(self, cursor: str | None) -> Page[Activity]:
        found, cursor, more = self._page("visitor-activities", "createdAt", cursor, utcnow(), ACTIVITY_FIELDS)
        read = (_activity(one) for one in found)
        return Page([one for one in read if one is not None], cursor, more)

    def changed_contacts(self, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
        start = utcnow() - timedelta(days=2)
        found, cursor, more = self._page("prospects", "updatedAt", cursor, start, _fields(names))
        read = (_changed(one, names) for one in found)
        return Page([one for one in read if one is not None], cursor, more)

    def _page(
        self, path: str, when: str, cursor: str | None, start: datetime, fields: str
    ) -> tuple[Sequence[Any], str, bool]:
        """One page: what it holds, from where to go on, and whether at once. Pardot's own token is good for four hours; with it
        go the time from which it was asked, and the latest that was seen since.
        """
        since, seen, token = _read_cursor(cursor, start)
        begin = {f"{when}AfterOrEqualTo": since.isoformat(timespec="seconds"), "orderBy": when, "limit": PAGE}
        try:
            body = self._wire.get(path, fields=fields, **({"nextPageToken": token} if token else begin))
        except SaidNo as no:
            if no.code not in PAGE_LOST or not token:
                raise
            body = self._wire.get(path, fields=fields, **begin)
        found = _values(body)
        seen = max([seen, *(_when(dig(one, when)) for one in found)])
        following = dig(body, "nextPageToken")
        if isinstance(following, str) and following:
            return found, _cursor(since, seen, following), True
        # A little before what was seen last; and after a hundred thousand records Pardot wants to be asked anew.
        again = max(since, seen - OVERLAP)
        return found, _cursor(again, again, None), False

    # ---- the business unit

    def check(self) -> str:
        account = self._wire.get("account", fields="id,company")
        return f"Pardot answers for the business unit of {text(account.get('company')) or 'an unnamed company'}."

    def quota(self) -> Quota:
        self._wire.get("account", fields="id")
        if self._wire.used is None:
            raise NotOffered("its quota")
        return Quota(self._wire.used, self._of)

    def fields(self) -> Sequence[Theirs]:
        body = self._wire.get("custom-fields", fields="id,name,fieldId,type", limit=str(MOST))
        return [*(Theirs(name) for name in STANDARD), *(_theirs(one) for one in _values(body))]

    def create_field(self, wanted: Theirs) -> None:
        if not wanted.name.endswith(SUFFIX):
            raise Refused(f"Pardot names what is made there with {SUFFIX} at its end")
        field = {"name": wanted.label or wanted.name, "fieldId": wanted.name.removesuffix(SUFFIX)}
        field["type"] = MADE_AS.get(wanted.type, "Text")
        if wanted.name in {one.name for one in self.fields()}:
            return
        again = wanted.name in self._asked_for
        self._asked_for.add(wanted.name)
        try:
            self._wire.post("custom-fields", field)
        except SaidNo:
            # Refused for the second time: it was made by the first, and is not to be read yet.
            if not again:
                raise

    def close(self) -> None:
        self._wire.close()


def build(settings: Settings, gate: Gate) -> Pardot:
    return Pardot(settings, gate)


def _one_by_one(these: Sequence[T], do: Callable[[T], Upserted]) -> list[Upserted]:
    """Who comes after a call that has to wait is left for later; what is done by then stays done."""
    answers: list[Upserted] = []
    for one in these:
        try:
            answers.append(do(one))
        except TryLater:
            if not answers:
                raise
            break
    return [*answers, *(Upserted(one.email, later=True) for one in these[len(answers) :])]


def _list_number(programme: str) -> str:
    if not (programme.isascii() and programme.isdecimal()):
        raise NoSuchProgramme(f"Pardot has no list {programme}: write its number")
    return programme


def _values(body: Mapping[str, Any]) -> list[Any]:
    values = body.get("values")
    if not isinstance(values, list):
        raise unreadable("Pardot")
    return values


def _id(record: object) -> str:
    number = dig(record, "id")
    if not isinstance(number, int):
        raise unreadable("Pardot")
    return str(number)


def _number(member: Member) -> int:
    return int(member.contact_id) if member.contact_id.isdecimal() else 0


def _fields(names: Sequence[str]) -> str:
    return ",".join(dict.fromkeys(("id", "email", "updatedAt", *names)))


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _when(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise unreadable("Pardot") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _cursor(since: datetime, seen: datetime, token: str | None) -> str:
    return json.dumps([since.isoformat(), seen.isoformat(), token])


def _read_cursor(cursor: str | None, start: datetime) -> tuple[datetime, datetime, str | None]:
    if cursor is None:
        return start, start, None
    since, seen, token = json.loads(cursor)
    return datetime.fromisoformat(since), datetime.fromisoformat(seen), token


def _changed(prospect: object, names: Sequence[str]) -> ChangedContact | None:
    email = text(dig(prospect, "email"))
    if email is None:
        return None
    properties = {name: _text(dig(prospect, name)) for name in names}
    return ChangedContact(_id(prospect), email, _when(dig(prospect, "updatedAt")), properties)


def _activity(one: object) -> Activity | None:
    email, kind = text(dig(one, "prospect", "email")), _kind(one)
    if email is None or kind is None:
        return None
    by_mail = kind in {TouchKind.EMAIL_OPEN, TouchKind.EMAIL_CLICK, TouchKind.UNSUBSCRIBE}
    details = text(dig(one, "details"))
    return Activity(
        external_id=_id(one),
        email=email,
        kind=kind,
        occurred_at=_when(dig(one, "createdAt")),
        campaign=text(dig(one, "campaign", "name")),
        channel="email" if by_mail else "web",
        content=details if kind in {TouchKind.CONTENT_DOWNLOAD, TouchKind.FORM_SUBMISSION, TouchKind.WEBINAR} else None,
        page=details if kind == TouchKind.PAGE_VIEW else None,
    )


def _kind(one: object) -> str | None:
    number, of = dig(one, "type"), str(dig(one, "typeName") or "").casefold()
    if number in {CLICK, 2} and "file" in of:
        return TouchKind.CONTENT_DOWNLOAD
    if number == CLICK:
        return TouchKind.EMAIL_CLICK if "email" in of else "link_click"
    return KINDS.get(number) if isinstance(number, int) else None


def _theirs(field: object) -> Theirs:
    name = str(dig(field, "fieldId")) + SUFFIX
    return Theirs(name, TYPES.get(str(dig(field, "type")), FieldType.TEXT), str(dig(field, "name") or ""))
