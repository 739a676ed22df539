"""What Salesforce knows of leads and tasks: fields, limits, and the sentence for each way to get one wrong."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

TEXT, NUMBER, DATE, OWNER, EMAIL, STATUS, WHO = "text", "number", "date", "owner", "email", "status", "who"
Fields = dict[str, tuple[str, int]]
LEAD: Fields = {
    "LastName": (TEXT, 80),
    "FirstName": (TEXT, 40),
    "Company": (TEXT, 255),
    "Title": (TEXT, 128),
    "Phone": (TEXT, 40),
    "Country": (TEXT, 80),
    "LeadSource": (TEXT, 255),
    "Email": (EMAIL, 80),
    "Status": (STATUS, 255),
    "OwnerId": (OWNER, 18),
    "Handoff_Key__c": (TEXT, 255),
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
    "Handoff_Key__c": (TEXT, 255),
}
ACCOUNT: Fields = {"Name": (TEXT, 255), "Website": (TEXT, 255), "OwnerId": (OWNER, 18)}
CONTACT: Fields = {"LastName": (TEXT, 80), "Email": (EMAIL, 80), "OwnerId": (OWNER, 18)}
OBJECTS = {"Lead": LEAD, "Task": TASK, "Account": ACCOUNT, "Contact": CONTACT}
REQUIRED = {"Lead": ("LastName", "Company"), "Task": (), "Account": ("Name",), "Contact": ("LastName",)}
EMAIL_FORM = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
USER_ID = re.compile(r"00(5|G)[A-Za-z0-9]{12}([A-Z0-5]{3})?")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


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


def read(sobject: str, fields: Any) -> dict[str, Any]:
    """The fields of one record as they were sent, if Salesforce would even look at them."""
    if not isinstance(fields, dict):
        raise WrongRequestError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    for name, value in fields.items():
        if name not in OBJECTS[sobject]:
            raise WrongRequestError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
        kind, _ = OBJECTS[sobject][name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and (not number if kind == NUMBER else not isinstance(value, str)):
            raise WrongRequestError(400, "JSON_PARSER_ERROR", f"Cannot deserialize the value of {name}")
    return fields


def wrong(sobject: str, fields: dict[str, Any], leads: dict[str, Any], *, new: bool) -> dict[str, Any] | None:
    """The error of one record, or None. `leads` are the ones that exist, by id."""
    missing = [name for name in REQUIRED[sobject] if not fields.get(name) and (new or name in fields)]
    if missing:
        return error("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    for name, value in fields.items():
        kind, limit = OBJECTS[sobject][name]
        if isinstance(value, str) and len(value) > limit:
            return error("STRING_TOO_LONG", f"{name}: data value too large (max length={limit})", [name])
        if value is not None and (found := _wrong_value(name, kind, value, leads)):
            return found
    return None


def _wrong_value(name: str, kind: str, value: Any, leads: dict[str, Any]) -> dict[str, Any] | None:
    if kind == WHO and value not in leads:
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
        # The standard list, with an entry that this organisation has added. "Closed - Converted" is on it, but only a
        # conversion sets it.
        {"Open - Not Contacted", "Working - Contacted", "Qualified", "Closed - Not Converted"}.__contains__,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Lead Status: bad value for restricted picklist field: {value}",
    ),
    OWNER: (USER_ID.fullmatch, "MALFORMED_ID", "Owner ID: id value of incorrect type: {value}"),
    DATE: (_is_date, "INVALID_DATE", "{name}: invalid date: {value}"),
}
