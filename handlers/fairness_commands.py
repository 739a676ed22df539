"""`handoff fairness`: what each rep was due and what they got, pool by pool."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from domain.stats.fairness import fairness as fairness_of
from domain.tables import Pool
from handlers.jobs import reading
from kit.clock import utcnow

# Names come from outside: none of it is markup.
out = Console(markup=False, emoji=False)


def fairness(days: Annotated[int, typer.Option(min=1, max=730, help="How far back.")] = 30) -> None:
    """What each rep was due of the leads of their pools, and what they got."""
    since = utcnow() - timedelta(days=days)
    with reading() as session:
        pools = [
            (pool.name, fairness_of(session, pool.id, since))
            for pool in session.scalars(select(Pool).order_by(Pool.name))
        ]
    table = Table("pool", "rep", "due", "got", "ahead by", "owned or given", "given back")
    for name, rows in pools:
        for row in rows:
            counts = (f"{row.expected:.1f}", str(row.turns), f"{row.ahead:+.1f}", str(row.owned), str(row.credited))
            table.add_row(name, row.name, *counts)
    out.print(table)
    if not any(rows for _, rows in pools):
        out.print(f"No leads were shared out in the last {days} days.")
