"""What we ask of the outside, in our words. A vendor's own words stay in the vendor's file.

Every method may raise `kit.outside.TryLater` or `kit.outside.Refused`, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from domain.rules.waterfall import Outcome, Provider
from kit.outside import Refused


class Seniority(StrEnum):
    """How providers' many words for rank are written down here."""

    C_LEVEL = "c_level"
    VP = "vp"
    DIRECTOR = "director"
    MANAGER = "manager"
    INDIVIDUAL = "individual"


class LeadStatus(StrEnum):
    """How far sales is with a lead; the CRM's file knows which entry of its pick list that is."""

    NEW = "new"
    WORKING = "working"
    NURTURING = "nurturing"
    UNQUALIFIED = "unqualified"


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
class CrmLead:
    """A lead as the CRM shall show it. `key` is ours and never changes; `owner_id` is the CRM's id of a user."""

    key: str
    email: str = field(repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    company: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    country: str | None = None
    status: str = LeadStatus.NEW
    owner_id: str | None = None
    score: int = 0
    tier: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one record: refused if it has a `problem` (the vendor's sentence), to be sent again if `later`."""

    key: str = field(repr=False)
    external_id: str | None = None
    problem: str | None = field(default=None, repr=False)
    later: bool = False


@dataclass(frozen=True, slots=True)
class CrmTask:
    """Something a rep has to do. `key` is ours: the same key twice is one task. `lead_id` is the CRM's id."""

    key: str
    lead_id: str
    owner_id: str | None
    subject: str = field(repr=False)
    due: date | None = None
    description: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as marketing automation knows them. Keys of `properties` are our names: score, tier, first_name ..."""

    email: str = field(repr=False)
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """Who is to enter or leave a nurture programme. `contact_id` is the system's own, as `upsert_contacts` gave it."""

    contact_id: str
    email: str = field(repr=False)


class NoSuchProgramme(Refused):
    """The list, campaign or programme is not there, or takes nobody from us. Its text says which one, and why."""


class Plugged(Protocol):
    """What every client has. One client serves all worker threads; `close` drops its connections."""

    name: str

    def close(self) -> None: ...


class Enricher(Plugged, Protocol):
    """`terms`: what it provides (of PROFILE_FIELDS), what a question costs, how long its answers are believed."""

    terms: Provider

    def look_up(self, person: Person) -> Profile:
        """The outcome is matched, no_match or pending."""
        ...


class Crm(Plugged, Protocol):
    batch_size: int

    def upsert_leads(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        """One answer per lead, in the order given. A lead that is refused does not hold up the others."""
        ...

    def log_task(self, task: CrmTask) -> str:
        """The CRM's id of the task, which exists once however often this is called."""
        ...

    def find_owner(self, email: str) -> str | None:
        """The CRM's id of the active user with this e-mail, for `CrmLead.owner_id`."""
        ...

    def find_account_owner(self, email: str, domain: str | None, company: str | None) -> str | None:
        """The CRM's id of the user whose account this person's company is, or who has the person already. The company is
        looked for by its domain, and only without one by its name. None: it is nobody's, or a queue's.
        """
        ...


class MarketingAutomation(Plugged, Protocol):
    batch_size: int

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        """One answer per contact (its key is the e-mail), in the order given."""
        ...

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        """Put them into a programme; who is in it already stays. One answer per member, in the order given.

        `programme` is the system's own name of it. Raises NoSuchProgramme.
        """
        ...

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        """Take them out of a programme; who is not in it is none the worse. Raises NoSuchProgramme."""
        ...
