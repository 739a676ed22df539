"""What Salesforce knows of its objects: fields, limits, pick lists, and the sentence for each way to get one wrong."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

TEXT, NUMBER, DATE, OWNER, EMAIL, STATUS, STAGE, WHO, FLAG = (
    "text",
    "number",
    "date",
    "owner",
    "email",
    "status",
    "stage",
    "who",
    "flag",
)
KEY = "Handoff_Key__c"
Fields = dict[str, tuple[str, int]]
LEAD: Fields = {
    "LastName": (TEXT, 80),
    "FirstName": (TEXT, 40),
    "Company": (TEXT, 255),
    "Title": (TEXT, 128),
    "Phone": (TEXT, 40),
    "Country": (TEXT, 80),
    "Website": (TEXT, 255),
    "Industry": (TEXT, 255),
    "NumberOfEmployees": (NUMBER, 0),
    "HasOptedOutOfEmail": (FLAG, 0),
    "LeadSource": (TEXT, 255),
    "Email": (EMAIL, 80),
    "Status": (STATUS, 255),
    "OwnerId": (OWNER, 18),
    KEY: (TEXT, 255),
    "Handoff_Score__c": (NUMBER, 0),
    "Handoff_Tier__c": (TEXT, 40),
}
TASK: Fields = {
    "Subject": (TEXT, 255),
    "Description": (TEXT, 32_000),
    "Status": (TEXT, 255),
    "Priority": (TEXT, 255),
    "ActivityDate": (DATE, 10),
    "WhoId": (WHO, 18),
    "OwnerId": (OWNER, 18),
    KEY: (TEXT, 255),
}
OPPORTUNITY: Fields = {
    "Name": (TEXT, 120),
    "StageName": (STAGE, 255),
    "Amount": (NUMBER, 0),
    "CloseDate": (DATE, 10),
    "AccountId": ("Account", 18),
    "OwnerId": (OWNER, 18),
    "LeadSource": (TEXT, 255),
    "Description": (TEXT, 32_000),
    "Loss_Reason__c": (TEXT, 255),
    KEY: (TEXT, 255),
}
OBJECTS: dict[str, Fields] = {
    "Lead": LEAD,
    "Task": TASK,
    "Account": {"Name": (TEXT, 255), "Website": (TEXT, 255), "OwnerId": (OWNER, 18), KEY: (TEXT, 255)},
    "Contact": {
        "LastName": (TEXT, 80),
        "FirstName": (TEXT, 40),
        "Email": (EMAIL, 80),
        "Title": (TEXT, 128),
        "Phone": (TEXT, 40),
        "LeadSource": (TEXT, 255),
        "AccountId": ("Account", 18),
        "OwnerId": (OWNER, 18),
        KEY: (TEXT, 255),
    },
    "Opportunity": OPPORTUNITY,
    "OpportunityContactRole": {
        "OpportunityId": ("Opportunity", 18),
        "ContactId": ("Contact", 18),
        "Role": (TEXT, 40),
        "IsPrimary": (FLAG, 0),
    },
    "Campaign": {"Name": (TEXT, 80), "IsActive": (FLAG, 0)},
    "CampaignMember": {"CampaignId": ("Campaign", 18), "LeadId": ("Lead", 18), "Status": (TEXT, 40)},
}
REQUIRED = {
    "Lead": ("LastName", "Company"),
    "Account": ("Name",),
    "Contact": ("LastName",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
    "OpportunityContactRole": ("OpportunityId", "ContactId"),
    "Campaign": ("Name",),
    "CampaignMember": ("CampaignId", "LeadId"),
}
NEVER_CHANGED = {"OpportunityContactRole": {"OpportunityId", "ContactId"}, "CampaignMember": {"CampaignId", "LeadId"}}
SYSTEM = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
READ_ONLY: dict[str, tuple[str, ...]] = {
    "Lead": ("IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"),
    "Task": ("IsClosed",),
    "Opportunity": ("Probability", "IsClosed", "IsWon", "LastStageChangeDate"),
}
"""What only Salesforce itself writes."""
SETUP: dict[str, tuple[str, ...]] = {
    "User": ("Id", "Email", "IsActive"),
    "Organization": ("Id", "Name", "IsSandbox"),
    "OpportunityStage": (
        "Id",
        "ApiName",
        "MasterLabel",
        "IsActive",
        "IsClosed",
        "IsWon",
        "SortOrder",
        "DefaultProbability",
    ),
    "CampaignMemberStatus": ("Id", "CampaignId", "Label", "IsDefault", "SortOrder"),
}
"""What is read only."""
LOOKUPS = {("OpportunityContactRole", "Contact"): "ContactId"}
CHILDREN = {("Opportunity", "OpportunityContactRoles"): ("OpportunityContactRole", "OpportunityId")}
STATUSES = ("Open - Not Contacted", "Working - Contacted", "Qualified", "Closed - Not Converted")
"""The standard list, with an entry that this organisation has added. "Closed - Converted" is on it, but only a conversion
sets it.
"""
STAGES: dict[str, tuple[int, bool, bool]] = {
    "Prospecting": (10, False, False),
    "Qualification": (10, False, False),
    "Needs Analysis": (20, False, False),
    "Value Proposition": (50, False, False),
    "Id. Decision Makers": (60, False, False),
    "Perception Analysis": (70, False, False),
    "Proposal/Price Quote": (75, False, False),
    "Negotiation/Review": (90, False, False),
    "Closed Won": (100, True, True),
    "Closed Lost": (0, True, False),
}
"""The standard list: probability, whether it is closed, whether it is won."""
EMAIL_FORM = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
USER_ID = re.compile(r"00(5|G)[A-Za-z0-9]{12}([A-Z0-5]{3})?")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DESCRIBED = {
    NUMBER: "double",
    DATE: "date",
    EMAIL: "email",
    STATUS: "picklist",
    STAGE: "picklist",
    FLAG: "boolean",
    TEXT: "string",
}


class WrongRequestError(Exception):
    """The whole request is refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def sobject_id(prefix: str, number: int) -> str:
    """The 18-character form: three checking letters say which of the fifteen are upper case."""
    short = f"{prefix}Hd{number:010d}"
    thirds = (short[at : at + 5] for at in (0, 5, 10))
    return short + "".join(ALPHABET[sum(char.isupper() << at for at, char in enumerate(third))] for third in thirds)


