"""The mapped classes. Importing this package makes the whole record known to SQLAlchemy."""

from domain.tables.base import Base
from domain.tables.events import Happened, LeadEvent
from domain.tables.handoffs import AttemptOutcome, CardPlace, ClockOutcome, ContactAttempt, Handoff, SlaClock, SlaFile
from domain.tables.jobs import JobLane, JobRow
from domain.tables.leads import (
    Arrival,
    ArrivalState,
    AttributesRow,
    CaptureSource,
    Company,
    Lead,
    LeadMerge,
    ProfileRow,
    ProviderDay,
    TouchRow,
)
from domain.tables.nurture import Content, ContentResult, Programme, Recommendation
from domain.tables.people import (
    Absence,
    Pool,
    PoolMember,
    Rep,
    Role,
    RoutingFile,
    TerritoryRow,
    Turn,
    TurnKind,
)
from domain.tables.scoring import ModelStatus, Rescoring, ScoreRow, ScoringModel
from domain.tables.systems import Installation, SystemLink

__all__ = [
    "Absence",
    "Arrival",
    "ArrivalState",
    "AttemptOutcome",
    "AttributesRow",
    "Base",
    "CaptureSource",
    "CardPlace",
    "ClockOutcome",
    "Company",
    "ContactAttempt",
    "Content",
    "ContentResult",
    "Handoff",
    "Happened",
    "Installation",
    "JobLane",
    "JobRow",
    "Lead",
    "LeadEvent",
    "LeadMerge",
    "ModelStatus",
    "Pool",
    "PoolMember",
    "ProfileRow",
    "Programme",
    "ProviderDay",
    "Recommendation",
    "Rep",
    "Rescoring",
    "Role",
    "RoutingFile",
    "ScoreRow",
    "ScoringModel",
    "SlaClock",
    "SlaFile",
    "SystemLink",
    "TerritoryRow",
    "TouchRow",
    "Turn",
    "TurnKind",
]
