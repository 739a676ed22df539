"""`/leadstats [trend|score|calls|won] [me|team|REP|pool|channel|campaign|persona|model NAME] [30d|quarter|2026-Q3|FROM..TO]`,
and `/leadstats revenue [by channel|campaign|group] [...]`: an answer at once, and the chart of the five metrics or of their trend. The
trend and revenue are reckoned in a job: on a large record they take longer than a click may.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import messenger
from bot.asking import VIEWS, Question, question, revenue_question
from bot.blocks import Block, escape
from bot.charts import chart, trend_chart
from bot.ids import Command
from bot.listening import Answer, Asked, on_command
from bot.revenue import revenue_coming, revenue_message
from bot.stats import Message, chart_message, leadstats
from bot.stats_calls import calls_answer
from bot.stats_score import score_answer
from bot.stats_won import won_answer
from bot.trend import trend_coming, trend_message
from domain import finding
from domain.rules.periods import USUAL, Period, quarters_back, read_period
from domain.rules.personas import Persona
from domain.rules.refusals import BadQuestion, ManagersOnly, NoSuchName
from domain.stats import names
from domain.stats.calls import qualifying
from domain.stats.effectiveness import effectiveness
from domain.stats.pipeline import closings, pipeline
from domain.stats.quality import numbers
from domain.stats.revenue import By, revenue
from domain.stats.scope import Scope
from domain.stats.trend import QUARTERS, Line, lines, trend
from domain.stats.win_rates import win_rates
from domain.stats.won_lost import won_lost
from domain.tables import Pool, Rep, Role, ScoringModel, TouchRow
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, draw_chart, send_chart
from kit.clock import utcnow
from kit.outside import TryLater

EXAMPLE = "/leadstats team 30d"
REVENUE_EXAMPLE, REVENUE_USUAL = "/leadstats revenue by campaign 2026-Q3", "quarter"
TEAM = "team"
TREND = "trend"
REVENUE = "revenue"
OF_LEADS = frozenset({TEAM, "channel", "campaign", "persona", "model"})
"""Whose numbers marketing may ask for, as managers may: those of leads. Reps and pools are people."""
CHART_EVENT = "handoff_chart"
LOOKS = 6
"""So often the picture is shown to Slack, which has to look at it first, before its numbers go without it."""
LOOK_SECONDS = 0.5
COLUMNS = {"channel": TouchRow.channel, "campaign": TouchRow.campaign}

_refused_tables: list[bool] = []
"""Not empty once Slack has shown that it takes no tables here: they are a newer block. For as long as this process lives."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that was understood. `code` says what and whose in a word that a job can carry: `team`, `trend|pool:3`."""

    code: str
    view: str
    whose: str
    scope: Scope
    period: Period
    zone: ZoneInfo
    by_rep: bool
    """Whether the asker may see who of several reps did what."""


@dataclass(frozen=True, slots=True)
class Drawable:
    """What is reckoned in a job, and how it is shown: as a picture with its numbers beneath, or in words alone."""

    name: str
    picture: Callable[[], bytes] | None
    """None: there is nothing to draw."""
    message: Callable[[str | None, bool], Message]
    """Given Slack's id of the picture, or none, and whether Slack takes tables."""


@on_command(Command.LEADSTATS)
def leadstats_asked(asked: Asked) -> Answer:
    if (wanted := revenue_question(asked.text, REVENUE_USUAL)) is not None:
        return _revenue_asked(asked, *wanted)
    said = question(asked.text, USUAL)
    if said is None:
        raise BadQuestion(example=EXAMPLE)
    now = utcnow()
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        ask = _understood(session, rep, _code(session, rep, said), said.span, now)
        message, drawn = _answer(session, ask, now)
    if drawn:
        with transaction() as session:
            send(session, draw_chart(asked.slack_user_id, asked.channel, ask.code, said.span))
    return message


def _revenue_asked(asked: Asked, by: str, span: str) -> Message:
    """What channels and campaigns brought follows: open deals are shared out one by one. Raises ManagersOnly and BadQuestion."""
    if by and by not in {one.value for one in By}:
        raise BadQuestion(example=REVENUE_EXAMPLE)
    with transaction() as session:
        period = _time_of_revenue(session, asked.slack_user_id, span, utcnow())
        send(session, draw_chart(asked.slack_user_id, asked.channel, f"{REVENUE}:{by}", span))
    return revenue_coming(period.words)


