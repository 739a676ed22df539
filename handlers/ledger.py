"""The SQL of the job ledger: write, claim with a lease, delete under the fence token, give back, bury, revive."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.tables import JobLane, JobRow
from handlers.sending import Sending

MOST_FAILURES = 11
"""After so many failures a job is dead: kept, shown, re-runnable. With the back-off that is about a quarter of an hour."""

LONGEST_BACK_OFF = timedelta(minutes=10)


class TakenOver(Exception):
    """The lease was lost and the job is not ours any more; whatever was done here is rolled back."""


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
    session.execute(_WRITE, {"rows": json.dumps([_values(sending) for sending in _merged(sendings)])})


# One text whatever the number of rows: SQLAlchemy would compile a list of values anew each time, a fifth of the CPU time
# of a capture. A row without a key meets no other: nulls are distinct. The lanes go in the same trip: nobody waits for a
# click longer than need be.
_WRITE = text("""
with wanted as (
    select * from jsonb_to_recordset(cast(:rows as jsonb))
        as wanted(name text, args jsonb, key text, lane text, priority bigint, after float8)
), lanes as (
    insert into job_lanes (name) select distinct lane from wanted where lane is not null order by lane on conflict do nothing
)
insert into jobs (name, args, key, lane, priority, run_at)
select name, args, key, lane, priority, now() + make_interval(secs => after) from wanted
order by name, key
on conflict (name, key) where leased_until is null and dead_at is null do update
set run_at = least(jobs.run_at, excluded.run_at), priority = least(jobs.priority, excluded.priority)
""")


def _merged(sendings: Iterable[Sending]) -> list[Sending]:
    """Those without a key; and one sending a key, as early and as urgent as the most pressing of them."""
    wanted: dict[tuple[str, str], Sending] = {}
    loose: list[Sending] = []
    for sending in sendings:
        if sending.key is None:
            loose.append(sending)
            continue
        name = (sending.job.value, sending.key)
        known = wanted.get(name, sending)
        wanted[name] = replace(
            known, after=min(known.after, sending.after), priority=min(known.priority, sending.priority)
        )
    return [*loose, *wanted.values()]


def _values(sending: Sending) -> dict[str, Any]:
    return {
        "name": sending.job.value,
        "args": dict(sending.args),
        "key": sending.key,
        "lane": sending.lane,
        "priority": int(sending.priority),
        "after": sending.after.total_seconds(),
    }


# The planner cannot guess how few rows a computed limit lets through; of an array it does not expect many.
_CLAIM = text("""
with due as (
    select j.id from jobs j
    where j.lane is null and j.leased_until is null and j.dead_at is null and j.run_at <= now()
      and not exists (select from jobs o where o.leased_until > now() and o.name = j.name and o.key = j.key)
    order by j.priority, j.run_at, j.id
    limit greatest(0, :window - (
        select count(*) from jobs m where m.leased_until > now() and m.leased_by = :me and m.lane is null))
    for update of j skip locked
)
update jobs set leased_until = now() + :lease, leased_by = :me, claims = claims + 1
where id = any (array(select id from due))
returning jobs.id, jobs.name, jobs.args, jobs.lane, jobs.claims, jobs.priority, jobs.run_at
""")

# A lane is blocked while its job runs, so that its jobs stay in order and its pace counts from the last answer.
# A row into which somebody is merging this moment is passed over with its lane: the relay waits for nobody.
_CLAIM_LANES = text("""
with next as (
    select l.name as lane, due.id from job_lanes l cross join lateral (
        select j.id, j.priority, j.run_at from jobs j
        where j.lane = l.name and j.leased_until is null and j.dead_at is null and j.run_at <= now()
        order by j.priority, j.run_at, j.id limit 1
    ) due
    where l.free_at <= now()
    order by due.priority, due.run_at, due.id
    limit greatest(0, :window - (
        select count(*) from jobs m where m.leased_until > now() and m.leased_by = :me and m.lane is not null))
    for update of l skip locked
), held as (
    select j.id, next.lane from next join jobs j on j.id = next.id
    where j.leased_until is null and j.dead_at is null for update of j skip locked
), blocked as (
    update job_lanes set free_at = now() + :lease from held where job_lanes.name = held.lane
)
update jobs set leased_until = now() + :lease, leased_by = :me, claims = claims + 1
where id = any (array(select id from held))
returning jobs.id, jobs.name, jobs.args, jobs.lane, jobs.claims, jobs.priority, jobs.run_at
""")


def claim(session: Session, me: str, *, lease: timedelta, window: int) -> list[Claimed]:
    """Lease what is due, sooner things first: at most `window` rows without a lane in this relay's hands, and as many
    with one (of each free lane the next). Two windows, so that a flood of the one kind never keeps the other waiting.
    """
    wanted = {"me": me, "lease": lease, "window": window}
    rows = [*session.execute(_CLAIM_LANES, wanted), *session.execute(_CLAIM, wanted)]
    rows.sort(key=lambda row: (row.priority, row.run_at, row.id))
    return [Claimed(row.id, row.name, row.args, row.lane, row.claims) for row in rows]


# Only among the next few: a backlog of other jobs must not be searched for each question.
_CLAIM_ALIKE = text("""
with near as (
    select id, name, key, args from jobs
    where lane is null and leased_until is null and dead_at is null and run_at <= now()
    order by priority, run_at, id limit 500
), alike as (
    select j.id from jobs j
    where j.id = any (array(select id from near where name = :name and args @> cast(:args as jsonb) limit :most))
      and j.leased_until is null
      and not exists (select from jobs o where o.leased_until > now() and o.name = j.name and o.key = j.key)
    for update of j skip locked
)
update jobs set leased_until = now() + :lease, claims = claims + 1
where id = any (array(select id from alike))
returning jobs.id, jobs.name, jobs.args, jobs.lane, jobs.claims
""")


def claim_alike(
    session: Session, job: Claimed, args: Mapping[str, Any], *, lease: timedelta, most: int
) -> list[Claimed]:
    """Lease jobs of the same name with these arguments that are due as well, so that one call to the outside does for all of
    them. They are in no relay's window: whoever took them finishes them, or gives them back.
    """
    wanted = {"name": job.name, "args": json.dumps(dict(args)), "lease": lease, "most": most}
    rows = session.execute(_CLAIM_ALIKE, wanted)
    return [Claimed(row.id, row.name, row.args, row.lane, row.claims) for row in rows]


_EXPIRED = text("""
with expired as (select id, name, key from jobs where leased_until < now() for update skip locked),
ranked as (
    select id, key is not null and (
        row_number() over (partition by name, key order by id desc) > 1
        or exists (select from jobs p
                   where p.name = e.name and p.key = e.key and p.leased_until is null and p.dead_at is null)
    ) as superseded from expired e
), dropped as (
    delete from jobs using ranked r where jobs.id = r.id and r.superseded
)
update jobs set leased_until = null, leased_by = null, failures = failures + :failed,
    dead_at = case when failures + :failed >= :most then now() end,
    problem = case when :failed > 0 then 'Its worker died, or it took longer than its lease' else problem end
