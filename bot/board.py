"""The SLA board of App Home: what is due, at risk first, for who manages a pool."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.blocks import Block, context, escape, header, moment, section
from domain.home import Away, CheckView, Team
from domain.rules.counting import how_many
from domain.stats.alerts import AlertCount
from domain.stats.board import BoardPart, BoardRow

ROWS, SNOOZED = 8, 5
"""So many can be looked after one by one; of more leads a number says enough."""
AWAY, LATE_REPS, KINDS = 10, 5, 4
HALF, LITTLE = 0.5, 0.2
"""Parts of a clock's time that are left when it becomes yellow, and orange."""
SAME_DAY = timedelta(hours=10)
FEW = 5
"""Of fewer words than this no share is said."""


def board_blocks(part: BoardPart, viewer: int, now: datetime) -> list[Block]:
    """The team's leads, those at risk first. Those with which nothing is due are only counted."""
    late = sum(row.late for row in part.running)
    waiting = len(part.running) + part.unread
    blocks = [header("My team"), section(counted(waiting, late) if waiting else "Nothing is due.")]
    if late:
        blocks.append(context(_over(part.running)))
    rows = shown(part)
    blocks += [section(row_words(row, viewer, now)) for row in rows]
    idle = sum(_is_idle(row) for row in part.running)
    if more := _more(part, len(rows) + idle):
        blocks.append(context(more))
    if idle:
        blocks.append(context(f"⚪ {counted(idle, 0)} without a deadline: sales is at work"))
    if part.snoozed:
        blocks.append(context(_snoozed(part.snoozed)))
    return blocks


def shown(part: BoardPart) -> list[BoardRow]:
    """The leads of a team that stand in a line of their own."""
    return [row for row in part.running if not _is_idle(row)][:ROWS]


def _is_idle(row: BoardRow) -> bool:
    """Somebody has it, and no deadline runs."""
    return row.clock is None and row.rep is not None


def counted(waiting: int, late: int) -> str:
    leads = f"*{how_many(waiting, 'lead')}*"
    return f"{leads}, {late} overdue" if late else leads


def more_words(part: BoardPart, most: int) -> Iterator[Block]:
    """What does not stand there, and what is put aside."""
    if more := _more(part, min(most, len(part.running))):
        yield context(more)
    if part.snoozed:
        yield context(_snoozed(part.snoozed))


def _more(part: BoardPart, said: int) -> str:
    more = len(part.running) + part.unread - said
    return "" if not more else f"and {more} more, due later" if part.unread else f"and {more} more"


def _over(rows: Sequence[BoardRow]) -> str:
    """Who is over SLA, and with how many."""
    late = Counter(row.rep or "nobody" for row in rows if row.late)
    named = [f"{escape(name, 60)} {count}" for name, count in late.most_common(LATE_REPS)]
    if len(late) > LATE_REPS:
        named.append(f"{len(late) - LATE_REPS} more people")
    return "🔴 *Over SLA:* " + "  ·  ".join(named)


def row_words(row: BoardRow, viewer: int, now: datetime) -> str:
    """Two lines: who, and by when."""
    company = f" · {escape(row.company, 80)}" if row.company else ""
    who = f"{_mark(row)} *{escape(row.lead, 80)}*{company} · {row.tier.label()} {row.score}"
    parts = [_due(row, now), row.status.value, _whose(row, viewer), _place(row)]
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
    left = row.due_at - now
    when = moment(row.due_at, "{time}" if abs(left) < SAME_DAY else "{date_short_pretty} at {time}")
    return (
        f"{row.clock.words} overdue since *{when}*"
        if row.late
        else f"{row.clock.words} by *{when}* ({_span(left)} left)"
    )


def _span(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _whose(row: BoardRow, viewer: int) -> str:
    if row.rep_id == viewer:
        return ""
    return f"with {escape(row.rep, 60)}" if row.rep else "nobody could be asked yet"


def _place(row: BoardRow) -> str:
    """The card itself, or at least its channel."""
    if row.link:
        return f"<{row.link}|Open the card>"
    return f"<#{row.place}>" if row.place and row.place.startswith(("C", "G")) else ""


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


def team_blocks(team: Team, checks: Sequence[CheckView]) -> list[Block]:
    """Who is away, how well Handoff is, and what its words led to: small print while all is well."""
    lines = [f"🌴 Away: {_away(team.away)}", _health(checks)]
    if team.alerts:
        lines.append(alert_words(team.alerts))
    return [context("\n".join(lines))]


def _away(away: Sequence[Away]) -> str:
    named = [
        f"{escape(one.name, 60)} until {moment(one.until, '{date_short_pretty}')}"
        if one.until
        else f"{escape(one.name, 60)}, paused"
        for one in away[:AWAY]
    ]
    if len(away) > AWAY:
        named.append(f"{len(away) - AWAY} more")
    return "  ·  ".join(named) or "nobody"


def _health(checks: Sequence[CheckView]) -> str:
    failed = sum(check.failed for check in checks)
    if failed:
        return f"🩺 {how_many(failed, 'thing is', 'things are')} wrong with Handoff: your admin sees what to do."
    return "🩺 Handoff is well."


def alert_words(alerts: Sequence[AlertCount]) -> str:
    """How often each kind of word led to something within a day."""
    said = [_alert(one) for one in alerts if one.at_once + one.in_digest][:KINDS]
    return "🔔 Last 30 days: " + ("  ·  ".join(said) or "nothing had to be said")


def _alert(one: AlertCount) -> str:
    led = f", {one.share:.0%} acted on" if one.share is not None and one.of >= FEW else ""
    return f"{one.kind.value.replace('_', ' ')} {one.at_once + one.in_digest}{led}"
