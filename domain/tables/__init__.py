"""The mapped classes. Importing this package makes the whole record known to SQLAlchemy."""

from domain.tables.base import Base
from domain.tables.events import Happened, LeadEvent
from domain.tables.handoffs import AttemptOutcome, CardPlace, ClockOutcome, ContactAttempt, Handoff, SlaClock
from domain.tables.jobs import JobLane, JobRow
from domain.tables.leads import Arrival, ArrivalState, CaptureSource, Company, Lead, ProfileRow, TouchRow
from domain.tables.people import Pool, PoolMember, Rep, Role, TerritoryRow
from domain.tables.scoring import ModelStatus, ScoreRow, ScoringModel
from domain.tables.systems import Installation, SystemLink

__all__ = [
    "Arrival",
    "ArrivalState",
    "AttemptOutcome",
    "Base",
    "CaptureSource",
    "CardPlace",
    "ClockOutcome",
    "Company",
    "ContactAttempt",
    "Handoff",
    "Happened",
    "Installation",
    "JobLane",
    "JobRow",
    "Lead",
    "LeadEvent",
    "ModelStatus",
    "Pool",
    "PoolMember",
    "ProfileRow",
    "Rep",
    "Role",
    "ScoreRow",
    "ScoringModel",
    "SlaClock",
    "SystemLink",
    "TerritoryRow",
    "TouchRow",
]
