"""Where a handoff stands, in the words of its card."""

from datetime import datetime, timedelta

from bot.blocks import escape, mention, moment
from bot.next_step import DAY_AND_TIME
from domain.rules.deadlines import ClockKind
from domain.rules.deals import DealStatus
from domain.rules.lifecycle import HandoffStatus
from domain.rules.money import money
from domain.rules.qualification import Counts
from domain.rules.reasons import REASONS, UNFIT, Asks
from domain.tables import ClockOutcome
from domain.views import CardView, ClockView, DealView, QualificationView

SAME_DAY = timedelta(hours=10)
"""Nearer than this, a time of day alone is not misread as another day's."""

WITHDRAWN = {
    "became_hql": "the lead has become an HQL and went to an AE",
    "merged": "it turned out to be the same person as another lead, with whom sales is further",
    "undone": "the rejection before it was taken back",
}
"""Why an offer was taken back: code -> words."""

MOVED = {
    "released": "↪️ *Released to the pool*",
    "reassigned": "↪️ *Reassigned*",
    "taken_over": "↪️ *Taken over*",
    "claimed": "✋ *Taken from the pool*",
}
"""How the lead came to somebody else without a verdict: code -> words."""


ANSWERED = {Counts.YES: "✅", Counts.PARTLY: "🟡", Counts.NO: "❌", Counts.UNKNOWN: "❔"}
ANSWERS = 8


def standing(view: CardView, now: datetime) -> str:
    """Where the handoff stands, with the time that is left or what has become of it."""
    if view.status is HandoffStatus.OFFERED:
        return f"*For {_rep(view)}*  ·  {_running(view, ClockKind.FIRST_CONTACT, now)}"
    if view.status is HandoffStatus.ACCEPTED:
        whose = "" if view.decided_by == view.rep else f" for {_rep(view)}"
        return f"✅ *Accepted by {_decider(view)}{whose}\n{_running(view, ClockKind.FIRST_CONTACT, now)}"
    if view.status is HandoffStatus.CONTACTED:
        return _lines(_contacted(view), _answers(view.qualification), _running(view, ClockKind.QUALIFICATION, now))
    if view.status is HandoffStatus.QUALIFIED:
        return _lines(_qualified(view), _answers(view.qualification), _deal(view.deal))
    return _ended(view)


def _ended(view: CardView) -> str:
    if view.status is HandoffStatus.CONVERTED:
        return _deal(view.deal) or "💼 *It has an opportunity* in the CRM."
    if view.status is HandoffStatus.REJECTED:
        return f"↩️ *Rejected by {_decider(view)}\n{_verdict(view)}"
    if view.status is HandoffStatus.EXPIRED:
        return f"⌛ *Handed on* from {_rep(view)}: no contact in time. {_next(view)}"
    if view.status is HandoffStatus.WITHDRAWN and view.reason in MOVED:
        by = f" by {escape(view.moved_by.name)}" if view.moved_by else ""
        return f"{MOVED[view.reason]}{by}; it was with {_rep(view)}. {_next(view)}"
    if view.status is HandoffStatus.WITHDRAWN:
        gone = WITHDRAWN.get(view.reason or "", "it went another way")
        return f"⤴️ *Withdrawn* from {_rep(view)}: {gone}."
    return f"This handoff is *{view.status.value}*."


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _rep(view: CardView) -> str:
    return mention(view.rep.slack_user_id, view.rep.name) if view.rep else "nobody yet"


def _decider(view: CardView) -> str:
    """Who decided and when; the name ends what is printed bold."""
    who = escape(view.decided_by.name) if view.decided_by else "Somebody"
    return f"{who}*" + (f" {moment(view.decided_at, DAY_AND_TIME)}" if view.decided_at else "")


def _verdict(view: CardView) -> str:
    why = REASONS.get(view.reason or "")
    note = f"\n> {escape(view.note, 500)}" if view.note else ""
    if why is None:
        return f"no reason given{note}"
    detail, hint = "", ""
    if view.detail and why.asks is Asks.WHAT_DOES_NOT_FIT:
        detail = f": {UNFIT.get(view.detail, '').lower()}"
    elif view.detail and why.asks is Asks.DUPLICATE_OF:
        one, other = escape(view.lead.email, 120), escape(view.detail, 120)
        detail = f" of {other}"
        hint = f"\nAn admin can make the two one lead: `handoff leads merge {other} {one}`"
    return f"{why.label}{detail} → {why.then.value}{note}{hint}"


