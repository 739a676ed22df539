"""What we ask of a CRM, in our words. `ports.py` says what a method may raise."""
# ruff: noqa: ARG002  (what is not offered looks at nothing)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from domain.rules.field_maps import FieldMap, Theirs
from integrations.ports import NotOffered, Page, Plugged, Quota, Upserted


class LeadStatus(StrEnum):
    """How far sales is with a lead; the CRM's file knows which entry of its pick list that is."""

    NEW = "new"
    WORKING = "working"
    QUALIFIED = "qualified"
    NURTURING = "nurturing"
    UNQUALIFIED = "unqualified"


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
class CrmTask:
    """Something a rep has to do. `key` is ours: the same key twice is one task. `lead_id` is the CRM's id."""

    key: str
    lead_id: str
    owner_id: str | None
    subject: str = field(repr=False)
    due: date | None = None
    description: str = field(default="", repr=False)


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

    def close_task(self, key: str) -> None:
        """Nobody has to do it any more. One that is not there, or is closed already, stays as it is."""
        raise NotOffered("closing tasks")

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

    def set_opportunity_owner(self, external_id: str, owner_id: str) -> None:
        """Make this user (the CRM's id) its owner. Who is it already stays it. Raises Refused if it is not there any more."""
        raise NotOffered("owners of opportunities")

    def opportunities(self, cursor: str | None) -> Page[CrmOpportunity]:
        """What changed since `cursor`, oldest change first. None: from now on, with what is open."""
        raise NotOffered("opportunities")

    def some_opportunities(self, external_ids: Sequence[str]) -> Sequence[CrmOpportunity]:
        """These, as they stand there now; at most 200. What is not there is left out."""
        raise NotOffered("opportunities")

    def join_campaigns(self, lead_id: str, named: Sequence[str]) -> int:
        """Make the lead a member of those of these campaigns that are there, by name or id; who is in one already stays.
        Returns of how many it is one now.
        """
        raise NotOffered("campaigns")

    def as_sent(self, lead: CrmLead) -> Mapping[str, str]:
        """What stands there by their names once `lead` is told, as far as it can be compared with `read_back`."""
        raise NotOffered("reading back")

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """What stands there: id -> field by their names -> value as text. Who is gone is not in it."""
        raise NotOffered("reading back")
