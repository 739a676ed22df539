"""`handoff doctor`: what is well, what is not, and what to do about it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from domain.rules.health import Finding, State
from domain.verbs import health as verbs
from handlers import health
from handlers.jobs import transaction
from kit.clock import utcnow

out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)

SIGNS = {State.OK: ("✓", "green"), State.WARNING: ("!", "yellow"), State.FAILED: ("✗", "red")}


def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: a list of name, state, found, advice.")
    ] = False,
) -> None:
    """Look at everything: settings, Slack, channels, people, processes, jobs, vendors. Exit status 1 if something failed."""
    findings = health.look()
    with suppress(SQLAlchemyError, ArgumentError), transaction() as session:
        verbs.note(session, findings, utcnow())
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False))
    else:
        _tell(findings)
    if any(one.state is State.FAILED for one in findings):
        raise typer.Exit(1)


def _tell(findings: Sequence[Finding]) -> None:
    for one in findings:
        sign, color = SIGNS[one.state]
        out.print(f"{sign} {one.found}", style=color if one.state is not State.OK else None)
        if one.advice:
            out.print(f"    {one.advice}")
    wrong = sum(one.state is not State.OK for one in findings)
    out.print("All is well." if not wrong else f"{len(findings) - wrong} of {len(findings)} checks are well.")
