"""What the Marketo instance of the sandbox knows: the fields of a lead, its lists and campaigns, and the types of what people do."""

from typing import Any

STANDARD = {
    "email": ("Email Address", "email"),
    "firstName": ("First Name", "string"),
    "lastName": ("Last Name", "string"),
    "title": ("Job Title", "string"),
    "phone": ("Phone Number", "phone"),
    "country": ("Country", "string"),
    "website": ("Website", "url"),
    "unsubscribed": ("Unsubscribed", "boolean"),
    "leadScore": ("Lead Score", "score"),
}
CUSTOM = {
    "handoff_score": ("Handoff score", "integer"),
    "handoff_fit": ("Handoff fit", "integer"),
    "handoff_intent": ("Handoff intent", "integer"),
    "handoff_tier": ("Handoff tier", "string"),
    "handoff_stage": ("Handoff stage", "string"),
    "handoff_sql_at": ("Became an SQL", "date"),
    "handoff_next_content_title": ("Handoff next content", "string"),
    "handoff_next_content_url": ("Handoff next content s address", "string"),
}
READ_ONLY = {
    "id": ("Id", "integer"),
    "company": ("Company Name", "string"),
    "createdAt": ("Created At", "datetime"),
    "updatedAt": ("Updated At", "datetime"),
}
"""A lead's company is written by another way, which this sandbox does not know."""
NEW_TYPES = {
    "boolean",
    "currency",
    "date",
    "datetime",
    "email",
    "float",
    "integer",
    "percent",
    "phone",
    "score",
    "string",
    "url",
}
NUMBERS = {"integer", "score", "float", "currency", "percent"}
TEXT_LIMIT = 255
LISTS = {"1001": "Nurture: decision makers", "1002": "Nurture: not now"}
CAMPAIGNS = {"77": ("Nurture: call for it", "trigger", True), "78": ("Monthly mail", "batch", False)}
"""id -> name, type and whether it can be requested."""
NEW_LEAD, CHANGED = 12, 13
TYPES = {
    1: "Visit Webpage",
    2: "Fill Out Form",
    3: "Click Link",
    6: "Send Email",
    9: "Unsubscribe Email",
    10: "Open Email",
    11: "Click Email",
    NEW_LEAD: "New Lead",
    CHANGED: "Change Data Value",
    104: "Change Status in Progression",
    100001: "Attend Conference",
}


def described(fields: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """All fields as `describe2` tells of them; `fields`: those that can be written."""
    known = {name: (*field, True) for name, field in fields.items()}
    known |= {name: (*field, False) for name, field in READ_ONLY.items()}
    return [
        {"name": name, "displayName": label, "dataType": kind, "updateable": writable, "crmManaged": False}
        for name, (label, kind, writable) in known.items()
    ]


def wrong_value(kind: str, value: Any) -> str | None:
    """What Marketo says against a value of this kind of field; None takes away what stands there."""
    if value is None:
        return None
    sound = isinstance(value, str)
    if kind in NUMBERS:
        sound = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "boolean":
        sound = isinstance(value, bool)
    if not sound:
        return f"Invalid value '{value}'. Required of type '{kind}'"
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        return f"Value for field is too long: {TEXT_LIMIT} characters are allowed"
    return None
