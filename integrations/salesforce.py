"""Salesforce as the CRM. What we write carries our key in a custom field marked external id, and is upserted by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from simple_salesforce.format import format_soql

from domain.rules.field_maps import FieldMap, Theirs
from integrations import salesforce_fields
from integrations.crm_ports import Crm, CrmLead, CrmOpportunity, CrmTask, Deal, LeadStatus, Opened
from integrations.ports import Page, Quota, Upserted
from integrations.reading import dig, sentence, text, unreadable
from integrations.salesforce_campaigns import Campaigns
from integrations.salesforce_deals import Opener, Reader, spellings
from integrations.salesforce_org import LATER, MOST_KEYS, Org, codes_of
from integrations.salesforce_settings import Settings
from kit.outside import Refused
from kit.quota import OPEN, Gate

__all__ = ["Salesforce", "Settings", "build"]

BATCH_SIZE = 200
FILLERS = {"LastName": "[unknown]", "Company": "[unknown]"}
"""Salesforce insists on these two; this is what others write where there is none."""
STATUSES = {
    LeadStatus.NEW: "Open - Not Contacted",
    LeadStatus.WORKING: "Working - Contacted",
    # The standard list has no word of its own for an SQL; who adds one to it names it in SALESFORCE_STATUSES.
    LeadStatus.QUALIFIED: "Working - Contacted",
    LeadStatus.NURTURING: "Open - Not Contacted",
    LeadStatus.UNQUALIFIED: "Closed - Not Converted",
}
"""Salesforce's standard pick list. An organisation with other words sets SALESFORCE_STATUSES to a JSON object."""
USER = "005"
"""With this an id begins that is a user's; a lead's owner may also be a queue."""
REQUIRED = "REQUIRED_FIELD_MISSING"


