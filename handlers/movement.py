"""Stage 3: a lead moves. A rise in nurture is told to marketing, a rise in somebody's hands to them and their manager."""

from domain import finding
from domain.notices import with_whom
from domain.rules.lifecycle import Stage
from domain.rules.preferences import Alert
from domain.tables import Handoff, Rep
from domain.verbs.rechecking import due_rechecks
from handlers.jobs import Running, finishing, job, send, transaction
from handlers.noticing import tell
from handlers.sending import Job, Priority, Sending
from kit.clock import utcnow

RECHECKS_AT_ONCE = 500


def recheck() -> int:
    """Send a lead to be scored again whose time has come, many at once; behind everything that is live. Says how many."""
    with transaction() as session:
        due = due_rechecks(session, utcnow(), RECHECKS_AT_ONCE)
        for lead_id in due:
            send(session, Sending(Job.SCORE, {"lead_id": lead_id}, key=str(lead_id), priority=Priority.BULK))
    return len(due)


@job(Job.TELL_JUMP)
def tell_jump(running: Running, lead_id: int, before: int) -> None:
    """A line in the thread of the lead's card, if it has one; else a direct message to each person of marketing."""
    now = utcnow()
    with finishing(running) as session:
        rise, whose = finding.rise_of(session, lead_id), with_whom(session, lead_id)
        if rise is None:
            return
        if whose is not None:
            handoff, rep = whose
            tell(session, rep, Alert.JUMP, now, thread_in=handoff.place, handoff_id=handoff.id, data={"before": before})
        elif rise.stage is Stage.NURTURING:
            for rep in finding.told_of_leads(session):
                tell(session, rep, Alert.JUMP, now, lead_id=lead_id, data={"before": before})


@job(Job.TELL_REP_HOTTER)
def tell_rep_hotter(running: Running, handoff_id: int) -> None:
    """Who keeps an MQL when it becomes an HQL: a line in the card's thread says so."""
    with finishing(running) as session:
        handoff = session.get_one(Handoff, handoff_id)
        if handoff.rep_id is not None and handoff.place is not None:
            rep = session.get_one(Rep, handoff.rep_id)
            tell(session, rep, Alert.HOTTER, utcnow(), thread_in=handoff.place, handoff_id=handoff_id)


@job(Job.TELL_MANAGER_HOTTER)
def tell_manager_hotter(running: Running, handoff_id: int) -> None:
    """The manager may want an AE to join."""
    with finishing(running) as session:
        manager = finding.manager_of(session, finding.pool_of(session, handoff_id))
        if manager is not None:
            tell(session, manager, Alert.HOTTER, utcnow(), handoff_id=handoff_id)
