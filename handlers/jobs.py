"""The edge: `transaction()`, `reading()`, `finishing(job)`, and `@job`. Nobody else in the house commits."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any, Concatenate, ParamSpec

import dramatiq
import structlog
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from sqlalchemy.orm import Session

from bot.settings import slack_settings
from domain.tables import LeadEvent
from domain.verbs.record import events_of
from handlers import ledger
from handlers.flow import what_follows
from handlers.ledger import Claimed, Setback, TakenOver
from handlers.sending import Job, Sending
from kit import db
from kit.clock import utcnow
from kit.log import where_it_broke
from kit.outside import Refused, TryLater
from kit.settings import settings

log = structlog.get_logger()
P = ParamSpec("P")

QUEUE = "handoff"
ACTORS: dict[str, Callable[..., None]] = {}
_after_commit: list[Callable[[], None]] = []


@contextmanager
def transaction() -> Iterator[Session]:
    """One arrival, one transaction: what the verbs did, the jobs that follow, and the commit."""
    with db.new_session() as session, session.begin():
        yield session
        _write_what_follows(session)
    nudge()


@contextmanager
def laying_the_past() -> Iterator[Session]:
    """For the demo alone: what happened months ago is committed without the jobs that would follow from it today."""
    with db.new_session() as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only reads: it is rolled back, whatever happens in it. What was read may still be looked at."""
    with db.new_session() as session:
        yield session
        session.expunge_all()
        session.rollback()


@contextmanager
def finishing(job: "Running") -> Iterator[Session]:
    """The one transaction in which a job's effects, what follows from them and the job's own end commit together."""
    with db.new_session() as session, session.begin():
        yield session
        _write_what_follows(session)
        ledger.finish(session, job.claimed, pace_of(job.claimed.lane))
    job.finished = True
    nudge()


def _write_what_follows(session: Session) -> None:
    session.flush()
    sendings: list[Sending] = [sending for event in _kept_events(session) for sending in what_follows(event)]
    sendings += session.info.pop("sendings", [])
    if sendings:
        ledger.write(session, sendings)


def _kept_events(session: Session) -> list[LeadEvent]:
    """The events of this transaction, without those whose savepoint was rolled back."""
    return [event for event in events_of(session) if event in session]


def send(session: Session, *sendings: Sending) -> None:
    """Send a job that follows from no event, such as the redraw after a refused click.

    Not from within a savepoint: if that is rolled back, the job would go all the same.
    """
    if session.in_nested_transaction():
        raise RuntimeError("a job sent from within a savepoint")
    session.info.setdefault("sendings", []).extend(sendings)


@contextmanager
def on_commit(nudged: Callable[[], None]) -> Iterator[None]:
    """Have `nudged` called after every commit of this process. The relay asks for it."""
    _after_commit.append(nudged)
    try:
        yield
    finally:
        _after_commit.remove(nudged)


def nudge() -> None:
    for nudged in tuple(_after_commit):
        nudged()


def pace_of(lane: str | None) -> timedelta:
    """How long a lane rests after each of its jobs."""
    return timedelta(seconds=slack_settings().slack_post_seconds if lane and lane.startswith("slack:") else 0)


class Running:
    """A job in the hands of its function."""

    def __init__(self, claimed: Claimed) -> None:
        self.claimed = claimed
        self.finished = False

    @property
    def patience(self) -> float:
        """Seconds until the next look at what another job has to do first: twice as long each time, to ten minutes."""
        return ledger.back_off(self.claimed.token).total_seconds()

    def renew(self) -> None:
        """Prolong the lease in the middle of long work."""
        with db.new_session() as session, session.begin():
            ledger.renew(session, self.claimed, lease())


def lease() -> timedelta:
    return timedelta(seconds=settings().lease_seconds)


