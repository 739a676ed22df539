"""`/leadstats trend`: each metric quarter by quarter, what is better or worse than before, and what is still too open to say."""

from collections.abc import Sequence

from bot.blocks import Block, context, escape, plain, section
from bot.figures import MARKS, NOTHING, beside
from domain.stats.quality import FEW
from domain.stats.trend import Change, Line, Metric, Point

Message = tuple[str, list[Block]]

NAME = 80
ARROWS = {Change.BETTER: "▲", Change.WORSE: "▼", Change.UNCLEAR: "", None: ""}
SAID = {
    Change.BETTER: "▲ better than before",
    Change.WORSE: "▼ worse than before",
    Change.UNCLEAR: Change.UNCLEAR.value,
}
YOUNG = "⏳"
LEGEND = (
    "By the quarter in which the leads became MQL or HQL.  ▲ better, ▼ worse than the quarter before, by more than chance.  "
    f"{YOUNG} more than a tenth is still open: not compared."
)


def trend_coming(whose: str) -> Message:
    """At once: the quarters are reckoned in a job."""
    words = "The last six quarters follow in a moment, with their chart."
    return f"{escape(whose, NAME)}: {words}", [section(f"📈 *{escape(whose, NAME)}*\n{words}")]


def in_one_line(whose: str, lines: Sequence[Line]) -> str:
    """For notifications, and for who hears the chart."""
    said = "; ".join(f"{line.metric.words}: {_series(line)}" for line in lines)
    return plain(f"Lead quality of {plain(whose, NAME)} by quarter. {said}", 1_500)


def trend_message(whose: str, lines: Sequence[Line], file_id: str | None, *, table: bool) -> Message:
    """The chart with its numbers beneath."""
    alt = in_one_line(whose, lines)
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}
    title = section(f"📈 *{escape(whose, NAME)}*  ·  lead quality by quarter")
    heads = section("\n".join(_head(line) for line in lines))
    numbers = [heads, *_table(lines)] if table else _rows(lines)
    return escape(alt, 1_500), [title, *([image] if file_id else []), *numbers, context(LEGEND)]


def mark_of(line: Line) -> str:
    """Of the newest quarter that is final."""
    newest = line.newest
    return "too few to say" if newest is None else judged(line.metric, newest.value, newest.share.of, newest.change)


def judged(metric: Metric, value: float | None, counted: int, change: Change | None) -> str:
    """good, short, or too few to say."""
    if value is None or counted < FEW:
        return "too few to say"
    if metric.target is None:
        return {Change.BETTER: "good", Change.WORSE: "short"}.get(change or Change.UNCLEAR, "too few to say")
    return "good" if metric.is_met(value) else "short"


def aim(metric: Metric) -> str:
    if metric.target is None:
        return "to rise"
    return f"{'within' if metric.low_is_good else 'over'} {metric.target:.0%}"


def value_of(metric: Metric, value: float | None) -> str:
    if value is None:
        return NOTHING
    if metric is Metric.SATISFACTION:
        return f"{value:.1f} of 5"
    shown = beside(value, metric.target or 0)
    return f"off by {shown}" if metric is Metric.ACCURACY else shown


def _head(line: Line) -> str:
    newest = line.newest
    now = "nothing final yet"
    if newest is not None:
        now = f"{value_of(line.metric, newest.value)} in {newest.quarter}"
        now += f", {SAID[newest.change]}" if newest.change is not None else ""
    return f"{MARKS[mark_of(line)]} *{line.metric.words}*  {now}  ·  target {aim(line.metric)}"


def _series(line: Line) -> str:
    known = [point for point in line.points if point.share.of or point.share.waiting]
    return "  ·  ".join(f"{point.quarter} {cell(line.metric, point)}" for point in known) or "nothing to count yet"


def cell(metric: Metric, point: Point) -> str:
    """`44% ▲ (97 of 220)`"""
    share = point.share
    if not share.of:
        return f"{NOTHING} ({share.waiting} still open)" if share.waiting else NOTHING
    mark = ARROWS[point.change] if point.mature else YOUNG
    counted = f"{share.of} leads" if metric is Metric.ACCURACY else f"{share.hit} of {share.of}"
    if metric is Metric.SATISFACTION:
        counted += " content"
    still = f"; {share.waiting} still open" if share.waiting else ""
    return f"{value_of(metric, point.value)}{f' {mark}' if mark else ''} ({counted}{still})"


def _table(lines: Sequence[Line]) -> list[Block]:
    head = ["", *(point.quarter for point in lines[0].points), "Target"]
    body = [
        [line.metric.words, *(cell(line.metric, point) for point in line.points), aim(line.metric)] for line in lines
    ]
    rows = [[{"type": "raw_text", "text": one or " "} for one in row] for row in [head, *body]]
    return [{"type": "table", "column_settings": [{"is_wrapped": True}], "rows": rows}]


def _rows(lines: Sequence[Line]) -> list[Block]:
    return [section(f"{_head(line)}\n{_series(line)}") for line in lines]
