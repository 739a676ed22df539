"""How HubSpot is spoken to: its paths, in one place, and what its answers and errors mean.

The official client carries the requests; its own methods know only the paths of v3, which HubSpot ends in September 2027.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import urllib3
from hubspot import HubSpot as HubSpotClient
from hubspot.crm.contacts.exceptions import ApiException

from integrations.hubspot_settings import Settings
from integrations.midnight import seconds_to_midnight
from integrations.reading import dig, sentence, text, unreadable
from kit.clock import utcnow
from kit.http import RETRY_AFTER_LIMIT
from kit.outside import Refused, TryLater
from kit.quota import Account, Gate, Kind, Limit, account_of

Call = tuple[str, str]
"""A method and a path."""

VERSION = "2026-03"
"""HubSpot keeps a dated version for a year and a half; then this word changes, once the notes on the next one are read."""
UPSERT: Call = ("POST", f"/crm/objects/{VERSION}/contacts/batch/upsert")
READ: Call = ("POST", f"/crm/objects/{VERSION}/contacts/batch/read")
SEARCH: Call = ("POST", f"/crm/objects/{VERSION}/{{kind}}/search")
ASSOCIATE: Call = ("PUT", f"/crm/objects/{VERSION}/contacts/{{contact}}/associations/default/{{kind}}/{{id}}")
MEMBERS: Call = ("PUT", f"/crm/lists/{VERSION}/{{list}}/memberships/{{change}}")
PROPERTIES: Call = ("GET", f"/crm/properties/{VERSION}/contacts")
NEW_PROPERTY: Call = ("POST", f"/crm/properties/{VERSION}/contacts")
NEW_GROUP: Call = ("POST", f"/crm/properties/{VERSION}/contacts/groups")
ACCOUNT: Call = ("GET", f"/account-info/{VERSION}/details")
EVENTS: Call = ("GET", f"/events/event-occurrences/{VERSION}")
MAIL_EVENTS: Call = ("GET", "/email/public/v1/events")
"""No dated successor of this one is documented."""
SCOPES: Call = ("POST", "/oauth/v2/private-apps/get/access-token-info")

DAILY = "DAILY"
WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
"""Seconds to wait by the policy that was hit."""
UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
SEARCHES_PER_SECOND = 5


class BadRecordError(Exception):
    """HubSpot refused the request for the content of at least one record."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class MissingError(Refused):
    """HubSpot does not have what was named in the path."""


class ThereAlreadyError(Refused):
    """What was to be made is there (409)."""


class MissingScopesError(Refused):
    """The token lacks rights; the sentence says which."""


