"""The SLA board of App Home: what is due, at risk first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.blocks import Block, context, escape, header, moment, section
from domain.stats.board import Board, BoardPart, BoardRow

ROWS, SNOOZED = 15, 5
"""Of one part. Slack shows 100 blocks in a Home; settings stand above."""
HALF, LITTLE = 0.5, 0.2
"""Parts of a clock's time that are left when it becomes yellow, and orange."""
SAME_DAY = timedelta(hours=10)


def board_blocks(board: Board, now: datetime) -> list[Block]:
    """One's own leads, and the team's for who manages a pool."""
    blocks = [header("SLA board"), *_part("My leads", board.mine, board.rep_id, now)]
    if board.team is not None:
        blocks += _part("My team's leads", board.team, board.rep_id, now)
    return blocks


def _part(title: str, part: BoardPart, viewer: int, now: datetime) -> Iterator[Block]:
    late = sum(row.late for row in part.running)
    waiting = len(part.running) + part.unread
    said = f"{waiting}, {late} overdue" if late else str(waiting)
    yield section(f"*{title}*  ({said})" if waiting else f"*{title}*\nNothing is due.")
    for row in part.running[:ROWS]:
        yield section(_row(row, viewer, now))
    more = waiting - min(ROWS, len(part.running))
    if more:
        yield context(f"and {more} more, due later" if part.unread else f"and {more} more")
    if part.snoozed:
        yield context(_snoozed(part.snoozed))


def _row(row: BoardRow, viewer: int, now: datetime) -> str:
    company = f" · {escape(row.company, 80)}" if row.company else ""
    who = f"{_mark(row)} *{escape(row.lead, 80)}*{company} · {row.tier.label()} {row.score}"
    place = f"<#{row.place}>" if row.place and row.place.startswith(("C", "G")) else ""
    parts = [_due(row, now), row.status.value, _whose(row, viewer), place]
    return f"{who}\n" + "  ·  ".join(part for part in parts if part)


def _mark(row: BoardRow) -> str:
    if row.left is None:
        return "⚪"
    if row.late:
        return "🔴"
    return "🟠" if row.left <= LITTLE else "🟡" if row.left <= HALF else "🟢"


def _due(row: BoardRow, now: datetime) -> str:
    if row.clock is None or row.due_at is None:
        return ""
    when = moment(row.due_at, "{time}" if abs(row.due_at - now) < SAME_DAY else "{date_short_pretty} at {time}")
    return f"{row.clock.words} overdue since *{when}*" if row.late else f"{row.clock.words} by *{when}*"


def _whose(row: BoardRow, viewer: int) -> str:
    if row.rep_id == viewer:
        return ""
    return f"with {escape(row.rep, 60)}" if row.rep else "nobody could be asked yet"


def _snoozed(rows: Sequence[BoardRow]) -> str:
    style = "{date_short_pretty} at {time}"
    shown = [
        f"{escape(row.lead, 60)} until {moment(row.snoozed_until, style)}"
        for row in rows[:SNOOZED]
        if row.snoozed_until is not None
    ]
    if len(rows) > SNOOZED:
        shown.append(f"{len(rows) - SNOOZED} more")
    return "💤 Snoozed: " + "  ·  ".join(shown)
