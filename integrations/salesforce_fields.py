"""Salesforce's fields: what its leads have, values as its types want them, and what an admin deploys for ours that lack."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape

from domain.rules.field_maps import FieldType, Theirs
from integrations.salesforce_org import Record

KEY, SCORE, TIER = "Key", "Score", "Tier"
OURS: Mapping[str, Sequence[str]] = {
    "Lead": (KEY, SCORE, TIER),
    "Task": (KEY,),
    "Opportunity": (KEY,),
    "Account": (KEY,),
    "Contact": (KEY,),
}
"""What we write under names of our own: sobject -> field without the prefix."""
METADATA_OBJECT = {"Task": "Activity"}
"""Custom fields of tasks and events are those of activities."""
_TYPES = {
    "boolean": FieldType.FLAG,
    "currency": FieldType.NUMBER,
    "double": FieldType.NUMBER,
    "int": FieldType.NUMBER,
    "percent": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
}
_OF_TYPE = {
    FieldType.TEXT: "<type>Text</type>\n        <length>255</length>",
    FieldType.NUMBER: "<type>Number</type>\n        <precision>18</precision>\n        <scale>2</scale>",
    FieldType.FLAG: "<type>Checkbox</type>\n        <defaultValue>false</defaultValue>",
    FieldType.DATE: "<type>Date</type>",
    FieldType.CHOICE: "<type>Text</type>\n        <length>255</length>",
}
_OF_OURS = {
    KEY: (
        "<externalId>true</externalId>\n        <length>255</length>\n        <type>Text</type>\n        <unique>true</unique>"
    ),
    SCORE: "<precision>3</precision>\n        <scale>0</scale>\n        <type>Number</type>",
    TIER: "<length>40</length>\n        <type>Text</type>",
}


def theirs(described: Mapping[str, Record]) -> list[Theirs]:
    return [_theirs(name, one) for name, one in described.items()]


def _theirs(name: str, described: Record) -> Theirs:
    """Of pick lists only the restricted ones take nothing else than their entries."""
    kind = _TYPES.get(str(described.get("type")), FieldType.TEXT)
    entries: Sequence[Record] = (described.get("picklistValues") or ()) if described.get("restrictedPicklist") else ()
    options = tuple(str(one.get("value")) for one in entries if one.get("active"))
    label, writable = str(described.get("label") or ""), bool(described.get("updateable"))
    return Theirs(name, FieldType.CHOICE if options else kind, label, writable, options)


def typed(value: str, described: Record | None) -> str | float | bool:
    """The value of a field map, as Salesforce takes it: in JSON a number is no text."""
    kind = _TYPES.get(str(described.get("type"))) if described is not None else None
    if kind is FieldType.FLAG:
        return value.casefold() in {"true", "yes", "1"}
    if kind is not FieldType.NUMBER:
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def as_text(value: Any) -> str:
    """What stands in a field, as text: nothing is an empty one."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_deploy(prefix: str, described: Mapping[str, Mapping[str, Record]], wanted: Sequence[Theirs]) -> str:
    """The metadata of what lacks: our own fields, and `wanted` ones of leads. Empty if nothing does."""
    lacking = {
        sobject: {f"{prefix}_{name}__c": _of_ours(prefix, name) for name in names if f"{prefix}_{name}__c" not in there}
        for sobject, names in OURS.items()
        if (there := described[sobject]) is not None
    }
    lacking["Lead"] |= {one.name: _field(one.name, one.label, _OF_TYPE[one.type]) for one in wanted}
    return "\n".join(as_object(sobject, list(fields.values())) for sobject, fields in lacking.items() if fields)


def as_object(sobject: str, fields: Sequence[str]) -> str:
    """One file of a deployment: objects/NAME.object."""
    name = METADATA_OBJECT.get(sobject, sobject)
    return (
        f"<!-- objects/{name}.object -->\n"
        '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        f"{''.join(fields)}</CustomObject>\n"
    )


def ours_of(prefix: str, sobject: str) -> str:
    return as_object(sobject, [_of_ours(prefix, name) for name in OURS[sobject]])


def _of_ours(prefix: str, name: str) -> str:
    return _field(f"{prefix}_{name}__c", f"{prefix} {name.lower()}", _OF_OURS[name])


def _field(name: str, label: str, rest: str) -> str:
    return (
        "    <fields>\n"
        f"        <fullName>{escape(name)}</fullName>\n"
        f"        <label>{escape(label or name)}</label>\n"
        f"        {rest}\n"
        "    </fields>\n"
    )
