"""`handoff campaigns` and `handoff rates`: what campaigns cost and what currencies are worth, as files, and what is known."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, Protocol, TypeVar

import typer
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.rules.cleaning import free_text
from domain.rules.counting import how_many
from domain.rules.money import money
from domain.rules.spending import COST_COLUMNS, RATE_COLUMNS, BadRow, read_cost, read_rate
from domain.tables import Campaign, Cost, ExchangeRate
from domain.verbs import costing
from handlers.file_versions import err, out
from handlers.import_rows import CsvFile, Row, UnusableFile, open_csv
from handlers.jobs import reading, transaction
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="Campaigns, and what they cost.")
rates_app = typer.Typer(no_args_is_help=True, help="What currencies are worth in each other.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.csv")]
MOST_SAID = 20
RECOUNT = "`handoff attribution recount --dry-run` shows what they would change of what is frozen."


class Said(Protocol):
    @property
    def span(self) -> tuple[object, ...]: ...


S = TypeVar("S", bound=Said)


@app.command("import")
def import_costs(file: File) -> None:
    """Keep the costs in FILE.csv: campaign or channel, since, until, amount, currency. All of them or, with a mistake, none."""
    said = _read(file, COST_COLUMNS, read_cost, optional=frozenset({"campaign", "channel"}))
    with transaction() as session:
        overlapping = costing.put_costs(session, said, utcnow())
    out.print(
        f"{how_many(len(said), 'cost')} kept. The same campaign or channel and days again takes the place of what was."
    )
    if overlapping:
        out.print(f"{how_many(overlapping, 'cost')} of one campaign or channel share days with another: both count.")


@app.command("list")
def list_campaigns() -> None:
    """The campaigns that are known, the channels that have costs of their own, and what they cost in all."""
    campaign = func.coalesce(Campaign.name, "")
    channel = func.coalesce(Cost.channel, Campaign.channel, "")
    spent = (
        select(campaign, channel, Cost.currency, func.min(Cost.since), func.max(Cost.until), func.sum(Cost.amount))
        .select_from(Campaign)
        .join(Cost, Cost.campaign_id == Campaign.id, full=True)
        .group_by(Campaign.id, Cost.channel, Cost.currency)
        .order_by(Campaign.name, Cost.channel, Cost.currency)
    )
    with reading() as session:
        rows = session.execute(spent).all()
    table = Table("campaign", "channel", "since", "until", "cost")
    for name, its_channel, currency, since, until, amount in rows:
        days = ("", "") if since is None else (since.isoformat(), until.isoformat())
        table.add_row(name, its_channel, *days, money(int(amount), currency) if amount is not None else "none known")
    out.print(table)


@rates_app.command("import")
def import_rates(file: File) -> None:
    """Keep the exchange rates in FILE.csv: from a day on, one unit of currency is worth rate units of base. All or none."""
    said = _read(file, RATE_COLUMNS, read_rate)
    with transaction() as session:
        wanting = costing.put_rates(session, said, utcnow())
    out.print(f"{how_many(len(said), 'rate')} kept.")
    if wanting:
        deals = how_many(wanting, "deal was", "deals were")
        out.print(f"{deals} frozen at 0 for want of a rate that is there now. {RECOUNT}", soft_wrap=True)


@rates_app.command("list")
def list_rates() -> None:
    """The newest rate of each currency."""
    newest = (ExchangeRate.base, ExchangeRate.currency, ExchangeRate.since.desc())
    with reading() as session:
        rows = session.scalars(
            select(ExchangeRate).ext(distinct_on(ExchangeRate.base, ExchangeRate.currency)).order_by(*newest)
        ).all()
    table = Table("one", "is worth", "in", "since")
    for row in rows:
        table.add_row(row.currency, f"{row.rate:f}".rstrip("0").rstrip("."), row.base, row.since.isoformat())
    out.print(table)


def _read(
    file: Path, columns: Sequence[str], read: Callable[[Mapping[str, str]], S], optional: frozenset[str] = frozenset()
) -> list[S]:
    """All rows, or an end with every mistake, each with its line."""
    try:
        source = open_csv(file, columns, None, None)
    except UnusableFile as wrong:
        _end([str(wrong)])
    missing = [name for name in columns if name not in source.header and name not in optional]
    if missing:
        _end([f"line 1: the column {missing[0]} is missing; there are to be {', '.join(columns)}."])
    said, wrong_lines = _rows(source, read)
    if wrong_lines:
        more = [f"and {len(wrong_lines) - MOST_SAID:,} more lines."] if len(wrong_lines) > MOST_SAID else []
        _end([*wrong_lines[:MOST_SAID], *more, "Nothing was kept."])
    if not said:
        _end([f"{file} has a header and no rows."])
    return said


def _rows(source: CsvFile, read: Callable[[Mapping[str, str]], S]) -> tuple[list[S], list[str]]:
    """What the rows say, and what is wrong with those that cannot be used."""
    said: dict[tuple[object, ...], tuple[int, S]] = {}
    wrong = []
    for row in source.rows():
        try:
            one = _one(row, read, said)
        except BadRow as bad:
            wrong.append(f"line {row.line}: {bad}")
        else:
            said[one.span] = (row.line, one)
    return [one for _, one in said.values()], wrong


def _one(row: Row, read: Callable[[Mapping[str, str]], S], said: Mapping[tuple[object, ...], tuple[int, S]]) -> S:
    if row.broken is not None:
        raise BadRow(row.broken.sentence)
    one = read(row.cells)
    if one.span in said:
        raise BadRow(f"line {said[one.span][0]} says the same already.")
    return one


def _end(lines: Sequence[str]) -> NoReturn:
    # They may quote the file's header, and a terminal obeys what stands there.
    for line in lines:
        err.print(free_text(line, 4_000))
    raise typer.Exit(1)
