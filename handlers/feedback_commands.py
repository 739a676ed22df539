"""`handoff feedback ...`: what the loops say, on the screen or as a file; and saying it in Slack now."""

import os
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.blocks import Block, plain
from bot.feedback import weekly_message
from domain.availability import calendar_of
from domain.loops.daily import Day, day_of
from domain.loops.kept import from_json, of_person, run_of
from domain.loops.monthly import Pack, pack_of
from domain.loops.sentences import day_in_a_line, sentences, value_words, week_in_a_line
from domain.loops.told import week_names
from domain.loops.weekly import Week, week_of
from domain.rules import feedback as rules
from domain.rules.feedback import Loop
from domain.rules.refusals_feedback import NoSuchSpan, NotOverYet
from domain.tables import Pool, Rep
from handlers.feedback_settings import feedback_settings
from handlers.feedback_turns import make_daily, make_monthly, make_weekly
from handlers.jobs import send, transaction
from handlers.review_pack import page
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="What sales and marketing hear back, by day, week and month.")

# Sources, campaigns and titles come from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

Now = Annotated[bool, typer.Option("--now", help="Say it in Slack now, if it was not said yet.")]
Span = Annotated[str | None, typer.Option("--period", help="2026-11-22, 2026-W47 or 2026-10; else the last one.")]


@app.command()
def daily(*, now: Now = False, period: Span = None) -> None:
    """Each manager's pools on their last working day."""
    at = utcnow()
    with transaction() as session:
        managers = session.scalars(
            select(Rep).where(Rep.active, Rep.id.in_(select(Pool.manager_id))).order_by(Rep.name)
        )
        for manager in managers.all():
            found = _day(session, manager, period, at)
            if now and rules.day_bounds(found.day, ZoneInfo(manager.time_zone))[1] > at:
                raise NotOverYet(loop=Loop.DAILY.value)
            out.print(f"{plain(manager.name, 80)}, {found.day}: {day_in_a_line(found)}.", soft_wrap=True)
            if now:
                send(session, make_daily(manager.id, found.day.isoformat()))
    _say_sent(now=now)


def _day(session: Session, manager: Rep, period: str | None, at: datetime) -> Day:
    """The day that is asked for, or the last working day: as it was told, or as it is."""
    try:
        today = at.astimezone(ZoneInfo(manager.time_zone)).date()
        day = date.fromisoformat(period) if period else rules.last_working_day(calendar_of(manager), today)
    except ValueError:
        raise NoSuchSpan(loop=Loop.DAILY.value, example="2026-11-22") from None
    run = run_of(session, Loop.DAILY, f"{day}", of_person(manager.id))
    return from_json(Day, run.data) if run is not None else day_of(session, manager, day or today, at)


@app.command()
def weekly(*, now: Now = False, period: Span = None) -> None:
    """What sales rejects, where the score errs, where routing could be better."""
    at, zone = utcnow(), feedback_settings().time_zone
    name = period or rules.week_name(at.astimezone(zone).date() - timedelta(days=7))
    try:
        span = rules.week_of(name, zone)
    except ValueError:
        raise NoSuchSpan(loop=Loop.WEEKLY.value, example="2026-W47") from None
    if now and span.until > at:
        raise NotOverYet(loop=Loop.WEEKLY.value)
    with transaction() as session:
        run = run_of(session, Loop.WEEKLY, name)
        found = from_json(Week, run.data) if run is not None else week_of(session, name, span, at)
        if now:
            send(session, make_weekly(name))
        _, blocks = weekly_message(found, week_names(session, found))
    out.print(f"{week_in_a_line(found)}.")
    for line in _lines(blocks):
        out.print(line, soft_wrap=True)
    _say_sent(now=now)


@app.command()
def monthly(
    *,
    now: Now = False,
    period: Span = None,
    html: Annotated[Path | None, typer.Option(help="Write the whole pack to this file.", dir_okay=False)] = None,
) -> None:
    """The pack for the meeting of marketing and sales. What was said already is shown as it was said."""
    at, zone = utcnow(), feedback_settings().time_zone
    name = period or rules.month_before(f"{at.astimezone(zone):%Y-%m}")
    try:
        span = rules.month_of(name, zone)
    except ValueError:
        raise NoSuchSpan(loop=Loop.MONTHLY.value, example="2026-10") from None
    if now and span.until > at:
        raise NotOverYet(loop=Loop.MONTHLY.value)
    with transaction() as session:
        run = run_of(session, Loop.MONTHLY, name)
        pack = from_json(Pack, run.data) if run is not None else pack_of(session, name, zone, at)
        if now:
            send(session, make_monthly(name))
    for number, sentence in enumerate(sentences(pack), 1):
        out.print(f"{number}. {plain(sentence, 500)}", soft_wrap=True)
    out.print(_metrics(pack))
    if html is not None:
        _write(html, page(pack))
    _say_sent(now=now)


def _metrics(pack: Pack) -> Table:
    table = Table("metric", "month", "of", "open", "before", title=f"Quality of leads, {rules.month_words(pack.month)}")
    for row in pack.metrics:
        now, before = value_words(row.metric, row.value), value_words(row.metric, row.before)
        table.add_row(row.metric.words, now, str(row.of), str(row.waiting), before)
    return table


def _lines(blocks: Iterable[Block]) -> Iterator[str]:
    """What the message says beneath its title, as it is read on a screen: without Slack's marks."""
    for block in blocks:
        if block["type"] == "section":
            yield from unescape(block["text"]["text"]).replace("*", "").splitlines()


def _write(html: Path, text: str) -> None:
    """Its owner's alone: it holds what deals brought."""
    try:
        html.touch(mode=0o600)
        html.write_text(text, encoding="utf-8")
    except OSError as wrong:
        err.print(f"{html}: {wrong.strerror or os.strerror(wrong.errno or 0)}")
        raise typer.Exit(1) from None
    out.print(f"The pack is in {html}.", soft_wrap=True)


def _say_sent(*, now: bool) -> None:
    if now:
        out.print("It is on its way to Slack, unless it was said before.")