class Wire:
    """One account. Every call goes through the gate; searches have a limit of their own besides."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        # No redirect: the token must not travel. One quick retry of connecting, none of a request that was sent.
        retry = urllib3.Retry(connect=1, read=0, redirect=False, status=0, other=0)
        self._token = settings.access_token
        token = self.token()
        client = HubSpotClient(access_token=token, host=settings.url.rstrip("/"), retry=retry)
        # Each access to `.batch_api` would open connections of its own.
        self._client = client.crm.contacts.batch_api.api_client
        self._timeout = (3.0, settings.timeout)
        self._gate = gate
        self._zone = settings.time_zone
        limits = _limits(settings)
        self._account = account_of("hubspot", token, limits)
        # The same account with one limit more: what it searches counts among its calls as well.
        searches = Limit("search", 1, SEARCHES_PER_SECOND)
        self._searching = Account(self._account.name, [*limits, searches])

    def token(self) -> str:
        return self._token.get_secret_value()

    def ask(
        self, call: Call, body: object = None, query: Mapping[str, str] | None = None, **named: str
    ) -> Mapping[str, Any]:
        """The answer's object. `named`: what stands in braces in the path. Raises the errors above, Refused and TryLater."""
        account = self._searching if call is SEARCH else self._account
        return self._gate.call(account, lambda: self._answer(call, body, query, named))

    def _answer(
        self, call: Call, body: object, query: Mapping[str, str] | None, named: Mapping[str, str]
    ) -> Mapping[str, Any]:
        method, path = call
        try:
            answer = self._client.call_api(
                path,
                method,
                dict(named),
                dict(query or {}),
                {"Accept": "application/json"},
                body=body,
                auth_settings=["oauth2"],
                _preload_content=False,
                _request_timeout=self._timeout,
            )
            said = json.loads(answer.data)
        except ApiException as refused:
            raise self._error(refused.status or 0, refused.headers or {}, refused.body) from None
        except urllib3.exceptions.HTTPError as gone:
            raise TryLater(f"HubSpot did not answer ({type(gone).__name__})") from None
        except ValueError:
            raise unreadable("HubSpot") from None
        if not isinstance(said, dict):
            raise unreadable("HubSpot")
        self._note(answer.headers)
        return said

    def _note(self, headers: Mapping[str, str]) -> None:
        """What is left of the day, where HubSpot says it (not to apps that are installed by OAuth)."""
        of, left = headers.get("X-HubSpot-RateLimit-Daily", ""), headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if of.isdecimal() and left.isdecimal():
            self._gate.note(self._account, int(of) - int(left), int(of))

    def _error(self, status: int, headers: Mapping[str, str], raw: object) -> Exception:
        body = _body(raw)
        if status == 429:
            return TryLater("HubSpot's request limit is reached", after=self._wait(headers, body))
        if status >= 500 or status in {0, 408, 423, 477}:  # 423 locked and 477 migrating are HubSpot's own "soon again"
            return TryLater(f"HubSpot answered {status}")
        if status == 400 and UNKNOWN_PROPERTY in str(dig(body, "message")):
            return Refused("HubSpot lacks a property that Handoff writes; `handoff setup hubspot --apply` makes it")
        if status == 400 and dig(body, "category") == "VALIDATION_ERROR":
            return BadRecordError(sentence(dig(body, "message"), "HubSpot refused this contact"))
        if status in {401, 403}:
            return _not_allowed(status, body)
        kind = {404: MissingError, 409: ThereAlreadyError}.get(status, Refused)
        return kind(f"HubSpot refused the request with status {status}")

    def _wait(self, headers: Mapping[str, str], body: object) -> float:
        policy = str(dig(body, "policyName"))
        if policy == DAILY:
            return seconds_to_midnight(self._zone, utcnow()) if self._zone else RETRY_AFTER_LIMIT
        try:
            return min(max(float(headers.get("Retry-After", "")), 0.0), RETRY_AFTER_LIMIT)
        except ValueError:
            return WAITS.get(policy, WAITS["TEN_SECONDLY_ROLLING"])

    def close(self) -> None:
        self._client.rest_client.pool_manager.clear()


def _limits(settings: Settings) -> list[Limit]:
    # HubSpot calls its window rolling in the errors and fixed in the guide: ours slides, which holds for both.
    limits = [Limit("10s", 10, settings.calls_in_10_seconds)]
    if settings.calls_per_day is not None:
        limits.append(Limit("day", 86_400, settings.calls_per_day, Kind.DAY, settings.time_zone or "UTC"))
    return limits


def _body(raw: object) -> object:
    try:
        return json.loads(raw) if isinstance(raw, str) else None
    except ValueError:
        return None


def _not_allowed(status: int, body: object) -> Refused:
    scopes = sorted({*_scopes(body), *(one for error in listed(body, "errors") for one in _scopes(error))})
    if scopes:
        return MissingScopesError(
            f"HubSpot does not accept the access token or its scopes: it needs {', '.join(scopes)}"
        )
    return Refused(f"HubSpot does not accept the access token or its scopes (status {status})")


def _scopes(body: object) -> Iterable[str]:
    named = dig(body, "context", "requiredGranularScopes")
    return [one for one in map(text, named) if one] if isinstance(named, list) else []


def listed(body: object, name: str) -> Sequence[Any]:
    """The list under `name`, empty where there is none."""
    value = dig(body, name)
    return value if isinstance(value, list) else []


def moment(value: object) -> datetime | None:
    """A time as HubSpot writes it: ISO 8601, or milliseconds since 1970 as a number or a text."""
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
