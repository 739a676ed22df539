"""Marketo as marketing automation: leads are upserted by e-mail, our findings in custom fields named `handoff_...`.
A nurture programme is a static list, which an engagement programme or a smart campaign watches; `campaign:77` requests
smart campaign 77 instead.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.rules.facts import TouchKind
from domain.rules.field_maps import FieldMap, Pair, Theirs
from integrations.marketing_ports import Activity, ChangedContact, Contact, MarketingAutomation, Member, NoSuchProgramme
from integrations.marketo_wire import SaidNo, Settings, Wire
from integrations.marketo_words import (
    MADE_AS,
    NO_LEAD,
    activity,
    as_text,
    by_a_machine,
    listed,
    member_answer,
    theirs,
    typed,
    upserted,
    when,
)
from integrations.ports import Page, Quota, Upserted
from integrations.reading import count, dig, text, unreadable
from kit.clock import utcnow
from kit.outside import Refused
from kit.quota import OPEN, Gate

T = TypeVar("T")

PREFIX = "handoff_"
BATCH_SIZE = 300
CAMPAIGN_SIZE = 100
NOT_YET_SURE = timedelta(minutes=5)
"""How far before the last reading to begin where Marketo does not know the place any more."""
OURS = ("score", "fit", "intent", "tier", "stage", "sql_at", "next_content_title", "next_content_url")
DEFAULT_MAP = FieldMap(
    (
        Pair("first_name", "firstName"),
        Pair("last_name", "lastName"),
        Pair("title", "title"),
        *(Pair(name, PREFIX + name) for name in OURS),
    )
)
"""The company is not among them: Marketo takes no company's fields this way."""
KINDS: Mapping[str, str] = {
    "Visit Webpage": TouchKind.PAGE_VIEW,
    "Fill Out Form": TouchKind.FORM_SUBMISSION,
    "Click Link": "link_click",
    "Open Email": TouchKind.EMAIL_OPEN,
    "Click Email": TouchKind.EMAIL_CLICK,
    "Unsubscribe Email": TouchKind.UNSUBSCRIBE,
}
"""The activity types that are read, if the settings name no others."""
NO_SUCH = "1013"
THERE_ALREADY = "1017"


