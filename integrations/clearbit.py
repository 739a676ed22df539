"""Clearbit (now HubSpot's Breeze Intelligence). New accounts get no key since 2023: for those who still hold one."""

from typing import Any

import httpx
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from domain.rules.waterfall import Outcome
from integrations.countries import iso2
from integrations.ports import Enricher, Person, Profile, Seniority
from integrations.reading import ask, count, dig, json_object, known, seconds_until, text
from integrations.terms import PERSON_AND_COMPANY, TermsSettings
from kit.http import client, raise_for_answer
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


class Clearbit(Enricher):
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
        fields = fields_of(body)
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
        wait = seconds_until(answer.headers.get("x-ratelimit-reset", ""))
        raise TryLater("Clearbit's limit per minute is reached", after=RATE_WINDOW if wait is None else wait)
    if answer.status_code in {400, 402, 403, 422}:
        # What 402 and 422 mean here, nobody could tell us. To ask again cannot help.
        raise Refused(f"Clearbit refused the request with status {answer.status_code}{_type(answer)}")
    raise_for_answer(answer, "Clearbit")


def _type(answer: httpx.Response) -> str:
    """The error's type in brackets. Its message may repeat the address, so it is not shown."""
    try:
        said = text(dig(answer.json(), "error", "type"), 40) or ""
    except ValueError:
        return ""
    return f" ({said})" if said.replace("_", "").isalpha() else ""


def fields_of(body: dict[str, Any]) -> dict[str, str | int]:
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
            "industry": text(dig(company, "category", "industry")) or _first(dig(company, "categories")),
            "employees": count(dig(company, "metrics", "employees")) or count(dig(company, "employees")),
            "country": iso2(dig(person, "geo", "countryCode")) or iso2(dig(company, "geo", "countryCode")),
            "company_country": iso2(dig(company, "geo", "countryCode")),
        }
    )


def _first(categories: object) -> str | None:
    """Answers of the older shape have a list of words in place of an industry."""
    return text(categories[0]) if isinstance(categories, list) and categories else None
