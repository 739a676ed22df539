"""The line in a pool's channel about a lead that is there for the taking: that nobody has it, or that its rep is late."""

from bot.blocks import Block, actions, button, escape, mention, moment, section
from bot.card import erased
from bot.ids import HandoffRef, Press
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import TAKEN, HandoffStatus, Stage
from domain.views import CardView, Person

Line = tuple[str, list[Block]]


def pool_call(view: CardView, *, takeable: bool, card: str | None) -> Line:
    """`card` is Slack's link to the card, if it has one. What is no longer there for the taking says where it went."""
    if view.stage is Stage.ERASED:
        return erased()
    lead = _lead(view)
    if not takeable:
        return escape(f"{view.lead.name} is not for the taking any more", 200), [section(f"{lead}: {_gone(view)}")]
    ref = HandoffRef(view.handoff_id, view.version)
    link = f"  <{card}|Open the card>" if card else ""
    blocks = [
        section(f"{_why(view, lead)}{link}"),
        actions(f"take.{view.handoff_id}", button("Take it", Press.CLAIM, ref.packed, style="primary")),
    ]
    return escape(f"{view.tier.label()} {view.lead.name} is there for the taking", 200), blocks


def _lead(view: CardView) -> str:
    company = f" at *{escape(view.lead.company, 80)}*" if view.lead.company else ""
    return f"{view.tier.label()} {view.score} *{escape(view.lead.name, 80)}*{company}"


def _why(view: CardView, lead: str) -> str:
    if view.status is HandoffStatus.OPEN:
        return f"🙋 {lead}: nobody could be asked. Who takes it?"
    due = moment(view.clock(ClockKind.FIRST_CONTACT).due_at)
    return f"🔴 {lead}: {_named(view.rep)} should have called by {due}. Who takes it?"


def _gone(view: CardView) -> str:
    if view.status is HandoffStatus.OFFERED:
        return f"offered to {_named(view.rep)}."
    if view.status in TAKEN:
        return f"✅ {_named(view.rep)} has it."
    if view.went_to is not None:
        return (
            f"✅ {_named(view.went_to)} has it." if view.reason == "claimed" else f"it went to {_named(view.went_to)}."
        )
    return "it went another way."


def _named(person: Person | None) -> str:
    return mention(person.slack_user_id, person.name) if person is not None else "somebody"