class Marketo(MarketingAutomation):
    name = "marketo"
    batch_size = BATCH_SIZE
    default_map = DEFAULT_MAP

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._wire = Wire(settings, gate)
        self._calls_a_day = settings.calls_a_day
        self._kinds = settings.activities or KINDS
        self._upserting = threading.Lock()
        self._reading_types = threading.Lock()
        self._types: Mapping[str, str] = {}
        self._describing = threading.Lock()
        self._described: Mapping[str, Theirs] = {}

    # ---- leads

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        """Two upserts of one e-mail at once would make two leads of it: here one goes after the other, and between
        processes the lane of the job sees to it.
        """
        newest = {contact.email.casefold(): contact for contact in contacts}
        with self._upserting:
            batches = [self._upsert(batch) for batch in _batches([*newest.values()], BATCH_SIZE)]
        answers = {answer.key.casefold(): answer for batch in batches for answer in batch}
        return [answers[contact.email.casefold()] for contact in contacts]

    def _upsert(self, contacts: Sequence[Contact]) -> list[Upserted]:
        known = self._describe({name for contact in contacts for name in contact.properties})
        leads = [{"email": contact.email} | typed(contact.properties, known) for contact in contacts]
        body = {"action": "createOrUpdate", "lookupField": "email", "input": leads}
        results = listed(self._wire.post("leads.json", body), "result")
        if len(results) != len(contacts):
            raise unreadable("Marketo")
        return [upserted(contact, result) for contact, result in zip(contacts, results, strict=True)]

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        leads = self._leads(external_ids, names)
        return {lead_id: {name: as_text(lead.get(name)) for name in names} for lead_id, lead in leads.items()}

    def _leads(self, lead_ids: Iterable[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By their ids; who was deleted or merged is not among them."""
        found: dict[str, dict[str, Any]] = {}
        for batch in _batches(sorted({one for one in lead_ids if one.isdecimal()}, key=int), BATCH_SIZE):
            fields = ",".join(dict.fromkeys(("id", "email", *names)))
            body = self._wire.get("leads.json", filterType="id", filterValues=",".join(batch), fields=fields)
            found |= {
                str(lead["id"]): lead for lead in listed(body, "result") if isinstance(lead, dict) and "id" in lead
            }
        return found

    # ---- nurture programmes

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        how, number = _programme(programme)
        if how == "campaign":
            return [one for batch in _batches(members, CAMPAIGN_SIZE) for one in self._request_campaign(number, batch)]
        return self._change_list("POST", number, members)

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        """Nobody can be taken out of a campaign: its own flow has to know when it ends."""
        how, number = _programme(programme)
        if how == "campaign":
            return [Upserted(member.email, external_id=member.contact_id) for member in members]
        answers = self._change_list("DELETE", number, members)
        # Whom Marketo does not know (any more) is in no list of it.
        return [Upserted(answer.key, answer.external_id, later=answer.later) for answer in answers]

    def _change_list(self, method: str, number: str, members: Sequence[Member]) -> list[Upserted]:
        statuses: dict[str, Any] = {}
        for batch in _batches(sorted({one.contact_id for one in members if one.contact_id.isdecimal()}), BATCH_SIZE):
            try:
                body = self._wire.change_list(method, f"lists/{number}/leads.json", [*batch])
            except SaidNo as no:
                if no.code == NO_SUCH:
                    raise NoSuchProgramme(f"Marketo has no list {number}") from None
                raise
            statuses |= {str(dig(result, "id")): result for result in listed(body, "result")}
        return [member_answer(member, statuses.get(member.contact_id)) for member in members]

    def _request_campaign(self, number: str, members: Sequence[Member]) -> list[Upserted]:
        """Marketo refuses all of them for one lead that is gone: the halves are tried, to find that one."""
        known = [member for member in members if member.contact_id.isdecimal()]
        leads = [{"id": int(member.contact_id)} for member in known]
        try:
            if leads:
                self._wire.post(f"campaigns/{number}/trigger.json", {"input": {"leads": leads}})
        except SaidNo as no:
            if no.code not in NO_LEAD:
                raise _no_campaign(number, no) from None
            if len(members) > 1:
                middle = len(members) // 2
                halves = (members[:middle], members[middle:])
                return [one for half in halves for one in self._request_campaign(number, half)]
            known = []
        return [member_answer(member, {"status": "added"} if member in known else None) for member in members]

    # ---- what happened there

    def activities(self, cursor: str | None) -> Page[Activity]:
        types = self._activity_types()
        found, cursor, more = self._page("activities.json", cursor, utcnow(), activityTypeIds=",".join(types))
        did = [one for one in found if not by_a_machine(one)]
        leads = self._leads({str(dig(one, "leadId")) for one in did}, ())
        emails = {lead_id: text(lead.get("email")) for lead_id, lead in leads.items()}
        read = (activity(one, emails, types) for one in did)
        return Page([one for one in read if one is not None], cursor, more)

    def changed_contacts(self, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
        start, fields = utcnow() - timedelta(days=2), ",".join(names or ("email",))
        found, cursor, more = self._page("activities/leadchanges.json", cursor, start, fields=fields)
        last = {str(dig(one, "leadId")): when(dig(one, "activityDate")) for one in found}
        return Page(
            [replace(one, changed_at=last[one.external_id]) for one in self.contacts([*last], names)], cursor, more
        )

    def contacts(self, external_ids: Sequence[str], names: Sequence[str]) -> Sequence[ChangedContact]:
        leads = self._leads(external_ids, ("updatedAt", *names))
        return [
            ChangedContact(
                lead_id, email, when(lead.get("updatedAt")), {name: as_text(lead.get(name)) for name in names}
            )
            for lead_id, lead in leads.items()
            if (email := text(lead.get("email")))
        ]

    def _page(self, path: str, cursor: str | None, start: datetime, **params: str) -> tuple[Sequence[Any], str, bool]:
        """One page: what it holds, from where to go on, and whether at once. A cursor is a time and Marketo's own token; the
        time is where to begin again if Marketo does not know its token any more.
        """
        now = utcnow()
        since, token = cursor.split(" ", 1) if cursor else (start.isoformat(), self._paging_token(start))
        try:
            body = self._wire.get(path, nextPageToken=token, **params)
        except SaidNo as no:
            if cursor is None or no.code.startswith("6"):
                raise
            again = self._paging_token(datetime.fromisoformat(since) - NOT_YET_SURE)
            body = self._wire.get(path, nextPageToken=again, **params)
        following, more = body.get("nextPageToken"), body.get("moreResult") is True
        if not isinstance(following, str) or not following:
            raise unreadable("Marketo")
        return listed(body, "result"), f"{since if more else now.isoformat()} {following}", more

    def _paging_token(self, since: datetime) -> str:
        body = self._wire.get("activities/pagingtoken.json", sinceDatetime=since.isoformat(timespec="seconds"))
        token = body.get("nextPageToken")
        if not isinstance(token, str) or not token:
            raise unreadable("Marketo")
        return token

    def _activity_types(self) -> Mapping[str, str]:
        """Those that we read: Marketo's id of it -> our kind. Read once: an instance's own types have ids of their own."""
        with self._reading_types:
            if not self._types:
                types = listed(self._wire.get("activities/types.json"), "result")
                ids = {str(dig(one, "name")): str(dig(one, "id")) for one in types}
                self._types = {ids[name]: kind for name, kind in self._kinds.items() if name in ids}
            if not self._types:
                raise Refused(f"Marketo has none of the activity types {', '.join(self._kinds)}")
            return self._types

    # ---- the instance

    def check(self) -> str:
        return f"Marketo answers at {self._wire.host}, and knows {len(self.fields())} fields of a lead."

    def quota(self) -> Quota:
        days = listed(self._wire.get("stats/usage.json"), "result")
        return Quota(count(dig(days[0], "total")) or 0 if days else 0, self._calls_a_day)

    def fields(self) -> Sequence[Theirs]:
        lead = listed(self._wire.get("leads/describe2.json"), "result")
        described = listed(lead[0], "fields") if lead and isinstance(lead[0], dict) else []
        return [theirs(one) for one in described if text(dig(one, "name"))]

    def create_field(self, wanted: Theirs) -> None:
        # Marketo wants a label without special characters.
        label = " ".join(re.sub(r"[^A-Za-z0-9 ]", " ", wanted.label or wanted.name).split())
        field = {"name": wanted.name, "displayName": label, "dataType": MADE_AS.get(wanted.type, "string")}
        try:
            self._wire.post("leads/schema/fields.json", {"input": [field]})
        except SaidNo as no:
            if no.code == THERE_ALREADY:
                return
            if no.code == "603":
                raise Refused("its API user needs the permission Read-Write Schema Custom Field") from None
            raise

    def _describe(self, names: set[str]) -> Mapping[str, Theirs]:
        """The fields that Marketo has; read once, and again if one is to be written that was not there."""
        with self._describing:
            if not self._described or not names <= self._described.keys():
                self._described = {one.name: one for one in self.fields()}
            return self._described

    def close(self) -> None:
        self._wire.close()


def build(settings: Settings, gate: Gate) -> Marketo:
    return Marketo(settings, gate)


def _batches(these: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (these[at : at + size] for at in range(0, len(these), size))


def _programme(name: str) -> tuple[str, str]:
    """`1001` is a static list, `campaign:77` a smart campaign."""
    how, _, number = name.rpartition(":")
    if how not in {"", "list", "campaign"} or not (number.isascii() and number.isdecimal()):
        raise NoSuchProgramme(f"Marketo has no list {name}: write its number, or campaign:NUMBER")
    return how or "list", number


def _no_campaign(number: str, no: SaidNo) -> Refused:
    if no.code == NO_SUCH:
        return NoSuchProgramme(f"Marketo has no campaign {number}")
    if no.code in {"1001", "1003"}:
        needed = "it has to be active, with the trigger Campaign is Requested by the Web Service API"
        return NoSuchProgramme(f"Marketo's campaign {number} takes nobody from us: {needed}")
    return no
