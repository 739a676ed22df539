"""Two outside systems of no vendor, in the memory of this process, that offer all that the promises ask: what our side makes
of it is tried on them. How vendors really speak is tried against the sandbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic_settings import BaseSettings

from domain.rules.field_maps import Direction, FieldMap, FieldType, Pair, Theirs
from integrations.crm_ports import Crm, CrmLead, CrmOpportunity, CrmTask
from integrations.marketing_ports import Activity, ChangedContact, Contact, MarketingAutomation, Member
from integrations.ports import Page, Upserted
from kit.outside import Refused
from kit.quota import Gate, account_of
from tests.conftest import NOON

FIELDS = {"x_score": FieldType.NUMBER, "x_tier": FieldType.TEXT, "x_title": FieldType.TEXT}


class Settings(BaseSettings):
    def configured(self) -> bool:
        return True


@dataclass
class World:
    """What stands there. A new one for each test (`fresh`)."""

    leads: dict[str, CrmLead] = field(default_factory=dict)
    opportunities: list[CrmOpportunity] = field(default_factory=list)
    contacts: dict[str, Contact] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    changed: list[ChangedContact] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, Theirs] = field(default_factory=dict)
    page: int = 2


worlds: dict[str, World] = {}


def fresh(*names: str) -> None:
    worlds.clear()
    worlds.update({name: World() for name in names})


class SampleCrm(Crm):
    name = "sample_crm"
    batch_size = 2
    default_map = FieldMap()

    def __init__(self, gate: Gate) -> None:
        self._gate, self._account = gate, account_of(self.name, "key")

    @property
    def world(self) -> World:
        return worlds[self.name]

    def upsert_leads(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        self.world.leads |= {lead.key: lead for lead in leads}
        return [Upserted(lead.key, external_id=f"00Q-{lead.key}") for lead in leads]

    def log_task(self, task: CrmTask) -> str:
        return task.key

    def find_owner(self, email: str) -> str | None:
        return f"005-{email}"

    def find_account_owner(self, email: str, domain: str | None, company: str | None) -> str | None:
        return None

    def opportunities(self, cursor: str | None) -> Page[CrmOpportunity]:
        at = max(int(cursor or 0) - 1, 0)  # one that was read before comes again
        items = self.world.opportunities[at : at + self.world.page]
        end = at + len(items)
        return Page(items, str(end), more=end < len(self.world.opportunities))

    def as_sent(self, lead: CrmLead) -> Mapping[str, str]:
        return {"Score": str(lead.score)}

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        keys = {f"00Q-{key}": lead for key, lead in self.world.leads.items()}
        return {one: {"Score": f"{keys[one].score}.0"} for one in external_ids if one in keys}

    def close(self) -> None:
        """Nothing is open."""


class SampleAutomation(MarketingAutomation):
    batch_size = 2
    default_map = FieldMap((Pair("score", "x_score"), Pair("tier", "x_tier"), Pair("title", "x_title", Direction.BOTH)))

    def __init__(self, name: str, gate: Gate) -> None:
        self.name = name
        self._gate, self._account = gate, account_of(name, "key")

    @property
    def world(self) -> World:
        return worlds[self.name]

    def check(self) -> str:
        return f"This is {self.name}."

    def upsert_contacts(self, contacts: Sequence[Contact]) -> list[Upserted]:
        return self._gate.call(self._account, lambda: self._upsert(contacts))

    def _upsert(self, contacts: Sequence[Contact]) -> list[Upserted]:
        self.world.contacts |= {f"{self.name}-{one.email}": one for one in contacts}
        return [Upserted(one.email, external_id=f"{self.name}-{one.email}") for one in contacts]

    def enrol(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        self.world.members.setdefault(programme, set()).update(one.email for one in members)
        return [Upserted(one.email) for one in members]

    def withdraw(self, programme: str, members: Sequence[Member]) -> list[Upserted]:
        self.world.members[programme] -= {one.email for one in members}
        return [Upserted(one.email) for one in members]

    def fields(self) -> Sequence[Theirs]:
        return [*self.world.fields.values()]

    def create_field(self, wanted: Theirs) -> None:
        if wanted.name == "x_forbidden":
            raise Refused("an admin makes this one")
        self.world.fields[wanted.name] = wanted

    def activities(self, cursor: str | None) -> Page[Activity]:
        at = max(int(cursor or 0) - 1, 0)
        items = self.world.activities[at : at + self.world.page]
        end = at + len(items)
        return Page(items, str(end), more=end < len(self.world.activities))

    def changed_contacts(self, cursor: str | None, names: Sequence[str]) -> Page[ChangedContact]:
        at = int(cursor or 0)
        items = self.world.changed[at : at + self.world.page]
        end = at + len(items)
        return Page(items, str(end), more=end < len(self.world.changed))

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        known = self.world.contacts
        return {one: known[one].properties for one in external_ids if one in known}

    def close(self) -> None:
        """Nothing is open."""


def did(number: int, email: str, kind: str = "webinar") -> Activity:
    return Activity(str(number), email, kind, NOON + timedelta(minutes=number), campaign="spring")
