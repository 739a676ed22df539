"""App Home: what a rep sees of themselves and of their leads, and what they set for themselves there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import messenger
from bot.board import shown
from bot.home import absence_modal, home_view, notice, sections_of, settings_modal
from bot.home_notifications import notifications_modal, wished
from bot.home_queue import ROWS as OWN_ROWS
from bot.ids import HomeField, HomePress, HomeSubmission
from bot.listening import Errors, HomeClick, HomeSent, on_home, on_home_press, on_home_submission
from domain import finding
from domain.home import Home, home_of
from domain.own_settings import own_view, possible_covers
from domain.rules import preferences as rules
from domain.rules.public_holidays import holidays_of
from domain.rules.refusal import from_facts
from domain.rules.refusals import AbsenceOverlaps, BadAbsence, NotFound, Stranger
from domain.rules.working_hours import Unreadable, read_week, read_zone
from domain.stats.board import BoardPart, BoardRow
from domain.tables import Rep
from domain.verbs import absences, placing, staffing
from domain.verbs.staffing import Settings
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, publish_home
from handlers.window import open_own_window
from kit.clock import utcnow

MOST = 10_000
MOST_LINKS = 10
"""How many cards Slack is asked to link for one drawing of a Home: each is a call, and is kept."""


@on_home
def home_opened(slack_user_id: str) -> None:
    with transaction() as session:
        send(session, publish_home(slack_user_id, opened=True))


@job(Job.PUBLISH_HOME)
def publish(
    running: Running, /, slack_user_id: str, refusal: str | None = None, opened: int = 0, **stored: str | int
) -> None:
    """Draw the Home as it is by now. A refusal of what was pressed there stands above it, until the next time."""
    now = utcnow()
    said = from_facts(refusal, {name.removeprefix("fact_"): fact for name, fact in stored.items()}) if refusal else None
    with reading() as session:
        names = finding.names_of(session, said.rep_ids) if said else {}
        home = _home_of(session, slack_user_id, now)
    if home is None:
        messenger.publish_home(slack_user_id, home_view([notice(Stranger().sentence({}))]))
        return
    linked, asked = _with_links(home)
    above = [notice(said.sentence(names))] if said else []
    messenger.publish_home(slack_user_id, home_view([*above, *sections_of(linked, now)]))
    with finishing(running) as session:
        if opened:
            staffing.opened_home(session, slack_user_id, now)
        for row in asked:
            placing.keep_link(session, row.handoff_id, row.ts or "", row.link or "")


def _home_of(session: Session, slack_user_id: str, now: datetime) -> Home | None:
    """None: we do not know them."""
    try:
        return home_of(session, finding.rep_by_slack(session, slack_user_id), now)
    except Stranger:
        return None


def _with_links(home: Home) -> tuple[Home, list[BoardRow]]:
    """The Home with a link to every card of which Slack told one, and the rows whose link is new. It asks for a few at a
    time: what has none yet names its channel, and has one the next time.
    """
    asked: list[BoardRow] = []

    def linked(part: BoardPart, rows: Sequence[BoardRow]) -> BoardPart:
        told = {row.handoff_id: _linked(row, asked) for row in rows}
        return replace(part, running=[told.get(row.handoff_id, row) for row in part.running])

    mine, team = home.board.mine, home.board.team
    board = replace(
        home.board,
        mine=linked(mine, mine.running[:OWN_ROWS]),
        team=linked(team, shown(team)) if team is not None else None,
    )
    return replace(home, board=board), [row for row in asked if row.link]


def _linked(row: BoardRow, asked: list[BoardRow]) -> BoardRow:
    if row.link or row.channel is None or row.ts is None or len(asked) >= MOST_LINKS:
        return row
    asked.append(replace(row, link=messenger.permalink(row.channel, row.ts)))
    return asked[-1]


@on_home_press(HomePress.PAUSE)
def pause_pressed(click: HomeClick) -> None:
    _change(click.slack_user_id, lambda session, rep: staffing.step_away(session, rep.email, utcnow()))


@on_home_press(HomePress.BACK)
def back_pressed(click: HomeClick) -> None:
    _change(click.slack_user_id, lambda session, rep: absences.back(session, rep, utcnow()))


@on_home_press(HomePress.CANCEL_ABSENCE)
def cancel_pressed(click: HomeClick) -> None:
    if not (click.value.isascii() and click.value.isdecimal() and len(click.value) <= 18):
        raise NotFound(what="absence")
    _change(click.slack_user_id, lambda session, rep: absences.cancel_absence(session, int(click.value), rep, utcnow()))


def _change(slack_user_id: str, change: Callable[[Session, Rep], object]) -> None:
    """Only one's own: whoever it is about is whoever did it."""
    with transaction() as session:
        change(session, finding.rep_by_slack(session, slack_user_id))
        send(session, publish_home(slack_user_id))


