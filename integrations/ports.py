"""What we ask of the outside, in our words. A vendor's own words stay in the vendor's file.

Every method may raise `kit.outside.TryLater` or `kit.outside.Refused`, and nothing else.
"""
# ruff: noqa: ARG002  (what is not offered looks at nothing)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from domain.rules.field_maps import FieldMap, Theirs
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


class LeadStatus(StrEnum):
    """How far sales is with a lead; the CRM's file knows which entry of its pick list that is."""

    NEW = "new"
    WORKING = "working"
    QUALIFIED = "qualified"
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
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the field map adds, by their names, as text. It stands before what the client writes by itself."""


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
    """A person as marketing automation shall know them. Keys of `properties` are their names: the field map was there before."""

    email: str = field(repr=False)
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Member:
    """Who is to enter or leave a nurture programme. `contact_id` is the system's own, as `upsert_contacts` gave it."""

    contact_id: str
    email: str = field(repr=False)


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
class Activity:
    """Something a person did, as marketing automation noted it. `kind` is one of ours (`facts.TouchKind`) or their own word
    in our spelling: small letters, digits, underscores. `external_id` is the same however often it is read.
    """

    external_id: str
    email: str = field(repr=False)
    kind: str
    occurred_at: datetime
    campaign: str | None = None
    channel: str | None = None
    content: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedContact:
    """A contact as it stands there now. Keys of `properties` are their names."""

    external_id: str
    email: str = field(repr=False)
    changed_at: datetime
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    did: Sequence[Activity] = ()
    """What the contact itself says that the person did, such as a form they sent."""


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity to be opened. `key` is ours: the same key twice is one opportunity. `lead_id` is the CRM's own.

    Money is in the smallest unit of its currency.
    """

    key: str
    lead_id: str
    name: str = field(repr=False)
    owner_id: str | None = None
    company: str | None = field(default=None, repr=False)
    domain: str | None = field(default=None, repr=False)
    """The company's own, if it is known: by it an account is found."""
    amount: int | None = None
    currency: str | None = None
    expected_on: date | None = None
    source: str | None = None
    description: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opportunity that stands in the CRM now, and in which stage. `contact_id`: whom the lead has become there, if it has."""

    external_id: str
    stage: str
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class CrmOpportunity:
    """An opportunity as it stands in the CRM. `modified_at` orders what is heard of it.

    `key` is ours, if we opened it; `lead_ids` and `emails` are of the leads and contacts it is about, in the CRM's order.
    """

    external_id: str
    name: str = field(repr=False)
    stage: str
    modified_at: datetime
    is_closed: bool = False
    is_won: bool = False
    created_at: datetime | None = None
    closed_at: datetime | None = None
    """When it was closed, if the CRM says so; else that is when it came to its last stage."""
    key: str | None = None
    amount: int | None = None
    currency: str | None = None
    probability: float | None = None
    """0 to 1."""
    expected_on: date | None = None
    lost_reason: str | None = None
    owner_id: str | None = None
    lead_ids: Sequence[str] = ()
    emails: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """A lead in a campaign of the CRM. `status` is one of the campaign's own; None: its first."""

    campaign_id: str
    lead_id: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls used and allowed, as the system itself counts them."""

    used: int
    of: int


class NoSuchProgramme(Refused):
    """The list, campaign or programme is not there, or takes nobody from us. Its text says which one, and why."""


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


class Crm(Plugged, Protocol):
    """A client names this class as its base: what it does not write itself is not offered."""

    batch_size: int
    default_map: FieldMap
    """Which of our fields go where, if nobody says otherwise; what the client writes by itself does not stand in it."""

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

    def check(self) -> str:
        """One question that needs the key and its rights: a sentence on whom we speak for. Raises Refused with what lacks."""
        raise NotOffered("a check")

    def quota(self) -> Quota:
        """What is left, as the CRM counts."""
        raise NotOffered("its quota")

    def fields(self) -> Sequence[Theirs]:
        """The fields of its leads."""
        raise NotOffered("its fields")

    def create_field(self, wanted: Theirs) -> None:
        """Make this field of its leads; it may be there already. Raises Refused with what an admin has to do instead."""
        raise NotOffered("making fields")

    def to_deploy(self, wanted: Sequence[Theirs]) -> str:
        """What an admin has to deploy before we can write everything: our own fields that lack, and these of its leads. Empty if
        nothing lacks.
        """
        raise NotOffered("deployments")

    def open_opportunity(self, deal: Deal) -> Opened:
        """Open it; or the one that is there with this key."""
        raise NotOffered("opening opportunities")

    def opportunities(self, cursor: str | None) -> Page[CrmOpportunity]:
        """What changed since `cursor`, oldest change first. None: from now on, with what is open."""
        raise NotOffered("opportunities")

    def some_opportunities(self, external_ids: Sequence[str]) -> Sequence[CrmOpportunity]:
        """These, as they stand there now; at most 200. What is not there is left out."""
        raise NotOffered("opportunities")

    def add_to_campaign(self, members: Sequence[Membership]) -> list[Upserted]:
        """One answer per member (its key is the lead's id); who is in it already gets the status. A campaign is named by its id
        or its name. Raises NoSuchProgramme.
        """
        raise NotOffered("campaigns")

    def convert_lead(self, lead_id: str) -> str:
        """Make the lead a contact; returns the contact's id, also of one that was converted before."""
        raise NotOffered("converting leads")

    def as_sent(self, lead: CrmLead) -> Mapping[str, str]:
        """What stands there by their names once `lead` is told, as far as it can be compared with `read_back`."""
        raise NotOffered("reading back")

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """What stands there: id -> field by their names -> value as text. Who is gone is not in it."""
        raise NotOffered("reading back")


class MarketingAutomation(Plugged, Protocol):
    """A client names this class as its base: what it does not write itself is not offered."""

    batch_size: int
    default_map: FieldMap
    """Which of our fields go into which of its properties, if nobody says otherwise."""

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

    def check(self) -> str:
        """One question that needs the key and its rights: a sentence on whom we speak for. Raises Refused with what lacks."""
        raise NotOffered("a check")

    def quota(self) -> Quota:
        """What is left, as the system counts."""
        raise NotOffered("its quota")

    def fields(self) -> Sequence[Theirs]:
        """The properties of its contacts."""
        raise NotOffered("its fields")

    def create_field(self, wanted: Theirs) -> None:
        """Make this property; it may be there already. Raises Refused with what an admin has to do instead."""
        raise NotOffered("making fields")

    def activities(self, cursor: str | None) -> Page[Activity]:
        """What people did since `cursor`, oldest first. None: from now on."""
        raise NotOffered("activities")

    def changed_contacts(self, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
        """The contacts that changed there since `cursor`, with the properties `names`, oldest change first. None: in the
        last two days.
        """
        raise NotOffered("changed contacts")

    def contacts(self, external_ids: Sequence[str], names: Sequence[str]) -> Sequence[ChangedContact]:
        """These, as they stand there now, with the properties `names`; at most `batch_size`. Who is gone, or has no e-mail
        address, is left out.
        """
        raise NotOffered("contacts by their ids")

    def associate(self, contact_id: str, domain: str | None, opportunity_ids: Sequence[str]) -> Sequence[str]:
        """Tie the contact to the company with this domain, and to what stands there for these opportunities of the CRM, as far
        as it is there. Returns the ids of what it is tied to now.
        """
        raise NotOffered("associations")

    def as_sent(self, contact: Contact) -> Mapping[str, str]:
        """What stands there by their names once `contact` is told, as far as it can be compared with `read_back`."""
        return contact.properties

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """What stands there: id -> property by their names -> value as text. Who is gone is not in it."""
        raise NotOffered("reading back")
