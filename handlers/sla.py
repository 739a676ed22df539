"""The clocks: the sweep that the clock process runs, and what is said and done when one is due."""

from datetime import datetime, timedelta
from typing import Any

from domain import finding
from domain.notices import clock_of, is_settled
from domain.rules.deadlines import ClockKind
from domain.rules.preferences import Alert
from domain.tables import Handoff, Rep
from domain.verbs.escalating import hand_on, take_steps
from handlers import ledger
from handlers.jobs import Running, finishing, job, transaction
from handlers.noticing import tell
from handlers.sending import Job
from kit.clock import utcnow

AT_ONCE = 200
ONE_BY_ONE = 5
"""A manager gets so many messages about missed deadlines of a pool at a time; more of them come as one."""


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
def remind_rep(running: Running, handoff_id: int, clock: str) -> None:
    """A line in the card's thread: it reaches the rep and does not push other cards away."""
    _tell_rep(running, Alert.REMINDER, handoff_id, {"clock": clock})


@job(Job.TELL_REP_LATE)
def tell_rep_late(running: Running, handoff_id: int, clock: str, behind: int = 0, note: str = "") -> None:
    """A line in the card's thread: the time has run out."""
    _tell_rep(running, Alert.OVERDUE, handoff_id, {"clock": clock, "behind": behind, "note": note})


def _tell_rep(running: Running, kind: Alert, handoff_id: int, data: dict[str, Any]) -> None:
    with finishing(running) as session:
        handoff = session.get_one(Handoff, handoff_id)
        # Who has done it meanwhile need not be reminded of it.
        settled = is_settled(handoff, clock_of(session, handoff_id, data["clock"]), kind)
        if not settled and handoff.rep_id is not None and handoff.place is not None:
            rep = session.get_one(Rep, handoff.rep_id)
            tell(session, rep, kind, utcnow(), thread_in=handoff.place, handoff_id=handoff_id, data=data)


@job(Job.TELL_MANAGER_LATE)
def tell_manager_late(running: Running, handoff_id: int, clock: str, behind: int = 0, note: str = "") -> None:
    """A direct message to the pool's manager. If many wait to be said, one message says them all."""
    own = {"clock": clock, "behind": behind, "note": note}
    with finishing(running) as session:
        beside = ledger.beside(session, running.claimed)
        gathered = beside if len(beside) >= ONE_BY_ONE else []
        manager = finding.manager_of(session, finding.pool_of(session, handoff_id))
        if manager is not None and gathered:
            many = [own | {"handoff_id": handoff_id}, *(args for _, args in gathered)]
            leads = finding.leads_of(session, {int(args["handoff_id"]) for args in many})
            tell(session, manager, Alert.SLA_MISSED, utcnow(), data={"many": many, "leads": list(leads)})
        elif manager is not None:
            tell(session, manager, Alert.SLA_MISSED, utcnow(), handoff_id=handoff_id, data=own)
        ledger.drop(session, [job_id for job_id, _ in gathered])


@job(Job.HAND_ON)
def hand_on_job(running: Running, handoff_id: int, clock: str, behind: int) -> None:
    """Time has run out: the next rep is asked."""
    with finishing(running) as session:
        hand_on(session, handoff_id, ClockKind(clock), utcnow(), timedelta(seconds=behind))


@job(Job.TELL_MANAGER_SHORT)
def tell_manager_short(running: Running, pool_id: int) -> None:
    """Nobody of a pool is available: said once, until somebody is back."""
    with finishing(running) as session:
        manager = finding.manager_of(session, pool_id)
        if manager is not None and finding.pool_shortage(session, pool_id) is not None:
            tell(session, manager, Alert.POOL_SHORT, utcnow(), data={"pool_id": pool_id})
