"""The SQL of the job ledger: write, claim with a lease, delete under the fence token, give back, bury, revive."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.tables import JobLane, JobRow
from handlers.flow import Sending

MOST_FAILURES = 8
"""After so many failures a job is dead: kept, shown, re-runnable. With the back-off that is about a quarter of an hour."""

_PENDING = text("leased_until is null and dead_at is null")


class TakenOver(Exception):
    """Another worker holds this job now; whatever was done here is rolled back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job under lease. `token` fences it: only who holds the newest token may finish it."""

    id: int
    name: str
    args: dict[str, Any]
    lane: str | None
    token: int


def write(session: Session, sendings: Iterable[Sending]) -> None:
    """Write the rows. Sorted, so that two transactions that write the same keys meet in the same order and never deadlock."""
    wanted: dict[tuple[str, str], Sending] = {}
    loose: list[Sending] = []
    for sending in sendings:
        if sending.key is None:
            loose.append(sending)
        else:
            known = wanted.setdefault((sending.job.value, sending.key), sending)
            if (sending.after, sending.priority) < (known.after, known.priority):
                wanted[sending.job.value, sending.key] = sending
    keyed = [wanted[name] for name in sorted(wanted)]
    lanes = sorted({sending.lane for sending in [*keyed, *loose] if sending.lane})
    if lanes:
        session.execute(upsert(JobLane).values([{"name": lane} for lane in lanes]).on_conflict_do_nothing())
    if loose:
        session.execute(insert(JobRow).values([_values(sending) for sending in loose]))
    if keyed:
        statement = upsert(JobRow).values([_values(sending) for sending in keyed])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name", "key"],
                index_where=_PENDING,
                set_={
                    "run_at": func.least(JobRow.run_at, statement.excluded.run_at),
                    "priority": func.least(JobRow.priority, statement.excluded.priority),
                },
            )
        )


def _values(sending: Sending) -> dict[str, Any]:
    return {
        "name": sending.job.value,
        "args": dict(sending.args),
        "key": sending.key,
        "lane": sending.lane,
        "priority": int(sending.priority),
        "run_at": func.now() + sending.after,
    }


_CLAIM = text("""
with due as (
    select j.id from jobs j
    where j.lane is null and j.leased_until is null and j.dead_at is null and j.run_at <= now()
      and not exists (select from jobs o where o.leased_until > now() and o.name = j.name and o.key = j.key)
    order by j.priority, j.run_at, j.id
    limit greatest(0, :window - (select count(*) from jobs m where m.leased_until > now() and m.leased_by = :me))
    for update of j skip locked
)
update jobs set leased_until = now() + :lease, leased_by = :me, claims = claims + 1
from due where jobs.id = due.id
returning jobs.id, jobs.name, jobs.args, jobs.lane, jobs.claims, jobs.priority, jobs.run_at
""")

# A lane is blocked while its job runs, so that its jobs stay in order and its pace counts from the last answer.
_CLAIM_LANES = text("""
with free as (
    select l.name from job_lanes l
    where l.free_at <= now() and exists (
        select from jobs j where j.lane = l.name and j.leased_until is null and j.dead_at is null and j.run_at <= now())
    limit :most for update skip locked
), next as (
    select free.name as lane, due.id from free cross join lateral (
        select j.id from jobs j
        where j.lane = free.name and j.leased_until is null and j.dead_at is null and j.run_at <= now()
        order by j.priority, j.run_at, j.id limit 1
    ) due
), blocked as (
    update job_lanes set free_at = now() + :lease from next where job_lanes.name = next.lane
)
update jobs set leased_until = now() + :lease, leased_by = :me, claims = claims + 1
from next where jobs.id = next.id and jobs.leased_until is null
returning jobs.id, jobs.name, jobs.args, jobs.lane, jobs.claims, jobs.priority, jobs.run_at
""")


def claim(session: Session, me: str, *, lease: timedelta, window: int, lanes: int) -> list[Claimed]:
    """Lease what is due, sooner things first: at most `window` rows in this relay's hands, one row per free lane."""
    rows = [
        *session.execute(_CLAIM_LANES, {"me": me, "lease": lease, "most": lanes}),
        *session.execute(_CLAIM, {"me": me, "lease": lease, "window": window}),
    ]
    rows.sort(key=lambda row: (row.priority, row.run_at, row.id))
    return [Claimed(row.id, row.name, row.args, row.lane, row.claims) for row in rows]


_EXPIRED = text("""
with expired as (select id, name, key from jobs where leased_until < now() for update skip locked),
superseded as (
    delete from jobs using expired e where jobs.id = e.id and e.key is not null and exists (
        select from jobs p where p.name = e.name and p.key = e.key and p.leased_until is null and p.dead_at is null)
    returning jobs.id
)
update jobs set leased_until = null, leased_by = null
from expired e where jobs.id = e.id and e.id not in (select id from superseded)
  and e.id = (select max(t.id) from expired t where t.name = e.name and t.key is not distinct from e.key or t.id = e.id and e.key is null)
""")


