"""What the checks of the installation read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.tables import Check, Heartbeat, JobRow, Pool, Rep, Role, ScoringModel, VendorAccount
from domain.tables.scoring import ModelStatus

CHECKED_EVERY = timedelta(hours=1)


def beats(session: Session) -> Mapping[str, Sequence[datetime]]:
    """Kind of process -> when each of them last said that it lives."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for kind, at in session.execute(select(Heartbeat.kind, Heartbeat.at)).all():
        found[kind].append(at)
    return found


@dataclass(frozen=True, slots=True)
class Ledger:
    """`newest` of the dead: which job, and why. `oldest`: since when the job is due that waits longest."""

    dead: int
    newest: str | None
    oldest: datetime | None


def ledger(session: Session, without_haste: int, now: datetime) -> Ledger:
    """Jobs of the priority `without_haste`, or a lower one, may wait."""
    dead = session.scalars(select(func.count()).where(JobRow.dead_at.is_not(None))).one()
    newest = session.execute(
        select(JobRow.name, JobRow.problem).where(JobRow.dead_at.is_not(None)).order_by(JobRow.dead_at.desc()).limit(1)
    ).first()
    waiting = (JobRow.leased_until.is_(None), JobRow.dead_at.is_(None), JobRow.priority < without_haste)
    oldest = session.scalar(select(func.min(JobRow.run_at)).where(*waiting, JobRow.run_at <= now))
    return Ledger(dead, f"{newest[0]}: {newest[1]}" if newest else None, oldest)


@dataclass(frozen=True, slots=True)
class Resting:
    """A vendor that is not called until a certain time, and what it said."""

    until: datetime
    why: str


def resting(session: Session, now: datetime) -> Mapping[str, Resting]:
    """By vendor; of several of its accounts, the one that rests longest. Each vendor has a handful of rows at most."""
    rows = session.execute(
        select(VendorAccount.account, VendorAccount.open_until, VendorAccount.problem)
        .where(VendorAccount.open_until > now)
        .order_by(VendorAccount.open_until)
    )
    return {
        account.partition(":")[0]: Resting(until, problem or "it does not answer")
        for account, until, problem in rows
        if until is not None
    }


def active_model(session: Session) -> str | None:
    return session.scalar(
        select(func.concat(ScoringModel.name, " ", ScoringModel.version)).where(
            ScoringModel.status == ModelStatus.ACTIVE
        )
    )


def channels(session: Session) -> list[tuple[str, str]]:
    """Pool and channel, of the pools that have one."""
    found = select(Pool.name, Pool.slack_channel).where(Pool.slack_channel.is_not(None)).order_by(Pool.name)
    return [(name, str(channel)) for name, channel in session.execute(found).all()]


def active_reps(session: Session) -> list[Rep]:
    return list(session.scalars(select(Rep).where(Rep.active).order_by(Rep.email)))


def owners(reps: Sequence[Rep]) -> list[Rep]:
    """Those to whom leads belong, in the CRM as well."""
    return [rep for rep in reps if rep.role in {Role.SDR, Role.AE}]


def database_time(session: Session) -> datetime:
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now


def checks(session: Session) -> list[Check]:
    """What was found last, by name."""
    return list(session.scalars(select(Check).order_by(Check.name)))


def checking_due(session: Session, now: datetime) -> bool:
    last = session.scalar(select(Check.at).where(Check.name == "database"))
    return last is None or now - last >= CHECKED_EVERY
