"""The pulse: one question to one person, answered in two taps, and the message thanks for it."""

from bot.blocks import Block, actions, button, context, plain, section
from bot.ids import PulsePress
from domain.rules.feedback import CONTENT, FACES, FEELINGS, Why, month_words
from domain.tables import Pulse

Message = tuple[str, list[Block]]
PULSE_EVENT = "handoff_pulse"

FEELS = dict(zip(FACES, (one for one in PulsePress if one.value.startswith("pulse.feeling.")), strict=True))
WHYS = {why: PulsePress(f"pulse.why.{why.value}") for why in Why}


def pulse_message(pulse: Pulse) -> Message:
    month = month_words(pulse.period)
    text = f"How good were the leads you got in {month}?"
    blocks = [section(f"*{text}*"), _faces(pulse)]
    if pulse.feeling is None:
        return plain(text), [*blocks, context(f"You decided on {pulse.leads}. Two taps; nobody sees who said what.")]
    said = f"{FACES[pulse.feeling]} {FEELINGS[pulse.feeling]}"
    if pulse.why is None:
        which = "What was best?" if pulse.feeling >= CONTENT else "What was worst?"
        return plain(text), [*blocks, section(f"You said: {said}. *{which}*"), _whys(pulse)]
    part = "Best" if pulse.feeling >= CONTENT else "Worst"
    thanks = f"*Thank you!* {said}. {part}: {Why(pulse.why).words.lower()}."
    return plain(text), [*blocks, section(thanks), _whys(pulse), context("Changed your mind? Tap again.")]


def _faces(pulse: Pulse) -> Block:
    buttons = [
        button(
            f"{FACES[feeling]} {FEELINGS[feeling]}",
            FEELS[feeling],
            str(pulse.id),
            style="primary" if pulse.feeling == feeling else None,
        )
        for feeling in FACES
    ]
    return actions(f"pulse.feeling.{pulse.id}", *buttons)


def _whys(pulse: Pulse) -> Block:
    buttons = [
        button(why.words, WHYS[why], str(pulse.id), style="primary" if pulse.why == why.value else None) for why in Why
    ]
    return actions(f"pulse.why.{pulse.id}", *buttons)