def give_back_expired(session: Session) -> int:
    """Make the jobs of dead workers pending again. A row that a newer pending one supersedes is dropped."""
    return session.execute(_EXPIRED).rowcount  # type: ignore[attr-defined, no-any-return]  # a DML result has it


def finish(session: Session, job: Claimed, pace: timedelta) -> None:
    """Delete the job under its fence token, and free its lane; raises TakenOver if the token is old."""
    gone = session.execute(
        delete(JobRow).where(JobRow.id == job.id, JobRow.claims == job.token).returning(JobRow.id)
    ).first()
    if gone is None:
        raise TakenOver
    free(session, job.lane, pace)


def free(session: Session, lane: str | None, after: timedelta) -> None:
    """Let the next job of the lane go, `after` from now."""
    if lane is not None:
        session.execute(update(JobLane).where(JobLane.name == lane).values(free_at=func.now() + after))


class Setback(NamedTuple):
    """Why a job did not finish; `counts` says whether it is a failure of the job."""

    why: str
    after: timedelta
    counts: bool
    lane_waits: bool
    """The lane as a whole was told to wait (429)."""


def give_back(session: Session, job: Claimed, setback: Setback, pace: timedelta) -> bool:
    """Put the job back for later, or bury it after its last failure. True if it is dead now."""
    row = session.scalars(
        select(JobRow).where(JobRow.id == job.id, JobRow.claims == job.token).with_for_update()
    ).one_or_none()
    free(session, job.lane, max(pace, setback.after) if setback.lane_waits else pace)
    if row is None:
        return False
    row.failures += int(setback.counts)
    row.problem = setback.why
    if row.failures >= MOST_FAILURES:
        bury(session, job, setback.why)
        return True
    if row.key is not None and _another_pending(session, row):
        session.delete(row)
        return False
    row.leased_until = row.leased_by = None
    row.run_at = session.scalars(select(func.now() + setback.after)).one()
    return False


def _another_pending(session: Session, row: JobRow) -> bool:
    same = select(JobRow.id).where(JobRow.name == row.name, JobRow.key == row.key, JobRow.id != row.id, _PENDING)
    return session.scalars(same).first() is not None


def bury(session: Session, job: Claimed, why: str) -> None:
    """Keep the job as dead, with its reason."""
    session.execute(
        update(JobRow)
        .where(JobRow.id == job.id, JobRow.claims == job.token)
        .values(dead_at=func.now(), leased_until=None, leased_by=None, problem=why)
    )


def renew(session: Session, job: Claimed, lease: timedelta) -> None:
    """Prolong the lease of a long job; raises TakenOver if it was lost."""
    statement = (
        update(JobRow).where(JobRow.id == job.id, JobRow.claims == job.token).values(leased_until=func.now() + lease)
    )
    if session.execute(statement.returning(JobRow.id)).first() is None:
        raise TakenOver


def revive(session: Session, job_id: int | None = None) -> int:
    """Make one dead job, or all of them, pending again with a clean slate. Those that a pending one supersedes are dropped."""
    dead = select(JobRow).where(JobRow.dead_at.is_not(None)).order_by(JobRow.id).with_for_update(skip_locked=True)
    rows = session.scalars(dead if job_id is None else dead.where(JobRow.id == job_id)).all()
    for row in rows:
        if row.key is not None and _another_pending(session, row):
            session.delete(row)
        else:
            row.dead_at, row.failures, row.run_at = None, 0, session.scalars(select(func.now())).one()
        session.flush()
    return len(rows)


def give_back_all_of(session: Session, relay: str) -> None:
    """Make what a stopping relay still holds claimable at once, and free the lanes of it."""
    held = select(JobRow.lane).where(JobRow.leased_by == relay, JobRow.lane.is_not(None))
    session.execute(update(JobLane).where(JobLane.name.in_(held)).values(free_at=func.now()))
    session.execute(
        update(JobRow).where(JobRow.leased_by == relay).values(leased_until=func.now() - timedelta(seconds=1))
    )
    give_back_expired(session)


class Counts(NamedTuple):
    waiting: int
    running: int
    dead: int


def counts(session: Session) -> Counts:
    """How many jobs stand where."""
    dead, running = JobRow.dead_at.is_not(None), JobRow.leased_until.is_not(None)
    row = session.execute(
        select(
            func.count().filter(~dead, ~running), func.count().filter(running), func.count().filter(dead)
        ).select_from(JobRow)
    ).one()
    return Counts(*row)