from ranked r where jobs.id = r.id and not r.superseded
""")


def give_back_expired(session: Session, *, failed: bool = True) -> int:
    """Make the jobs of dead workers pending again. A row that a newer pending one supersedes is dropped.

    To lose its lease is a failure: else a job that kills its worker would do so for ever.
    """
    wanted = {"failed": int(failed), "most": MOST_FAILURES}
    try:
        with session.begin_nested():
            return session.execute(_EXPIRED, wanted).rowcount  # type: ignore[attr-defined, no-any-return]  # a DML result has it
    except IntegrityError:
        # Somebody was writing the same key this moment. The next sweep sees their row.
        return 0


def _held(job: Claimed) -> tuple[ColumnElement[bool], ...]:
    """Whether the job is still ours. A row that was given back is not, even while nobody has claimed it anew: somebody
    may have merged a later wish into it, which our old reading does not fulfil.
    """
    return JobRow.id == job.id, JobRow.claims == job.token, JobRow.leased_until.is_not(None)


def finish(session: Session, job: Claimed, pace: timedelta) -> None:
    """Delete the job under its fence token, and free its lane; raises TakenOver if it is not ours any more."""
    if session.scalar(_FINISH, {"id": job.id, "token": job.token, "pace": pace}) is None:
        raise TakenOver


def beside(session: Session, job: Claimed) -> list[tuple[int, dict[str, Any]]]:
    """The jobs of the same name that wait in the same lane: their ids and arguments, oldest first. While `job` runs
    nobody else claims them, so whoever does them all at once may `drop` them.
    """
    waiting = (JobRow.leased_until.is_(None), JobRow.dead_at.is_(None))
    rows = session.execute(
        select(JobRow.id, JobRow.args)
        .where(JobRow.lane == job.lane, JobRow.name == job.name, *waiting)
        .order_by(JobRow.id)
    )
    return [(row.id, row.args) for row in rows]


def drop(session: Session, job_ids: Sequence[int]) -> None:
    """Delete jobs that wait: another has done what they were for."""
    session.execute(delete(JobRow).where(JobRow.id.in_(job_ids), JobRow.leased_until.is_(None)))


# The hottest statement but for the claims: the condition is that of `_held`, and both rows go in one trip.
_FINISH = text("""
with done as (
    delete from jobs where id = :id and claims = :token and leased_until is not null returning id, lane
), rested as (
    update job_lanes set free_at = now() + :pace from done where job_lanes.name = done.lane
)
select id from done
""")


def _rest(session: Session, lane: str | None, after: timedelta) -> None:
    """Let the next job of the lane go `after` from now."""
    if lane is not None:
        session.execute(update(JobLane).where(JobLane.name == lane).values(free_at=func.now() + after))


class Setback(NamedTuple):
    """Why a job did not finish."""

    why: str
    after: timedelta | None = None
    """The wait that the outside asked for (429): it is no failure then, and its whole lane waits. None: a failure."""


def give_back(session: Session, job: Claimed, setback: Setback, pace: timedelta) -> timedelta | None:
    """Put the job back, and return the wait until its next try; None: that was its last failure, it is dead now.

    Raises TakenOver if it is not ours any more.
    """
    row = session.scalars(select(JobRow).where(*_held(job)).with_for_update()).one_or_none()
    if row is None:
        raise TakenOver
    row.problem, row.failures = setback.why, row.failures + (setback.after is None)
    wait: timedelta | None = back_off(row.failures) if setback.after is None else setback.after
    if setback.after is None and row.failures >= MOST_FAILURES:
        row.dead_at, row.leased_until, row.leased_by = session.scalars(select(func.now())).one(), None, None
        session.flush()
        session.execute(_DROP_OLDER_DEAD, {"id": row.id})
        wait = None
    elif wait is not None:
        _make_pending(session, row, wait)
    # Jobs first, then lanes, as whoever writes does: the other way round the two wait for each other over one key.
    _rest(session, job.lane, max(pace, setback.after or pace))
    return wait


def back_off(failures: int) -> timedelta:
    """Twice as long each time, from about a second to ten minutes, with jitter so that a crowd does not come back at once."""
    return min(timedelta(seconds=2.0 ** (failures - 1)), LONGEST_BACK_OFF) * random.uniform(0.5, 1.5)


def _make_pending(session: Session, row: JobRow, after: timedelta) -> None:
    """Let the row run again; if a newer one of its key is pending, it gives way. The unique index decides."""
    try:
        with session.begin_nested():
            row.leased_until = row.leased_by = row.dead_at = None
            row.run_at = session.scalars(select(func.now() + after)).one()
            session.flush()
    except IntegrityError:
        session.delete(row)


def bury(session: Session, job: Claimed, why: str, pace: timedelta) -> None:
    """Keep the job as dead, with its reason; raises TakenOver if it is not ours any more."""
    dead = update(JobRow).where(*_held(job)).values(dead_at=func.now(), leased_until=None, leased_by=None, problem=why)
    if session.execute(dead.returning(JobRow.id)).first() is None:
        raise TakenOver
    session.execute(_DROP_OLDER_DEAD, {"id": job.id})
    _rest(session, job.lane, pace)


# One dead row a key says it all: what is wished again and again while, say, a token is wrong would fill the table.
_DROP_OLDER_DEAD = text("""
delete from jobs older using jobs newest
where newest.id = :id and older.name = newest.name and older.key = newest.key
  and older.dead_at is not null and older.id <> newest.id
