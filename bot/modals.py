"""The windows that buttons open. `private_metadata` carries the handoff's id and version, nothing of the lead."""

from collections.abc import Sequence
from typing import Any

from bot.blocks import (
    Block,
    chosen,
    context,
    dispatched,
    escape,
    line_input,
    moment_input,
    option,
    optional,
    search_select,
    section,
    select,
    text_input,
)
from bot.ids import Field, HandoffRef, Submission
from domain.rules.industries import Industry
from domain.rules.lifecycle import HandoffStatus
from domain.rules.next_steps import LONGEST_STEP
from domain.rules.reasons import NOTE_LIMIT, REASONS, UNFIT, Asks
from domain.rules.snoozing import SPANS
from domain.rules.validation import LONGEST_NAME
from domain.tables import AttemptOutcome
from domain.views import CardView, DataView, Person

View = dict[str, Any]

LONGEST_ADDRESS = 254
MOST_OPTIONS = 100
"""Of a select of Slack's."""


def loading_modal() -> View:
    """What stands on the screen while we read: a trigger lives three seconds, the window after it as long as it likes."""
    return _frame(
        "One moment", [section("⏳ Reading what is known …"), context("If this stays, close it and click again.")]
    )


def refused_modal(sentence: str) -> View:
    """Why there is no window after all. `sentence`: finished mrkdwn."""
    return _frame("Not possible", [section(sentence)])


def reject_modal(view: CardView, reason: str = "", because: str = "") -> View:
    """Ask why, and say with each reason what follows from it. What the chosen `reason` asks for besides stands under it.
    `because`: why we ask at all, in our own words.
    """
    reasons = [option(one.label, one.key, f"{one.help} → {one.then.value}") for one in REASONS.values()]
    why = dispatched(select(Field.REASON, "Why?", "Choose a reason", reasons))
    offered = view.status is HandoffStatus.OFFERED
    return modal(
        Submission.REJECT,
        "Reject this lead" if offered else "Give this lead back",
        "Reject" if offered else "Give back",
        view,
        [
            about(view),
            *([context(because)] if because else []),
            chosen(why, reason, "") if reason in REASONS else why,
            *_asked_by(reason),
            text_input(Field.NOTE, "Note", "What should marketing or the next rep know?", max_length=NOTE_LIMIT),
        ],
    )


def _asked_by(reason: str) -> list[Block]:
    asks = REASONS[reason].asks if reason in REASONS else None
    if asks is Asks.WHAT_DOES_NOT_FIT:
        return [select(Field.DETAIL, asks.value, "Choose one", [option(words, key) for key, words in UNFIT.items()])]
    if asks is Asks.DUPLICATE_OF:
        return [line_input(Field.DUPLICATE_OF, asks.value, "", "Their e-mail address.", max_length=LONGEST_ADDRESS)]
    return []


def fields_of(reason: str) -> frozenset[str]:
    """The input blocks that the window has for this reason."""
    return frozenset([Field.REASON, Field.NOTE, *(block["block_id"] for block in _asked_by(reason))])


def about(view: CardView) -> Block:
    """Whom a window is about."""
    company = f" at {escape(view.lead.company, 100)}" if view.lead.company else ""
    return section(f"*{escape(view.lead.name, 100)}*{company}")


def snooze_modal(view: CardView) -> View:
    """Ask for how long, in a span or to a moment."""
    spans = select(Field.SPAN, "For how long?", "Choose one", [option(words, key) for key, (words, _) in SPANS.items()])
    return modal(
        Submission.SNOOZE,
        "Snooze this lead",
        "Snooze",
        view,
        [about(view), optional(spans), optional(moment_input(Field.UNTIL, "Or until exactly"))],
    )


BACK_TO_THE_POOL = "pool"


def reassign_modal(view: CardView, others: Sequence[Person]) -> View:
    """Ask to whom the lead goes. `others`: who could take it, who is nearest first; among many one searches."""
    options = takers(others)
    whom = select(Field.REP, "To whom?", "Choose one", options)
    if len(options) > MOST_OPTIONS:
        whom = search_select(Field.REP, "To whom?", "Search by name")
    return modal(Submission.REASSIGN, "Reassign this lead", "Reassign", view, [about(view), whom])


def takers(others: Sequence[Person]) -> list[Block]:
    """To whom a lead may go, as the options of a select."""
    back = option("Whoever of the pool is next", BACK_TO_THE_POOL)
    return [back, *(option(one.name or "?", str(one.rep_id)) for one in others)]


def contact_modal(view: CardView) -> View:
    """Ask how the attempt went, and what comes next."""
    outcomes = [option(outcome.words, outcome.value) for outcome in AttemptOutcome]
    return modal(
        Submission.LOG_CONTACT,
        "Log a contact",
        "Log it",
        view,
        [
            section(f"*{escape(view.lead.name, 100)}*  {escape(view.lead.phone or view.lead.email, 120)}"),
            select(Field.OUTCOME, "How did it go?", "Choose one", outcomes),
            text_input(Field.NOTE, "Note", "What was said?", max_length=NOTE_LIMIT),
            line_input(
                Field.NEXT_STEP, "Next step", "", "What was agreed, or is to be tried next.", max_length=LONGEST_STEP
            ),
            optional(moment_input(Field.NEXT_AT, "When?")),
        ],
    )


LINES = {
    "first_name": "First name",
    "last_name": "Last name",
    "title": "Job title",
    "company": "Company",
    "country": "Country",
    "phone": "Telephone",
    "employees": "Employees",
}


def fix_modal(view: DataView) -> View:
    """Everything that can be put right, with what is known by now, and under it who says so."""
    industries = [option(industry.words, industry.value) for industry in Industry]
    industry = select("industry", "Industry", "Choose one", industries)
    return modal(
        Submission.FIX_DATA,
        "Fix data",
        "Save",
        view,
        [
            section(f"*{escape(view.email, 120)}*\nWho clears a field takes its correction back."),
            *(
                line_input(field, label, view.shown.get(field, ""), view.hints.get(field, ""), max_length=LONGEST_NAME)
                for field, label in LINES.items()
            ),
            chosen(industry, view.shown.get("industry", Industry.UNKNOWN), view.hints.get("industry", "")),
        ],
    )


def modal(submission: Submission, title: str, submit: str, view: CardView | DataView, blocks: list[Block]) -> View:
    """A window that can be submitted. `title` and `submit` are 24 characters at most."""
    return _frame(title, blocks, close="Cancel") | {
        "callback_id": submission,
        "private_metadata": HandoffRef(view.handoff_id, view.version).packed,
        "submit": {"type": "plain_text", "text": submit},
    }


def _frame(title: str, blocks: list[Block], *, close: str = "Close") -> View:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": close},
        "blocks": blocks,
    }
