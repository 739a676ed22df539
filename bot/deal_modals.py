"""The window in which an AE says why a deal goes back. `private_metadata` carries the deal's id and version."""

from collections.abc import Sequence
from typing import Any

from bot.blocks import context, escape, option, optional, plain, section, select, text_input
from bot.ids import DealRef, DealSubmission, Field
from domain.deals import DealMessage
from domain.rules.deals import DEAL_REASONS
from domain.rules.reasons import NOTE_LIMIT

View = dict[str, Any]


def return_modal(view: DealMessage, colleagues: Sequence[tuple[int, str]]) -> View:
    """Ask why, with what follows from each reason. `colleagues`: the AEs whose it might be (rep id, name)."""
    lead = view.card.lead
    company = f" at {escape(lead.company, 100)}" if lead.company else ""
    reasons = [option(one.label, one.key, f"{one.help} → {one.then.value}") for one in DEAL_REASONS.values()]
    people = [option(plain(name) or f"No. {rep_id}", str(rep_id)) for rep_id, name in colleagues]
    return {
        "type": "modal",
        "callback_id": DealSubmission.RETURN,
        "private_metadata": DealRef(view.deal_id, view.version).packed,
        "title": {"type": "plain_text", "text": "Return this deal"},
        "submit": {"type": "plain_text", "text": "Return"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            section(f"*{escape(lead.name, 100)}*{company}"),
            select(Field.REASON, "Why?", "Choose a reason", reasons),
            *([optional(select(Field.REP, "Whose is it?", "Whoever is next", people))] if people else []),
            text_input(Field.NOTE, "Note", "What should the SDR or the next AE know?", max_length=NOTE_LIMIT),
            context("The SDR reads your reason and your note."),
        ],
    }
