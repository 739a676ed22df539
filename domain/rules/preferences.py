"""What a person wants to be told, and when: at once, in a digest, or not at all."""

from enum import StrEnum


class Alert(StrEnum):
    """Every kind of direct message beside the lead card itself."""

    REMINDER = "reminder"
    OVERDUE = "overdue"
    SLA_MISSED = "sla_missed"
    POOL_SHORT = "pool_short"
    JUMP = "jump"
    HOTTER = "hotter"
    WOKEN = "woken"
    REVIEW = "review"
    HEALTH = "health"
