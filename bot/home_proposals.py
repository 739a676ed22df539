"""In the Home of who decides: what is proposed, what was decided last, and why there is nothing to decide."""

from datetime import datetime

from bot.blocks import Block, context, escape, header, moment, section
from bot.proposal import DAY, bullets, buttons, change_lines, past_lines, state_words, title
from domain.proposals import ProposalsHome, ProposalView


def proposal_blocks(found: ProposalsHome, now: datetime) -> list[Block]:
    if not found.waiting:
        return [context(_nothing(found) + _last(found.last, now))]
    blocks = [header("A proposal waits for you" if len(found.waiting) == 1 else "Proposals wait for you")]
    for view in found.waiting:
        lines = [*change_lines(view, 2), *past_lines(view)[:1]]
        blocks += [section(f"*{title(view)}*\n{state_words(view, now)}\n{bullets(lines)}"), *buttons(view, now)]
    return [*blocks, *([context(_last(found.last, now).strip())] if found.last else [])]


def _nothing(found: ProposalsHome) -> str:
    """Why nothing is proposed, as learning said last."""
    said = [f"{escape(one.said, 300)} ({moment(one.at, DAY)})" for one in found.learnings if one.verdict != "proposed"]
    return "\n".join(["📐 No proposals yet." if found.last is None else "📐 No proposal waits.", *said])


def _last(view: ProposalView | None, now: datetime) -> str:
    if view is None:
        return ""
    return f"\nThe last one, {escape(view.name, 80)}: {state_words(view, now).splitlines()[0]}"
