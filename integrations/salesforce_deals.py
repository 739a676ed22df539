"""Salesforce's opportunities: opened under our key, with the lead converted or beside it, and read back as they change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from simple_salesforce.format import format_soql

from domain.rules.money import smallest_units, units
from integrations.crm_ports import CrmOpportunity, Deal, Opened
from integrations.ports import Page
from integrations.reading import dig, text, unreadable
from integrations.salesforce_org import MOST_KEYS, Org, Record
from integrations.salesforce_settings import Opening, Settings
from kit.clock import utcnow
from kit.outside import Refused

OVERLAP = timedelta(minutes=10)
"""A change may become visible later than its SystemModstamp says, by as much as its transaction lasts; clocks differ too."""
OPEN = "open"
DELETED = "Deleted in Salesforce"
UNKNOWN = "[unknown]"
"""What others write where Salesforce insists on a name."""
CONVERT_AT = "handoff/convert"
NOT_INSTALLED = (
    "Salesforce has no Apex class HandoffConvertLead: an admin installs it (docs/salesforce), or SALESFORCE_OPENING=create "
    "opens opportunities without it"
)
WHO = "Id, Email, FirstName, LastName, Company, Title, Phone, LeadSource, IsConverted"
READ = "Id Name StageName Amount Probability CloseDate IsClosed IsWon IsDeleted OwnerId CreatedDate SystemModstamp"
BECAME = "ConvertedAccountId, ConvertedContactId, ConvertedOpportunityId"


def spellings(domain: str) -> list[str]:
    """How an account's website is written: the field is free text. A part of it would find other companies as well."""
    return [
        f"{before}{www}{domain}{end}"
        for before in ("", "http://", "https://")
        for www in ("", "www.")
        for end in ("", "/")
    ]


