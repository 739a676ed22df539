"""The one next thing to do with a lead, as its card says it."""

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import escape, moment
from domain.rules.deadlines import ClockKind
from domain.rules.deals import DealStatus
from domain.rules.lifecycle import HandoffStatus
from domain.rules.qualification import Counts, Verdict
from domain.tables import AttemptOutcome
from domain.views import CardView, DealView

DAY_AND_TIME = "{date_short_pretty} at {time}"
OPEN_QUESTIONS = 3
GIVE_BACK = "give it back with a reason."


def next_step(view: CardView, now: datetime) -> str:
    """One line of mrkdwn, without its title."""
    if view.live and view.snoozed_until is not None:
        return "nothing until then. Whoever accepts it or logs a contact takes it up at once."
    if view.status is HandoffStatus.OFFERED:
        return _decide(view, now)
    if view.status is HandoffStatus.ACCEPTED:
        hurry = " now" if view.late(ClockKind.FIRST_CONTACT, now) else ""
        return f"{_reach(view)}{hurry}, then log how it went."
    if view.status is HandoffStatus.CONTACTED:
        return _agreed(view) or _after_contact(view)
    return _after_qualification(view)


def _after_qualification(view: CardView) -> str:
    if view.status is HandoffStatus.QUALIFIED:
        waits = "nothing here: it waits for its opportunity in the CRM."
        return _agreed(view) or (GIVE_BACK if _is_ruled_out(view) else waits)
    if view.deal is not None and view.deal.won is None:
        return _of_deal(view.deal)
    return "nothing to do here."


def _of_deal(deal: DealView) -> str:
    """While it is open."""
    if deal.handed is DealStatus.OFFERED:
        return "nothing here: it waits for the AE's yes."
    if deal.handed is DealStatus.RETURNED:
        return "take it up again, or close it in the CRM."
    return "win it: the deal goes on in the CRM."


def _decide(view: CardView, now: datetime) -> str:
    if view.missed and view.in_channel:
        return "call now. Whoever of the pool is free takes it."
    if view.late(ClockKind.FIRST_CONTACT, now):
        return "accept and call now, or reject with a reason."
    return "accept, or reject with a reason."


def _reach(view: CardView) -> str:
    if view.lead.phone:
        return f"call {escape(view.lead.phone, 60)}"
    return f"write to {escape(view.lead.email, 120)}"


def _agreed(view: CardView) -> str:
    """What the rep has noted as the next step, unless there have been answers since."""
    last = view.attempts[-1] if view.attempts else None
    if last is None or (view.qualification is not None and view.qualification.at > last.at):
        return ""
    return said_next(last.next_step, last.next_at)


def said_next(step: str | None, at: datetime | None) -> str:
    """A next step in the rep's words, with its time; empty if nothing was agreed."""
    when = moment(at, DAY_AND_TIME) if at is not None else ""
    if not step:
        return f"again {when}" if when else ""
    return f"{escape(step, 200)}, {when}" if when else escape(step, 200)


def _after_contact(view: CardView) -> str:
    answered = view.qualification
    if _is_ruled_out(view):
        return GIVE_BACK
    if answered is not None:
        left = [one.question for one in answered.answers if one.counts not in {Counts.YES, None}]
        return f"clear up {_listed(left)}, then update the answers." if left else "update the answers."
    if view.attempts and view.attempts[-1].outcome is AttemptOutcome.SPOKE:
        return "say what the call brought: is it an SQL?"
    return "try again, then log how it went."


def _is_ruled_out(view: CardView) -> bool:
    """By the newest answers: those of an SQL, too, may turn out to be a no."""
    return view.qualification is not None and view.qualification.verdict is Verdict.NOT_QUALIFIED


def _listed(questions: Sequence[str]) -> str:
    return ", ".join(f"*{escape(one, 40)}*" for one in questions[:OPEN_QUESTIONS])
