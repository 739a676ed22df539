"""`/leadstats [me|team|REP|channel NAME|campaign NAME] [30d|quarter|2026-Q3|FROM..TO]`: an answer at once, and its chart."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import messenger
from bot.asking import Question, question
from bot.blocks import Block, escape
from bot.charts import chart
from bot.ids import Command
from bot.listening import Answer, Asked, on_command
from bot.stats import chart_message, leadstats
from domain import finding
from domain.rules.periods import USUAL, Period, read_period
from domain.rules.refusals import BadQuestion, ManagersOnly, NoSuchName
from domain.stats.names import nearest, rep_named, reps_near, there_are, touched_by
from domain.stats.quality import Numbers, numbers
from domain.stats.scope import Scope
from domain.tables import Rep, Role, TouchRow
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, draw_chart, send_chart
from kit.clock import utcnow
from kit.outside import TryLater

EXAMPLE = "/leadstats team 30d"
TEAM = "team"
CHART_EVENT = "handoff_chart"
LOOKS = 6
"""So often the picture is shown to Slack, which has to look at it first, before its numbers go without it."""
LOOK_SECONDS = 0.5
COLUMNS = {"channel": TouchRow.channel, "campaign": TouchRow.campaign}

_refused_tables: list[bool] = []
"""Not empty once Slack has shown that it takes no tables here: they are a newer block. For as long as this process lives."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that was understood. `code` says whose numbers in a word that a job can carry."""

    code: str
    whose: str
    scope: Scope
    period: Period


@on_command(Command.LEADSTATS)
def leadstats_asked(asked: Asked) -> Answer:
    said = question(asked.text, USUAL)
    if said is None:
        raise BadQuestion(example=EXAMPLE)
    now = utcnow()
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        ask = _understood(session, rep, _code(session, rep, said), said.span, now)
        found = _read(session, ask, now)
    if found.leads.handed:
        with transaction() as session:
            send(session, draw_chart(asked.slack_user_id, asked.channel, ask.code, said.span))
    return leadstats(ask.whose, ask.period.words, found)


def _code(session: Session, rep: Rep, said: Question) -> str:
    """Whose numbers, as a code. Raises ManagersOnly, NoSuchName and BadQuestion."""
    if said.kind == "me" or (not said.kind and rep.role is not Role.MANAGER):
        return f"rep:{rep.id}"
    if said.kind in {TEAM, ""}:
        return TEAM
    if said.kind == "rep":
        return f"rep:{_named(session, said.name).id}"
    _managers_only(rep)
    column = COLUMNS[said.kind]
    found = touched_by(session, column, said.name)
    if found is None:
        near = ", ".join(escape(one, 60) for one in nearest(said.name, there_are(session, column)))
        raise NoSuchName(what=said.kind, near=near, example=f"/leadstats {said.kind} NAME 90d")
    return f"{said.kind}:{found}"


def _named(session: Session, name: str) -> Rep:
    found = rep_named(session, name)
    if found is not None:
        return found
    if re.search(r"\d", name):
        # More likely a span that was mistyped than a person.
        raise BadQuestion(example=EXAMPLE)
    raise NoSuchName(what="rep", near=", ".join(escape(one, 60) for one in reps_near(session, name)), example=EXAMPLE)


def _managers_only(rep: Rep) -> None:
    if rep.role is not Role.MANAGER:
        raise ManagersOnly


def _understood(session: Session, rep: Rep, code: str, span: str, now: datetime) -> Ask:
    """What a code means, if `rep` may see it: managers everything, everybody what is theirs."""
    period = read_period(span, now, ZoneInfo(rep.time_zone))
    if period is None:
        raise BadQuestion(example=EXAMPLE)
    kind, _, name = code.partition(":")
    if kind == "rep":
        whose = rep if name == str(rep.id) else session.get_one(Rep, int(name))
        if whose.id != rep.id:
            _managers_only(rep)
        return Ask(code, whose.name, Scope(rep_id=whose.id), period)
    _managers_only(rep)
    if kind == TEAM:
        return Ask(code, "The whole team", Scope(), period)
    return Ask(code, f"{kind} {name}", Scope(channel=name) if kind == "channel" else Scope(campaign=name), period)


def _read(session: Session, ask: Ask, now: datetime) -> Numbers:
    return numbers(session, ask.period, now, ask.scope)


def _read_again(slack_user_id: str, whose: str, span: str) -> tuple[Ask, Numbers]:
    now = utcnow()
    with reading() as session:
        ask = _understood(session, finding.rep_by_slack(session, slack_user_id), whose, span, now)
        return ask, _read(session, ask, now)


@job(Job.DRAW_CHART)
def draw(running: Running, slack_user_id: str, channel: str, whose: str, span: str) -> None:
    """Draw the chart and give it to Slack. Done twice, Slack keeps a picture that nobody sees."""
    ask, found = _read_again(slack_user_id, whose, span)
    file_id = messenger.upload("lead-quality.png", chart(ask.period.words, found))
    with finishing(running) as session:
        send(session, send_chart(slack_user_id, channel, whose, span, file_id))


@job(Job.SEND_CHART)
def send_it(running: Running, slack_user_id: str, channel: str, whose: str, span: str, file_id: str) -> None:
    """Show the chart to who asked, with its numbers beneath."""
    ask, found = _read_again(slack_user_id, whose, span)
    to = _To(slack_user_id, channel, file_id, again=running.claimed.token > 1)
    table = not _refused_tables
    try:
        _show(to, chart_message(ask.whose, ask.period.words, found, file_id, table=table))
    except messenger.BlocksRefused:
        if running.claimed.token < LOOKS:
            raise TryLater("Slack has not looked at the picture yet", after=LOOK_SECONDS) from None
        _show_less(to, ask, found)


@dataclass(frozen=True, slots=True)
class _To:
    slack_user_id: str
    channel: str
    file_id: str
    again: bool
    """An earlier try may have shown it."""


def _show_less(to: _To, ask: Ask, found: Numbers) -> None:
    """Without the table; if that is not what Slack minds, without the picture."""
    try:
        _show(to, chart_message(ask.whose, ask.period.words, found, to.file_id, table=False))
    except messenger.BlocksRefused:
        _show(to, chart_message(ask.whose, ask.period.words, found, None, table=False))
    else:
        _refused_tables.append(True)


def _show(to: _To, message: tuple[str, list[Block]]) -> None:
    """Where it was asked, to nobody else; by direct message where we cannot. There it is found again after a crash."""
    if to.channel.startswith(("C", "G")):
        try:
            messenger.whisper(to.channel, to.slack_user_id, *message)
        except messenger.ChannelGone:
            _show_directly(to, message)
    else:
        _show_directly(to, message)


def _show_directly(to: _To, message: tuple[str, list[Block]]) -> None:
    channel = messenger.direct_channel(to.slack_user_id)
    metadata = {"event_type": CHART_EVENT, "event_payload": {"file_id": to.file_id}}
    if to.again and messenger.find_message(channel, metadata, utcnow() - timedelta(hours=1)) is not None:
        return
    messenger.post(channel, *message, metadata=metadata)
