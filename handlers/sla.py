"""The clocks: the sweep that the clock process runs, and what is said and done when one is due."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot import messages, messenger
from bot.messages import Lateness
from domain import cards, finding
from domain.rules.deadlines import ClockKind
from domain.tables import CardPlace
from domain.verbs.escalating import hand_on, take_steps
from handlers import ledger
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading, transaction
from kit.clock import utcnow

AT_ONCE = 200
ONE_BY_ONE = 5
"""A manager gets so many messages about missed deadlines of a pool at a time; more of them come as one."""
SHOWN = 10


def sweep(now: datetime) -> int:
    """Look at every clock that is due; returns how many. Any number of clock processes may do this."""
    looked = 0
    while True:
        with transaction() as session:
            some = take_steps(session, now, AT_ONCE)
        looked += some
        if some < AT_ONCE:
            return looked


@job(Job.REMIND_REP)
def remind_rep(_running: Running, handoff_id: int, clock: str) -> None:
    """A line in the card's thread: it reaches the rep and does not push other cards away."""
    kind = ClockKind(clock)
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
    # Who has done it meanwhile need not be reminded of it.
    if view.clock(kind).stopped_at is None and place is not None and place.ts is not None:
        text, blocks = messages.reminder(view, kind)
        messenger.post(place.channel, text, blocks, thread=place.ts)


@job(Job.TELL_REP_LATE)
def tell_rep_late(_running: Running, handoff_id: int, clock: str, behind: int = 0, note: str = "") -> None:
    """A line in the card's thread: the time has run out."""
    kind = ClockKind(clock)
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
    if view.clock(kind).stopped_at is None and place is not None and place.ts is not None:
        text, blocks = messages.overdue(Lateness(view, kind, note, behind))
        messenger.post(place.channel, text, blocks, thread=place.ts)


@job(Job.TELL_MANAGER_LATE)
def tell_manager_late(running: Running, handoff_id: int, clock: str, behind: int = 0, note: str = "") -> None:
    """A direct message to the pool's manager, with a link to the card. If many wait to be said, one message says them all."""
    own = {"handoff_id": handoff_id, "clock": clock, "behind": behind, "note": note}
    with reading() as session:
        beside = ledger.beside(session, running.claimed)
        manager = finding.manager_of(session, finding.pool_of(session, handoff_id))
    gathered = beside if len(beside) >= ONE_BY_ONE else []
    if manager is not None and manager.slack_dm_id is not None:
        text, blocks = _many([own, *(args for _, args in gathered)]) if gathered else _one(own)
        messenger.post(manager.slack_dm_id, text, blocks)
    if gathered:
        with finishing(running) as session:
            ledger.drop(session, [job_id for job_id, _ in gathered])


def _one(args: dict[str, Any]) -> messages.Message:
    with reading() as session:
        lateness = _lateness(session, args)
        place = session.get(CardPlace, args["handoff_id"])
    link = messenger.permalink(place.channel, place.ts) if place is not None and place.ts is not None else None
    return messages.late(lateness, link)


def _many(gathered: list[dict[str, Any]]) -> messages.Message:
    with reading() as session:
        shown = [_lateness(session, {**args, "behind": 0}) for args in gathered[:SHOWN]]
    return messages.many_late(shown, len(gathered), max(int(args.get("behind", 0)) for args in gathered))


def _lateness(session: Session, args: dict[str, Any]) -> Lateness:
    view = cards.card_view(session, args["handoff_id"])
    return Lateness(view, ClockKind(args["clock"]), args.get("note", ""), int(args.get("behind", 0)))


@job(Job.HAND_ON)
def hand_on_job(running: Running, handoff_id: int, clock: str, behind: int) -> None:
    """Time has run out: the next rep is asked."""
    with finishing(running) as session:
        hand_on(session, handoff_id, ClockKind(clock), utcnow(), timedelta(seconds=behind))


@job(Job.TELL_MANAGER_SHORT)
def tell_manager_short(_running: Running, pool_id: int) -> None:
    """Nobody of a pool is available: said once, until somebody is back."""
    with reading() as session:
        shortage = finding.pool_shortage(session, pool_id)
        manager = finding.manager_of(session, pool_id)
    if shortage is not None and manager is not None and manager.slack_dm_id is not None:
        text, blocks = messages.short(*shortage)
        messenger.post(manager.slack_dm_id, text, blocks)
