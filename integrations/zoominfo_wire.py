"""What ZoomInfo's two APIs write on the wire: the same contacts in two wrappings, and errors in three."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from integrations.countries import iso2
from integrations.ports import Person, Seniority
from integrations.reading import count, dig, known, seconds_until, sentence, text
from kit.http import RETRY_AFTER_LIMIT, raise_for_answer, retry_after
from kit.outside import Refused, TryLater

JSON_API = "application/vnd.api+json"
CREDITS_USED_UP = "PFAPI0011"
WAIT_FOR_CREDITS = 3600.0
"""Seconds. Nobody says when credits come back: one question an hour finds out."""
LIMITS = ("request limit", "record limit", "limit to enrich")
"""By these words the older API, which has no codes, says that the credits are used up."""
WINDOWS = {"second": 1.0, "hour": RETRY_AFTER_LIMIT, "day": RETRY_AFTER_LIMIT}
"""How long to wait, in seconds, when only the exceeded window is named."""
QUOTAS = ("X-RateLimit-{}-Day", "X-Usage-Unique-Id-Limit-{}")
"""What ZoomInfo says of the calls of a day, and the older API of the records that were bought."""
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


@dataclass(frozen=True, slots=True)
class Record:
    """What is said of one person. `status`: its matchStatus. `asked`: the address that the answer repeats, if it does."""

    status: str
    attributes: object
    asked: str | None


@dataclass(frozen=True, slots=True)
class Api:
    path: str
    media_type: str
    body: Callable[[Sequence[Person]], dict[str, Any]]
    records: Callable[[Mapping[str, Any]], object]
    """The list of records in an answer, if there is one."""
    record: Callable[[object], Record]


def _wanted(persons: Sequence[Person]) -> dict[str, Any]:
    return {"matchPersonInput": [_criteria(person) for person in persons], "outputFields": OUTPUT_FIELDS}


def _criteria(person: Person) -> dict[str, str]:
    known_to_us = {
        "emailAddress": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "companyName": person.company,
    }
    return {name: value for name, value in known_to_us.items() if value}


def _record(said: object) -> Record:
    asked = dig(said, "meta", "input", "emailAddress")
    return Record(str(dig(said, "meta", "matchStatus")), dig(said, "attributes"), text(asked))


def _legacy_record(said: object) -> Record:
    """The older API writes the names of what was asked in small letters."""
    found, asked = dig(said, "data"), dig(said, "input")
    address = dig(asked, "emailaddress") or dig(asked, "emailAddress")
    return Record(str(dig(said, "matchStatus")), found[0] if isinstance(found, list) and found else None, text(address))


GTM = Api(
    path="/data/v1/contacts/enrich",
    media_type=JSON_API,
    body=lambda persons: {"data": {"type": "ContactEnrich", "attributes": _wanted(persons)}},
    records=lambda body: body.get("data"),
    record=_record,
)
LEGACY = Api(
    path="/enrich/contact",
    media_type="application/json",
    body=_wanted,
    records=lambda body: dig(body, "data", "result"),
    record=_legacy_record,
)


def records_of(api: Api, body: Mapping[str, Any], persons: Sequence[Person]) -> list[Record] | None:
    """One for each person, in their order. None if it cannot be told which is whose."""
    listed = api.records(body)
    if not isinstance(listed, list) or len(listed) != len(persons):
        return None
    records = [api.record(one) for one in listed]
    if all(_is_of(record, person) for record, person in zip(records, persons, strict=True)):
        return records
    by_address = {record.asked.casefold(): record for record in records if record.asked}
    found = [by_address.get(person.email.casefold()) for person in persons]
    whose = [record for record in found if record is not None]
    return whose if len(whose) == len(persons) else None


def _is_of(record: Record, person: Person) -> bool:
    return record.asked is None or record.asked.casefold() == person.email.casefold()


# ---- errors -----------------------------------------------------------------------------------------------------------


def raise_for(answer: httpx.Response) -> None:
    status = answer.status_code
    if status < 300:
        return
    codes, message = _said(answer)
    worn_out = any(words in message.casefold() for words in LIMITS)
    if CREDITS_USED_UP in codes or (status in {400, 403} and worn_out):
        raise TryLater("ZoomInfo's credits are used up", after=WAIT_FOR_CREDITS)
    if status == 429:
        raise TryLater("ZoomInfo's limit of calls is reached", after=_until_free(answer))
    if status == 403:
        raise Refused("ZoomInfo does not allow this key to look contacts up: its scope or its package lacks it")
    raise_for_answer(answer, "ZoomInfo")


def _said(answer: httpx.Response) -> tuple[set[str], str]:
    """The codes and the sentence of an error. Three wrappings: the GTM API's own description has a list of errors, its error
    page a single object, and the older API a sentence without a code.
    """
    try:
        body = answer.json()
    except ValueError:
        return set(), sentence(answer.text, "")
    listed = dig(body, "errors")
    errors = [*(listed if isinstance(listed, list) else []), dig(body, "error")]
    spoken = [dig(body, "detail"), dig(body, "message"), dig(body, "error"), *(dig(one, "message") for one in errors)]
    return {str(dig(one, "code")) for one in errors}, next((text(one) or "" for one in spoken if text(one)), "")


def _until_free(answer: httpx.Response) -> float | None:
    """Seconds: as Retry-After says, or the moment in X-RateLimit-Reset, or the window that was exceeded."""
    if (said := retry_after(answer)) is not None:
        return said
    window = WINDOWS.get(answer.headers.get("X-RateLimit-Rejected-Bucket", "").casefold())
    return seconds_until(answer.headers.get("X-RateLimit-Reset", "")) if window is None else window


def quota_of(answer: httpx.Response) -> tuple[int, int] | None:
    """How much of how much is used, if the answer says it."""
    for name in QUOTAS:
        of, left = answer.headers.get(name.format("Limit"), ""), answer.headers.get(name.format("Remaining"), "")
        if of.isdecimal() and left.isdecimal():
            return max(int(of) - int(left), 0), int(of)
    return None


# ---- what is known of a person ------------------------------------------------------------------------------------------


def fields_of(attributes: object) -> dict[str, str | int]:
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
