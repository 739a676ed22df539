"""How Marketo is spoken to: one token for all threads, each call through the gate, errors that stand inside an HTTP 200."""

from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from integrations.midnight import seconds_to_midnight
from integrations.reading import ask, count, dig, json_object, unreadable
from integrations.tokens import Token, TokenEnded
from kit.clock import utcnow
from kit.http import client, raise_for_answer
from kit.outside import Refused, TryLater
from kit.quota import Gate, Kind, Limit, account_of

ZONE = "America/Chicago"
"""Marketo's day: the daily quota begins anew at midnight in the middle of the United States."""
URL_LIMIT = 8_000
"""Marketo answers 414 to a longer address: such a question goes as a POST that says it is a GET."""
AT_ONCE = 10
SIGN_IN_AGAIN = frozenset({"601", "602"})
DAILY_QUOTA = "607"
WAITS = {"606": 5.0, "615": 1.0}
"""Seconds to wait where others use the same instance, too: the rate, and the calls at once."""
LATER = frozenset({"502", "604", "608", "611", "614", "713", "719"})
"""What passes. 611 is any error that Marketo has not thought of: the caller gives up after a few tries."""
WHY = {
    "601": "Marketo does not accept the token it has just issued",
    "603": "Marketo's API user lacks a permission for this, or our address is not on its allow list",
    "703": "this is not switched on in the Marketo subscription",
    "1008": "Marketo's API user may not see the partition in which a lead is",
    "1009": "this Marketo instance wants to be told a partition, which Handoff does not do",
}
"""Only our own words: Marketo's may repeat what was sent. The names of fields are no secret."""
FIELD_UNKNOWN = "1006"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MARKETO_", env_file=".env", extra="ignore")

    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    url: str = ""
    """Admin, Integration, Web Services: the REST endpoint without /rest, https://123-ABC-456.mktorest.com"""
    timeout: float = 30.0
    calls_in_20_seconds: int = Field(default=100, ge=1, le=100)
    """Less, where others use the same instance, too: its limit of 100 is shared by all of them."""
    calls_a_day: int = Field(default=50_000, ge=1)
    """What the subscription allows."""
    activities: dict[str, str] = Field(default_factory=dict, max_length=10)
    """Which of Marketo's activity types are read, by their names there, as which kind of touch. Empty: the usual ones."""

    def configured(self) -> bool:
        return bool(self.client_id.get_secret_value() and self.client_secret.get_secret_value() and self.url)


class SaidNo(Refused):
    """Marketo refused a request. `message` is its own sentence, which may name people: not for logs."""

    def __init__(self, code: str, message: str) -> None:
        why = WHY.get(code, f"Marketo refused the request with code {code}")
        if code == FIELD_UNKNOWN:
            why = f"Marketo lacks a field that Handoff writes ({message}): handoff setup marketo --apply makes it"
        super().__init__(why)
        self.code, self.message = code, message


class Wire:
    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._http = client(settings.url.rstrip("/"))
        self._http.timeout = httpx.Timeout(settings.timeout, connect=3.0)
        identity = f"{settings.url} {settings.client_id.get_secret_value()}"
        issues = account_of("marketo", f"sign in {identity}")
        self._token = Token(lambda: gate.call(issues, self._sign_in))
        limits = [
            Limit("20s", 20, settings.calls_in_20_seconds),
            Limit("day", 86_400, settings.calls_a_day, Kind.DAY, ZONE),
        ]
        self._account = account_of("marketo", identity, limits, AT_ONCE)

    @property
    def host(self) -> str:
        return self._http.base_url.host

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self._call("GET", path, params)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, {}, body)

    def change_list(self, method: str, path: str, ids: list[str]) -> dict[str, Any]:
        return self._call(method, path, {"id": ids})

    def close(self) -> None:
        self._http.close()

    def _call(
        self, method: str, path: str, params: Mapping[str, str | list[str]], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        request = self._request(method, path, params, body)
        token = self._token.current()
        try:
            return self._gate.call(self._account, lambda: self._answer(request, token))
        except TokenEnded:
            renewed = self._token.renewed(token)
        return self._gate.call(self._account, lambda: self._answer(request, renewed, again=True))

    def _request(
        self, method: str, path: str, params: Mapping[str, str | list[str]], body: Mapping[str, Any] | None
    ) -> httpx.Request:
        request = self._http.build_request(method, f"/rest/v1/{path}", params=params, json=body)
        if method == "GET" and len(str(request.url)) > URL_LIMIT:
            query = {name: value for name, value in params.items() if isinstance(value, str)}
            return self._http.build_request("POST", f"/rest/v1/{path}", params={"_method": "GET"}, data=query)
        return request

    def _answer(self, request: httpx.Request, token: str, *, again: bool = False) -> dict[str, Any]:
        body = self._send(request, token)
        if _code(body) in SIGN_IN_AGAIN and not again:
            raise TokenEnded
        if body.get("success") is not True:
            raise _error(_code(body), _message(body))
        return body

    def _send(self, request: httpx.Request, token: str) -> dict[str, Any]:
        request.headers["Authorization"] = f"Bearer {token}"
        answer = ask(self._http, request, "Marketo")
        raise_for_answer(answer, "Marketo")
        return json_object(answer, "Marketo")

    def _sign_in(self) -> tuple[str, float]:
        """Marketo hands out the same token until it ends: how much of its hour is left stands beside it."""
        params = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id.get_secret_value(),
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        answer = ask(self._http, self._http.build_request("GET", "/identity/oauth/token", params=params), "Marketo")
        if answer.status_code in {400, 401, 403}:
            raise Refused("Marketo does not accept the client id and secret")
        raise_for_answer(answer, "Marketo")
        body = json_object(answer, "Marketo")
        if _code(body) is not None:
            raise _error(_code(body), _message(body))
        token, lives = body.get("access_token"), body.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, int):
            raise unreadable("Marketo")
        return token, float(count(lives) or 0)


def _code(body: Mapping[str, Any]) -> str | None:
    errors = body.get("errors")
    return str(dig(errors[0], "code")) if isinstance(errors, list) and errors else None


def _message(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    return str(dig(errors[0], "message")) if isinstance(errors, list) and errors else ""


def _error(code: str | None, message: str) -> Exception:
    if code is None:
        return unreadable("Marketo")
    if code == DAILY_QUOTA:
        return TryLater("Marketo's calls for today are used up", after=seconds_to_midnight(ZONE, utcnow()))
    if code in WAITS:
        return TryLater(f"Marketo's limit is reached (code {code})", after=WAITS[code])
    # 602: the token ended between two answers.
    if code in LATER or code == "602":
        return TryLater(f"Marketo answered {code}")
    return SaidNo(code, message)
