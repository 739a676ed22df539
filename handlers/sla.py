"""The clocks: the sweep that the clock process runs, and what is said when one is due."""

from datetime import datetime

from bot import messages, messenger
from domain import finding
from domain.rules.deadlines import ClockKind
from domain.tables import CardPlace
from domain.verbs.clocks import due_clocks, step
from handlers.flow import Job
from handlers.jobs import Running, job, reading, transaction

AT_ONCE = 200


def sweep(now: datetime) -> int:
    """Take the next step of every clock that is due; returns how many. Any number of clock processes may do this."""
    steps = 0
    while True:
        with transaction() as session:
            clocks = due_clocks(session, now, AT_ONCE)
            for clock in clocks:
                step(session, clock, now)
        steps += len(clocks)
        if len(clocks) < AT_ONCE:
            return steps


@job(Job.REMIND_REP)
def remind_rep(_running: Running, handoff_id: int, clock: str) -> None:
    """A line in the card's thread: it reaches the rep and does not push other cards away."""
    kind = ClockKind(clock)
    with reading() as session:
        view = finding.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
    # Who has done it meanwhile need not be reminded of it.
    if view.clock(kind).stopped_at is None and place is not None and place.ts is not None:
        text, blocks = messages.reminder(view, kind)
        messenger.post(place.channel, text, blocks, thread=place.ts)


@job(Job.TELL_MANAGER_LATE)
def tell_manager_late(_running: Running, handoff_id: int, clock: str) -> None:
    """A direct message to the pool's manager, with a link to the card."""
    with reading() as session:
        view = finding.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
        manager = finding.manager_of(session, finding.pool_of(session, handoff_id))
    if manager is not None and manager.slack_dm_id is not None:
        link = messenger.permalink(place.channel, place.ts) if place is not None and place.ts is not None else None
        text, blocks = messages.late(view, ClockKind(clock), link)
        messenger.post(manager.slack_dm_id, text, blocks)


@job(Job.TELL_MANAGER_SHORT)
def tell_manager_short(_running: Running, pool_id: int) -> None:
    """Nobody of a pool is available: said once, until somebody is back."""
    with reading() as session:
        shortage = finding.pool_shortage(session, pool_id)
        manager = finding.manager_of(session, pool_id)
    if shortage is not None and manager is not None and manager.slack_dm_id is not None:
        text, blocks = messages.short(*shortage)
        messenger.post(manager.slack_dm_id, text, blocks)
