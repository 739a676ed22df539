"""Records that are read later than they are written, as Pardot's are; and what the fields of each object are."""

import time
from dataclasses import dataclass, field
from typing import Any

PROSPECT = {
    *("email", "firstName", "lastName", "company", "jobTitle", "phone", "country", "industry", "website", "source"),
    *("comments", "city", "state", "department", "annualRevenue", "employees", "addressOne", "zip", "territory"),
}
CUSTOM = {
    "handoff_score": ("Handoff score", "Number"),
    "handoff_fit": ("Handoff fit", "Number"),
    "handoff_intent": ("Handoff intent", "Number"),
    "handoff_tier": ("Handoff tier", "Text"),
    "handoff_stage": ("Handoff stage", "Text"),
    "handoff_sql_at": ("Became an SQL", "Date"),
    "handoff_next_content_title": ("Handoff next content", "Text"),
    "handoff_next_content_url": ("Handoff next content's address", "Text"),
}
READABLE = {
    "prospects": {"id", "createdAt", "updatedAt", "isDeleted", "score", "grade"},
    "list-memberships": {"id", "listId", "prospectId", "optedOut", "createdAt", "updatedAt"},
    "visitor-activities": {
        *(
            "id",
            "type",
            "typeName",
            "createdAt",
            "updatedAt",
            "details",
            "prospectId",
            "emailId",
            "formId",
            "visitorId",
        ),
        *("prospect.id", "prospect.email", "campaign.id", "campaign.name"),
    },
    "custom-fields": {"id", "name", "fieldId", "type", "createdAt", "updatedAt", "isRequired"},
    "account": {"id", "company", "website"},
}
"""Besides the fields of a prospect that can be written."""
LISTS = {"501": ("Nurture: decision makers", False), "502": ("Nurture: not now", False), "599": ("All leads", True)}
"""id -> name and whether Pardot fills it by itself."""


@dataclass(slots=True)
class Records:
    """By their ids. `now` is what stands there; `seen` what is read, which lags behind."""

    now: dict[int, dict[str, Any]] = field(default_factory=dict)
    _written: list[tuple[float, int, dict[str, Any] | None]] = field(default_factory=list)

    def write(self, which: int, record: dict[str, Any] | None, at: float = 0.0) -> None:
        """None deletes it. `at`: seconds from now."""
        if record is None:
            self.now.pop(which, None)
        else:
            self.now[which] = record
        self._written.append((time.monotonic() + at, which, None if record is None else dict(record)))

    def seen(self, lag: float) -> list[dict[str, Any]]:
        """In the order of their ids."""
        found: dict[int, dict[str, Any]] = {}
        until = time.monotonic() - lag
        for at, which, record in self._written:
            if at > until:
                break
            if record is None:
                found.pop(which, None)
            else:
                found[which] = record
        return [found[which] for which in sorted(found)]


def picked(record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """What was asked for, with dots as objects in objects."""
    picked: dict[str, Any] = {}
    for name in fields:
        whose, dot, of = name.partition(".")
        if dot:
            picked.setdefault(whose, {})[of] = (record.get(whose) or {}).get(of)
        else:
            picked[name] = record.get(name)
    return picked
