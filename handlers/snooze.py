"""Stage 5, not now: a lead is put aside, and wakes when its time has come or its score jumps."""

from datetime import datetime

from bot import messenger
from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import snooze_modal
from bot.waking import woken
from domain import cards, finding
from domain.rules.lifecycle import LIVE, HandoffMove
from domain.rules.refusals import NoSuchSnooze
from domain.rules.snoozing import snooze_until
from domain.tables import CardPlace
from domain.verbs import snoozing
from handlers.flow import Job
from handlers.jobs import Running, job, reading, transaction
from handlers.window import open_window
from kit.clock import utcnow

AT_ONCE = 200


@on_press(Press.SNOOZE)
def snooze_pressed(click: Click) -> None:
    open_window(click, HandoffMove.SNOOZE, snooze_modal)


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
def tell_rep_woken(_running: Running, handoff_id: int, why: str) -> None:
    """A line in the card's thread."""
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
    if view.status in LIVE and view.snoozed_until is None and place is not None and place.ts is not None:
        text, blocks = woken(view, rose=why == snoozing.RISE)
        messenger.post(place.channel, text, blocks, thread=place.ts)
