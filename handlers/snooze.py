"""Stage 5, not now: a lead is put aside, and wakes when its time has come or its score jumps."""

from datetime import datetime

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import snooze_modal
from domain import finding
from domain.notices import is_settled
from domain.rules.lifecycle import HandoffMove
from domain.rules.preferences import Alert
from domain.rules.refusals import NoSuchSnooze
from domain.rules.snoozing import snooze_until
from domain.tables import Handoff, Rep
from domain.verbs import snoozing
from handlers.jobs import Running, finishing, job, transaction
from handlers.noticing import tell
from handlers.sending import Job
from handlers.window import open_for_move
from kit.clock import utcnow

AT_ONCE = 200


@on_press(Press.SNOOZE, opens=True)
def snooze_pressed(click: Click) -> None:
    open_for_move(click, HandoffMove.SNOOZE, snooze_modal)


@on_submission(Submission.SNOOZE)
def snooze_sent(sent: Sent) -> Errors:
    now = utcnow()
    try:
        until = snooze_until(sent.values.get(Field.SPAN, ""), sent.values.get(Field.UNTIL, ""), now)
    except NoSuchSnooze as refusal:
        return {Field.UNTIL if sent.values.get(Field.UNTIL) else Field.SPAN: refusal.sentence({})}
    with transaction() as session:
        rep = finding.rep_by_slack(session, sent.slack_user_id)
        snoozing.snooze(session, sent.ref.handoff_id, version=sent.ref.version, by=rep, until=until, now=now)
    return {}


def wake(now: datetime) -> int:
    """Wake what is due; returns how many. Any number of clock processes may do this."""
    with transaction() as session:
        return snoozing.wake_due(session, now, AT_ONCE)


@job(Job.TELL_REP_WOKEN)
def tell_rep_woken(running: Running, handoff_id: int, why: str) -> None:
    """A line in the card's thread."""
    with finishing(running) as session:
        handoff = session.get_one(Handoff, handoff_id)
        if handoff.rep_id is not None and handoff.place is not None and not is_settled(handoff, None, Alert.WOKEN):
            rep = session.get_one(Rep, handoff.rep_id)
            tell(session, rep, Alert.WOKEN, utcnow(), thread_in=handoff.place, handoff_id=handoff_id, data={"why": why})