""")


def renew(session: Session, job: Claimed, lease: timedelta) -> None:
    """Prolong the lease of a job, and its hold of its lane; raises TakenOver if it was lost."""
    longer = update(JobRow).where(*_held(job)).values(leased_until=func.now() + lease)
    if session.execute(longer.returning(JobRow.id)).first() is None:
        raise TakenOver
    _rest(session, job.lane, lease)


def revive(session: Session, job_id: int | None = None) -> int:
    """Make one dead job, or all of them, pending again with a clean slate. Those that a pending one supersedes are dropped."""
    dead = select(JobRow).where(JobRow.dead_at.is_not(None)).order_by(JobRow.id).with_for_update(skip_locked=True)
    rows = session.scalars(dead if job_id is None else dead.where(JobRow.id == job_id)).all()
    for row in rows:
        row.failures, row.problem = 0, None
        _make_pending(session, row, timedelta(0))
    return len(rows)


def give_back_all_of(session: Session, relay: str) -> None:
    """Make what a stopping relay still holds claimable at once, and free the lanes of it."""
    _give_back_unbegun(session, JobRow.leased_by == relay)


def give_back_unsent(session: Session, jobs: Sequence[Claimed]) -> None:
    """Make jobs claimable again that never reached a worker."""
    for job in jobs:
        _give_back_unbegun(session, *_held(job))


def _give_back_unbegun(session: Session, *which: ColumnElement[bool]) -> None:
    over = update(JobRow).where(*which).values(leased_until=func.now() - timedelta(seconds=1)).returning(JobRow.lane)
    lanes = session.scalars(over).all()
    give_back_expired(session, failed=False)
    session.execute(update(JobLane).where(JobLane.name.in_(lanes)).values(free_at=func.now()))


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
