"""The lead card: a pure function of the record. It is drawn whole each time, never patched."""

from datetime import datetime, timedelta

from bot.blocks import Block, actions, button, context, divider, escape, facts, header, mention, moment, plain, section
from bot.ids import HandoffRef, Press
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.reasons import REASONS
from domain.tables import ClockOutcome
from domain.views import CardView, ClockView, TouchView

MARK = {"hql": "🔥", "mql": "⭐"}
TOUCHES = 4

Card = tuple[str, list[Block]]
"""The fallback text and the blocks."""


def lead_card(view: CardView, now: datetime) -> Card:
    """The card of one handoff in the state it is in."""
    lead = view.lead
    headline = f"{view.tier.value.upper()} {view.score} · {plain(lead.name, 60)}"
    if lead.company:
        headline += f" · {plain(lead.company, 50)}"
    blocks = [
        header(f"{MARK.get(view.tier.value, '')} {headline}"),
        section(_who(view)),
        facts(_facts(view)),
        section(_why(view)),
    ]
    if view.touches:
        blocks.append(context("*Recent*  " + "  ·  ".join(_touch(touch) for touch in view.touches[:TOUCHES])))
    if lead.notes:
        blocks.append(context("⚠️ " + "  ·  ".join(escape(note, 120) for note in lead.notes[:3])))
    blocks += [divider(), section(_standing(view, now))]
    buttons = _buttons(view)
    if buttons:
        blocks.append(actions(f"decide.{view.handoff_id}", *buttons))
    # The fallback is shown in notifications as mrkdwn: it is escaped like everything else.
    return escape(f"{headline}. {_fallback(view)}", 500), blocks


def _who(view: CardView) -> str:
    lead = view.lead
    role = escape(lead.title, 100) if lead.title else "_title not known_"
    company = f" at *{escape(lead.company, 100)}*" if lead.company else ""
    reach = " · ".join(escape(part, 120) for part in (lead.email, lead.phone) if part)
    return f"*{escape(lead.name, 100)}*, {role}{company}\n{reach}"


def _facts(view: CardView) -> list[str]:
    lead = view.lead
    known = {
        "Industry": (lead.industry or "unknown").replace("_", " "),
        "Employees": lead.company_size or "unknown",
        "Country": lead.country or "unknown",
        "Source": lead.source,
    }
    return [f"*{name}*\n{escape(value, 80)}" for name, value in known.items()]


def _why(view: CardView) -> str:
    """The top reasons, from the ledger and from nowhere else."""
    parts = f"fit {view.fit} + intent {view.intent}"
    if view.negative:
        parts += f" − {abs(view.negative)}"
    lines = [f"*Why {view.score}*  ({parts})"]
    for reason in view.reasons:
        seen = f": {escape(reason.seen, 80)}" if reason.seen else ""
        lines.append(f"`{reason.points:+d}` {escape(reason.label, 80)}{seen}")
    return "\n".join(lines)


def _touch(touch: TouchView) -> str:
    what = escape(touch.content or touch.page or touch.campaign or "", 50)
    words = escape(touch.kind.replace("_", " "), 40)
    return f"{moment(touch.occurred_at, '{date_short_pretty}')} {words}" + (f" “{what}”" if what else "")


def _standing(view: CardView, now: datetime) -> str:
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "nobody yet"
    who = escape(view.decided_by.name) if view.decided_by else "Somebody"
    at = moment(view.decided_at) if view.decided_at else ""
    contact, qualify = view.clock(ClockKind.FIRST_CONTACT), view.clock(ClockKind.QUALIFICATION)
    if view.status is HandoffStatus.OFFERED:
        return f"*For {rep}.*  {_left('First contact', contact, now)}"
    if view.status is HandoffStatus.ACCEPTED:
        return f"✅ *Accepted by {who}* at {at} for {rep}.  {_left('First contact', contact, now)}"
    if view.status is HandoffStatus.CONTACTED:
        last = view.attempts[-1]
        verdict = "in time ✅" if contact.outcome is ClockOutcome.MET else "late ⏰"
        return (
            f"📞 *{last.outcome.words}*: {escape(last.by)} at {moment(last.at)} · attempt {len(view.attempts)}, first contact {verdict}\n"
            f"{_left('Qualification', qualify, now)}"
        )
    if view.status is HandoffStatus.REJECTED:
        why = REASONS.get(view.reason or "")
        words = f"{why.label} → {why.then.value}" if why else "no reason given"
        note = f"\n> {escape(view.note, 500)}" if view.note else ""
        return f"↩️ *Rejected by {who}* at {at}: {words}{note}"
    return f"This handoff is *{view.status.value}*."


def _left(what: str, clock: ClockView, now: datetime) -> str:
    """Time left, said so that it stays true while the card stands: the moment itself, and the span as of the drawing."""
    if clock.stopped_at:
        return ""
    left = clock.due_at - now
    if left <= timedelta(0):
        return f"🔴 *{what} overdue* since {moment(clock.due_at)}"
    return f"⏱ {what} by *{moment(clock.due_at)}* ({_span(left)} left)"


def _span(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"


def _buttons(view: CardView) -> list[Block]:
    ref = HandoffRef(view.handoff_id, view.version).packed
    if view.status is HandoffStatus.OFFERED:
        return [
            button("Accept", Press.ACCEPT, ref, style="primary"),
            button("Reject…", Press.REJECT, ref, style="danger"),
        ]
    if view.status is HandoffStatus.ACCEPTED:
        return [
            button("Log first contact…", Press.LOG_CONTACT, ref, style="primary"),
            button("Give back…", Press.REJECT, ref),
        ]
    if view.status is HandoffStatus.CONTACTED:
        return [button("Log a contact…", Press.LOG_CONTACT, ref), button("Give back…", Press.REJECT, ref)]
    return []


def _fallback(view: CardView) -> str:
    if view.status is HandoffStatus.OFFERED:
        return f"Accept or reject: offered to {view.rep.name if view.rep else 'nobody yet'}."
    return f"The handoff is {view.status.value}."
