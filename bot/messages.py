"""What is said beside the card: reminders in its thread, word to the manager."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.blocks import Block, context, escape, mention, moment, plain, section, with_code
from domain.rules.counting import how_many
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.tiers import Thresholds
from domain.views import CardView, RiseView

Message = tuple[str, list[Block]]
NOTICE_EVENT, DIGEST_EVENT = "handoff_notice", "handoff_digest"
"""The metadata types by which what was said is found again after a crash."""
UNWATCHED_SECONDS = 60
"""What is said later than this says that it is late."""


def reminder(view: CardView, kind: ClockKind) -> Message:
    """To the rep, before the deadline."""
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "Team"
    due = view.clock(kind).due_at
    text = f"⏱ {rep}: {kind.words} with *{escape(view.lead.name, 80)}* is due by {moment(due)}."
    return plain(f"Reminder: {kind.words} is due"), [section(text)]


def stray_words(view: CardView) -> str:
    """Above a card that came to the manager because its own place cannot be reached."""
    rep = escape(view.rep.name, 80) if view.rep else "Nobody"
    if view.in_channel:
        return f"⚠️ <#{view.place}> cannot be reached: archived, or Handoff is no member. {rep} does not see this card."
    return f"⚠️ {rep} cannot be reached in Slack and does not see this card. Reassign the lead, or take it over."


@dataclass(frozen=True, slots=True)
class Lateness:
    """One missed deadline. `note` says what else is so, a key of `_NOTES`; `behind` is how late it was noticed, in seconds."""

    view: CardView
    kind: ClockKind
    note: str = ""
    behind: int = 0


_NOTES = {
    "limit": "It was handed on before, as often as may be, and still nobody has acted.",
    "nobody_else": "Nobody else can be asked.",
    "handed_on": "⏭ *Handed on*: somebody else is asked.",
}


def overdue(one: Lateness) -> Message:
    """To the rep in the card's thread, when a deadline has passed."""
    rep = mention(one.view.rep.slack_user_id, one.view.rep.name) if one.view.rep else "Team"
    due = one.view.clock(one.kind).due_at
    name = escape(one.view.lead.name, 80)
    text = f"🔴 {rep}: {one.kind.words} with *{name}* was due {moment(due)}.{_unwatched(one.behind)}"
    return plain(f"Overdue: {one.kind.words}"), [section(text)]


def late(one: Lateness, link: str | None) -> Message:
    """To the manager, when a deadline has passed, and when a lead is handed on because of it."""
    view = one.view
    where = f"  <{link}|Open the card>" if link else ""
    text = f"🔴 *SLA missed:* {_missed(one)}{where}"
    return plain(f"SLA missed: {one.kind.words} of an {view.tier.value.upper()}"), [section(text), _pool(view)]


def many_late(shown: Sequence[Lateness], total: int, behind: int) -> Message:
    """To the manager in one message, when there are too many for one each."""
    lines = [f"• {_missed(one)}" for one in shown]
    if total > len(shown):
        lines.append(f"• and {total - len(shown)} more")
    head = f"🔴 *SLA missed {total} times:*{_unwatched(behind)}"
    return plain(f"SLA missed {total} times"), [section(head), *(section(line) for line in lines), _pool(shown[0].view)]


def _missed(one: Lateness) -> str:
    view = one.view
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "nobody"
    lead = f"*{escape(view.lead.name, 80)}*" + (f" at *{escape(view.lead.company, 80)}*" if view.lead.company else "")
    what = f"{one.kind.words} of {view.tier.value.upper()} {lead} was due {moment(view.clock(one.kind).due_at)}."
    whose = f"It was with {rep}." if one.note == "handed_on" else f"It is with {rep}."
    return " ".join(filter(None, [what, whose, _NOTES.get(one.note, "")])) + _unwatched(one.behind)


def _unwatched(behind: int) -> str:
    """What is said late has to say so: nobody should think that the rep had been told in time."""
    if behind < UNWATCHED_SECONDS:
        return ""
    minutes = round(behind / 60)
    span = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
    return f" _This comes {span} late: Handoff was not watching._"


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
    leads = how_many(waiting, "lead waits", "leads wait")
    text = (
        f"🟠 *Nobody of {escape(pool)} is available* since {moment(since)}; {leads}. "
        "They are offered by themselves as soon as somebody is back."
    )
    return plain(f"Nobody of {pool} is available"), [section(text)]


def unwell(found: str, advice: str | None) -> Message:
    """To who looks after the installation."""
    blocks = [section(f"🩺 *Handoff needs you:* {escape(found, 500)}")]
    if advice:
        blocks.append(context(f"What to do: {with_code(advice, 500)}"))
    return plain("Handoff needs you: " + plain(found, 200), 300), blocks


def notice_metadata(notice_id: int) -> dict[str, Any]:
    """Numbers only: metadata can be read by other apps of the channel."""
    return {"event_type": NOTICE_EVENT, "event_payload": {"notice_id": notice_id}}


def digest_metadata(rep_id: int, newest_id: int) -> dict[str, Any]:
    return {"event_type": DIGEST_EVENT, "event_payload": {"rep_id": rep_id, "newest_id": newest_id}}
