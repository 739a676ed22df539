"""What is said beside the card: reminders in its thread, word to the manager."""

from datetime import datetime

from bot.blocks import Block, context, escape, mention, moment, plain, section
from domain.rules.deadlines import ClockKind
from domain.views import CardView

Message = tuple[str, list[Block]]


def reminder(view: CardView, kind: ClockKind) -> Message:
    """To the rep, before the deadline."""
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "Team"
    due = view.clock(kind).due_at
    text = f"⏱ {rep}: {kind.words} with *{escape(view.lead.name, 80)}* is due by {moment(due)}."
    return plain(f"Reminder: {kind.words} is due"), [section(text)]


def late(view: CardView, kind: ClockKind, link: str | None) -> Message:
    """To the manager, when a deadline has passed."""
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "nobody"
    due = view.clock(kind).due_at
    lead = f"*{escape(view.lead.name, 80)}*" + (f" at *{escape(view.lead.company, 80)}*" if view.lead.company else "")
    where = f"  <{link}|Open the card>" if link else ""
    text = f"🔴 *SLA missed:* {kind.words} of {view.tier.value.upper()} {lead} was due {moment(due)}. It is with {rep}.{where}"
    return plain(f"SLA missed: {kind.words} of an {view.tier.value.upper()}"), [section(text), _pool(view)]


def _pool(view: CardView) -> Block:
    return context(f"Pool {escape(view.pool or 'none')} · the card is {view.status.value}")


def short(pool: str, waiting: int, since: datetime) -> Message:
    """To the manager, once, when nobody of a pool can be asked."""
    leads = "1 lead waits" if waiting == 1 else f"{waiting} leads wait"
    text = (
        f"🟠 *Nobody of {escape(pool)} is available* since {moment(since)}; {leads}. "
        "They are offered by themselves as soon as somebody is back."
    )
    return plain(f"Nobody of {pool} is available"), [section(text)]
