"""App Home: what there is to do above, one's own settings below, and the two windows about oneself that its buttons open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    divider,
    escape,
    header,
    line_input,
    moment,
    moment_input,
    option,
    optional,
    plain,
    section,
    select,
)
from bot.board import board_blocks, team_blocks
from bot.home_deals import deals_blocks
from bot.home_notifications import notification_words
from bot.home_others import banner_blocks, nurture_blocks, pulse_blocks
from bot.home_proposals import proposal_blocks
from bot.home_queue import queue_blocks
from bot.ids import HomeField, HomePress, HomeSubmission
from bot.limits import VIEW_BLOCKS
from domain.home import Home
from domain.own_settings import AbsenceView, OwnView
from domain.verbs.staffing import Settings

View = dict[str, Any]

HOURS_LENGTH, LINE_LENGTH = 500, 80
_DAY = "{date_short_pretty} at {time}"


def home_view(sections: Sequence[list[Block]]) -> View:
    """The sections one below the other, parted by a line; what Slack would not take any more is left out."""
    blocks: list[Block] = []
    for part in sections:
        blocks += [divider(), *part] if blocks and part else part
    return {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}


def notice(sentence: str) -> list[Block]:
    """What could not be done, above everything."""
    return [section(f"⚠️ {escape(sentence, 500)}")]


def sections_of(home: Home, now: datetime) -> list[list[Block]]:
    """What stands in somebody's Home, by what they do."""
    queue, team = home.board.mine, home.board.team
    sells = home.week is not None
    return [
        banner_blocks(home.checks) if home.admin else [],
        queue_blocks(queue, home.week, home.board.rep_id, now) if sells or queue.running or queue.snoozed else [],
        deals_blocks(home.deals),
        nurture_blocks(home.nurture) if home.nurture is not None else [],
        [*board_blocks(team, home.board.rep_id, now), *team_blocks(home.team, home.checks)]
        if team is not None and home.team is not None
        else [],
        proposal_blocks(home.proposals, now) if home.proposals is not None else [],
        pulse_blocks(home.pulse),
        own_blocks(home.own, home.held, sells=sells),
    ]


def own_blocks(view: OwnView, held: int = 0, *, sells: bool = True) -> list[Block]:
    """What holds for oneself, and the buttons to change it. `held`: what waits for one's digest; `sells`: leads are offered
    to them.
    """
    settings = view.settings
    lines = [
        _state(view, sells=sells),
        f"*Time zone:* {escape(settings.time_zone)}",
        f"*Hours:* {escape(view.hours_words, HOURS_LENGTH) or 'always at work'}",
        f"*Public holidays:* {escape(settings.holidays or 'none')}",
        f"*Limits:* {_limits(settings)}",
    ]
    buttons = [_pause_or_back(view), button("Absence…", HomePress.ABSENCE, "own")]
    return [
        header("My settings"),
        section("\n".join(lines)),
        context(notification_words(view, held)),
        actions(
            "home.own",
            *buttons,
            button("Settings…", HomePress.SETTINGS, "own"),
            button("Notifications…", HomePress.NOTIFICATIONS, "own"),
        ),
        *_coming(view),
        *([context(_covering(view.covering))] if view.covering else []),
    ]


def _state(view: OwnView, *, sells: bool) -> str:
    if view.away is not None:
        return f"🌴 *You are away until {moment(view.away.until, _DAY)}.*{_cover_words(view.away)}"
    if not view.available:
        return "⏸ *You have paused:* no leads are offered to you until you are back."
    return "🟢 *Leads are offered to you* when it is your turn." if sells else "🟢 *You are here.*"


def _cover_words(absence: AbsenceView) -> str:
    return f" {escape(absence.who, 80)} covers." if absence.who else ""


def _pause_or_back(view: OwnView) -> Block:
    if view.away is not None or not view.available:
        return button("I am back", HomePress.BACK, "own", style="primary")
    return button("Pause", HomePress.PAUSE, "own")


def _limits(settings: Settings) -> str:
    limits = [
        f"{settings.most_open} open at a time" if settings.most_open else "",
        f"{settings.most_a_day} a day" if settings.most_a_day else "",
    ]
    return ", ".join(filter(None, limits)) or "none"


def _coming(view: OwnView) -> list[Block]:
    """The absences to come, each in a line, and one list to cancel one of them by."""
    if not view.coming:
        return []
    lines = [
        f"🌴 Away {moment(one.since, _DAY)} to {moment(one.until, _DAY)}.{_cover_words(one)}" for one in view.coming
    ]
    zone = ZoneInfo(view.settings.time_zone)
    cancel = {
        "type": "static_select",
        "action_id": HomePress.CANCEL_ABSENCE,
        "placeholder": {"type": "plain_text", "text": "Cancel one…"},
        "options": [option(_from_to(one, zone), str(one.absence_id)) for one in view.coming],
    }
    return [section("\n".join(lines)), actions("home.absences", cancel)]


def _from_to(absence: AbsenceView, zone: ZoneInfo) -> str:
    """The list's own words: nothing in it is shown in the reader's time zone by itself."""
    return " to ".join(f"{at.astimezone(zone):%d %b %H:%M}" for at in (absence.since, absence.until))


def _covering(absences: Sequence[AbsenceView]) -> str:
    named = [
        f"{escape(one.who or '', 80)} ({moment(one.since, _DAY)} to {moment(one.until, _DAY)})" for one in absences
    ]
    return "You cover " + "  ·  ".join(named)


def absence_modal(covers: Sequence[tuple[int, str]]) -> View:
    """`covers`: the colleagues who may cover (rep id, name)."""
    people = [option(plain(name) or f"No. {rep_id}", str(rep_id)) for rep_id, name in covers]
    return _modal(
        HomeSubmission.ABSENCE,
        "Absence",
        [
            moment_input(HomeField.SINCE, "From"),
            moment_input(HomeField.UNTIL, "Until"),
            *([optional(select(HomeField.COVER, "Who covers?", "Nobody", people))] if people else []),
            context("Whoever covers may decide on what is yours. What is offered to you already stays with you."),
        ],
    )


def settings_modal(view: OwnView) -> View:
    """One's own settings as they are, each in a line of text."""
    own = view.settings
    limits = [str(limit or "") for limit in (own.most_open, own.most_a_day)]
    hours_hint = "As in: mon-fri 09:00-12:30, 13:30-18:00; sat 10:00-14:00. Empty: always at work."
    lines = (
        (HomeField.TIME_ZONE, "Time zone", own.time_zone, "As in: Europe/Berlin.", LINE_LENGTH),
        (HomeField.HOURS, "Working hours", view.hours_words, hours_hint, HOURS_LENGTH),
        (HomeField.HOLIDAYS, "Public holidays", own.holidays or "", "A country or a part: DE, DE-BE.", LINE_LENGTH),
        (HomeField.MOST_OPEN, "Leads at a time, at most", limits[0], "Empty: no limit.", 5),
        (HomeField.MOST_A_DAY, "Leads a day, at most", limits[1], "Empty: no limit.", 5),
    )
    return _modal(
        HomeSubmission.SETTINGS,
        "My settings",
        [line_input(field, label, value, hint, max_length=most) for field, label, value, hint, most in lines],
    )


def _modal(submission: HomeSubmission, title: str, blocks: list[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": submission,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": blocks,
    }
