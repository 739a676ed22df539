"""`handoff learn` and `handoff proposals ...`: look for something to propose, look at what is proposed, decide."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot.blocks import plain
from bot.proposal import past_lines, tiers_words
from domain.proposals import ProposalView, newest_learnings, proposal_view, proposals
from domain.rules.learning import Goal
from domain.rules.proposals import ProposalKind, ProposalStatus
from domain.rules.refusals_proposals import ProposalDecided
from domain.tables import Proposal
from domain.verbs import proposing
from handlers.calibration import keep
from handlers.calibration_settings import learning_settings
from handlers.jobs import reading, transaction
from handlers.learning_run import find
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="What learning proposes.")
out = Console(markup=False, emoji=False, highlight=False)
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2**53, help="As in `handoff proposals list`.")]
Decision = Callable[[Session, Proposal, datetime], Proposal]


def learn(
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Learn here and now; else say what the last runs came to.")
    ] = False,
    goal: Annotated[Goal | None, typer.Option(help="What is to be foreseen; else as LEARNING_GOAL says.")] = None,
) -> None:
    """Learn from what became of leads. What comes of it is a proposal; nothing changes by itself."""
    if goal is not None and not now:
        raise typer.BadParameter(
            "It says what is learnt with --now; without that nothing is learnt.", param_hint="--goal"
        )
    if now:
        said = learning_settings()
        for kind in ProposalKind:
            found, past = find(kind, utcnow(), said.model_copy(update={"goal": goal or said.goal}), asked=True)
            with transaction() as session:
                keep(session, found, past)
    with reading() as session:
        runs = newest_learnings(session)
    for run in runs:
        out.print(f"{run.at:%Y-%m-%d %H:%M} {run.kind.value}: {run.verdict}. {plain(run.said, 400)}", soft_wrap=True)
    if not runs:
        out.print("Nothing was learnt yet. `handoff learn --now` begins.")


@app.command("list")
def list_() -> None:
    """The newest first."""
    with reading() as session:
        found = proposals(session)
    table = Table("number", "about", "state", "model", "against", "made")
    for one in found:
        made = f"{one.made_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.proposal_id), one.kind.value, one.status.value, one.name, one.base, made)
    out.print(table)


@app.command()
def show(number: Number) -> None:
    """What it changes, and what it would have done."""
    with reading() as session:
        view = proposal_view(session, number)
    out.print(f"{number}: {view.name} against {view.base}, {view.status.value}.")
    for change in view.changes:
        out.print(f"- {plain(change.words, 300)}", soft_wrap=True)
    for line in _evidence(view):
        out.print(line, soft_wrap=True)


def _evidence(view: ProposalView) -> list[str]:
    if view.only_chances:
        return [plain(line, 300) for line in past_lines(view)]
    found = view.evidence.get("backtest")
    if not found:
        return ["The past was not replayed."]
    moved = f"{found['moved']:,} leads would be in another tier"
    return [f"In the last {found['days']} days: {tiers_words(found)}; {moved}."]


@app.command()
def approve(
    number: Number,
    *,
    at_once: Annotated[bool, typer.Option("--at-once", help="Put it in force without a trial in shadow.")] = False,
) -> None:
    """Try it in shadow for LEARNING_SHADOW_DAYS. One that is in shadow, or changes no score, is put in force."""

    def decision(session: Session, row: Proposal, now: datetime) -> Proposal:
        if at_once or row.status is ProposalStatus.SHADOW:
            return proposing.activate(session, row.id, version=row.version, by=None, now=now)
        shadow = learning_settings().shadow
        return proposing.approve(session, row.id, version=row.version, by=None, now=now, shadow=shadow)

    _decide(number, decision)


@app.command()
def decline(number: Number, note: Annotated[str, typer.Option(help="Why.")] = "") -> None:
    """Leave things as they are; a trial in shadow ends."""
    _decide(
        number,
        lambda session, row, now: proposing.decline(session, row.id, version=row.version, by=None, now=now, note=note),
    )


@app.command()
def rollback(number: Number) -> None:
    """Put the model in force again that it took the place of."""
    _decide(
        number, lambda session, row, now: proposing.roll_back(session, row.id, version=row.version, by=None, now=now)
    )


def _decide(number: int, decision: Decision) -> None:
    """Whoever runs the command line may. Nobody's name stands beside it."""
    with transaction() as session:
        row = decision(session, proposing.find_proposal(session, number), utcnow())
        state = row.status.value
    out.print(f"Proposal {number}: {ProposalDecided.NOW[state]}.")
