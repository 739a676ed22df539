"""Clearbit (now HubSpot's Breeze Intelligence). New accounts get no key since 2023: for those who still hold one."""

import math
from typing import Any

import httpx
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from domain.rules.waterfall import Outcome
from integrations.countries import iso2
from integrations.ports import Person, Profile, Seniority
from integrations.reading import ask, count, dig, json_object, known, text
from integrations.terms import PERSON_AND_COMPANY, TermsSettings
from kit.clock import utcnow
from kit.http import RETRY_AFTER_LIMIT, client, raise_for_answer
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate, Limit, account_of

API_VERSION = "2019-12-19"
AGAIN_AFTER = 30.0
"""Seconds to wait after a 202: Clearbit is searching and says nothing about how long."""
RATE_WINDOW = 60.0
"""Seconds: the limit is counted per minute."""
RANKS = {"executive": Seniority.C_LEVEL, "director": Seniority.DIRECTOR, "manager": Seniority.MANAGER}


class Settings(TermsSettings):
    model_config = SettingsConfigDict(env_prefix="CLEARBIT_", env_file=".env", extra="ignore")

    api_key: SecretStr = SecretStr("")
    url: str = "https://person.clearbit.com"
    timeout: float = 10.0

    def configured(self) -> bool:
        return bool(self.api_key.get_secret_value())


class Clearbit:
    name = "clearbit"

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._gate = gate
        key = settings.api_key.get_secret_value()
        self.terms = settings.terms(self.name, PERSON_AND_COMPANY)
        self._account = account_of(self.name, key, [Limit("minute", 60, 600)])
        self._http = client(settings.url, headers={"Authorization": f"Bearer {key}", "API-Version": API_VERSION})
        self._http.timeout = httpx.Timeout(settings.timeout, connect=3.0)

    def look_up(self, person: Person) -> Profile:
        return self._gate.call(self._account, lambda: self._look_up(person))

    def _look_up(self, person: Person) -> Profile:
        request = self._http.build_request("GET", "/v2/combined/find", params={"email": person.email})
        answer = ask(self._http, request, "Clearbit")
        if answer.status_code == 202:
            return Profile(self.name, Outcome.PENDING, again_after=AGAIN_AFTER)
        if answer.status_code == 404:
            return Profile(self.name, Outcome.NO_MATCH)
        _raise_for(answer)
        return self._profile(json_object(answer, "Clearbit"))

    def _profile(self, body: dict[str, Any]) -> Profile:
        fields = _fields(body)
        if not fields:
            return Profile(self.name, Outcome.NO_MATCH)
        return Profile(self.name, Outcome.MATCHED, fields, cost_cents=self.terms.cost_cents)

    def close(self) -> None:
        self._http.close()


def build(settings: Settings, gate: Gate) -> Clearbit:
    return Clearbit(settings, gate)


def _raise_for(answer: httpx.Response) -> None:
    if answer.status_code == 401:
        raise Refused("Clearbit does not accept the API key")
    if answer.status_code == 429:
        raise TryLater("Clearbit's limit per minute is reached", after=_reset(answer))
    raise_for_answer(answer, "Clearbit")


def _reset(answer: httpx.Response) -> float:
    """Clearbit sends no Retry-After. Its reset header is a moment in Unix time; a small number can only be seconds."""
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return RATE_WINDOW
    if not math.isfinite(reset):
        return RATE_WINDOW
    wait = reset - utcnow().timestamp() if reset > 1e9 else reset
    return min(max(wait, 1.0), RETRY_AFTER_LIMIT)


def _fields(body: dict[str, Any]) -> dict[str, str | int]:
    """Clearbit answers `null` for the half it does not know."""
    person, company = body.get("person"), body.get("company")
    return known(
        {
            "first_name": text(dig(person, "name", "givenName")),
            "last_name": text(dig(person, "name", "familyName")),
            "title": text(dig(person, "employment", "title")),
            "seniority": RANKS.get(str(dig(person, "employment", "seniority"))),
            "phone": text(dig(person, "phone")) or text(dig(company, "phone")),
            "company": text(dig(company, "name")) or text(dig(person, "employment", "name")),
            "domain": text(dig(company, "domain")) or text(dig(person, "employment", "domain")),
            "industry": text(dig(company, "category", "industry")),
            "employees": count(dig(company, "metrics", "employees")) or count(dig(company, "employees")),
            "country": iso2(dig(person, "geo", "countryCode")) or iso2(dig(company, "geo", "countryCode")),
            "company_country": iso2(dig(company, "geo", "countryCode")),
        }
    )
