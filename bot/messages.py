"""What is said beside the card: reminders in its thread, word to the manager."""

from datetime import datetime

from bot.blocks import Block, context, escape, mention, moment, plain, section
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.tiers import Thresholds
from domain.views import CardView, RiseView

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
    if view.pool is None:
        return context("No territory fits it: it waits, and is offered by itself as soon as one does")
    return context(f"Pool {escape(view.pool)} · the card is {view.status.value}")


def jumped(rise: RiseView, before: int, thresholds: Thresholds) -> Message:
    """A lead's score rose by much in short time: by how much, why, and what is missing to the next tier."""
    lead = f"*{escape(rise.lead.name, 80)}*" + (f" at *{escape(rise.lead.company, 80)}*" if rise.lead.company else "")
    why = "\n".join(f"`{one.points:+d}` {escape(one.label, 80)}" for one in rise.reasons)
    missing = thresholds.mql - rise.score
    more = f"  ·  {missing} more {'makes' if missing == 1 else 'make'} it an MQL" if missing > 0 else ""
    text = f"📈 {lead} rose from {before} to *{rise.score}* ({rise.tier.label()}){more}\n{why}"
    blocks = [section(text)]
    if rise.touches:
        newest = rise.touches[0]
        what = escape(newest.content or newest.page or newest.campaign or "", 80)
        said = f" “{what}”" if what else ""
        blocks.append(context(f"Last: {escape(newest.kind.replace('_', ' '), 40)}{said} {moment(newest.occurred_at)}"))
    return plain(f"{rise.lead.name} rose from {before} to {rise.score}", 300), blocks


def hotter(view: CardView, link: str | None) -> Message:
    """An MQL has become an HQL in an SDR's hands. With a link it is for the manager, else for the rep in the card's thread."""
    lead = f"*{escape(view.lead.name, 80)}*" + (f" at *{escape(view.lead.company, 80)}*" if view.lead.company else "")
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "nobody"
    rose = f"🔥 {lead} has become an HQL: *{view.now_score}*, up from {view.score}."
    where = f"  <{link}|Open the card>" if link else ""
    why = "no AE can be asked just now" if view.status is HandoffStatus.OFFERED else "they have accepted it"
    text = f"{rose} It stays with {rep}: {why}.{where}"
    return plain(f"{view.lead.name} has become an HQL ({view.now_score})", 300), [section(text)]


def short(pool: str, waiting: int, since: datetime) -> Message:
    """To the manager, once, when nobody of a pool can be asked."""
    leads = "1 lead waits" if waiting == 1 else f"{waiting} leads wait"
    text = (
        f"🟠 *Nobody of {escape(pool)} is available* since {moment(since)}; {leads}. "
        "They are offered by themselves as soon as somebody is back."
    )
    return plain(f"Nobody of {pool} is available"), [section(text)]
