"""When a system is read and swept: the jobs for it, and whose turn it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from domain.verbs import syncing
from handlers.jobs import send
from handlers.sending import Job, Priority, Sending
from handlers.sync_settings import sync_settings
from integrations import registry

OPPORTUNITIES = "opportunities"
ACTIVITIES = "activities"
"""Names of cursors."""


def read_opportunities_again() -> Sending:
    return Sending(Job.READ_OPPORTUNITIES, {}, key="all", lane=Job.READ_OPPORTUNITIES.value, priority=Priority.LIVE)


def read_some_opportunities(external_ids: Sequence[str]) -> Sending:
    """These alone, in the lane of the others: what was read first is written down first."""
    ids = ",".join(sorted(external_ids))
    key, lane = sha256(ids.encode()).hexdigest()[:32], Job.READ_OPPORTUNITIES.value
    return Sending(Job.READ_SOME_OPPORTUNITIES, {"external_ids": ids}, key=key, lane=lane)


def read_activities_of(automation: str) -> Sending:
    lane = f"{Job.READ_ACTIVITIES.value}:{automation}"
    return Sending(Job.READ_ACTIVITIES, {"automation": automation}, key=automation, lane=lane)


def sweep_of(system: str) -> Sending:
    """The next batch of a sweep: after everything that anybody waits for."""
    lane = f"{Job.SWEEP_SYSTEM.value}:{system}"
    return Sending(Job.SWEEP_SYSTEM, {"system": system}, key=system, lane=lane, priority=Priority.BULK)


def send_what_is_due(session: Session, now: datetime) -> None:
    """Read what has not been read for a while, and sweep once a night. The jobs are keyed: none is sent twice."""
    every = timedelta(seconds=sync_settings().poll_seconds)
    crms, automations = registry.names()
    for name in crms:
        if syncing.is_due(session, name, OPPORTUNITIES, now, every):
            send(session, read_opportunities_again())
    for name in automations:
        if syncing.is_due(session, name, ACTIVITIES, now, every):
            send(session, read_activities_of(name))
    for name in (*crms, *automations):
        if syncing.sweep_due(session, name, now, sync_settings().sweep_hour):
            syncing.begin_sweep(session, name, now)
            send(session, sweep_of(name))