def job(name: Job) -> Callable[[Callable[Concatenate[Running, P], None]], Callable[Concatenate[Running, P], None]]:
    """Mark the one function that does job `name`. It must be idempotent, and do one outside thing."""

    def mark(function: Callable[Concatenate[Running, P], None]) -> Callable[Concatenate[Running, P], None]:
        if name.value in ACTORS:
            raise ValueError(f"two functions for the job {name.value}")
        ACTORS[name.value] = function
        return function

    return mark


def execute(job_id: int, name: str, args: dict[str, Any], lane: str | None, token: int, claimed_at: float) -> None:
    """Run one claimed job to its end, whatever that is. This is what every Dramatiq actor does.

    `claimed_at`: when it was claimed, in seconds since 1970.
    """
    running = Running(Claimed(job_id, name, args, lane, token))
    with structlog.contextvars.bound_contextvars(
        job=name, job_id=job_id, **{k: v for k, v in args.items() if k.endswith("_id")}
    ):
        try:
            if utcnow().timestamp() - claimed_at > settings().lease_seconds / 2:
                # It waited long for a worker. If another has it by now, the outside must not hear of it twice.
                running.renew()
            _run(running)
        except TakenOver:
            log.warning("job.taken_over")


def _run(running: Running) -> None:
    try:
        ACTORS[running.claimed.name](running, **running.claimed.args)
        if not running.finished:
            with finishing(running):
                pass
    except TakenOver:
        raise
    except TryLater as wait:
        set_back(running, Setback(wait.why, None if wait.after is None else timedelta(seconds=wait.after)))
    except Refused as no:
        log.warning("job.refused", why=no.why)
        with db.new_session() as session, session.begin():
            ledger.bury(session, running.claimed, no.why, pace_of(running.claimed.lane))
    except Exception as error:  # noqa: BLE001  (whatever a job raises, its row must be given back and say so)
        log.error("job.failed", error=where_it_broke(error))  # noqa: TRY400  (a traceback shows the arguments of people)
        set_back(running, Setback(where_it_broke(error)))


def set_back(running: Running, setback: Setback) -> None:
    """Give the job back to be tried again, or bury it after its last failure. Raises TakenOver."""
    with db.new_session() as session, session.begin():
        wait = ledger.give_back(session, running.claimed, setback, pace_of(running.claimed.lane))
    if wait is None:
        log.error("job.dead", why=setback.why)
    else:
        log.info("job.later", why=setback.why, after=wait.total_seconds())


@cache
def broker() -> dramatiq.Broker:
    """The courier that BROKER_URL names, with one actor per job. The ledger keeps what it loses; it needs no middleware."""
    made = _make_broker(settings().broker_url.get_secret_value())
    made.declare_queue(QUEUE)
    dramatiq.set_broker(made)
    for name in Job:
        dramatiq.actor(actor_name=name.value, queue_name=QUEUE, broker=made)(execute)
    return made


def _make_broker(url: str) -> dramatiq.Broker:
    scheme = url.split(":", 1)[0]
    if scheme == "stub":
        return StubBroker(middleware=[])
    if scheme in {"redis", "rediss"}:
        # Its constructor has no annotations.
        return RedisBroker(url=url, middleware=[], heartbeat_timeout=15_000, maintenance_chance=100_000)  # type: ignore[no-untyped-call]
    if scheme in {"amqp", "amqps"}:
        return RabbitmqBroker(url=url, middleware=[])
    raise SystemExit(f"BROKER_URL starts with {scheme}:, but Handoff knows stub://, redis:// and amqp://.")


def hand_to_workers(claimed: Claimed) -> None:
    """Give a job that was claimed just now to the courier. What the courier raises differs from one to the other."""
    actor = broker().get_actor(claimed.name)
    broker().enqueue(
        actor.message(claimed.id, claimed.name, claimed.args, claimed.lane, claimed.token, utcnow().timestamp())
    )


def courier_outlives_us() -> bool:
    """Whether what was handed to the courier reaches another process when this one stops."""
    return not isinstance(broker(), StubBroker)


def relay_name() -> str:
    return f"{os.uname().nodename}:{os.getpid()}:{random.getrandbits(24):06x}"