class Opener:
    """Opens opportunities."""

    def __init__(self, org: Org, settings: Settings) -> None:
        self._org = org
        self._settings = settings

    def open(self, deal: Deal) -> Opened:
        """The one with our key, or the one that the lead was converted to, else a new one. May be called again after a crash."""
        lead = self._lead(deal.lead_id)
        there = self._opportunity(self._org.key_field, deal.key)
        if there is None and lead.get("ConvertedOpportunityId"):
            there = self._opportunity("Id", str(lead["ConvertedOpportunityId"]))
        if there is None and self._settings.opening is Opening.CONVERT and not lead.get("IsConverted"):
            return self._convert(deal, lead)
        contact_id, account_id = self._contact(deal, lead)
        if there is None:
            opened = self._org.upsert("Opportunity", deal.key, self._new(deal, lead, account_id))
            there = self._opportunity("Id", opened)
        if there is None:
            raise unreadable("Salesforce")
        self._give_role(str(there["Id"]), contact_id)
        return Opened(str(there["Id"]), str(there["StageName"]), contact_id)

    def set_owner(self, opportunity_id: str, owner_id: str) -> None:
        """Nothing else of it is touched: its account and its contacts keep theirs."""
        self._org.send("PATCH", f"sobjects/Opportunity/{opportunity_id}", {"OwnerId": owner_id})

    def _lead(self, lead_id: str) -> Record:
        asked = "SELECT {:literal}, {:literal} FROM Lead WHERE Id = {} LIMIT 1"
        found = self._org.first(format_soql(asked, WHO, BECAME, lead_id))
        if found is None:
            raise Refused("The lead is gone in Salesforce: it was deleted or merged there")
        return found

    def _opportunity(self, field: str, value: str) -> Record | None:
        asked = "SELECT Id, StageName FROM Opportunity WHERE {:literal} = {} LIMIT 1"
        return self._org.first(format_soql(asked, field, value))

    def _new(self, deal: Deal, lead: Record, account_id: str | None) -> dict[str, Any]:
        fields = {
            "Name": text(deal.name, 120) or UNKNOWN,
            "StageName": self._first_stage(),
            "CloseDate": self._close_date(deal),
            "AccountId": account_id,
            "OwnerId": deal.owner_id,
            "LeadSource": lead.get("LeadSource"),
            "Description": deal.description[:32_000] or None,
            "Amount": units(deal.amount, deal.currency) if deal.amount is not None else None,
        }
        if deal.currency and "CurrencyIsoCode" in self._org.fields_of("Opportunity"):
            fields["CurrencyIsoCode"] = deal.currency
        return fields

    def _close_date(self, deal: Deal) -> str:
        return (deal.expected_on or (utcnow() + timedelta(days=self._settings.close_days)).date()).isoformat()

    def _first_stage(self) -> str:
        if self._settings.first_stage:
            return self._settings.first_stage
        first = self._org.first(
            "SELECT ApiName FROM OpportunityStage WHERE IsActive = true AND IsClosed = false ORDER BY SortOrder LIMIT 1"
        )
        if first is None:
            raise Refused("Salesforce has no open opportunity stage")
        return str(first["ApiName"])

    def _contact(self, deal: Deal, lead: Record) -> tuple[str | None, str | None]:
        """The contact and its account: what the lead was converted to, else the person's own, else new ones under our key."""
        if lead.get("IsConverted"):
            return lead.get("ConvertedContactId"), lead.get("ConvertedAccountId")
        known = self._known_contact(lead)
        account_id = known.get("AccountId") if known is not None else None
        account_id = account_id or self._known_account(deal, lead)
        if account_id is None:
            name = text(lead.get("Company"), 255) or UNKNOWN
            account_id = self._org.upsert("Account", deal.key, {"Name": name, "OwnerId": deal.owner_id})
        if known is not None:
            return str(known["Id"]), account_id
        fields = {name: lead.get(name) for name in ("Email", "FirstName", "LastName", "Title", "Phone", "LeadSource")}
        fields |= {"LastName": lead.get("LastName") or UNKNOWN, "AccountId": account_id, "OwnerId": deal.owner_id}
        return self._org.upsert("Contact", deal.key, fields), account_id

    def _known_contact(self, lead: Record) -> Record | None:
        if not lead.get("Email"):
            return None
        asked = "SELECT Id, AccountId FROM Contact WHERE Email = {} ORDER BY LastModifiedDate DESC LIMIT 1"
        return self._org.first(format_soql(asked, lead["Email"]))

    def _known_account(self, deal: Deal, lead: Record) -> str | None:
        """By the company's domain, and only without one by its name."""
        company = text(lead.get("Company"), 255)
        if deal.domain:
            asked = "SELECT Id FROM Account WHERE Website IN {} ORDER BY LastModifiedDate DESC LIMIT 1"
            found = self._org.first(format_soql(asked, spellings(deal.domain)))
        elif company and company != UNKNOWN:
            asked = "SELECT Id FROM Account WHERE Name = {} ORDER BY LastModifiedDate DESC LIMIT 1"
            found = self._org.first(format_soql(asked, company))
        else:
            found = None
        return str(found["Id"]) if found is not None else None

    def _give_role(self, opportunity_id: str, contact_id: str | None) -> None:
        if contact_id is None:
            return
        asked = "SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = {}"
        roles = self._org.query(format_soql(asked, opportunity_id))
        if contact_id in {role["ContactId"] for role in roles}:
            return
        first = not any(role["IsPrimary"] for role in roles)
        role = {"OpportunityId": opportunity_id, "ContactId": contact_id, "IsPrimary": first}
        self._org.send("POST", "sobjects/OpportunityContactRole", role)

    def _convert(self, deal: Deal, lead: Record) -> Opened:
        known = self._known_contact(lead)
        contact_id = str(known["Id"]) if known is not None and known.get("AccountId") else None
        account_id = str(known["AccountId"]) if known is not None and contact_id else self._known_account(deal, lead)
        made = self._by_apex(
            {
                "leadId": deal.lead_id,
                "contactId": contact_id,
                "accountId": account_id,
                "ownerId": deal.owner_id,
                "opportunity": {
                    "key": deal.key,
                    "name": text(deal.name, 120) or UNKNOWN,
                    "stage": self._first_stage(),
                    "closeDate": self._close_date(deal),
                    "description": deal.description[:32_000] or None,
                },
            }
        )
        there = self._opportunity("Id", str(made["opportunityId"]))
        if there is None:
            raise unreadable("Salesforce")
        return Opened(str(there["Id"]), str(there["StageName"]), str(made["contactId"]))

    def _by_apex(self, wanted: Record) -> Record:
        try:
            made = self._org.apex(CONVERT_AT, wanted)
        except Refused as no:
            if "status 404" in no.why:
                raise Refused(NOT_INSTALLED) from None
            raise
        if not isinstance(made, Mapping) or not isinstance(made.get("contactId"), str):
            raise unreadable("Salesforce")
        return made


