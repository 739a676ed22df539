"""HubSpot as marketing automation: contacts are upserted by e-mail, our findings in properties named `handoff_...`.
A nurture programme is a list to which contacts are added by hand (MANUAL or SNAPSHOT); HubSpot's workflows begin there.

The official client is the one place that knows HubSpot's paths (v3, which HubSpot ends in September 2027); here three
calls of it are used.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import urllib3
from hubspot import HubSpot as HubSpotClient
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.lists.exceptions import ApiException as ListsApiException
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.rules.field_maps import FieldMap, Pair
from integrations.ports import Contact, MarketingAutomation, Member, NoSuchProgramme, Upserted
from integrations.reading import dig, sentence, unreadable
from kit.http import RETRY_AFTER_LIMIT
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate, Limit, account_of

PREFIX = "handoff_"
BATCH_SIZE = 100
DEFAULT_MAP = FieldMap(
    (
        Pair("first_name", "firstname"),
        Pair("last_name", "lastname"),
        Pair("company", "company"),
        Pair("title", "jobtitle"),
        *(Pair(name, PREFIX + name) for name in ("score", "fit", "intent", "tier", "stage", "sql_at")),
        *(Pair(name, PREFIX + name) for name in ("next_content_title", "next_content_url")),
    )
)
"""What HubSpot has a property of its own for goes there; what we found out into properties of ours."""
TEN_SECONDS = "10s"
WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": RETRY_AFTER_LIMIT}
"""Seconds to wait by the policy that was hit. A day ends at midnight in the account's zone, which we do not know."""
UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HUBSPOT_", env_file=".env", extra="ignore")

    access_token: SecretStr = SecretStr("")
    url: str = "https://api.hubapi.com"
    timeout: float = 10.0
    calls_in_10_seconds: int = 190
    """What the account's plan allows: 100 with Free and Starter, 250 with the add-on."""

    def configured(self) -> bool:
        return bool(self.access_token.get_secret_value())


class HubSpot(MarketingAutomation):
    name = "hubspot"
    batch_size = BATCH_SIZE
    default_map = DEFAULT_MAP

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        # No redirect: the token must not travel. One quick retry of connecting, none of a request that was sent.
        retry = urllib3.Retry(connect=1, read=0, redirect=False, status=0, other=0)
        token = settings.access_token.get_secret_value()
        client = HubSpotClient(access_token=token, host=settings.url.rstrip("/"), retry=retry)
        # Each access to `.batch_api` would open connections of its own.
        self._batches = client.crm.contacts.batch_api
        self._lists = client.crm.lists.memberships_api
        self._timeout = (3.0, settings.timeout)
        self._gate = gate
        # HubSpot calls its window rolling in the errors and fixed in the guide: ours slides, which holds for both.
        limits = [Limit(TEN_SECONDS, 10, settings.calls_in_10_seconds)]
        self._account = account_of(self.name, token, limits)

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        answers = [self._upsert(contacts[at : at + BATCH_SIZE]) for at in range(0, len(contacts), BATCH_SIZE)]
        return [upserted for answer in answers for upserted in answer]

    def _upsert(self, contacts: Sequence[Contact]) -> list[Upserted]:
        """One batch. HubSpot may refuse all of it for one bad record (400): the halves are tried, to find that one."""
        traces = {uuid.uuid4().hex: contact for contact in contacts}
        inputs = [_input(contact, trace) for trace, contact in traces.items()]
        try:
            body = self._ask(self._batches.upsert, {"inputs": inputs})
        except _BadRecordError as bad:
            if len(contacts) == 1:
                return [Upserted(contacts[0].email, problem=bad.message)]
            middle = len(contacts) // 2
            return [*self._upsert(contacts[:middle]), *self._upsert(contacts[middle:])]
        return _read(body, traces)

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        missing = self._change_list(self._lists.add, programme, members)
        return [_member(member, member.contact_id in missing) for member in members]

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        self._change_list(self._lists.remove, programme, members)
        # Whom HubSpot does not know (any more) is in no list of it.
        return [_member(member, missing=False) for member in members]

    def _change_list(self, change: Callable[..., Any], list_id: str, members: Sequence[Member]) -> set[str]:
        """Returns the ids that HubSpot does not know. Who is in the list already, or not in it, is ignored by HubSpot."""
        missing: set[str] = set()
        for at in range(0, len(members), BATCH_SIZE):
            ids = [member.contact_id for member in members[at : at + BATCH_SIZE]]
            try:
                body = self._ask(change, list_id, ids)
            except _MissingError:
                raise NoSuchProgramme(f"HubSpot has no list {list_id}") from None
            except _BadRecordError as bad:
                raise NoSuchProgramme(f"HubSpot's list {list_id} takes nobody from us: {bad.message}") from None
            missing.update(str(one) for one in _list(body, "recordIdsMissing"))
        return missing

    def _ask(self, call: Callable[..., Any], *args: object) -> Mapping[str, Any]:
        return self._gate.call(self._account, lambda: self._answer(call, *args))

    def _answer(self, call: Callable[..., Any], *args: object) -> Mapping[str, Any]:
        try:
            answer = call(*args, _preload_content=False, _request_timeout=self._timeout)
            body = json.loads(answer.data)
        except (ApiException, ListsApiException) as refused:
            raise _error(refused.status or 0, refused.headers or {}, refused.body) from None
        except urllib3.exceptions.HTTPError as gone:
            raise TryLater(f"HubSpot did not answer ({type(gone).__name__})") from None
        except ValueError:
            raise unreadable("HubSpot") from None
        if not isinstance(body, dict):
            raise unreadable("HubSpot")
        return body

    def close(self) -> None:
        for api in (self._batches, self._lists):
            api.api_client.rest_client.pool_manager.clear()