class Salesforce(Crm):
    name = "salesforce"
    batch_size = BATCH_SIZE
    default_map = FieldMap()

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._settings = settings
        self._statuses = {str(ours): theirs for ours, theirs in STATUSES.items()} | settings.statuses
        self._org = Org(self.name, settings, gate)
        self._opener = Opener(self._org, settings)
        self._reader = Reader(self._org, settings)
        self._campaigns = Campaigns(self._org)

    # ---- leads and tasks ---------------------------------------------------------------------------------------------

    def upsert_leads(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        answers = [self._upsert(leads[at : at + BATCH_SIZE]) for at in range(0, len(leads), BATCH_SIZE)]
        return [upserted for answer in answers for upserted in answer]

    def _upsert(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        """One batch. New leads without a required field are sent again with a filler.

        The filler is not sent at once: it would overwrite the name that a rep has found out since.
        """
        results = self._send([self._record(lead) for lead in leads])
        lacking = [at for at, result in enumerate(results) if REQUIRED in codes_of(result)]
        if lacking:
            again = self._send([FILLERS | self._record(leads[at]) for at in lacking])
            for at, result in zip(lacking, again, strict=True):
                results[at] = result
        return [self._read(lead, result) for lead, result in zip(leads, results, strict=True)]

    def _send(self, records: list[dict[str, Any]]) -> list[object]:
        path = f"composite/sobjects/Lead/{self._org.key_field}"
        typed = [{"attributes": {"type": "Lead"}} | record for record in records]
        return self._org.collection("PATCH", path, typed)

    def _record(self, lead: CrmLead) -> dict[str, Any]:
        """The fields of one lead, each cut to what Salesforce holds: a hostile form must not block the rest."""
        fields = {
            "Email": lead.email,
            "FirstName": text(lead.first_name, 40),
            "LastName": text(lead.last_name, 80),
            "Company": text(lead.company, 255),
            "Title": text(lead.title, 128),
            "Phone": text(lead.phone, 40),
            "Country": text(lead.country, 80),
            "LeadSource": text(lead.source, 255),
            "Status": self._statuses.get(lead.status, lead.status),
            "OwnerId": lead.owner_id,
            self._org.key_field: lead.key,
            f"{self._settings.prefix}_Score__c": lead.score,
            f"{self._settings.prefix}_Tier__c": lead.tier or None,
        }
        return {name: value for name, value in fields.items() if value is not None} | self._mapped(lead)

    def _mapped(self, lead: CrmLead) -> dict[str, Any]:
        there = self._org.fields_of("Lead") if lead.fields else {}
        return {name: salesforce_fields.typed(value, there.get(name)) for name, value in lead.fields.items()}

    def _read(self, lead: CrmLead, result: object) -> Upserted:
        if dig(result, "success") is True:
            return Upserted(lead.key, external_id=str(dig(result, "id")))
        codes = codes_of(result)
        if LATER & codes.keys():
            return Upserted(lead.key, later=True)
        if "DUPLICATES_DETECTED" in codes and (adopted := self._adopt(lead)):
            return Upserted(lead.key, external_id=adopted)
        message = next(iter(codes.values()), None)
        return Upserted(lead.key, problem=sentence(message, "Salesforce refused this lead"))

    def _adopt(self, lead: CrmLead) -> str | None:
        """Sales may have entered the person by hand before: that lead gets our key, instead of a twin beside it."""
        lead_id = self.find_lead_by_email(lead.email)
        if lead_id is None:
            return None
        body = self._record(lead)
        try:
            self._org.send("PATCH", f"sobjects/Lead/{lead_id}", body)
        except Refused:
            return None
        return lead_id

    def log_task(self, task: CrmTask) -> str:
        fields = {
            "WhoId": task.lead_id,
            "OwnerId": task.owner_id,
            "Subject": text(task.subject, 255) or "Handoff",
            "ActivityDate": task.due.isoformat() if task.due else None,
            "Description": task.description[:32_000] or None,
            "Status": "Not Started",
            "Priority": "Normal",
        }
        return self._org.upsert("Task", task.key, fields)

    def close_task(self, key: str) -> None:
        asked = "SELECT Id FROM Task WHERE {:literal} = {} AND IsClosed = false LIMIT 1"
        task_id = self._first_id(format_soql(asked, self._org.key_field, key))
        if task_id is not None:
            self._org.send("PATCH", f"sobjects/Task/{task_id}", {"Status": "Completed"})

    # ---- whose it is -------------------------------------------------------------------------------------------------

    def find_owner(self, email: str) -> str | None:
        return self._first_id(format_soql("SELECT Id FROM User WHERE Email = {} AND IsActive = true LIMIT 1", email))

    def find_lead_by_email(self, email: str) -> str | None:
        """The newest lead with this e-mail that has not become a contact."""
        wanted = "SELECT Id FROM Lead WHERE Email = {} AND IsConverted = false ORDER BY CreatedDate DESC LIMIT 1"
        return self._first_id(format_soql(wanted, email))

    def find_account_owner(self, email: str, domain: str | None, company: str | None) -> str | None:
        """The account's owner; without an account, whoever has the person as a contact, or as a lead that is not ours."""
        # Our own leads have the owner that we gave them: they would answer with our own last word.
        not_ours = (
            "SELECT OwnerId FROM Lead WHERE Email = {} AND IsConverted = false AND {:literal} = null "
            "ORDER BY CreatedDate DESC LIMIT 1"
        )
        questions = [
            format_soql("SELECT OwnerId FROM Contact WHERE Email = {} ORDER BY LastModifiedDate DESC LIMIT 1", email),
            format_soql(not_ours, email, self._org.key_field),
        ]
        if domain is not None:
            by_website = "SELECT OwnerId FROM Account WHERE Website IN {} ORDER BY LastModifiedDate DESC LIMIT 1"
            questions.insert(0, format_soql(by_website, spellings(domain)))
        elif company:
            by_name = "SELECT OwnerId FROM Account WHERE Name = {} ORDER BY LastModifiedDate DESC LIMIT 1"
            questions.insert(0, format_soql(by_name, company[:255]))
        owners = (self._first(question, "OwnerId") for question in questions)
        return next((owner for owner in owners if owner is not None and owner.startswith(USER)), None)

    def _first_id(self, soql: str) -> str | None:
        return self._first(soql, "Id")

    def _first(self, soql: str, field: str) -> str | None:
        found = dig(self._org.first(soql), field)
        return found if isinstance(found, str) else None

    # ---- opportunities -----------------------------------------------------------------------------------------------

    def open_opportunity(self, deal: Deal) -> Opened:
        return self._opener.open(deal)

    def set_opportunity_owner(self, external_id: str, owner_id: str) -> None:
        self._opener.set_owner(external_id, owner_id)

    def opportunities(self, cursor: str | None) -> Page[CrmOpportunity]:
        return self._reader.page(cursor)

    def some_opportunities(self, external_ids: Sequence[str]) -> list[CrmOpportunity]:
        return self._reader.some(external_ids)

    # ---- campaigns ---------------------------------------------------------------------------------------------------

    def join_campaigns(self, lead_id: str, named: Sequence[str]) -> int:
        return self._campaigns.join(lead_id, named)

    # ---- how it stands -----------------------------------------------------------------------------------------------

    def check(self) -> str:
        found = self._org.first("SELECT Name, IsSandbox FROM Organization LIMIT 1")
        if found is None:
            raise unreadable("Salesforce")
        kind = "sandbox" if found.get("IsSandbox") else "organisation"
        return f"Salesforce answers: the {kind} {text(found.get('Name'), 80)}."

    def quota(self) -> Quota:
        day = dig(self._org.get("limits/"), "DailyApiRequests")
        most, left = dig(day, "Max"), dig(day, "Remaining")
        if not isinstance(most, int) or not isinstance(left, int):
            raise unreadable("Salesforce")
        return Quota(most - left, most)

    def fields(self) -> Sequence[Theirs]:
        self._org.forget_fields()
        return salesforce_fields.theirs(self._org.fields_of("Lead"))

    def create_field(self, wanted: Theirs) -> None:  # noqa: ARG002  (whichever it is)
        raise Refused("Salesforce's fields are made by an admin: deploy what is printed below")

    def to_deploy(self, wanted: Sequence[Theirs]) -> str:
        there = {sobject: self._org.fields_of(sobject) for sobject in salesforce_fields.OURS}
        return salesforce_fields.to_deploy(self._settings.prefix, there, wanted)

    def as_sent(self, lead: CrmLead) -> Mapping[str, str]:
        """What only we write: a name or a status that sales has changed since is no write of ours that was lost."""
        record, prefix = self._record(lead), f"{self._settings.prefix}_"
        names = [name for name in record if name.startswith(prefix) or name in lead.fields]
        return {name: salesforce_fields.as_text(record[name]) for name in names}

    def read_back(self, external_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        there: dict[str, Mapping[str, str]] = {}
        columns = ", ".join(["Id", *(name for name in names if name in self._org.fields_of("Lead"))])
        for at in range(0, len(external_ids), MOST_KEYS):
            some = list(external_ids[at : at + MOST_KEYS])
            for row in self._org.query(format_soql("SELECT {:literal} FROM Lead WHERE Id IN {}", columns, some)):
                there[str(row["Id"])] = {name: salesforce_fields.as_text(row.get(name)) for name in names}
        return there

    def close(self) -> None:
        self._org.close()


def build(settings: Settings, gate: Gate) -> Salesforce:
    return Salesforce(settings, gate)
