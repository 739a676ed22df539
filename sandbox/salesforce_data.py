"""The records of one Salesforce organisation: written by its rules, converted, deleted to a bin, and read by SOQL."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sandbox.salesforce_fields import (
    CHILDREN,
    KEY,
    LOOKUPS,
    OBJECTS,
    READ_ONLY,
    SETUP,
    STAGES,
    SYSTEM,
    TEXT,
    Fields,
    WrongRequestError,
    error,
    read,
    sobject_id,
    wrong,
)
from sandbox.salesforce_soql import Query, malformed, parse

PREFIXES = {
    "Lead": "00Q",
    "Task": "00T",
    "User": "005",
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Campaign": "701",
    "CampaignMember": "00v",
}
MEMBER_STATUSES = ("Sent", "Responded")
"""Of every campaign; the first is its default."""
MOST_ROWS = 2_000
Result = dict[str, Any]


class Records:
    def __init__(self) -> None:
        self.of: dict[str, dict[str, dict[str, Any]]] = {sobject: {} for sobject in OBJECTS}
        self.multi_currency = False
        self._system: dict[str, dict[str, Any]] = {}
        self._users: dict[str, str] = {}
        self._ids = count(1)

    def empty(self) -> None:
        for records in self.of.values():
            records.clear()

    # ---- writing -----------------------------------------------------------------------------------------------------

    def fields_of(self, sobject: str) -> Fields:
        currency: Fields = {"CurrencyIsoCode": (TEXT, 3)}
        return OBJECTS[sobject] | (currency if self.multi_currency and sobject == "Opportunity" else {})

    def read(self, sobject: str, fields: Any) -> dict[str, Any]:
        return read(sobject, self.fields_of(sobject), fields)

    def upsert(self, sobject: str, key: Any, fields: dict[str, Any], among: list[Any]) -> Result:
        if not key:
            return failed(error("MISSING_ARGUMENT", f"{KEY} not specified"))
        if among.count(key) > 1:
            return failed(error("DUPLICATE_VALUE", f"Duplicate external id specified: {key}", [KEY]))
        mine = [one["Id"] for one in self.of[sobject].values() if one.get(KEY) == key and not self._gone(one["Id"])]
        if not mine:
            return self.insert(sobject, fields | {KEY: key})
        refused = self.update(sobject, mine[0], fields)
        return refused or {"id": mine[0], "success": True, "errors": [], "created": False}

    def insert(self, sobject: str, fields: dict[str, Any]) -> Result:
        found = wrong(sobject, self.fields_of(sobject), fields, self.exists, new=True) or self._twice(sobject, fields)
        if found:
            return failed(found)
        made = sobject_id(PREFIXES[sobject], next(self._ids))
        self.of[sobject][made] = {"Id": made} | fields
        self._system[made] = {"CreatedDate": _now(), "IsDeleted": False}
        self._touch(sobject, made, {"StageName"} & fields.keys())
        if sobject == "CampaignMember" and fields.get("Status") not in MEMBER_STATUSES:
            # Not a word is said about a status that the campaign does not have.
            self.of[sobject][made]["Status"] = MEMBER_STATUSES[0]
        return {"id": made, "success": True, "errors": [], "created": True}

    def update(self, sobject: str, which: str, fields: dict[str, Any]) -> Result | None:
        """None: it is done."""
        record = self.of[sobject][which]
        if self._gone(which):
            return failed(error("ENTITY_IS_DELETED", "entity is deleted"))
        if record.get("IsConverted"):
            return failed(error("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"))
        if found := wrong(sobject, self.fields_of(sobject), fields, self.exists, new=False):
            return failed(found)
        moved = {name for name in ("StageName",) if name in fields and fields[name] != record.get(name)}
        record.update(fields)
        self._touch(sobject, which, moved)
        return None

    def delete(self, sobject: str, which: str) -> None:
        """Into the recycle bin."""
        self._system[which]["IsDeleted"] = True
        self._touch(sobject, which, set())

    def exists(self, sobject: str, which: str) -> bool:
        return which in self.of[sobject] and not self._gone(which)

    def _gone(self, which: str) -> bool:
        return bool(self._system[which]["IsDeleted"])

    def _touch(self, sobject: str, which: str, moved: set[str]) -> None:
        """Moments of Salesforce's are whole seconds."""
        self._system[which] |= {"SystemModstamp": _now(), "LastModifiedDate": _now()}
        if sobject == "Opportunity" and moved:
            self._system[which]["LastStageChangeDate"] = _now()

    def _twice(self, sobject: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        others = [one for one in self.of[sobject].values() if not self._gone(one["Id"])]
        email = str(fields.get("Email", "")).casefold()
        if email and any(str(one.get("Email")).casefold() == email for one in others if not one.get("IsConverted")):
            return error("DUPLICATES_DETECTED", "Use one of these records?")
        pair = {"OpportunityContactRole": ("OpportunityId", "ContactId"), "CampaignMember": ("CampaignId", "LeadId")}
        names = pair.get(sobject, ())
        if names and any(all(one.get(name) == fields.get(name) for name in names) for one in others):
            return error(
                "DUPLICATE_VALUE", "Already a campaign member." if sobject == "CampaignMember" else "duplicate role"
            )
        return None

    # ---- conversion --------------------------------------------------------------------------------------------------

    def convert(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What docs/salesforce/HandoffConvertLead.cls does. Raises WrongRequestError with Salesforce's words."""
        lead = self.of["Lead"].get(str(wanted.get("leadId")))
        if lead is None or self._gone(lead["Id"]):
            raise WrongRequestError(400, "INVALID_CROSS_REFERENCE_KEY", "There is no such lead")
        if not lead.get("IsConverted"):
            self._convert(lead, wanted)
        return {
            name: lead.get(f"Converted{name[0].upper()}{name[1:]}")
            for name in ("opportunityId", "contactId", "accountId")
        }

    def _convert(self, lead: dict[str, Any], wanted: Mapping[str, Any]) -> None:
        owner = {"OwnerId": wanted["ownerId"]} if wanted.get("ownerId") else {}
        account = wanted.get("accountId") or self._make("Account", {"Name": lead["Company"]} | owner)
        person = {name: lead[name] for name in ("LastName", "FirstName", "Email", "Title", "Phone") if lead.get(name)}
        contact = wanted.get("contactId") or self._make("Contact", person | owner | {"AccountId": account})
        asked, opened = wanted.get("opportunity"), None
        if asked:
            fields = {
                "Name": asked["name"],
                "StageName": asked["stage"],
                "CloseDate": asked["closeDate"],
                KEY: asked["key"],
            }
            fields |= owner | {"AccountId": account}
            if asked.get("description"):
                fields["Description"] = asked["description"]
            opened = self._make("Opportunity", fields)
            self._make("OpportunityContactRole", {"OpportunityId": opened, "ContactId": contact, "IsPrimary": True})
        lead |= {
            "IsConverted": True,
            "ConvertedDate": datetime.now(UTC).date().isoformat(),
            "Status": "Closed - Converted",
        }
        lead |= {"ConvertedAccountId": account, "ConvertedContactId": contact, "ConvertedOpportunityId": opened}
        self._touch("Lead", lead["Id"], set())

    def _make(self, sobject: str, fields: dict[str, Any]) -> str:
        made = self.insert(sobject, fields)
        if not made["success"]:
            raise WrongRequestError(400, made["errors"][0]["statusCode"], made["errors"][0]["message"])
        return str(made["id"])

    # ---- reading -----------------------------------------------------------------------------------------------------

    def row(self, sobject: str, which: str) -> dict[str, Any]:
        """The record with what Salesforce itself writes."""
        known = dict.fromkeys((*self.fields_of(sobject), *READ_ONLY.get(sobject, ())))
        row = known | {"IsConverted": False} if sobject == "Lead" else known
        row = row | self.of[sobject][which] | self._system[which]
        if sobject == "Opportunity":
            row["Probability"], row["IsClosed"], row["IsWon"] = STAGES[str(row["StageName"])]
        if sobject == "Task":
            row["IsClosed"] = row["Status"] == "Completed"
        if sobject == "OpportunityContactRole":
            row["IsPrimary"] = bool(row["IsPrimary"])
        return row

    def answer(self, soql: str, *, deleted: bool) -> list[dict[str, Any]]:
        return self._answer(parse(soql), deleted=deleted)

    def _answer(self, query: Query, *, deleted: bool) -> list[dict[str, Any]]:
        self._check(query)
        found = query.of(self._rows(query, deleted=deleted))
        if len(found) > MOST_ROWS:
            raise malformed(f"this sandbox answers no more than {MOST_ROWS} rows at once")
        return [self._columns(query, row) for row in found]

    def _check(self, query: Query) -> None:
        sobject = query.sobject
        if sobject not in {*OBJECTS, *SETUP}:
            raise WrongRequestError(400, "INVALID_TYPE", f"sObject type '{sobject}' is not supported.")
        known = (
            {*SETUP[sobject]} if sobject in SETUP else {*self.fields_of(sobject), *SYSTEM, *READ_ONLY.get(sobject, ())}
        )
        for name in query.names:
            through, _, field = name.rpartition(".")
            looked_up = through and (sobject, through) in LOOKUPS and field in OBJECTS[through]
            if name not in known and not looked_up:
                raise WrongRequestError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{sobject}'")

    def _rows(self, query: Query, *, deleted: bool) -> list[Mapping[str, Any]]:
        if query.sobject in SETUP:
            return self._setup(query)
        rows = (self.row(query.sobject, which) for which in self.of[query.sobject])
        return [row for row in rows if deleted or not row["IsDeleted"]]

    def _setup(self, query: Query) -> list[Mapping[str, Any]]:
        if query.sobject == "Organization":
            return [{"Id": sobject_id("00D", 1), "Name": "Handoff Sandbox", "IsSandbox": True}]
        if query.sobject == "OpportunityStage":
            return [
                {
                    "ApiName": name,
                    "MasterLabel": name,
                    "IsActive": True,
                    "IsClosed": closed,
                    "IsWon": won,
                    "SortOrder": at,
                }
                | {"DefaultProbability": probability, "Id": sobject_id("01J", at)}
                for at, (name, (probability, closed, won)) in enumerate(STAGES.items(), 1)
            ]
        if query.sobject == "CampaignMemberStatus":
            return [
                {"CampaignId": campaign, "Label": label, "IsDefault": at == 1, "SortOrder": at}
                for campaign in self.of["Campaign"]
                for at, label in enumerate(MEMBER_STATUSES, 1)
            ]
        return [{"Id": self._user(email), "Email": email, "IsActive": True} for email in query.texts if _is_user(email)]

    def _user(self, email: str) -> str:
        return self._users.setdefault(email, sobject_id(PREFIXES["User"], next(self._ids)))

    def _columns(self, query: Query, row: Mapping[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = {"attributes": {"type": query.sobject}}
        for column in query.columns:
            if isinstance(column, Query):
                answered[column.sobject] = self._children(query.sobject, column, str(row["Id"]))
            elif "." in column:
                through, field = column.split(".")
                other = self.of[through].get(str(row.get(LOOKUPS[query.sobject, through])))
                nested = answered.setdefault(through, {"attributes": {"type": through}})
                nested[field] = other.get(field) if other else None
            else:
                answered[column] = row.get(column)
        return answered

    def _children(self, sobject: str, query: Query, parent: str) -> dict[str, Any] | None:
        if (sobject, query.sobject) not in CHILDREN:
            raise malformed(f"Didn't understand relationship '{query.sobject}' in FROM part of query call")
        child, by = CHILDREN[sobject, query.sobject]
        inner = replace(query, sobject=child, where=lambda row: bool(row[by] == parent))
        rows = self._answer(inner, deleted=False)
        return {"totalSize": len(rows), "done": True, "records": rows} if rows else None


def _is_user(email: str) -> bool:
    """Everybody at example.com is one, but for those called nobody..."""
    return email.endswith("@example.com") and not email.startswith("nobody")


def failed(found: dict[str, Any]) -> Result:
    return {"success": False, "errors": [found]}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