def _time_of_revenue(session: Session, slack_user_id: str, span: str, now: datetime) -> Period:
    rep = finding.rep_by_slack(session, slack_user_id)
    if rep.role not in {Role.MANAGER, Role.MARKETING}:
        raise ManagersOnly
    period = read_period(span, now, ZoneInfo(rep.time_zone))
    if period is None:
        raise BadQuestion(example=REVENUE_EXAMPLE)
    return period


def _revenue(session: Session, slack_user_id: str, by: str, span: str, now: datetime) -> Drawable:
    period = _time_of_revenue(session, slack_user_id, span, now)
    wanted = [By(by)] if by else [By.CHANNEL, By.CAMPAIGN]
    found = [revenue(session, period, by=one) for one in wanted]
    coming, ended = pipeline(session, now, wanted[0]), closings(session, period)
    rates = win_rates(session, period, wanted, now)
    return Drawable(REVENUE, None, lambda _file_id, _table: revenue_message(period.words, found, coming, ended, rates))


def _answer(session: Session, ask: Ask, now: datetime) -> tuple[Message, bool]:
    """In words; and whether a chart follows."""
    words = ask.period.words
    if ask.view == "score":
        return score_answer(ask.whose, words, effectiveness(session, ask.period, now, ask.scope)), False
    if ask.view == "calls":
        calls = qualifying(session, ask.period, ask.scope)
        return calls_answer(ask.whose, words, calls, by_rep=ask.by_rep), False
    if ask.view == "won":
        return won_answer(ask.whose, words, won_lost(session, ask.period, ask.scope)), False
    if ask.view == TREND:
        # Six quarters of a large record take a second: who clicks does not wait for them.
        return trend_coming(ask.whose), True
    those = numbers(session, ask.period, now, ask.scope)
    return leadstats(ask.whose, words, those), bool(those.leads.handed)


def _trend(session: Session, ask: Ask, now: datetime) -> Sequence[Line]:
    return lines(trend(session, quarters_back(QUARTERS, now, ask.zone), now, ask.scope), now)


def _code(session: Session, rep: Rep, said: Question) -> str:
    """What and whose, as a code. Raises ManagersOnly, NoSuchName and BadQuestion."""
    whose = _whose(session, rep, said)
    return f"{said.view}|{whose}" if said.view else whose


def _whose(session: Session, rep: Rep, said: Question) -> str:
    if said.kind == "me" or (not said.kind and rep.role not in {Role.MANAGER, Role.MARKETING}):
        return f"rep:{rep.id}"
    if said.kind in {TEAM, ""}:
        return TEAM
    if said.kind == "rep":
        return f"rep:{_named(session, said.name).id}"
    _may_ask(rep, said.kind)
    found, known = _looked_up(session, said.kind, said.name)
    if found is None:
        near = ", ".join(escape(one, 60) for one in names.nearest(said.name, known))
        raise NoSuchName(what=said.kind, near=near, example=f"/leadstats {said.kind} NAME 90d")
    return f"{said.kind}:{found}"


def _looked_up(session: Session, kind: str, name: str) -> tuple[str | int | None, Sequence[str]]:
    """What a job can carry for the name; and without it, the names that there are."""
    if kind == "pool":
        pool = names.pool_named(session, name)
        return (pool.id, ()) if pool else (None, names.pools(session))
    if kind == "persona":
        return names.persona_named(name), [one.value.replace("_", " ") for one in Persona]
    if kind == "model":
        model = names.model_named(session, name)
        return (model.id, ()) if model else (None, [names.model_words(row) for row in names.models(session)])
    column = COLUMNS[kind]
    found = names.touched_by(session, column, name)
    return found, () if found is not None else names.there_are(session, column)


def _named(session: Session, name: str) -> Rep:
    found = names.rep_named(session, name)
    if found is not None:
        return found
    if re.search(r"\d", name):
        # More likely a span that was mistyped than a person.
        raise BadQuestion(example=EXAMPLE)
    near = ", ".join(escape(one, 60) for one in names.reps_near(session, name))
    raise NoSuchName(what="rep", near=near, example=EXAMPLE)


def _may_ask(rep: Rep, kind: str) -> None:
    """Managers may ask for everything, marketing for what is said of leads, everybody for what is theirs."""
    if rep.role is not Role.MANAGER and not (rep.role is Role.MARKETING and kind in OF_LEADS):
        raise ManagersOnly


