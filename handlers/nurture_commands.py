"""`handoff nurture` and `handoff content`: programmes and the catalogue as files, and what became of them."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from domain.rules.cleaning import one_line
from domain.rules.content import Item, Result
from domain.rules.counting import how_many
from domain.rules.model_table import ModelError
from domain.rules.programmes import read_programmes
from domain.rules.tiers import Tier
from domain.stats.content import kept_results, measured
from domain.tables import Content, Lead, Programme, SystemLink
from domain.verbs import nurturing, recommending, reviewing
from domain.verbs.telling import PROGRAMMES
from handlers.jobs import reading, transaction
from kit.clock import utcnow

nurture_app = typer.Typer(no_args_is_help=True, help="What marketing does with leads below MQL.")
content_app = typer.Typer(no_args_is_help=True, help="What leads are recommended to read.")

# Names and titles come from outside: none of it is markup.
out = Console(markup=False, emoji=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
AT_ONCE = 500
"""Leads looked at in one transaction."""
LONGEST_TEXT = 300
MOST_CONTENTS = 5_000
COLUMNS = ("key", "title", "url")


class BadCatalogue(ValueError):
    """The text names the line, the value and the reason."""


@nurture_app.command("import")
def nurture_import(file: File) -> None:
    """Put the programmes in FILE in force, and look at every lead in nurture once more."""
    try:
        wanted = read_programmes(file.read_text(encoding="utf-8-sig"))
    except (ModelError, UnicodeDecodeError) as wrong:
        _refuse(file, wrong)
    with transaction() as session:
        nurturing.set_programmes(session, wanted, utcnow())
    moved = _choose_for_all()
    programmes = how_many(len(wanted), "programme is", "programmes are")
    out.print(f"{programmes} in force; {how_many(moved, 'lead')} changed theirs.")


def _choose_for_all() -> int:
    """In small transactions, so that nothing else waits; killed midway, the import is simply run again."""
    after: int | None = 0
    moved = 0
    while after is not None:
        with transaction() as session:
            after, changed = nurturing.choose_again(session, after, AT_ONCE, utcnow())
            moved += changed
    return moved


@nurture_app.command("list")
def nurture_list() -> None:
    """The programmes, who is in them, and what marketing automation refused."""
    with reading() as session:
        rows = session.scalars(select(Programme).where(Programme.active).order_by(Programme.position)).all()
        counts = dict(session.execute(select(Lead.programme, func.count()).group_by(Lead.programme)).all())
        problems = session.execute(
            select(Lead.programme, SystemLink.problem, func.count())
            .join(Lead, Lead.id == SystemLink.lead_id)
            .where(SystemLink.system.startswith(PROGRAMMES), SystemLink.problem.is_not(None))
            .group_by(Lead.programme, SystemLink.problem)
        ).all()
    table = Table("programme", "for", "there", "leads")
    for row in rows:
        conditions = "; ".join(f"{name}: {', '.join(values)}" for name, values in row.when.items())
        table.add_row(row.name, conditions or "everybody", row.external_id or "nowhere", str(counts.get(row.name, 0)))
    out.print(table)
    for _, problem, count in problems:
        err.print(f"{how_many(count, 'lead')}: {problem}")


@nurture_app.command("review")
def nurture_review() -> None:
    """Send the review of MELs now."""
    with transaction() as session:
        readers = [reader.name for reader in reviewing.review(session, utcnow())]
    nobody = "Nobody of marketing, and no manager, is known in Slack."
    out.print(f"The review goes to {', '.join(readers)}." if readers else nobody)


@content_app.command("import")
def content_import(file: File) -> None:
    """Make the catalogue what FILE says: a CSV file with the columns key, title and url."""
    try:
        items = read_catalogue(file)
    except (BadCatalogue, UnicodeDecodeError, csv.Error) as wrong:
        _refuse(file, wrong)
    with transaction() as session:
        recommending.set_catalogue(session, items, utcnow())
    out.print(f"{len(items)} contents are in the catalogue.")


def read_catalogue(file: Path) -> list[Item]:
    """Raises BadCatalogue."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = [name for name in COLUMNS[:2] if name not in (rows.fieldnames or ())]
        if missing:
            raise BadCatalogue(f"line 1: the column {missing[0]} is missing; there are to be {', '.join(COLUMNS)}")
        items = [_item(row, rows.line_num) for row in rows]
    seen: set[str] = set()
    for item in items:
        if item.key in seen:
            raise BadCatalogue(f"{item.key!r} stands there twice")
        seen.add(item.key)
    if len(items) > MOST_CONTENTS:
        raise BadCatalogue(f"{len(items)} contents, at most {MOST_CONTENTS} are ranked in time")
    return items


def _item(row: dict[str, str | None], line: int) -> Item:
    key, title, url = (one_line(row.get(name) or "", LONGEST_TEXT) for name in COLUMNS)
    if not key or not title:
        raise BadCatalogue(f"line {line}: needs a key and a title")
    if url and not _is_address(url):
        raise BadCatalogue(f"line {line}: {url[:60]!r} is no address that begins with https://")
    return Item(key, title, url or None)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


@content_app.command("list")
def content_list() -> None:
    """The catalogue, and of the leads of each tier that met a content, how many moved up within 30 days."""
    with reading() as session:
        contents = session.scalars(select(Content).where(Content.active).order_by(Content.position)).all()
        results = kept_results(session)
    moved = _by_tier(results)
    table = Table("key", "title", *(tier.label() for tier in Tier))
    for content in contents:
        table.add_row(content.key, content.title, *(moved.get((content.key, tier), "") for tier in Tier))
    out.print(table)
    others = {result.content for result in results} - {content.key for content in contents}
    if others:
        out.print(f"{len(others)} contents that touches name are measured, but not in the catalogue.")


def _by_tier(results: Sequence[Result]) -> dict[tuple[str, Tier], str]:
    """`12 of 40`, over all personas."""
    sums: dict[tuple[str, Tier], tuple[int, int]] = {}
    for one in results:
        seen, moved = sums.get((one.content, one.tier), (0, 0))
        sums[one.content, one.tier] = (seen + one.seen, moved + one.moved)
    return {place: f"{moved} of {seen}" for place, (seen, moved) in sums.items()}


@content_app.command("measure")
def content_measure() -> None:
    """Measure now what the clock has measured every night."""
    now = utcnow()
    with transaction() as session:
        results = measured(session, now)
        recommending.keep_measured(session, results, now)
    out.print(f"{len(results)} figures: one for each content, tier and persona that met.")


def _refuse(file: Path, why: Exception) -> NoReturn:
    err.print(f"{file}: {why}")
    raise typer.Exit(1)
