"""What the card's menu does, through our real server: aside, back to the pool, to somebody else, and back again."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from bot.ids import MORE, Field, HandoffRef, Press, Submission, Suggest
from bot.modals import BACK_TO_THE_POOL
from bot.settings import slack_settings
from domain.rules.lifecycle import HandoffStatus
from domain.tables import Handoff, JobRow, Role
from domain.verbs import deciding, staffing
from handlers.jobs import reading, transaction
from handlers.sending import Job
from handlers.snooze import wake
from kit.clock import utcnow
from tests.domain.making import Team, make_absence
from tests.handlers.making import (
    DANA,
    GUEST,
    MORGAN,
    SAM,
    Outside,
    clear_jobs,
    click,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    submission,
    tell,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(door: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def offer(team: Team) -> Handoff:
    """A lead that is offered to Sam, with its card in the channel."""
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    clear_jobs()
    return stored(handoff_id)


def stored(handoff_id: int) -> Handoff:
    with reading() as session:
        return session.get_one(Handoff, handoff_id)


def newest() -> Handoff:
    with reading() as session:
        return session.scalars(select(Handoff).order_by(Handoff.id.desc()).limit(1)).one()


def card(slack: Outside, channel: str) -> dict[str, Any]:
    work_off(Job.SHOW_CARD)
    return next(one for one in slack.messages(channel) if not one["ephemeral"])


def words(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def choose(slack: Outside, channel: str, user: str, press: Press) -> dict[str, Any]:
    """Choose in the menu of the (first) card in the channel what stands for `press`."""
    return slack.press(user, card(slack, channel), press)


def whispered(slack: Outside, channel: str, user: str) -> str:
    work_off(Job.WHISPER)
    return " ".join(one["text"] for one in slack.messages(channel, user) if one["ephemeral"])


def ref(handoff: Handoff) -> str:
    return HandoffRef(handoff.id, handoff.version).packed


# ---- through the menu -------------------------------------------------------------------------------------------------


def test_a_rep_releases_a_lead_from_the_menu_and_both_cards_say_so(
    slack: Outside, channel: str, offer: Handoff
) -> None:
    assert choose(slack, channel, SAM, Press.RELEASE)["ok"]
    assert stored(offer.id).status is HandoffStatus.WITHDRAWN
    work_off(Job.SHOW_CARD)
    old, new = (words(one) for one in slack.messages(channel))
    assert f"*Released to the pool* by Sam Sample; it was with <@{SAM}>. It went to <@{DANA}>." in old
    assert '"actions"' not in old
    assert f"*For <@{DANA}>*" in new


@pytest.mark.parametrize(
    ("user", "press", "sentence"),
    [
        (SAM, Press.TAKE_OVER, "You can release it to the pool."),
        (DANA, Press.TAKE_OVER, "This lead is addressed to Sam Sample."),
        (DANA, Press.RELEASE, "This lead is addressed to Sam Sample."),
        (GUEST, Press.RELEASE, "Handoff does not know you as a rep yet."),
    ],
)
def test_who_may_not_is_told_why_and_nothing_changes(
    slack: Outside, channel: str, offer: Handoff, user: str, press: Press, sentence: str
) -> None:
    choose(slack, channel, user, press)
    assert sentence in whispered(slack, channel, user)
    assert stored(offer.id).version == offer.version


@pytest.mark.parametrize(
    ("user", "press", "sentence"),
    [
        (SAM, Press.REASSIGN, "You can release it to the pool."),
        (DANA, Press.SNOOZE, "This lead is addressed to Sam Sample."),
        (GUEST, Press.REJECT, "Handoff does not know you as a rep yet."),
    ],
)
def test_who_may_not_is_told_so_in_the_window_and_nowhere_else(
    slack: Outside, channel: str, offer: Handoff, user: str, press: Press, sentence: str
) -> None:
    choose(slack, channel, user, press)
    window = slack.top_view(user)
    assert sentence in words(window)
    assert not window.get("submit")
    assert whispered(slack, channel, user) == ""
    assert stored(offer.id).version == offer.version


def test_a_manager_takes_over_and_a_cover_undoes_nothing_of_theirs(
    slack: Outside, channel: str, team: Team, offer: Handoff
) -> None:
    choose(slack, channel, MORGAN, Press.TAKE_OVER)
    taken = newest()
    assert (taken.rep_id, taken.status) == (team.morgan.id, HandoffStatus.ACCEPTED)
    assert f"*Taken over* by Morgan Manager; it was with <@{SAM}>. It went to <@{MORGAN}>." in words(
        card(slack, channel)
    )


def test_a_cover_accepts_for_who_is_away(door: httpx.Client, team: Team, offer: Handoff) -> None:
    with transaction() as session:
        now = utcnow()
        make_absence(session, team.sam, cover=team.dana, since=now, until=now + timedelta(hours=1))
    tell(door, click(Press.ACCEPT, ref(offer), user=DANA))
    assert (stored(offer.id).accepted_by, stored(offer.id).rep_id) == (team.dana.id, team.sam.id)


def test_a_manager_reassigns_in_a_window(slack: Outside, channel: str, team: Team, offer: Handoff) -> None:
    choose(slack, channel, MORGAN, Press.REASSIGN)
    view = slack.top_view(MORGAN)
    rep = next(block["element"] for block in view["blocks"] if block.get("block_id") == Field.REP)
    assert [one["text"]["text"] for one in rep["options"]] == ["Whoever of the pool is next", "Dana Demo"]
    values = {Field.REP: {Field.REP: {"selected_option": {"value": str(team.dana.id)}}}}
    assert slack.act(MORGAN, "submit", view_id=view["id"], values=values)["ok"]
    assert (newest().rep_id, newest().status) == (team.dana.id, HandoffStatus.OFFERED)


@pytest.mark.parametrize("chosen", ["", "nonsense", "999", "-1", None])
def test_nobody_who_was_not_on_offer_gets_the_lead(door: httpx.Client, offer: Handoff, chosen: str | None) -> None:
    answer = tell(door, submission(Submission.REASSIGN, ref(offer), user=MORGAN, rep=chosen))
    assert answer.json()["errors"] == {"rep": "Choose one of these."}
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_a_window_for_reassigning_that_is_sent_twice_moves_the_lead_once(door: httpx.Client, offer: Handoff) -> None:
    body = submission(Submission.REASSIGN, ref(offer), user=MORGAN, rep=BACK_TO_THE_POOL)
    assert tell(door, body).text == ""
    assert "out of date" in tell(door, body).json()["errors"]["rep"]
    assert newest().cycle == 2


@pytest.mark.parametrize(
    "value", ["", "nonsense", "handoff.release", "handoff.nothing h1.v2", "handoff.release h1", "h1.v2"]
)
def test_a_choice_that_stands_in_no_menu_of_ours_finds_nothing(
    door: httpx.Client, slack: Outside, channel: str, offer: Handoff, value: str
) -> None:
    assert tell(door, click(MORE, value, channel=channel)).status_code == 200
    assert "There is no such handoff any more." in whispered(slack, channel, SAM)
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_among_many_one_searches_by_name_and_the_chosen_one_gets_the_lead(
    slack: Outside, channel: str, team: Team, offer: Handoff
) -> None:
    with transaction() as session:
        for number in range(110):
            email = f"sample{number}@example.com"
            rep = staffing.save_rep(session, utcnow(), name=f"Nora Sample {number}", email=email, role=Role.SDR)
            staffing.know_in_slack(session, rep.id, f"U0NORA{number}", f"D0NORA{number}", utcnow())
    choose(slack, channel, MORGAN, Press.REASSIGN)
    view = slack.top_view(MORGAN)
    whom = {"view_id": view["id"], "block_id": Field.REP, "action_id": Field.REP}
    assert len(slack.act(MORGAN, "search", **whom, value="")["options"]) == 100
    found = slack.act(MORGAN, "search", **whom, value="dan demo")["options"]
    assert [one["text"]["text"] for one in found] == ["Whoever of the pool is next", "Dana Demo"]
    values = {Field.REP: {Field.REP: {"selected_option": found[1]}}}
    assert slack.act(MORGAN, "submit", view_id=view["id"], values=values)["ok"]
    assert newest().rep_id == team.dana.id


def test_who_may_not_give_the_lead_away_is_shown_nobody(
    door: httpx.Client, team: Team, offer: Handoff, slack: Outside, channel: str
) -> None:
    shown = {"private_metadata": ref(offer), "type": "modal", "callback_id": Submission.REASSIGN, "id": "V1"}
    for user, count in ((SAM, 0), (MORGAN, 2)):
        payload = {
            "type": "block_suggestion",
            "team": {"id": slack_settings().slack_team_id},
            "user": {"id": user},
            "view": shown,
            "action_id": Suggest.REP,
            "block_id": Field.REP,
            "value": "dana",
        }
        answer = tell(door, urlencode({"payload": json.dumps(payload)}))
        assert len(answer.json()["options"]) == count


# ---- snooze -----------------------------------------------------------------------------------------------------------


def test_a_window_for_snoozing_that_is_sent_twice_puts_the_lead_aside_once(door: httpx.Client, offer: Handoff) -> None:
    body = submission(Submission.SNOOZE, ref(offer), span="4h", until=None)
    assert tell(door, body).text == ""
    until = stored(offer.id).snoozed_until
    assert "errors" in tell(door, body).json()
    assert (stored(offer.id).snoozed_until, stored(offer.id).version) == (until, offer.version + 1)


def test_a_rep_snoozes_a_lead_and_is_told_in_its_thread_when_it_wakes(
    slack: Outside, channel: str, offer: Handoff
) -> None:
    choose(slack, channel, SAM, Press.SNOOZE)
    view = slack.top_view(SAM)
    values = {Field.SPAN: {Field.SPAN: {"selected_option": {"value": "4h"}}}}
    assert slack.act(SAM, "submit", view_id=view["id"], values=values)["ok"]
    assert "💤 *Snoozed until" in words(card(slack, channel))
    later = utcnow() + timedelta(hours=5)
    assert [wake(later) for _ in range(2)] == [1, 0]
    work_off(Job.SHOW_CARD, Job.TELL_REP_WOKEN, Job.TELL_NOTICE)
    messages = slack.messages(channel)
    assert "Snoozed" not in words(messages[0])
    thread = slack.page.get(
        f"/_api/as/{SAM}/messages", params={"channel": channel, "thread_ts": messages[0]["ts"]}
    ).json()["messages"]
    assert any("is no longer snoozed, its time has come" in words(one) for one in thread)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"span": None, "until": None}, "span"),
        ({"span": "nonsense", "until": None}, "span"),
        ({"span": "1h", "until": "1000000000"}, "until"),
        ({"span": None, "until": "9999999999"}, "until"),
    ],
)
def test_a_snooze_without_an_end_or_with_one_far_away_is_refused_at_its_field(
    door: httpx.Client, offer: Handoff, values: dict[str, Any], field: str
) -> None:
    answer = tell(door, submission(Submission.SNOOZE, ref(offer), **values))
    assert answer.json()["errors"] == {field: "Choose for how long, or a time within the next 30 days."}
    assert stored(offer.id).snoozed_until is None


# ---- undo -------------------------------------------------------------------------------------------------------------


def test_a_rep_takes_an_acceptance_back_from_the_card(slack: Outside, channel: str, offer: Handoff) -> None:
    slack.press(SAM, card(slack, channel), Press.ACCEPT)
    assert slack.press(SAM, card(slack, channel), Press.UNDO)["ok"]
    assert stored(offer.id).status is HandoffStatus.OFFERED
    assert Press.ACCEPT in words(card(slack, channel))


def test_a_rejection_is_taken_back_and_the_lead_is_with_its_rep_again(
    door: httpx.Client, slack: Outside, channel: str, offer: Handoff
) -> None:
    tell(door, submission(Submission.REJECT, ref(offer), reason="no_capacity", note=None))
    work_off(Job.ASSIGN, Job.SHOW_CARD)
    assert newest().cycle == 2
    assert slack.press(SAM, slack.messages(channel)[0], Press.UNDO)["ok"]
    work_off(Job.ASSIGN, Job.SHOW_CARD)
    first, second = slack.messages(channel)
    assert f"*For <@{SAM}>*" in words(first)
    assert "the rejection before it was taken back" in words(second)
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_the_button_goes_when_it_is_too_late(slack: Outside, channel: str, team: Team, offer: Handoff) -> None:
    with transaction() as session:
        deciding.accept(session, offer.id, version=2, by=team.sam, now=utcnow() - timedelta(minutes=6))
    assert Press.UNDO not in words(card(slack, channel))


def test_who_undoes_too_late_is_told_so(
    door: httpx.Client, slack: Outside, channel: str, team: Team, offer: Handoff
) -> None:
    with transaction() as session:
        deciding.accept(session, offer.id, version=2, by=team.sam, now=utcnow() - timedelta(minutes=6))
    tell(door, click(Press.UNDO, ref(stored(offer.id)), channel=channel))
    assert "more than five minutes ago" in whispered(slack, channel, SAM)


# ---- the reason's own questions ---------------------------------------------------------------------------------------


def rejection_window(slack: Outside, channel: str, reason: str) -> dict[str, Any]:
    """The window in which Sam has chosen this reason."""
    slack.press(SAM, card(slack, channel), Press.REJECT)
    view = slack.top_view(SAM)
    place = {"view_id": view["id"], "block_id": Field.REASON, "action_id": Field.REASON}
    assert slack.act(SAM, "press", **place, selected_option={"value": reason})["ok"]
    return slack.top_view(SAM)


def asked(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def test_the_window_asks_what_does_not_fit_once_that_is_the_reason(
    slack: Outside, channel: str, offer: Handoff
) -> None:
    view = rejection_window(slack, channel, "no_fit")
    assert asked(view) == [Field.REASON, Field.DETAIL, Field.NOTE]
    values = {
        Field.REASON: {Field.REASON: {"selected_option": {"value": "no_fit"}}},
        Field.DETAIL: {Field.DETAIL: {"selected_option": {"value": "country"}}},
    }
    assert slack.act(SAM, "submit", view_id=view["id"], values=values)["ok"]
    assert (stored(offer.id).reason, stored(offer.id).detail) == ("no_fit", "country")
    assert "No fit: country → disqualified" in words(card(slack, channel))


@pytest.mark.parametrize(("reason", "fields"), [("bad_timing", 2), ("duplicate", 3)])
def test_the_window_asks_no_more_than_the_reason_wants(
    slack: Outside, channel: str, offer: Handoff, reason: str, fields: int
) -> None:
    assert len(asked(rejection_window(slack, channel, reason))) == fields


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"reason": "no_fit", "detail": None}, {"detail": "Say what does not fit."}),
        (
            {"reason": "no_fit"},
            {"reason": "Say what does not fit. Choose another reason, and then this one again."},
        ),
        ({"reason": "unreachable"}, {"reason": "Accept the lead, and log 3 more attempts first: 3 are agreed."}),
        (
            {"reason": "duplicate", "duplicate_of": "nobody@example.com"},
            {"duplicate_of": "There is no lead with this e-mail address."},
        ),
        (
            {"reason": "duplicate", "duplicate_of": "kim@buyer.example.com"},
            {"duplicate_of": "These are the same lead already."},
        ),
    ],
)
def test_what_the_reason_misses_is_said_at_its_field(
    door: httpx.Client, offer: Handoff, values: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = tell(door, submission(Submission.REJECT, ref(offer), note=None, **values))
    assert answer.json()["errors"] == errors
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_nothing_of_this_is_dead_work_or_names_a_person(slack: Outside, channel: str, offer: Handoff) -> None:
    choose(slack, channel, SAM, Press.RELEASE)
    written = json.dumps([[job.name, job.args, job.key, job.lane] for job in jobs()])
    assert not [secret for secret in ("Sam", "Dana", "kim", "buyer", "@") if secret in written]
    work_off()
    with reading() as session:
        assert session.scalars(select(JobRow.problem)).all() == []