@on_home_press(HomePress.ABSENCE, opens=True)
def absence_pressed(click: HomeClick) -> None:
    open_own_window(click, lambda session, rep: absence_modal(possible_covers(session, rep)))


@on_home_press(HomePress.SETTINGS, opens=True)
def settings_pressed(click: HomeClick) -> None:
    open_own_window(click, lambda session, rep: settings_modal(own_view(session, rep, utcnow())))


@on_home_submission(HomeSubmission.ABSENCE)
def absence_sent(sent: HomeSent) -> Errors:
    since, until = (_moment(sent.values.get(field, "")) for field in (HomeField.SINCE, HomeField.UNTIL))
    if since is None or until is None:
        return {HomeField.SINCE if since is None else HomeField.UNTIL: "Choose a day and a time."}
    covering = sent.values.get(HomeField.COVER, "")

    def set_it(session: Session, rep: Rep) -> None:
        # What Slack sends back is an option of ours; whether it may be chosen is asked all the same.
        allowed = {str(rep_id): rep_id for rep_id, _ in possible_covers(session, rep)}
        if covering and covering not in allowed:
            raise BadAbsence(why="cover_left")
        cover = session.get_one(Rep, allowed[covering]) if covering else None
        absences.set_absence(session, rep, since, until, cover, rep, utcnow())

    try:
        _change(sent.slack_user_id, set_it)
    except AbsenceOverlaps as overlaps:
        return {HomeField.SINCE: overlaps.sentence({})}
    except BadAbsence as bad:
        about_cover = str(bad.facts["why"]) in {"own_cover", "cover_left", "cover_away"}
        return {HomeField.COVER if about_cover else HomeField.UNTIL: bad.sentence({})}
    return {}


def _moment(seconds: str) -> datetime | None:
    """Slack's pickers say moments in seconds since 1970, in ten digits."""
    readable = seconds.isascii() and seconds.isdecimal() and len(seconds) == 10
    return datetime.fromtimestamp(int(seconds), UTC) if readable else None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= MOST):
        raise Unreadable(f"write a number from 1 to {MOST}, or nothing")
    return int(text)


READERS: Mapping[HomeField, Callable[[str], Any]] = {
    HomeField.TIME_ZONE: read_zone,
    HomeField.HOURS: read_week,
    HomeField.HOLIDAYS: lambda text: holidays_of(text).code,
    HomeField.MOST_OPEN: _limit,
    HomeField.MOST_A_DAY: _limit,
}
"""A field left empty is what `Settings` says without it."""


@on_home_submission(HomeSubmission.SETTINGS)
def settings_sent(sent: HomeSent) -> Errors:
    given = {field: text for field, text in sent.values.items() if text.strip()}
    values, wrong = _read({field: reader for field, reader in READERS.items() if field in given}, given)
    if not wrong:
        settings = Settings(**values)
        _change(sent.slack_user_id, lambda session, rep: staffing.set_settings(session, rep, settings, utcnow()))
    return wrong


def _read(readers: Mapping[HomeField, Callable[[str], Any]], sent: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """What the fields say, and what is wrong with those that cannot be read."""
    values: dict[str, Any] = {}
    wrong: Errors = {}
    for field, reader in readers.items():
        try:
            values[field.value] = reader(sent.get(field, "").strip())
        except Unreadable as why:
            wrong[field] = str(why)
    return values, wrong


@on_home_press(HomePress.NOTIFICATIONS, opens=True)
def notifications_pressed(click: HomeClick) -> None:
    open_own_window(click, lambda session, rep: notifications_modal(own_view(session, rep, utcnow())))


PREFERENCES: Mapping[HomeField, Callable[[str], Any]] = {
    HomeField.QUIET: rules.read_quiet,
    HomeField.BUDGET: rules.read_budget,
    HomeField.DIGEST_AT: rules.read_times,
}


@on_home_submission(HomeSubmission.NOTIFICATIONS)
def notifications_sent(sent: HomeSent) -> Errors:
    values, wrong = _read(PREFERENCES, sent.values)
    if not wrong:

        def set_them(session: Session, rep: Rep) -> None:
            now = utcnow()
            how = wished(sent.values, own_view(session, rep, now))
            staffing.set_preferences(session, rep, rules.Preferences(how=how, **values), now)

        _change(sent.slack_user_id, set_them)
    return wrong
