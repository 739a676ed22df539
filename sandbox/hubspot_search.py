"""HubSpot's search: filters, one sort, pages of at most 200, and no further than 10,000."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

FIELDS = {"filterGroups", "sorts", "properties", "limit", "after", "query"}
FILTER_FIELDS = {"propertyName", "operator", "value", "values"}
PAGE = 200
MOST_FOUND = 10_000
GROUPS, FILTERS = 5, 6

OPERATORS: Mapping[str, Callable[[str, Any], bool]] = {
    "EQ": lambda there, value: there.lower() == str(value).lower(),
    "GT": lambda there, value: _number(there) > _number(value),
    "GTE": lambda there, value: _number(there) >= _number(value),
    "LT": lambda there, value: _number(there) < _number(value),
    "LTE": lambda there, value: _number(there) <= _number(value),
    "IN": lambda there, values: there in values or there.lower() in values,
}


def wrong_search(body: Any) -> str | None:
    if not isinstance(body, dict) or not set(body) <= FIELDS:
        return "Invalid input JSON: not of the form of PublicObjectSearchRequest"
    groups, sorts, limit = body.get("filterGroups", []), body.get("sorts", []), body.get("limit", 10)
    if len(groups) > GROUPS or any(len(group.get("filters", [])) > FILTERS for group in groups):
        return f"A search has at most {GROUPS} groups of {FILTERS} filters"
    if len(sorts) > 1:
        return "A search can be sorted by one property"
    if not isinstance(limit, int) or not 1 <= limit <= PAGE:
        return f"limit must be from 1 to {PAGE}"
    if int(body.get("after", "0")) + limit > MOST_FOUND:
        return f"The search ends at {MOST_FOUND} results"
    return next((wrong for group in groups for one in group["filters"] if (wrong := _wrong_filter(one))), None)


def _wrong_filter(one: Any) -> str | None:
    if not isinstance(one, dict) or not set(one) <= FILTER_FIELDS or one.get("operator") not in OPERATORS:
        return "There was a problem with a filter"
    wanted = "values" if one["operator"] == "IN" else "value"
    return None if one.get(wanted) else f"The operator {one['operator']} needs {wanted}"


class Asked:
    """One search, of the right form."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._groups = [group["filters"] for group in body.get("filterGroups", [])]
        self._sorts = body.get("sorts", [])
        self._limit, self._after = body.get("limit", 10), int(body.get("after", "0"))

    def of(self, records: Sequence[Mapping[str, str]]) -> tuple[list[str], str | None]:
        """The ids of a page of those that are wanted, and where the next one begins."""
        wanted = [one for one in records if self._is_wanted(one)]
        if self._sorts:
            name, back = self._sorts[0]["propertyName"], self._sorts[0].get("direction") == "DESCENDING"
            wanted.sort(key=lambda one: _number(one.get(name, "")), reverse=back)
        end = self._after + self._limit
        page = [one["hs_object_id"] for one in wanted[self._after : end]]
        return page, str(end) if end < len(wanted) else None

    def _is_wanted(self, one: Mapping[str, str]) -> bool:
        return not self._groups or any(all(_holds(each, one) for each in group) for group in self._groups)


def _holds(one: Mapping[str, Any], record: Mapping[str, str]) -> bool:
    there = record.get(one["propertyName"])
    value = one["values"] if one["operator"] == "IN" else one["value"]
    return there is not None and OPERATORS[one["operator"]](there, value)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        return datetime.fromisoformat(str(value)).timestamp() * 1000
    except ValueError:
        return 0.0
