"""App Home: what a rep sees of themselves and of their leads, and what they set for themselves there."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import messenger
from bot.board import board_blocks
from bot.home import absence_modal, home_view, notice, own_blocks, settings_modal
from bot.ids import HomeField, HomePress, HomeSubmission
from bot.listening import Errors, HomeClick, HomeSent, on_home, on_home_press, on_home_submission
from bot.messenger import TriggerGone, open_modal
from domain import finding
from domain.own_settings import own_view, possible_covers
from domain.rules.public_holidays import holidays_of
from domain.rules.refusals import AbsenceOverlaps, BadAbsence, ClickTooLate, NotFound, Stranger, from_facts
from domain.rules.working_hours import Unreadable, read_week, read_zone
from domain.stats.board import board
from domain.tables import Rep
from domain.verbs import absences, staffing
from domain.verbs.staffing import Settings
from handlers.flow import Job, publish_home
from handlers.jobs import Running, job, reading, send, transaction
from kit.clock import utcnow
from kit.outside import TryLater

MOST = 10_000


@on_home
def home_opened(slack_user_id: str) -> None:
    with transaction() as session:
        send(session, publish_home(slack_user_id))


@job(Job.PUBLISH_HOME)
def publish(_running: Running, /, slack_user_id: str, refusal: str | None = None, **stored: str | int) -> None:
    """Draw the Home as it is by now. A refusal of what was pressed there stands above it, until the next time."""
    now = utcnow()
    said = from_facts(refusal, {name.removeprefix("fact_"): fact for name, fact in stored.items()}) if refusal else None
    with reading() as session:
        names = finding.names_of(session, said.rep_ids) if said else {}
        try:
            rep = finding.rep_by_slack(session, slack_user_id)
        except Stranger as stranger:
            sections = [notice(stranger.sentence({}))]
        else:
            above = [notice(said.sentence(names))] if said else []
            sections = [*above, own_blocks(own_view(session, rep, now)), board_blocks(board(session, rep, now), now)]
    messenger.publish_home(slack_user_id, home_view(sections))


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


@on_home_press(HomePress.ABSENCE)
def absence_pressed(click: HomeClick) -> None:
    with reading() as session:
        covers = possible_covers(session, finding.rep_by_slack(session, click.slack_user_id))
    _open(click, absence_modal(covers))


@on_home_press(HomePress.SETTINGS)
def settings_pressed(click: HomeClick) -> None:
    with reading() as session:
        view = own_view(session, finding.rep_by_slack(session, click.slack_user_id), utcnow())
    _open(click, settings_modal(view))


def _open(click: HomeClick, view: dict[str, Any]) -> None:
    try:
        open_modal(click.trigger_id, view)
    except (TriggerGone, TryLater):
        raise ClickTooLate from None


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
    values: dict[str, Any] = {}
    wrong: Errors = {}
    for field, reader in READERS.items():
        if text := sent.values.get(field, "").strip():
            try:
                values[field.value] = reader(text)
            except Unreadable as why:
                wrong[field] = str(why)
    if not wrong:
        settings = Settings(**values)
        _change(sent.slack_user_id, lambda session, rep: staffing.set_settings(session, rep, settings, utcnow()))
    return wrong
