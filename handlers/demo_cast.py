"""Who was there before the demo began: invented people, what they did and what became of them. Same seed, same people.

There is something to find in them: webinars and referrals lead to SQLs far more often than downloads from private mail, a look at
the prices says more than the model that we start with believes, and both the leads and sales get better from quarter to quarter.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

FIRST = (
    "Aiko",
    "Bela",
    "Cleo",
    "Dario",
    "Edda",
    "Finn",
    "Gwen",
    "Hana",
    "Ivo",
    "Jana",
    "Kofi",
    "Milo",
    "Nia",
    "Pia",
    "Siri",
)
LAST = (
    "Adler",
    "Bauer",
    "Cruz",
    "Diaz",
    "Engel",
    "Gruber",
    "Hansen",
    "Ivarsson",
    "Jung",
    "Keller",
    "Lindt",
    "Moreau",
    "Okafor",
)
STEMS = (
    "Aspen",
    "Beech",
    "Clover",
    "Fern",
    "Heath",
    "Iris",
    "Laurel",
    "Lotus",
    "Myrtle",
    "Olive",
    "Poppy",
    "Rowan",
    "Sage",
)
KINDS = {
    "Software": "Software",
    "Analytics": "Software",
    "Consulting": "Consulting",
    "Bank": "Banking",
    "Media": "Media",
    "Retail": "Retail",
    "Logistics": "Logistics",
}
COUNTRIES = ("DE", "DE", "FR", "GB", "SE", "NL", "US", "US", "US", "CA", "AU", "JP")
AMERICAS, APAC = frozenset({"US", "CA"}), frozenset({"AU", "JP"})
TOP = ("VP Sales", "Head of Marketing Operations", "Director of Sales Development", "Chief Revenue Officer")
MIDDLE = ("Sales Operations Manager", "Marketing Manager", "Demand Generation Manager", "Revenue Operations Manager")
LOW = ("Marketing Specialist", "Business Analyst", "Student", "Office Assistant")
SIZES = (35, 120, 320, 640, 640, 1500)
DAYS = 262
"""How far back the first of them came."""
SETTLED = timedelta(days=9)
"""The last of them had been decided on so long before the demo begins: the last week's numbers are those of the live leads."""

Step = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Sort:
    """Leads of one sort: how many of a hundred are, and how many of those whom sales gets become an SQL."""

    share: int
    chance: float
    steps: tuple[Step, ...]
    titles: Sequence[str] = TOP + MIDDLE
    free_mail: bool = False
    source: str = "website"


_WEBINAR = {"campaign": "webinar-series", "channel": "webinar", "content": "Handing leads over in minutes"}
_SEARCH = {"campaign": "spring-launch", "channel": "paid_search"}
_GUIDE = {"channel": "organic_search", "content": "ROI calculator"}
_PRICES = {"page": "/pricing"}
_MAIL = {"channel": "email", "campaign": "newsletter", "content": "Newsletter"}
SORTS = (
    Sort(22, 0.75, (("content_download", _GUIDE), ("webinar", _WEBINAR))),
    Sort(10, 0.9, (("form_submission", {"channel": "referral", "page": "/contact"}), ("call", {})), source="partners"),
    Sort(14, 0.85, (("content_download", _SEARCH), ("pricing_view", _PRICES), ("pricing_view", _PRICES))),
    Sort(15, 0.15, (("content_download", _GUIDE), ("email_click", _MAIL), ("content_download", _SEARCH))),
    Sort(
        14,
        0.04,
        (("content_download", _SEARCH), ("content_download", _MAIL), ("form_submission", {"page": "/newsletter"})),
        TOP,
        free_mail=True,
    ),
    Sort(8, 0.85, (("pricing_view", _PRICES), ("demo_request", _SEARCH | {"page": "/demo"})), TOP),
    Sort(5, 0.3, (("demo_request", _SEARCH | {"page": "/demo"}),), MIDDLE),
    Sort(12, 0.0, (("content_download", {"channel": "social", "content": "Glossary"}),), LOW),
)
POOR = (("not_ready", None), ("no_fit", "role"), ("no_fit", "company_size"), ("unreachable", None), ("bad_data", None))
FAIR = (("no_budget", None), ("bad_timing", None), ("no_fit", "industry"), ("no_budget", None))
"""Why they are given back, and what did not fit. Who is warm rests for three months: nobody of the past comes back by itself."""
LOST = ("Price", "Chose a competitor", "No decision", "Timing")