class _BadRecordError(Exception):
    """HubSpot refused the batch for the content of at least one record."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class _MissingError(Refused):
    """HubSpot does not have what was named in the path."""


def build(settings: Settings, gate: Gate) -> HubSpot:
    return HubSpot(settings, gate)


def _input(contact: Contact, trace: str) -> dict[str, Any]:
    properties = dict(contact.properties)
    return {"id": contact.email, "idProperty": "email", "objectWriteTraceId": trace, "properties": properties}


def _read(body: Mapping[str, Any], traces: Mapping[str, Contact]) -> list[Upserted]:
    """HubSpot promises no order. What it neither confirms nor refuses may be sent again: an upsert may come twice."""
    found: dict[str, Upserted] = {}
    by_email = {contact.email.casefold(): trace for trace, contact in traces.items()}
    for result in _list(body, "results"):
        email = str(dig(result, "properties", "email")).casefold()
        trace = str(dig(result, "objectWriteTraceId") or by_email.get(email))
        if trace in traces:
            found[trace] = Upserted(traces[trace].email, external_id=str(dig(result, "id")))
    for error in _list(body, "errors"):
        for trace in _traces_of(error):
            if trace in traces:
                found[trace] = _refused(traces[trace].email, error)
    return [found.get(trace) or Upserted(contact.email, later=True) for trace, contact in traces.items()]


def _member(member: Member, missing: bool) -> Upserted:
    if missing:
        return Upserted(member.email, problem="HubSpot does not have this contact any more")
    return Upserted(member.email, external_id=member.contact_id)


def _list(body: Mapping[str, Any], name: str) -> Iterable[object]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _traces_of(error: object) -> Iterable[str]:
    named = dig(error, "context", "objectWriteTraceId")
    return [trace for trace in named if isinstance(trace, str)] if isinstance(named, list) else []


def _refused(email: str, error: object) -> Upserted:
    if dig(error, "category") in {"RATE_LIMITS", "INTERNAL_ERROR"}:
        return Upserted(email, later=True)
    return Upserted(email, problem=sentence(dig(error, "message"), "HubSpot refused this contact"))


def _error(status: int, headers: Mapping[str, str], raw: object) -> Exception:
    try:
        body = json.loads(raw) if isinstance(raw, str) else None
    except ValueError:
        body = None
    if status == 429:
        return TryLater("HubSpot's request limit is reached", after=_wait(headers, body))
    if status >= 500 or status in {0, 408, 423, 477}:  # 423 locked and 477 migrating are HubSpot's own "soon again"
        return TryLater(f"HubSpot answered {status}")
    if status == 400 and UNKNOWN_PROPERTY in str(dig(body, "message")):
        return Refused(f"HubSpot lacks a property that Handoff writes; create the properties named {PREFIX}...")
    if status == 400 and dig(body, "category") == "VALIDATION_ERROR":
        return _BadRecordError(sentence(dig(body, "message"), "HubSpot refused this contact"))
    if status in {401, 403}:
        return Refused(f"HubSpot does not accept the access token or its scopes (status {status})")
    kind = _MissingError if status == 404 else Refused
    return kind(f"HubSpot refused the request with status {status}")


def _wait(headers: Mapping[str, str], body: object) -> float:
    try:
        return min(max(float(headers.get("Retry-After", "")), 0.0), RETRY_AFTER_LIMIT)
    except ValueError:
        return WAITS.get(str(dig(body, "policyName")), WAITS["TEN_SECONDLY_ROLLING"])