def _next(view: CardView) -> str:
    if view.went_to is None:
        return "It goes to the next who is free."
    return f"It went to {mention(view.went_to.slack_user_id, view.went_to.name)}."


def _contacted(view: CardView) -> str:
    first = f"first contact {_in_time(view.clock(ClockKind.FIRST_CONTACT))}"
    if not view.attempts:
        return f"📞 *Contacted*  ·  {first}"
    last = view.attempts[-1]
    tries = f"  ·  attempt {len(view.attempts)}" if len(view.attempts) > 1 else ""
    done = f"📞 *{last.outcome.words}*: {escape(last.by)} {moment(last.at, DAY_AND_TIME)}"
    return f"{done}{tries}  ·  {first}"


def _in_time(clock: ClockView) -> str:
    return "in time ✅" if clock.outcome is ClockOutcome.MET else "late ⏰"


def _qualified(view: CardView) -> str:
    who = f" by {escape(view.qualified_by.name)}" if view.qualified_by is not None else ""
    when = f" {moment(view.qualified_at, DAY_AND_TIME)}" if view.qualified_at is not None else ""
    return f"🎯 *SQL*: qualified{who}{when}  ·  {_in_time(view.clock(ClockKind.QUALIFICATION))}"


def _answers(answered: QualificationView | None) -> str:
    """The questions that were chosen from, each with what the answer says."""
    if answered is None:
        return ""
    shown = [one for one in answered.answers if one.counts is not None][:ANSWERS]
    return "  ".join(f"{ANSWERED[one.counts]} {escape(one.question, 40)}" for one in shown if one.counts is not None)


def _deal(deal: DealView | None) -> str:
    """Where the opportunity stands, by the CRM's word."""
    if deal is None:
        return ""
    worth = escape(money(deal.amount, deal.currency), 40) if deal.amount is not None else ""
    owner = f"with {mention(deal.owner.slack_user_id, deal.owner.name)}" if deal.owner else ""
    closed = moment(deal.closed_at, "{date_short_pretty}") if deal.closed_at else ""
    if deal.won is None:
        stands = "  ·  ".join(filter(None, ["💼 *Opportunity*", escape(deal.stage, 60), worth, owner]))
        return _lines(stands, _handed(deal))
    if deal.won:
        return "  ·  ".join(filter(None, ["🏆 *Won*", worth, owner, closed]))
    why = escape(deal.lost_reason, 100) if deal.lost_reason else ""
    return "  ·  ".join(filter(None, ["🏳️ *Lost*", why, worth, owner, closed]))


def _handed(deal: DealView) -> str:
    """How the AE has answered, while that is for the SDR to know."""
    ae = mention(deal.ae.slack_user_id, deal.ae.name) if deal.ae else "the AE"
    if deal.handed is DealStatus.OFFERED:
        return f"🤝 Offered to {ae}, who has not answered yet."
    if deal.handed is DealStatus.RETURNED:
        return f"↩️ {ae} has returned it: {escape(deal.returned or 'no reason given', 80)}."
    return ""


def _running(view: CardView, kind: ClockKind, now: datetime) -> str:
    if view.snoozed_until is not None:
        until = moment(view.snoozed_until, DAY_AND_TIME)
        return f"💤 *Snoozed until {until}*, or until the score jumps. Its clocks stand still."
    return _left(kind.words.capitalize(), view.clock(kind), now)


def _left(what: str, clock: ClockView, now: datetime) -> str:
    """Time left, said so that it stays true while the card stands: the moment itself, and the span as of the drawing."""
    if clock.stopped_at:
        return ""
    left = clock.due_at - now
    due = moment(clock.due_at, "{time}" if abs(left) < SAME_DAY else DAY_AND_TIME)
    if left <= timedelta(0):
        return f"🔴 *{what} overdue* since {due}"
    return f"⏱ {what} by *{due}* ({_span(left)} left)"


def _span(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
