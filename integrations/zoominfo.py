"""ZoomInfo's GTM API: OAuth2 client credentials, JSON:API. The older Enterprise API is being retired and not spoken."""

import threading
import time
from typing import Any

import httpx
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from domain.rules.waterfall import Outcome
from integrations.countries import iso2
from integrations.ports import Person, Profile, Seniority
from integrations.reading import ask, count, dig, json_object, known, text, unreadable
from integrations.terms import PERSON_AND_COMPANY, TermsSettings
from kit.http import client, raise_for_answer
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate, account_of

ENRICH = "/data/v1/contacts/enrich"
SCOPE = "api:data:contact"
JSON_API = "application/vnd.api+json"
CREDITS_USED_UP = "PFAPI0011"
WAIT_FOR_CREDITS = 3600.0
RENEW_BEFORE = 60.0
"""Seconds before a token's end at which a new one is fetched."""
MATCHES = frozenset({"FULL_MATCH", "CONTACT_ONLY_MATCH", "COMPANY_ONLY_MATCH"})
"""An allow-list: a status we do not know must not put another person's data on a lead."""
OUTPUT_FIELDS = [
    "firstName",
    "lastName",
    "jobTitle",
    "managementLevel",
    "phone",
    "mobilePhone",
    "country",
    "companyName",
    "companyWebsite",
    "companyPrimaryIndustry",
    "companyEmployeeCount",
    "companyCountry",
]
RANKS = (
    ("c-level", Seniority.C_LEVEL),
    ("c level", Seniority.C_LEVEL),
    ("vp", Seniority.VP),
    ("director", Seniority.DIRECTOR),
    ("non-manager", Seniority.INDIVIDUAL),
    ("non manager", Seniority.INDIVIDUAL),
    ("manager", Seniority.MANAGER),
)


class Settings(TermsSettings):
    model_config = SettingsConfigDict(env_prefix="ZOOMINFO_", env_file=".env", extra="ignore")

    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    url: str = "https://api.zoominfo.com/gtm"
    token_url: str = "https://okta-login.zoominfo.com/oauth2/default/v1/token"  # noqa: S105  (an address, no password)
    timeout: float = 10.0

    def configured(self) -> bool:
        return bool(self.client_id.get_secret_value() and self.client_secret.get_secret_value())


class ZoomInfo:
    name = "zoominfo"

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._gate = gate
        self.terms = settings.terms(self.name, PERSON_AND_COMPANY)
        self._account = account_of(self.name, settings.client_id.get_secret_value())
        self._http = client(settings.url, headers={"Content-Type": JSON_API, "Accept": JSON_API})
        self._http.timeout = httpx.Timeout(settings.timeout, connect=3.0)
        self._token = _Token(settings)

    def look_up(self, person: Person) -> Profile:
        return self._gate.call(self._account, lambda: self._look_up(person))

    def _look_up(self, person: Person) -> Profile:
        answer = self._enrich(person, token := self._token.current())
        if answer.status_code == 401:
            answer = self._enrich(person, self._token.renewed(token))
        _raise_for(answer)
        return self._profile(json_object(answer, "ZoomInfo"))

    def _enrich(self, person: Person, token: str) -> httpx.Response:
        attributes = {"matchPersonInput": [_criteria(person)], "outputFields": OUTPUT_FIELDS}
        request = self._http.build_request(
            "POST",
            ENRICH,
            json={"data": {"type": "ContactEnrich", "attributes": attributes}},
            headers={"Authorization": f"Bearer {token}"},
        )
        return ask(self._http, request, "ZoomInfo")

    def _profile(self, body: dict[str, Any]) -> Profile:
        records = body.get("data")
        if not isinstance(records, list) or not records:
            raise unreadable("ZoomInfo")
        status = dig(records[0], "meta", "matchStatus")
        if status == "LIMIT_EXCEEDED":
            raise TryLater("ZoomInfo's credits are used up", after=WAIT_FOR_CREDITS)
        fields = _fields(dig(records[0], "attributes")) if status in MATCHES else {}
        if not fields:
            return Profile(self.name, Outcome.NO_MATCH)
        return Profile(self.name, Outcome.MATCHED, fields, cost_cents=self.terms.cost_cents)

    def close(self) -> None:
        self._http.close()
        self._token.close()


