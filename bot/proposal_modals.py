"""The windows of a proposal: everything that speaks for and against it, and the note of who declines."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.blocks import Block, context, cut, escape, section, text_input
from bot.ids import Field, ProposalRef, ProposalSubmission
from bot.proposal import bullets, change_lines, past_lines, risk_lines, shadow_words, state_words
from bot.proposal_evidence import capacity_lines, learning_lines
from domain.backtest.intervals import Share
from domain.proposals import MoverView, ProposalView
from domain.rules.model_diff import Kind
from domain.rules.proposals import ProposalStatus
from domain.verbs.proposing import NOTE_LIMIT

View = dict[str, Any]
SECTION = 2_900
CHANGES = 60
_SIGN = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "→"}
_GROUPS = {"kept": "Both send to sales", "gained": "Only the new one", "lost": "Only today's"}


def decline_modal(view: ProposalView) -> View:
    """Ask why: what is learnt next is read with it in mind."""
    stops = view.status is ProposalStatus.SHADOW
    word = "Stop" if stops else "Decline"
    return {
        "type": "modal",
        "callback_id": ProposalSubmission.DECLINE,
        "private_metadata": ProposalRef(view.proposal_id, view.version).packed,
        "title": {"type": "plain_text", "text": "Stop the trial" if stops else "Decline this proposal"},
        "submit": {"type": "plain_text", "text": word},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            section(f"*{escape(view.name, 80)}*: {escape(view.base, 80)} stays in force."),
            text_input(Field.NOTE, "Why?", "What is wrong with it?", max_length=NOTE_LIMIT),
        ],
    }


def details_modal(view: ProposalView, now: datetime) -> View:
    """Every change, who changes tier, what became of those that it keeps, adds and drops, and how well it foresees."""
    parts = [
        ("Where it stands", [state_words(view, now)]),
        ("What changes", change_lines(view, CHANGES)),
        ("What it would have done", past_lines(view)),
        ("What became of them", list(_groups(view.evidence.get("backtest")))),
        ("Who moves most", [_mover(mover) for mover in view.movers]),
        ("In shadow", [shadow_words(view.shadow), *_shadow_movers(view)] if view.shadow else []),
        ("How well it foresees", list(learning_lines(view.evidence.get("learning")))),
        ("What sales can take", list(capacity_lines(view.evidence.get("thresholds")))),
        ("The risk", list(risk_lines(view))),
        ("Every change", [_change(one.kind, one.words) for one in view.changes[:CHANGES]]),
    ]
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Proposal"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [
            *(_part(name, lines) for name, lines in parts if lines),
            context("Intervals are at 95%. Who sells sees nothing of this before it is in force."),
        ],
    }


def _part(name: str, lines: Sequence[str]) -> Block:
    said = lines[0] if len(lines) == 1 else bullets(lines)
    return section(f"*{name}*\n{cut(said, SECTION)}")


def _change(kind: Kind, words: str) -> str:
    return f"{_SIGN[kind]} {escape(words, 200)}"


def _mover(mover: MoverView) -> str:
    return f"{escape(mover.name, 60)}: {mover.before} → *{mover.after}*"


def _shadow_movers(view: ProposalView) -> list[str]:
    biggest = view.shadow.biggest[:5] if view.shadow else ()
    return [f"{escape(one.email, 80)}: {one.active} → *{one.shadow}*" for one in biggest]


def _groups(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        return
    for key, words in _GROUPS.items():
        group = found["groups"][key]
        share = Share(*group["sql"])
        low, high = share.interval
        rate = (
            f"{share.rate:.0%} became an SQL ({low:.0%} to {high:.0%})"
            if share.enough
            else f"n={share.of}, too few to say"
        )
        yield f"{words}: {group['leads']:,} leads, {share.of:,} judged by sales: {rate}"
