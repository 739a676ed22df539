"""`handoff attribution ...`: how it is done, as a file in versions; what it says; and a recount of what is frozen."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.revenue import pipeline_gaps, revenue_gaps
from domain.recounting import Change, changes_of, summed, won_deals
from domain.rules.attribution import AttributionModel
from domain.rules.attribution_file import Practice, read_practice
from domain.rules.counting import how_many
from domain.rules.money import money, units
from domain.rules.periods import Period, read_period
from domain.stats.pipeline import Pipeline, pipeline
from domain.stats.revenue import By, Earned, Revenue, revenue
from domain.tables import AttributionFile, Opportunity
from domain.verbs import crediting, practices
from handlers.file_versions import BIGGEST_ID, Kept, commands, err, out
from handlers.import_rows import neutralised
from handlers.jobs import reading, transaction
from kit.clock import utcnow

USUAL = "quarter"


def _show(practice: Practice) -> None:
    table = Table("what", "how")
    for what, how in (
        ("look-back", f"{practice.look_back.days} days before the closing"),
        ("half-life", f"{practice.half_life.total_seconds() / 86_400:g} days (time decay)"),
        ("currency", practice.base),
        ("touches", "of everybody of the company" if practice.account_touches else "of the deal's lead alone"),
        ("left out", ", ".join(sorted(practice.left_out)) or "nothing"),
        ("headline", practice.headline.words),
        ("Markov", f"remembers {practice.order} touches back" if practice.order > 1 else "remembers one touch back"),
        (
            "learnt",
            f"of {practice.least_deals} deals or more in {practice.days} days, again after {practice.new_deals} more",
        ),
        ("ended", f"a journey without a deal after {practice.quiet_days} quiet days"),
    ):
        table.add_row(what, how)
    for group in sorted(set(practice.groups.values())):
        table.add_row(f"group {group}", ", ".join(one for one, its in practice.groups.items() if its == group))
    out.print(table)


app = commands(
    Kept(
        what="the attribution file",
        table=AttributionFile,
        read=read_practice,
        in_force=practices.in_force,
        put_in_force=practices.put_in_force,
        show=_show,
        built_in="The built-in practice is in force",
        until_now="What is frozen stays as it is.",
    ),
    "Whose work a deal was: how that is reckoned, what it says, and a recount.",
)


# ---- report -------------------------------------------------------------------------------------------------------------


@app.command()
def report(
    period: Annotated[str, typer.Argument(help="30d, quarter, 2026-Q3 or 2026-01-01..2026-03-31 (UTC).")] = USUAL,
    *,
    by: Annotated[By, typer.Option(help="What to add up by.")] = By.CHANNEL,
    model: Annotated[AttributionModel | None, typer.Option(help="Without it, the headline model.")] = None,
    file: Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="Write it to this file, too.")] = None,
) -> None:
    """Revenue, cost and ROI of a period, from what is frozen; and the deals that are open now."""
    now = utcnow()
    span = read_period(period, now, UTC)
    if span is None:
        raise typer.BadParameter(f"{period} is no period: try 30d, quarter, 2026-Q3 or 2026-01-01..2026-03-31.")
    with reading() as session:
        found, coming = revenue(session, span, by=by, model=model), pipeline(session, now, by)
    _print_revenue(found, span)
    _print_pipeline(coming)
    if file is not None:
        try:
            _write(file, found)
        except OSError as wrong:
            err.print(f"{file}: {wrong.strerror}. Nothing was written.")
            raise typer.Exit(1) from None
        out.print(f"Written to {file}.", soft_wrap=True)


def _print_revenue(found: Revenue, period: Period) -> None:
    out.print(f"Revenue by {found.by}, {period.words}, {found.model.words}: {how_many(found.deals, 'deal')}.")
    table = Table(found.by.value, "deals", "value", "cost", "ROI")
    for line in (*found.lines, found.whole):
        table.add_row(line.name, f"{line.deals:,.1f}", money(line.value, found.base), *_spent(line, found.base))
    out.print(table)
    for sentence in revenue_gaps(found):
        out.print(sentence, soft_wrap=True)


def _spent(line: Earned, base: str) -> tuple[str, str]:
    cost = "-" if line.cost is None else money(line.cost, base)
    return cost, "-" if line.roi is None else f"{line.roi:+.0%}"


def _print_pipeline(found: Pipeline) -> None:
    if not found.deals:
        return
    out.print(f"Open now, {found.model.words}: {how_many(found.deals, 'deal')}.")
    table = Table(found.by.value, "deals", "amount", "weighted")
    for line in (*found.lines, found.whole):
        table.add_row(line.name, f"{line.deals:,.1f}", money(line.amount, found.base), money(line.weighted, found.base))
    out.print(table)
    for sentence in pipeline_gaps(found):
        out.print(sentence, soft_wrap=True)


def _write(file: Path, found: Revenue) -> None:
    """Names come from outside: none of them is a formula."""
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow([found.by.value, "model", "deals", "value", "cost", "roi", "currency"])
        for line in found.lines:
            cost = "" if line.cost is None else units(line.cost, found.base)
            roi = "" if line.roi is None else round(line.roi, 4)
            value = units(line.value, found.base)
            name = neutralised(line.name)
            rows.writerow([name, found.model.value, round(line.deals, 4), value, cost, roi, found.base])


# ---- recount ------------------------------------------------------------------------------------------------------------


@app.command()
def recount(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Deals closed on this day (UTC) or later; without it, all."),
    ] = None,
    deal: Annotated[int | None, typer.Option(min=1, max=BIGGEST_ID, help="Only this deal, by our number.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Share won deals out anew by what is known now: late touches, rates, another file, newly learnt models. What was
    frozen stays as an older version.
    """
    now = utcnow()
    with reading() as session:
        if deal is not None and session.get(Opportunity, deal) is None:
            raise typer.BadParameter(f"there is no deal {deal}.")
        wanted = [deal] if deal is not None else won_deals(session, since and since.replace(tzinfo=UTC))
    changed, changes = _would_change(wanted, now)
    if not changed:
        out.print(f"{how_many(len(wanted), 'deal')} looked at: nothing would change.")
        return
    _print_changes(changes)
    out.print(
        f"Of {how_many(len(wanted), 'deal')}, {len(changed):,} would be shared out otherwise. The old versions stay."
    )
    if dry_run or not (yes or typer.confirm("Make new versions?")):
        out.print("Nothing was changed.")
        return
    for deal_id in changed:
        # One at a time: whoever holds the leads of two deals waits in a ring with who merges them the other way round.
        with transaction() as session:
            crediting.recount(session, deal_id, now)
    out.print(f"New versions made of {how_many(len(changed), 'deal')}.")


def _would_change(wanted: Sequence[int], now: datetime) -> tuple[Sequence[int], Sequence[Change]]:
    """The deals that would be shared out otherwise, and what that comes to in all."""
    changed: list[int] = []
    changes: Sequence[Change] = []
    for deal_id in wanted:
        with reading() as session:
            its = changes_of(session, deal_id, now)
        if its is not None:
            changed.append(deal_id)
            changes = summed([*changes, *its])
    return changed, changes


def _print_changes(changes: Sequence[Change]) -> None:
    table = Table("model", "channel", "campaign", "now", "then", "change")
    moved = [one for one in changes if one.old != one.new]
    for one in sorted(
        moved, key=lambda one: (list(AttributionModel).index(one.model), -abs(one.new - one.old), one.key)
    ):
        by = one.new - one.old
        sums = (money(sum_, one.base) for sum_ in (one.old, one.new))
        table.add_row(
            one.model.words, one.channel, one.campaign, *sums, f"{'+' if by > 0 else ''}{money(by, one.base)}"
        )
    out.print(table)
