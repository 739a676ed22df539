"""`handoff notices ...`: what people were told beside the card, and what it led to."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from domain.stats.alerts import alerts
from handlers.jobs import reading
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="What people are told beside the lead card.")
out = Console(markup=False, emoji=False, highlight=False)


@app.callback()
def notices() -> None:
    """Keep `stats` a word of its own, though it is the only one."""


@app.command()
def stats(days: Annotated[int, typer.Option(min=1, max=3650, help="How far to look back.")] = 30) -> None:
    """How often each kind was said, and how often the person did something about the lead within a day."""
    now = utcnow()
    with reading() as session:
        found = alerts(session, now - timedelta(days=days), now)
    numbers = [
        Column(name, justify="right") for name in ("at once", "in a digest", "muted", "of a lead", "acted on", "share")
    ]
    table = Table("kind", *numbers)
    for one in found:
        share = "-" if one.share is None else f"{one.share:.0%}"
        counts = (one.at_once, one.in_digest, one.muted, one.of, one.acted)
        table.add_row(one.kind.value, *map(str, counts), share)
    out.print(table)
    if not found:
        out.print(f"Nobody was told anything in the last {days} days.")