class _Token:
    """The access token, fetched when needed and shared by all threads."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.token_url
        self._http = client("")
        self._http.timeout = httpx.Timeout(settings.timeout, connect=3.0)
        self._auth = httpx.BasicAuth(settings.client_id.get_secret_value(), settings.client_secret.get_secret_value())
        self._lock = threading.Lock()
        self._value = ""
        self._until = 0.0

    def current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._fetch()
            return self._value

    def renewed(self, refused: str) -> str:
        """A token other than `refused`; of several threads refused at once, one fetches it."""
        with self._lock:
            if self._value == refused:
                self._fetch()
            return self._value

    def _fetch(self) -> None:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        request = next(self._auth.auth_flow(self._http.build_request("POST", self._url, data=form)))
        answer = ask(self._http, request, "ZoomInfo")
        if answer.status_code in {400, 401, 403}:
            raise Refused("ZoomInfo does not accept the client id and secret")
        raise_for_answer(answer, "ZoomInfo")
        body = json_object(answer, "ZoomInfo")
        token, lives = body.get("access_token"), count(body.get("expires_in"))
        if not isinstance(token, str) or not token or lives is None:
            raise unreadable("ZoomInfo")
        self._value, self._until = token, time.monotonic() + lives - RENEW_BEFORE

    def close(self) -> None:
        self._http.close()


def build(settings: Settings, gate: Gate) -> ZoomInfo:
    return ZoomInfo(settings, gate)


def _criteria(person: Person) -> dict[str, str]:
    known_to_us = {
        "emailAddress": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "companyName": person.company,
    }
    return {name: value for name, value in known_to_us.items() if value}


def _raise_for(answer: httpx.Response) -> None:
    if answer.status_code == 401:
        raise Refused("ZoomInfo does not accept the token it has just issued")
    if answer.status_code == 400 and CREDITS_USED_UP in _codes(answer):
        raise TryLater("ZoomInfo's credits are used up", after=WAIT_FOR_CREDITS)
    raise_for_answer(answer, "ZoomInfo")


def _codes(answer: httpx.Response) -> set[str]:
    """The error codes of either envelope: the API's own description has a list, its error page a single object."""
    try:
        body = answer.json()
    except ValueError:
        return set()
    listed = dig(body, "errors")
    errors = listed if isinstance(listed, list) else []
    return {str(dig(error, "code")) for error in [*errors, dig(body, "error")]}


def _fields(attributes: object) -> dict[str, str | int]:
    company = dig(attributes, "company")
    return known(
        {
            "first_name": text(dig(attributes, "firstName")),
            "last_name": text(dig(attributes, "lastName")),
            "title": text(dig(attributes, "jobTitle")),
            "phone": text(dig(attributes, "phone")) or text(dig(attributes, "mobilePhone")),
            "seniority": _seniority(dig(attributes, "managementLevel")),
            "company": text(dig(company, "name")),
            "domain": _domain(dig(company, "website")),
            "industry": _first_text(dig(company, "primaryIndustry")),
            "employees": count(dig(company, "employeeCount")),
            "country": iso2(dig(attributes, "country")) or iso2(dig(company, "country")),
            "company_country": iso2(dig(company, "country")),
        }
    )


def _first_text(value: object) -> str | None:
    return text(value[0]) if isinstance(value, list) and value else text(value)


def _seniority(levels: object) -> str | None:
    level = (_first_text(levels) or "").casefold()
    return next((rank for word, rank in RANKS if word in level), None)


def _domain(website: object) -> str | None:
    """`www.acme.example` or `https://acme.example/en` is acme.example."""
    address = (text(website) or "").casefold()
    host = address.rpartition("://")[2].partition("/")[0].partition(":")[0]
    return host.removeprefix("www.") or None