@dataclass(frozen=True, slots=True)
class Deal:
    """What became of the opportunity; `won` None: it is still open. The amount is in the smallest unit."""

    amount: int
    currency: str
    won: bool | None
    days: float
    lost_reason: str | None


@dataclass(frozen=True, slots=True)
class Character:
    """One lead of the past. `deal` None: sales gave it back for `reason`, if sales had it at all."""

    number: int
    person: Mapping[str, Any]
    source: str
    touches: Sequence[tuple[datetime, Step]]
    """Oldest first; with the last of them it is ready for sales, or never."""
    luck: float
    """0 to 1: which of those who may have it gets it."""
    answered_after: timedelta
    """From the offer until it is accepted; the first call follows."""
    decided_after: timedelta
    """From the first call until sales knows."""
    reason: str
    detail: str | None
    deal: Deal | None
    thinks_again: bool
    """Whether it turns out after all, once it is an SQL, that there is no money for it."""

    @property
    def country(self) -> str:
        return str(self.person["country"])


def cast(now: datetime, count: int, seed: int = 9) -> Iterator[Character]:
    """In the order in which they came."""
    rng = random.Random(seed)
    span = timedelta(days=DAYS) - SETTLED
    moments = sorted(rng.random() for _ in range(count))
    for number, moment in enumerate(moments, start=1):
        (sort,) = rng.choices(SORTS, [_weight(sort, moment) for sort in SORTS])
        yield _character(rng, number, sort, moment, _in_office_hours(now - timedelta(days=DAYS) + span * moment, rng))


def _weight(sort: Sort, moment: float) -> float:
    """Marketing learns: what hardly ever became an SQL gets rarer. `moment`: 0 the first day, 1 the last."""
    return sort.share * (1.5 - moment if sort.chance < 0.3 else 0.8 + 0.4 * moment)


def _in_office_hours(at: datetime, rng: random.Random) -> datetime:
    """A working day's morning, so that calls are made by day; a weekend counts as the Friday before it."""
    at -= timedelta(days=max(0, at.weekday() - 4))
    return at.replace(hour=9, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)


def _character(rng: random.Random, number: int, sort: Sort, moment: float, last: datetime) -> Character:
    person = _person(rng, number, sort)
    gaps = [timedelta(days=rng.uniform(0.5, 4.0)) for _ in sort.steps[1:]]
    moments = [last - sum(gaps[place:], timedelta()) for place in range(len(sort.steps))]
    # Both marketing and sales get better at it.
    won = rng.random() < sort.chance * (0.65 + 0.25 * moment)
    reason, detail = rng.choice(POOR if sort.chance < 0.3 else FAIR)
    return Character(
        number=number,
        person=person,
        source=sort.source,
        touches=list(zip(moments, sort.steps, strict=True)),
        luck=rng.random(),
        # Sales learns as well: fewer of the first calls come late.
        answered_after=timedelta(minutes=rng.expovariate(1 / (110 - 70 * moment))),
        decided_after=timedelta(days=rng.expovariate(1.2)),
        reason=reason,
        detail=detail,
        deal=_deal(rng, person, sort) if won else None,
        thinks_again=rng.random() < 0.12,
    )


def _person(rng: random.Random, number: int, sort: Sort) -> dict[str, Any]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    kind = rng.choice([*KINDS] if sort.chance < 0.3 else ["Software", "Analytics", "Consulting", "Bank"])
    company = f"{rng.choice(STEMS)} {kind}"
    # Nothing is ever sent there: the demo knows no other mail than its own sandbox.
    domain = "gmail.com" if sort.free_mail else f"{company.lower().replace(' ', '-')}.example.com"
    return {
        "email": f"{first}.{last}.sample{number}@{domain}".lower(),
        "first_name": first,
        "last_name": last,
        "title": rng.choice(sort.titles),
        "company": company,
        "industry": KINDS[kind],
        "employees": rng.choice(SIZES if sort.chance < 0.3 else (320, 640, 1500)),
        "country": rng.choice(COUNTRIES),
    }


def _deal(rng: random.Random, person: Mapping[str, Any], sort: Sort) -> Deal:
    americas = person["country"] in AMERICAS
    won = rng.random() < 0.25 + 0.4 * sort.chance
    return Deal(
        amount=100 * 500 * round(rng.lognormvariate(3.2, 0.5)),
        currency="USD" if americas else "EUR",
        won=won,
        days=rng.uniform(8, 60),
        lost_reason=None if won else rng.choice(LOST),
    )
