"""A backtest in the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from domain.backtest.report import Pair, PoolLine, Report
from domain.backtest.tally import Mover
from domain.rules.cleaning import one_line
from domain.rules.tiers import Tier
from handlers import backtest_words as words

LONGEST_NAME = 60


def tables(report: Report) -> Iterator[RenderableType]:
    """From what matters most to the small print."""
    yield Text(f"{report.new_name} against {report.old_name}, {words.days(report)}")
    yield Text(words.headline(report), style="bold")
    if at_once := words.at_once(report):
        yield Text(at_once, style="yellow")
    yield _volumes(report)
    yield _pools(report)
    if report.reps:
        yield _reps(report)
    yield _matrix(report)
    yield _groups(report)
    for title, movers in (("Biggest gains", report.up), ("Biggest losses", report.down)):
        if movers:
            yield _movers(title, movers)
    yield Text("\n".join(f"- {remark}" for remark in words.remarks(report)), style="dim")


def _table(title: str, *heads: str, words_first: int = 1) -> Table:
    """The first columns hold words, the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < words_first else "right")
    return table


def _volumes(report: Report) -> Table:
    table = _table("Leads to sales", "", "old", "new", "change")
    for tier, pair in zip((Tier.MQL, Tier.HQL), report.tiers, strict=True):
        _add(table, pair._replace(label=words.TIER_WORDS[tier]))
    table.add_section()
    _add(table, report.total)
    return table


def _add(table: Table, pair: Pair) -> None:
    table.add_row(_name(pair.label), f"{pair.old:,}", f"{pair.new:,}", words.change(pair))


def _pools(report: Report) -> Table:
    table = _table(
        "By pool; first contacts due a working day (mean / 95th percentile / peak)",
        *("pool", "old", "new", "change", "due, old", "due, new"),
    )
    for line in report.pools:
        _add_pool(table, line)
    if report.no_pool.old or report.no_pool.new:
        _add(table, report.no_pool._replace(label="in no pool's territory: they wait"))
    table.add_section()
    _add_pool(table, report.everybody)
    if report.waiting.old or report.waiting.new:
        _add(table, report.waiting._replace(label="in a pool where nobody can be asked today"))
    return table


def _add_pool(table: Table, line: PoolLine) -> None:
    pair = line.handed
    table.add_row(
        _name(line.label),
        f"{pair.old:,}",
        f"{pair.new:,}",
        words.change(pair),
        words.load(line.old_load),
        words.load(line.new_load),
    )


def _reps(report: Report) -> Table:
    table = _table("By rep", "rep", "old", "new", "change", "a working day, new")
    for pair in report.reps:
        a_day = pair.new / max(report.work_days, 1)
        table.add_row(_name(pair.label), f"{pair.old:,}", f"{pair.new:,}", words.change(pair), f"{a_day:.1f}")
    return table


def _matrix(report: Report) -> Table:
    share = f"{100 * report.moved / report.leads:.0f} %" if report.leads else "none"
    title = f"Tiers at the end: {report.moved:,} of {report.leads:,} leads ({share}) change theirs"
    table = _table(title, "old, down; new, across", *(tier.label() for tier in Tier))
    for was, counts in report.matrix:
        cells = [
            Text(f"{count:,}", style="" if not count or now is was else "bold")
            for now, count in zip(Tier, counts, strict=True)
        ]
        table.add_row(was.label(), *cells)
    return table


def _groups(report: Report) -> Table:
    """A column for each group: so all of it stands in a terminal of 80 characters."""
    groups = report.groups
    heads = [words.GROUP_WORDS[line.group] for line in groups]
    table = _table("Handed over by ..., and what really became of them", "", *heads)
    for name in words.counts(groups[0]):
        table.add_row(name, *(f"{words.counts(line)[name]:,}" for line in groups))
    table.add_section()
    for place, (step, _) in enumerate(groups[0].reached):
        table.add_row(words.STEP_WORDS[step], *(words.share(line.reached[place][1]) for line in groups))
    return table


def _movers(title: str, movers: Sequence[Mover]) -> Table:
    table = _table(title, "lead", "old", "new", words_first=3)
    for one in movers:
        table.add_row(
            _name(one.email), f"{one.old_tier.label()} {one.old_total}", f"{one.new_tier.label()} {one.new_total}"
        )
    return table


def _name(text: str) -> str:
    """A terminal obeys what stands in a name."""
    return one_line(text, LONGEST_NAME)
