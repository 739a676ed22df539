"""What we ask of the outside, in our words. A vendor's own words stay in the vendor's file. Here is what all promises share, and
the enrichers'; the CRM's is in `crm_ports.py`, the marketing automations' in `marketing_ports.py`.

Every method may raise `kit.outside.TryLater` or `kit.outside.Refused`, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from domain.rules.waterfall import Outcome, Provider
from kit.outside import Refused, TryLater

T = TypeVar("T")


class Seniority(StrEnum):
    """How providers' many words for rank are written down here."""

    C_LEVEL = "c_level"
    VP = "vp"
    DIRECTOR = "director"
    MANAGER = "manager"
    INDIVIDUAL = "individual"


PROFILE_FIELDS = (
    "first_name",
    "last_name",
    "title",
    "phone",
    "company",
    "domain",
    "industry",
    "employees",
    "country",
    "seniority",
    "company_country",
    "mail_domain",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to look up. Repr shows nothing: people's data does not belong in logs."""

    email: str = field(repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    company: str | None = field(default=None, repr=False)
    domain: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one provider said. `fields` has keys of PROFILE_FIELDS: employees an int, countries ISO-2, the rest text. What is
    said of the company (company, industry, employees, company_country) holds for the next person of its `domain` as well.

    `again_after` (seconds) is set when the outcome is pending: the provider is still searching.
    """

    provider: str
    outcome: Outcome
    fields: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    cost_cents: int = 0
    again_after: float | None = None


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one record: refused if it has a `problem` (the vendor's sentence), to be sent again if `later`."""

    key: str = field(repr=False)
    external_id: str | None = None
    problem: str | None = field(default=None, repr=False)
    later: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of what a system has to tell. `cursor` goes into the next question; `more`: there is more to be read at once.

    A client that reads by time begins a little before its cursor: what comes twice is known by its key. A page may be empty
    though there is more.
    """

    items: Sequence[T]
    cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls used and allowed, as the system itself counts them."""

    used: int
    of: int


class NotOffered(Refused):
    """The system has no such thing, or its file does not know it. Nobody has to be told, and nothing is to be tried again."""

    def __init__(self, what: str = "this") -> None:
        super().__init__(f"The system does not offer {what}")


class Plugged(Protocol):
    """What every client has. One client serves all worker threads; `close` drops its connections."""

    name: str

    def close(self) -> None: ...


class Enricher(Plugged, Protocol):
    """A client names this class as its base. `terms`: what it provides (of PROFILE_FIELDS), what a question costs, how long
    its answers are believed.
    """

    terms: Provider
    batch_size: int = 1

    def look_up(self, person: Person) -> Profile:
        """The outcome is matched, no_match or pending."""
        ...

    def look_up_many(self, persons: Sequence[Person]) -> Sequence[Profile | TryLater]:
        """At most `batch_size` of them by one call: one answer for each, in the order given. TryLater: this one alone got none."""
        return [self.look_up(person) for person in persons]
