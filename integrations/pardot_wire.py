"""How Pardot (Account Engagement) is spoken to: a token of the Salesforce organisation, the business unit in a header, errors by a
number in the body. It answers neither 429 nor Retry-After.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from integrations.midnight import seconds_to_midnight
from integrations.reading import ask, dig, json_object, unreadable
from integrations.tokens import Token, TokenEnded
from kit.clock import utcnow
from kit.http import client, raise_for_answer
from kit.outside import Refused, TryLater
from kit.quota import Gate, Kind, Limit, account_of

AT_ONCE = 5
TOKEN_LIVES = 1_800.0
"""Seconds after which a token is fetched anew: how long it is good is the organisation's business, and is not said."""
DAILY_QUOTA, TOKEN_REFUSED = 122, 184
WAITS = {66: 1.0, 202: 60.0}
"""Seconds to wait: too many calls at once, and too many in a minute."""
LATER = frozenset({62, 183, 214})
"""Somebody else is writing, an internal error, a time-out."""
PAGE_LOST = frozenset({210, 211})
WHY = {
    46: "Pardot's API user lacks a permission for this",
    49: "Pardot's API user may not do this",
    53: "Pardot wants our address to be activated first",
    76: "API access is switched off for this Pardot account",
    130: "Pardot lacks a field that Handoff writes: handoff setup pardot --apply makes it",
    180: "Pardot lacks a field that Handoff writes, or it cannot be written: handoff setup pardot says which",
    181: "Pardot wants a business unit: set PARDOT_BUSINESS_UNIT_ID",
    182: "Pardot does not accept the business unit's id: it has 18 characters and begins with 0Uv",
    184: "Pardot does not accept the token: the app needs the scope pardot_api, its user must be one of the business unit",
    201: "Pardot does not know this business unit at this address",
    224: "Pardot lacks a field that Handoff reads: handoff setup pardot says which",
}
"""Only our own words: Pardot's may repeat what was sent."""
USAGE = re.compile(r"(\d+)\s*(?:/|of)\s*(\d+)")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PARDOT_", env_file=".env", extra="ignore")

    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    business_unit_id: str = ""
    """Salesforce, Setup, Business Unit Setup: 18 characters, 0Uv..."""
    token_url: str = ""
    """https://YOUR-DOMAIN.my.salesforce.com/services/oauth2/token"""
    url: str = "https://pi.pardot.com"
    """https://pi.demo.pardot.com for sandboxes."""
    timeout: float = 15.0
    calls_a_day: int = Field(default=25_000, ge=1)
    """What the edition allows: Growth 25,000, Plus 50,000, Advanced and Premium 100,000."""
    time_zone: str = "UTC"
    """The account's, in which its day begins."""
    read_lag: float = Field(default=60.0, ge=0)
    """Seconds by which what is read may be older than what was written."""

    def configured(self) -> bool:
        secrets = (self.client_id.get_secret_value(), self.client_secret.get_secret_value())
        return all((*secrets, self.business_unit_id, self.token_url))


class SaidNo(Refused):
    """Pardot refused a request. `message` is its own sentence, which may name people: not for logs."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(WHY.get(code, f"Pardot refused the request with code {code}"))
        self.code, self.message = code, message


class Wire:
    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._http = client(
            settings.url.rstrip("/"),
            headers={"Pardot-Business-Unit-Id": settings.business_unit_id, "X-Return-Api-Usage": "1"},
        )
        self._http.timeout = httpx.Timeout(settings.timeout, connect=3.0)
        self._sign_in_http = client("")
        self._sign_in_http.timeout = self._http.timeout
        issues = account_of("pardot", f"sign in {settings.business_unit_id}")
        self._token = Token(lambda: gate.call(issues, self._sign_in))
        limits = [Limit("day", 86_400, settings.calls_a_day, Kind.DAY, settings.time_zone)]
        self._account = account_of("pardot", settings.business_unit_id, limits, AT_ONCE)
        self.used: int | None = None
        """Calls of today, as Pardot said last."""

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self._call("GET", path, params)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, {}, body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path, {})

    def close(self) -> None:
        self._http.close()
        self._sign_in_http.close()

    def _call(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        request = self._http.build_request(method, f"/api/v5/objects/{path}", params=params, json=body)
        token = self._token.current()
        try:
            return self._gate.call(self._account, lambda: self._answer(request, token))
        except TokenEnded:
            renewed = self._token.renewed(token)
        return self._gate.call(self._account, lambda: self._answer(request, renewed, again=True))

    def _answer(self, request: httpx.Request, token: str, *, again: bool = False) -> dict[str, Any]:
        answer = self._send(request, token)
        if _code(answer) == TOKEN_REFUSED and not again:
            raise TokenEnded
        self._note_usage(answer)
        if answer.status_code == 204:
            return {}
        if (code := _code(answer)) is not None:
            raise self._error(code, str(dig(_body(answer), "message") or ""))
        if _is_json(answer) and _body(answer) is None:
            raise unreadable("Pardot")
        raise_for_answer(answer, "Pardot")
        return json_object(answer, "Pardot")

    def _send(self, request: httpx.Request, token: str) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {token}"
        return ask(self._http, request, "Pardot")

    def _note_usage(self, answer: httpx.Response) -> None:
        """How the header is written is not documented: used/allowed is read, and anything else passed over."""
        said = USAGE.search(answer.headers.get("X-Api-Usage", ""))
        if said is not None:
            self.used = int(said[1])
            self._gate.note(self._account, self.used, int(said[2]))

    def _error(self, code: int, message: str) -> Exception:
        if code == DAILY_QUOTA:
            after = seconds_to_midnight(self._settings.time_zone, utcnow())
            return TryLater("Pardot's calls for today are used up", after=after)
        if code in WAITS:
            return TryLater(f"Pardot's limit is reached (code {code})", after=WAITS[code])
        if code in LATER:
            return TryLater(f"Pardot answered with code {code}")
        return SaidNo(code, message)

    def _sign_in(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id.get_secret_value(),
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        request = self._sign_in_http.build_request("POST", self._settings.token_url, data=form)
        answer = ask(self._sign_in_http, request, "Salesforce")
        if answer.status_code in {400, 401, 403}:
            raise Refused("Salesforce does not accept the client id and secret for Pardot")
        raise_for_answer(answer, "Salesforce")
        token = json_object(answer, "Salesforce").get("access_token")
        if not isinstance(token, str) or not token:
            raise unreadable("Salesforce")
        return token, TOKEN_LIVES


def _is_json(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("Content-Type", "").startswith("application/json"))


def _body(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None


def _code(answer: httpx.Response) -> int | None:
    """The error's number, whatever the status; None if this is no error, or none of Pardot's own."""
    if answer.status_code < 400:
        return None
    code = dig(_body(answer), "code")
    return int(code) if isinstance(code, int | str) and str(code).isdecimal() else None
