"""Importing this brings every moment into the house: their jobs and their listeners."""

from handlers import (
    acceptance,
    assignment,
    capture,
    card,
    crm,
    enrichment,
    leadstats,
    movement,
    nurture,
    outreach,
    people,
    rejection,
    rescoring,
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
    "movement",
    "nurture",
    "outreach",
    "people",
    "rejection",
    "rescoring",
    "scoring",
    "sla",
    "slack_door",
]
