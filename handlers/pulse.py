"""Stage 8: once a month sales is asked how good the leads were. Two taps, and the message redraws itself with thanks."""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import fingerprint
from bot.ids import BadRef, PulsePress
from bot.listening import HomeClick, on_home_press
from bot.pulse import FEELS, PULSE_EVENT, WHYS, Message, pulse_message
from domain import finding
from domain.rules.feedback import Why
from domain.tables import Pulse, Rep
from domain.verbs import pulsing
from handlers.jobs import Running, finishing, job, reading, transaction
from handlers.sending import Job
from kit.clock import utcnow


@job(Job.SHOW_PULSE)
def show(running: Running, pulse_id: int) -> None:
    """Make the question say what the record says: claimed before it is posted, and looked for after a crash."""
    with reading() as session:
        pulse = session.get_one(Pulse, pulse_id)
    message = pulse_message(pulse)
    drawn = fingerprint(message[1])
    if pulse.channel is None or pulse.drawn == drawn:
        return
    try:
        ts = _draw(pulse, pulse.channel, message)
    except messenger.Unreachable:
        # Who has left Slack is asked nothing.
        return
    with finishing(running) as session:
        pulsing.note_drawn(session, pulse_id, ts, drawn)


def _draw(pulse: Pulse, channel: str, message: Message) -> str:
    if pulse.ts is not None:
        return _redraw(channel, pulse.ts, message)
    metadata = {"event_type": PULSE_EVENT, "event_payload": {"pulse_id": pulse.id}}
    with transaction() as session:
        before = pulsing.claim_pulse(session, pulse.id, utcnow())
    if before is not None and (found := messenger.find_message(channel, metadata, before)):
        return _redraw(channel, found, message)
    return messenger.post(channel, *message, metadata=metadata)


def _redraw(channel: str, ts: str, message: Message) -> str:
    """Who deletes the question does not want it: it is not asked again."""
    with suppress(messenger.MessageGone):
        messenger.update(channel, ts, *message)
    return ts


def _feels(feeling: int) -> Callable[[HomeClick], None]:
    return lambda click: _answer(
        click, lambda session, pulse_id, rep: pulsing.feel(session, pulse_id, rep, feeling, utcnow())
    )


def _says_why(why: Why) -> Callable[[HomeClick], None]:
    return lambda click: _answer(
        click, lambda session, pulse_id, rep: pulsing.say_why(session, pulse_id, rep, why, utcnow())
    )


def _answer(click: HomeClick, answer: Callable[[Session, int, Rep], Pulse]) -> None:
    """The redraw follows from the event."""
    if not (click.value.isascii() and click.value.isdecimal() and len(click.value) <= 18):
        raise BadRef
    with transaction() as session:
        answer(session, int(click.value), finding.rep_by_slack(session, click.slack_user_id))


LISTENERS: dict[PulsePress, Callable[[HomeClick], None]] = {
    **{press: _feels(feeling) for feeling, press in FEELS.items()},
    **{press: _says_why(why) for why, press in WHYS.items()},
}
for _press, _listener in LISTENERS.items():
    on_home_press(_press)(_listener)
