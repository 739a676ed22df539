"""Importing this brings every moment into the house: their jobs and their listeners."""

from handlers import (
    acceptance,
    assignment,
    capture,
    card,
    crm,
    enrichment,
    leadstats,
    nurture,
    outreach,
    people,
    rejection,
    scoring,
    sla,
    slack_door,
)

__all__ = [
    "acceptance",
    "assignment",
    "capture",
    "card",
    "crm",
    "enrichment",
    "leadstats",
    "nurture",
    "outreach",
    "people",
    "rejection",
    "scoring",
    "sla",
    "slack_door",
]