class Reader:
    """Reads what became of opportunities. Polled by SystemModstamp, which formulas, imports and mass changes move as well."""

    def __init__(self, org: Org, settings: Settings) -> None:
        self._org = org
        self._settings = settings

    def page(self, cursor: str | None) -> Page[CrmOpportunity]:
        """`cursor`: a moment, from which is read on with OVERLAP; a moment and an id in the middle of that; or the word OPEN, a
        moment and an id while the open ones are read for the first time.
        """
        if cursor is None or cursor.startswith(OPEN):
            return self._open_ones(cursor)
        moment, _, after = cursor.partition(" ")
        since = datetime.fromisoformat(moment)
        if after:
            asked = format_soql("SystemModstamp > {} OR (SystemModstamp = {} AND Id > {})", since, since, after)
        else:
            asked = format_soql("SystemModstamp >= {}", since - OVERLAP)
        rows = self._rows(f"{asked} ORDER BY SystemModstamp, Id LIMIT {MOST_KEYS}", deleted=True)
        more = len(rows) == MOST_KEYS
        newest = max([since, *(_moment(row["SystemModstamp"]) for row in rows[-1:])])
        return Page(self._read(rows), f"{newest.isoformat()} {rows[-1]['Id']}" if more else newest.isoformat(), more)

    def _open_ones(self, cursor: str | None) -> Page[CrmOpportunity]:
        _, moment, after = (cursor or f"{OPEN} {utcnow().replace(microsecond=0).isoformat()} ").split(" ")
        asked = format_soql("IsClosed = false AND Id > {}", after) if after else "IsClosed = false"
        rows = self._rows(f"{asked} ORDER BY Id LIMIT {MOST_KEYS}", deleted=False)
        more = len(rows) == MOST_KEYS
        return Page(self._read(rows), f"{OPEN} {moment} {rows[-1]['Id']}" if more else moment, more)

    def some(self, ids: Sequence[str]) -> list[CrmOpportunity]:
        return (
            self._read(self._rows(format_soql("Id IN {} ORDER BY SystemModstamp, Id", list(ids)), deleted=True))
            if ids
            else []
        )

    def _rows(self, asked: str, *, deleted: bool) -> list[Record]:
        """`asked` is made with `format_soql` wherever it holds a value."""
        roles = "(SELECT ContactId, Contact.Email FROM OpportunityContactRoles ORDER BY IsPrimary DESC)"
        fields = ", ".join([*self._names(), roles])
        whole = format_soql("SELECT {:literal} FROM Opportunity WHERE {:literal}", fields, asked)
        return self._org.query(whole, deleted=deleted)

    def _names(self) -> list[str]:
        """The organisation's own: not every one has several currencies, our key, or a field for why a deal was lost."""
        perhaps = ("LastStageChangeDate", "CurrencyIsoCode", self._org.key_field, self._settings.lost_reason_field)
        there = self._org.fields_of("Opportunity")
        return [*READ.split(), *(name for name in perhaps if name in there)]

    def _read(self, rows: Sequence[Record]) -> list[CrmOpportunity]:
        try:
            return self._understood(rows)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            raise unreadable("Salesforce") from None

    def _understood(self, rows: Sequence[Record]) -> list[CrmOpportunity]:
        """What is deleted is about nobody: whoever knows it learns that it is lost, and nobody learns that it was there."""
        alive = [row for row in rows if not row["IsDeleted"]]
        by_deal = self._leads("ConvertedOpportunityId", [str(row["Id"]) for row in alive])
        contacts = {str(role["ContactId"]) for row in alive for role in _roles(row) if role.get("ContactId")}
        by_contact = self._leads("ConvertedContactId", sorted(contacts))
        return [self._one(row, [] if row["IsDeleted"] else _lead_ids(row, by_deal, by_contact)) for row in rows]

    def _leads(self, field: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """The leads that were converted to these, by them."""
        found: dict[str, list[str]] = {}
        for at in range(0, len(ids), MOST_KEYS):
            asked = "SELECT Id, {:literal} FROM Lead WHERE {:literal} IN {} ORDER BY ConvertedDate DESC, Id"
            for row in self._org.query(format_soql(asked, field, field, list(ids[at : at + MOST_KEYS]))):
                found.setdefault(str(row[field]), []).append(str(row["Id"]))
        return found

    def _one(self, row: Record, lead_ids: Sequence[str]) -> CrmOpportunity:
        deleted = bool(row["IsDeleted"])
        closed, won = deleted or bool(row["IsClosed"]), bool(row["IsWon"]) and not deleted
        currency = row.get("CurrencyIsoCode") or self._settings.currency
        stage_since = row.get("LastStageChangeDate")
        return CrmOpportunity(
            external_id=str(row["Id"]),
            name=text(row["Name"]) or UNKNOWN,
            stage=str(row["StageName"]),
            modified_at=_moment(row["SystemModstamp"]),
            is_closed=closed,
            is_won=won,
            created_at=_moment(row["CreatedDate"]),
            closed_at=_moment(stage_since) if closed and not deleted and stage_since else None,
            key=None if deleted else row.get(self._org.key_field),
            amount=smallest_units(Decimal(row["Amount"]), currency) if row["Amount"] is not None else None,
            currency=currency if row["Amount"] is not None else None,
            probability=float(row["Probability"]) / 100 if row["Probability"] is not None else None,
            expected_on=datetime.fromisoformat(row["CloseDate"]).date() if row["CloseDate"] else None,
            lost_reason=DELETED if deleted else text(row.get(self._settings.lost_reason_field)),
            owner_id=row["OwnerId"],
            lead_ids=tuple(lead_ids),
            emails=() if deleted else tuple(_emails(row)),
        )


def _roles(row: Record) -> Iterable[Record]:
    """Without any, Salesforce says null instead of an empty result."""
    return dig(row, "OpportunityContactRoles", "records") or ()


def _lead_ids(row: Record, by_deal: Mapping[str, Sequence[str]], by_contact: Mapping[str, Sequence[str]]) -> list[str]:
    ids = [*by_deal.get(str(row["Id"]), ())]
    for role in _roles(row):
        ids += by_contact.get(str(role.get("ContactId")), ())
    return list(dict.fromkeys(ids))


def _emails(row: Record) -> list[str]:
    emails = (dig(role, "Contact", "Email") for role in _roles(row))
    return [email for email in emails if isinstance(email, str)]


def _moment(said: Any) -> datetime:
    return datetime.fromisoformat(str(said)).astimezone(UTC)
