"""The pictures of the monthly pack: its metrics by quarter as `/leadstats trend` draws them, and two with a bar for each share."""

from bot.charts import Column, Panel, by_quarter, dot, drawn, panel
from bot.trend import judged
from domain.loops.monthly import Pack, Row
from domain.rules.feedback import MONTHS, band_words
from domain.stats.trend import Change


def overview(pack: Pack) -> bytes:
    """A PNG: each metric by quarter, with its target. It holds our own words and numbers only."""
    return by_quarter([_panel(row) for row in pack.metrics])


def _panel(row: Row) -> Panel:
    changes = [Change(one.change) if one.change is not None else None for one in row.quarters]
    dots = [
        dot(row.metric, one.quarter, one.value, mature=one.mature, change=change)
        for one, change in zip(row.quarters, changes, strict=True)
    ]
    final = [(one, change) for one, change in zip(row.quarters, changes, strict=True) if one.mature]
    if not final:
        return panel(row.metric, "too few to say", dots)
    newest, change = final[-1]
    return panel(row.metric, judged(row.metric, newest.value, newest.of, change), dots)


def bands(pack: Pack) -> bytes | None:
    """A PNG: how often leads of each band became an SQL, with intervals; None: nothing is due."""
    columns = [
        Column(band_words(one.low), one.sql / one.due, one.at_least, one.at_most, f"{one.sql} of {one.due}")
        for one in reversed(pack.bands)
        if one.due
    ]
    return drawn(lambda pen: pen.draw_columns("Leads that became an SQL, by score", columns)) if columns else None


def contentment(pack: Pack) -> bytes | None:
    """A PNG: the share of sales that is content, by month; None: nobody has answered, or too few."""
    columns = content_by_month(pack)
    return drawn(lambda pen: pen.draw_columns("Sales that is content with its leads", columns)) if columns else None


def content_by_month(pack: Pack) -> list[Column]:
    return [
        Column(_short(month), one.content, one.content, one.content, f"{one.mean:.1f} of 5")
        for month, one in sorted(pack.satisfaction.items())
        if one.content is not None and one.mean is not None
    ]


def _short(month: str) -> str:
    """`2026-10` is Oct '26: twelve of them stand beside each other."""
    year, _, number = month.partition("-")
    return f"{MONTHS[int(number) - 1][:3]} '{year[2:]}"