def _understood(session: Session, rep: Rep, code: str, span: str, now: datetime) -> Ask:
    """What a code means, if `rep` may see it. Raises ManagersOnly and BadQuestion."""
    zone = ZoneInfo(rep.time_zone)
    period = read_period(span, now, zone)
    if period is None:
        raise BadQuestion(example=EXAMPLE)
    view, _, rest = code.partition("|")
    view, whose = (view, rest) if view in VIEWS else ("", code)
    kind, _, name = whose.partition(":")
    if whose != f"rep:{rep.id}":
        _may_ask(rep, kind)
    words, scope = _scope(session, kind, name)
    return Ask(code, view, words, scope, period, zone, by_rep=rep.role is Role.MANAGER)


def _scope(session: Session, kind: str, name: str) -> tuple[str, Scope]:
    """Whose numbers, in words and as they are asked for."""
    if kind == "rep":
        return session.get_one(Rep, int(name)).name, Scope(rep_id=int(name))
    if kind == "pool":
        return f"pool {session.get_one(Pool, int(name)).name}", Scope(pool_id=int(name))
    if kind == "model":
        return f"model {names.model_words(session.get_one(ScoringModel, int(name)))}", Scope(model_id=int(name))
    if kind == "persona":
        return f"persona {name.replace('_', ' ')}", Scope(persona=name)
    if kind == "channel":
        return f"channel {name}", Scope(channel=name)
    return (f"campaign {name}", Scope(campaign=name)) if kind == "campaign" else ("The whole team", Scope())


def _drawable(slack_user_id: str, whose: str, span: str) -> Drawable:
    """Read again: what may be seen, and what there is, is as of now."""
    now = utcnow()
    kind, _, by = whose.partition(":")
    with reading() as session:
        if kind == REVENUE:
            return _revenue(session, slack_user_id, by, span, now)
        ask = _understood(session, finding.rep_by_slack(session, slack_user_id), whose, span, now)
        if ask.view == TREND:
            found = _trend(session, ask, now)
            anything = any(point.share.of for line in found for point in line.points)
            return Drawable(
                "lead-quality-trend.png",
                partial(trend_chart, found) if anything else None,
                lambda file_id, table: trend_message(ask.whose, found, file_id, table=table),
            )
        those, words = numbers(session, ask.period, now, ask.scope), ask.period.words
    return Drawable(
        "lead-quality.png",
        partial(chart, words, those),
        lambda file_id, table: chart_message(ask.whose, words, those, file_id, table=table),
    )


@job(Job.DRAW_CHART)
def draw(running: Running, slack_user_id: str, channel: str, whose: str, span: str) -> None:
    """Draw the chart and give it to Slack. Done twice, Slack keeps a picture that nobody sees. What has none is said here."""
    drawable = _drawable(slack_user_id, whose, span)
    if drawable.picture is None:
        to = _To(slack_user_id, channel, f"words-{running.claimed.id}", again=running.claimed.token > 1)
        _show(to, drawable.message(None, False))
        with finishing(running):
            return
    file_id = messenger.upload(drawable.name, drawable.picture())
    with finishing(running) as session:
        send(session, send_chart(slack_user_id, channel, whose, span, file_id))


@job(Job.SEND_CHART)
def send_it(running: Running, slack_user_id: str, channel: str, whose: str, span: str, file_id: str) -> None:
    """Show the chart to who asked, with its numbers beneath."""
    drawable = _drawable(slack_user_id, whose, span)
    to = _To(slack_user_id, channel, file_id, again=running.claimed.token > 1)
    table = not _refused_tables
    try:
        _show(to, drawable.message(file_id, table))
    except messenger.BlocksRefused:
        if running.claimed.token < LOOKS:
            raise TryLater("Slack has not looked at the picture yet", after=LOOK_SECONDS) from None
        _show_less(to, drawable)


@dataclass(frozen=True, slots=True)
class _To:
    slack_user_id: str
    channel: str
    file_id: str
    again: bool
    """An earlier try may have shown it."""


def _show_less(to: _To, drawable: Drawable) -> None:
    """Without the table; if that is not what Slack minds, without the picture."""
    try:
        _show(to, drawable.message(to.file_id, False))
    except messenger.BlocksRefused:
        _show(to, drawable.message(None, False))
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