def read(sobject: str, known: Fields, fields: Any) -> dict[str, Any]:
    """The fields of one record as they were sent, if Salesforce would even look at them."""
    if not isinstance(fields, dict):
        raise WrongRequestError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    for name, value in fields.items():
        if name in (*SYSTEM, *READ_ONLY.get(sobject, ())):
            raise WrongRequestError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}")
        if name not in known:
            raise WrongRequestError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
        if value is not None and not _fits(known[name][0], value):
            raise WrongRequestError(400, "JSON_PARSER_ERROR", f"Cannot deserialize the value of {name}")
    return fields


def _fits(kind: str, value: Any) -> bool:
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


Exists = Callable[[str, str], bool]
"""Whether there is a record of this object with this id."""


def wrong(sobject: str, known: Fields, fields: dict[str, Any], exists: Exists, *, new: bool) -> dict[str, Any] | None:
    """The error of one record, or None."""
    required = REQUIRED.get(sobject, ())
    missing = [name for name in required if not fields.get(name) and (new or name in fields)]
    if missing:
        return error("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    fixed = NEVER_CHANGED.get(sobject, set()) & fields.keys()
    if fixed and not new:
        named = ", ".join(sorted(fixed))
        return error("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {named}", sorted(fixed))
    for name, value in fields.items():
        kind, limit = known[name]
        if isinstance(value, str) and len(value) > limit:
            return error("STRING_TOO_LONG", f"{name}: data value too large (max length={limit})", [name])
        if value is not None and (found := _wrong_value(name, kind, value, exists)):
            return found
    return None


def _wrong_value(name: str, kind: str, value: Any, exists: Exists) -> dict[str, Any] | None:
    of = "Lead" if kind == WHO else kind
    if of in OBJECTS and not exists(of, value):
        return error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])
    sound, code, message = CHECKS.get(kind, (None, "", ""))
    return error(code, message.format(name=name, value=value), [name]) if sound and not sound(value) else None


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def error(code: str, message: str, fields: list[str] | None = None) -> dict[str, Any]:
    """As one record of a collection carries it; a whole request's error says errorCode instead of statusCode."""
    return {"statusCode": code, "message": message, "fields": fields or []}


CHECKS: dict[str, tuple[Callable[[str], object], str, str]] = {
    EMAIL: (EMAIL_FORM.fullmatch, "INVALID_EMAIL_ADDRESS", "{name}: invalid email address: {value}"),
    STATUS: (
        STATUSES.__contains__,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Lead Status: bad value for restricted picklist field: {value}",
    ),
    STAGE: (
        STAGES.__contains__,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Stage: bad value for restricted picklist field: {value}",
    ),
    OWNER: (USER_ID.fullmatch, "MALFORMED_ID", "Owner ID: id value of incorrect type: {value}"),
    DATE: (_is_date, "INVALID_DATE", "{name}: invalid date: {value}"),
}


def describe(sobject: str, known: Fields) -> dict[str, Any]:
    described = [_described(name, kind) for name, (kind, _) in known.items()]
    described += [
        {"name": name, "label": name, "type": "string", "createable": False, "updateable": False}
        for name in (*SYSTEM, *READ_ONLY.get(sobject, ()))
    ]
    return {"name": sobject, "fields": described}


def _described(name: str, kind: str) -> dict[str, Any]:
    entries = {STATUS: STATUSES, STAGE: STAGES}.get(kind, ())
    return {
        "name": name,
        "label": name.removesuffix("__c").replace("_", " "),
        "type": DESCRIBED.get(kind, "reference"),
        "createable": True,
        "updateable": True,
        "restrictedPicklist": bool(entries),
        "picklistValues": [{"value": one, "active": True} for one in entries],
    }
