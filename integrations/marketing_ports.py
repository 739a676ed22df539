"""What we ask of a marketing automation, in our words. `ports.py` says what a method may raise."""
# ruff: noqa: ARG002  (what is not offered looks at nothing)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.rules.field_maps import FieldMap, Theirs
from integrations.ports import NotOffered, Page, Plugged, Quota, Upserted
from kit.outside import Refused


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


class NoSuchProgramme(Refused):
    """The list, campaign or programme is not there, or takes nobody from us. Its text says which one, and why."""


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
