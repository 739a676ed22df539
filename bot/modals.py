"""The windows that buttons open. `private_metadata` carries the handoff's id and version, nothing of the lead."""

from typing import Any

from bot.blocks import Block, chosen, escape, line_input, option, section, select, text_input
from bot.ids import Field, HandoffRef, Submission
from domain.rules.industries import Industry
from domain.rules.reasons import NOTE_LIMIT, REASONS
from domain.rules.validation import LONGEST_NAME
from domain.tables import AttemptOutcome
from domain.views import CardView, DataView

View = dict[str, Any]


def reject_modal(view: CardView) -> View:
    """Ask why, and say with each reason what follows from it. Slack itself asks for one; we check it all the same."""
    reasons = [option(one.label, one.key, f"{one.help} → {one.then.value}") for one in REASONS.values()]
    return _modal(
        Submission.REJECT,
        "Reject this lead",
        "Reject",
        view,
        [
            section(
                f"*{escape(view.lead.name, 100)}*"
                + (f" at {escape(view.lead.company, 100)}" if view.lead.company else "")
            ),
            select(Field.REASON, "Why?", "Choose a reason", reasons),
            text_input(Field.NOTE, "Note", "What should marketing or the next rep know?", max_length=NOTE_LIMIT),
        ],
    )


def contact_modal(view: CardView) -> View:
    """Ask how the attempt went."""
    outcomes = [option(outcome.words, outcome.value) for outcome in AttemptOutcome]
    return _modal(
        Submission.LOG_CONTACT,
        "Log a contact",
        "Log it",
        view,
        [
            section(f"*{escape(view.lead.name, 100)}*  {escape(view.lead.phone or view.lead.email, 120)}"),
            select(Field.OUTCOME, "How did it go?", "Choose one", outcomes),
            text_input(Field.NOTE, "Note", "What was said?", max_length=NOTE_LIMIT),
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
    return _modal(
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


def _modal(submission: Submission, title: str, submit: str, view: CardView | DataView, blocks: list[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": submission,
        "private_metadata": HandoffRef(view.handoff_id, view.version).packed,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": blocks,
    }
