"""What an import says: the forecast before it, the table after it."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from domain.rules.tiers import Tier
from handlers.import_batches import Done, Made
from handlers.import_forecast import Forecast
from handlers.import_progress import in_words
from handlers.import_rows import About


def forecast_tables(foreseen: Forecast) -> list[Table]:
    """What the file holds, which tiers its leads would reach, and whose cards they would be."""
    rows = _counts("Rows", foreseen.rows)
    rows.add_row("new leads", f"{foreseen.new_leads:,}")
    rows.add_row("touches of known leads", f"{foreseen.touches:,}")
    rows.add_row("already there", f"{foreseen.already:,}")
    _add_refused(rows, foreseen.refused)
    for name, count in foreseen.unreadable.most_common():
        rows.add_row(f"attribute {name}: unreadable, left out", f"{count:,}")
    tiers = _counts("Leads by tier, before any enrichment", foreseen.tiers.total())
    for tier in reversed(Tier):
        tiers.add_row(tier.label(), f"{foreseen.tiers[tier]:,}")
    cards = _counts(f"Cards, posted in about {in_words(foreseen.posting.total_seconds())}", foreseen.cards)
    for pool in foreseen.pools.values():
        if pool.count:
            cards.add_row(pool.pool, f"{pool.count:,}")
    if foreseen.nowhere:
        cards.add_row("for sales, but in no pool's territory: they wait", f"{foreseen.nowhere:,}")
    return [rows, tiers, cards]


def done_table(done: Done) -> Table:
    table = _counts("Imported rows", done.rows)
    table.add_row("captured as new leads", f"{done.made[Made.LEAD]:,}")
    table.add_row("touches of known leads", f"{done.made[Made.TOUCH]:,}")
    table.add_row("already there", f"{done.made[Made.NOTHING]:,}")
    _add_refused(table, done.refused)
    table.add_row("time", in_words(done.seconds))
    table.add_row("rows/s", f"{done.rows / max(done.seconds, 1e-6):,.0f}")
    return table


def say_refused(console: Console, examples: Sequence[tuple[int, str]], refused: int) -> None:
    """Name the first refused rows. Sentences may quote a hostile address: they are no markup."""
    for line, sentence in examples:
        console.print(f"Line {line:,}: {sentence}", markup=False, highlight=False, soft_wrap=True)
    if refused > len(examples):
        console.print(f"... and {refused - len(examples):,} more refused rows.")
    console.print("Nothing was written: this was a dry run.")


def _counts(title: str, total: int) -> Table:
    table = Table(title, f"{total:,}")
    table.columns[1].justify = "right"
    return table


def _add_refused(table: Table, refused: Counter[About]) -> None:
    table.add_row("refused", f"{refused.total():,}")
    for about, count in refused.most_common():
        table.add_row(f"  {about}", f"{count:,}")
