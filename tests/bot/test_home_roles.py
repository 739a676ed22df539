"""App Home of every role: kept as files, and within Slack's limits whatever there is and whatever people are called."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.board import board_blocks
from bot.home import home_view, sections_of
from bot.home_notifications import notifications_modal, wished
from bot.home_others import CHECKS, banner_blocks
from bot.home_queue import queue_blocks
from bot.ids import HandoffRef, Press
from bot.limits import VIEW_BLOCKS, check_view
from domain.home import Away, CheckView, Home, Nurture, Team, Week
from domain.own_settings import AbsenceView, OwnView
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import Alert, How, Preferences
from domain.rules.tiers import Tier
from domain.stats.alerts import AlertCount
from domain.stats.board import Board, BoardPart, BoardRow
from domain.verbs.staffing import Settings
from tests.bot.making import hostile, maybe, moments, slips
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import HEAVY_LAW, NOON

ME = 7
ROW = BoardRow(
    handoff_id=1,
    version=2,
    lead="Kim Buyer",
    company="Buyer & Sons",
    tier=Tier.MQL,
    score=77,
    status=HandoffStatus.OFFERED,
    rep_id=ME,
    rep="Sam Sample",
    place="C0SDREMEA01",
    clock=ClockKind.FIRST_CONTACT,
    due_at=NOON + timedelta(minutes=40),
    late=False,
    left=0.15,
    snoozed_until=None,
)
LINK = "https://sample.example.com/archives/C0SDREMEA01/p1"
MINE = BoardPart(
    [
        replace(ROW, lead="Lee Late", late=True, left=-0.5, due_at=NOON - timedelta(hours=1), link=LINK),
        ROW,
        replace(ROW, handoff_id=2, lead="Ann Accepted", status=HandoffStatus.ACCEPTED, left=0.4, company=None),
        replace(
            ROW,
            handoff_id=3,
            lead="Cat Contacted",
            status=HandoffStatus.CONTACTED,
            clock=ClockKind.QUALIFICATION,
            due_at=NOON + timedelta(hours=20),
            left=0.8,
        ),
        replace(ROW, handoff_id=4, lead="Quin Qualified", status=HandoffStatus.QUALIFIED, clock=None, left=None),
    ],
    [replace(ROW, handoff_id=5, lead="Sid Snoozed", snoozed_until=NOON + timedelta(days=3))],
)
MINE = replace(MINE, running=[replace(MINE.running[0], handoff_id=9), *MINE.running[1:]])
TEAM = BoardPart([replace(row, rep_id=8, rep="Dana Demo") for row in MINE.running[:3]], [])
WEEK = Week(accepted=6, contacted=5, qualified=2, in_time=4, due=5)
OWN = OwnView(
    Settings("Europe/Berlin", {day: [(540, 1050)] for day in range(5)}, "DE-BE", 20),
    available=True,
    away=None,
    coming=[AbsenceView(3, NOON + timedelta(days=9), NOON + timedelta(days=16), "Dana Demo")],
    covering=[],
    preferences=Preferences({Alert.JUMP: How.DIGEST, Alert.HOTTER: How.OFF}),
    alerts=(Alert.REMINDER, Alert.OVERDUE, Alert.WOKEN, Alert.HOTTER, Alert.JUMP),
)
CHECKED = [
    CheckView(True, "Slack refuses our token.", "Install the app again and set SLACK_BOT_TOKEN."),
    CheckView(False, "Dana Demo is not found in the CRM.", None),
]
REP = Home(OWN, Board(ME, MINE, None), WEEK, held=3, checks=CHECKED, admin=False, team=None, nurture=None)
MANAGER = replace(
    REP,
    board=Board(ME, BoardPart([], []), TEAM),
    week=None,
    held=0,
    team=Team(
        [Away("Ada Account", NOON + timedelta(days=2)), Away("Alex Closer", None)],
        [AlertCount(Alert.REMINDER, 30, 10, 0, 24, 40), AlertCount(Alert.JUMP, 2, 1, 4, 1, 3)],
    ),
)
MARKETING = replace(
    REP, board=Board(ME, BoardPart([], []), None), week=None, held=0, nurture=Nurture(2, NOON, 120, 7, NOON)
)


def test_the_home_of_a_rep() -> None:
    same_as_snapshot("home_rep", "", home_view(sections_of(REP, NOON)))


def test_the_home_of_a_manager() -> None:
    same_as_snapshot("home_manager", "", home_view(sections_of(MANAGER, NOON)))


def test_the_home_of_marketing() -> None:
    same_as_snapshot("home_marketing", "", home_view(sections_of(MARKETING, NOON)))


def test_the_home_of_an_admin() -> None:
    same_as_snapshot("home_admin", "", home_view(sections_of(replace(REP, admin=True), NOON)))


def test_the_window_of_notifications() -> None:
    same_as_snapshot("window_notifications", "", notifications_modal(OWN))


@pytest.mark.parametrize(
    ("status", "press"),
    [
        (HandoffStatus.OFFERED, Press.ACCEPT),
        (HandoffStatus.ACCEPTED, Press.LOG_CONTACT),
        (HandoffStatus.CONTACTED, Press.QUALIFY),
        (HandoffStatus.QUALIFIED, None),
    ],
)
def test_each_row_has_the_button_of_what_is_next(status: HandoffStatus, press: Press | None) -> None:
    (row,) = [
        block
        for block in queue_blocks(BoardPart([replace(ROW, status=status)], []), WEEK, ME, NOON)
        if "*Kim Buyer*" in block.get("text", {}).get("text", "")
    ]
    button = row.get("accessory")
    assert (button and button["action_id"]) == press
    if button is not None:
        assert HandoffRef.unpack(button["value"]) == HandoffRef(1, 2)


def test_when_all_is_well_there_is_no_banner() -> None:
    assert banner_blocks([]) == []
    assert len(banner_blocks(CHECKED * 20)) == CHECKS + 2


def test_kinds_that_were_not_asked_about_stay_as_they_were() -> None:
    view = replace(OWN, preferences=Preferences({Alert.REVIEW: How.OFF, Alert.JUMP: How.DIGEST}))
    said = {"jump": "at_once", "reminder": "off", "review": "digest", "hotter": "loud"}
    assert wished(said, view) == {Alert.REVIEW: How.OFF, Alert.JUMP: How.AT_ONCE}


rows = st.builds(
    BoardRow,
    handoff_id=st.just(1),
    version=st.integers(1, 2**31),
    lead=hostile,
    company=maybe,
    tier=st.sampled_from(Tier),
    score=st.integers(0, 100),
    status=st.sampled_from([HandoffStatus.OPEN, HandoffStatus.OFFERED, *list(HandoffStatus)[2:5]]),
    rep_id=st.none() | st.integers(1, 9),
    rep=maybe,
    place=st.none() | st.just("U0SAM"),
    clock=st.none() | st.sampled_from(ClockKind),
    due_at=st.none() | moments,
    late=st.booleans(),
    left=st.none() | st.floats(-5, 1),
    snoozed_until=st.none() | moments,
)


def many(row: BoardRow, count: int) -> list[BoardRow]:
    return [replace(row, handoff_id=2**40 + number, rep=f"{row.rep}{number}") for number in range(count)]


def parts(row: BoardRow, count: int) -> BoardPart:
    running = many(replace(row, snoozed_until=None), count)
    return BoardPart(running, many(replace(row, snoozed_until=NOON), count), unread=count)


@HEAVY_LAW
@given(rows, hostile, maybe, st.sampled_from([0, 1, 15, 16, 200, 300]), st.booleans())
def test_whatever_there_is_a_home_obeys_slack_and_keeps_ones_settings(
    row: BoardRow, text: str, advice: str | None, count: int, admin: bool
) -> None:
    coming = [AbsenceView(number, NOON, NOON, text) for number in range(1, 6)]
    home = Home(
        replace(OWN, coming=coming, covering=coming, alerts=tuple(Alert)),
        Board(ME, parts(row, count), parts(row, count)),
        WEEK,
        held=count,
        checks=[CheckView(True, text, advice)] * count,
        admin=admin,
        team=Team([Away(text, None)] * count, [AlertCount(one, 99_999, 9, 9, 9, 99) for one in Alert]),
        nurture=Nurture(count, NOON, 10**6, 10**5, NOON),
    )
    view = home_view(sections_of(home, NOON))
    check_view(view)
    assert slips(view) == []
    assert len(view["blocks"]) < VIEW_BLOCKS
    assert "home.own" in [block.get("block_id") for block in view["blocks"]]


@HEAVY_LAW
@given(rows, st.sampled_from([0, 200]))
def test_a_board_alone_obeys_slack_too(row: BoardRow, count: int) -> None:
    view = home_view([board_blocks(parts(row, count), ME, NOON)])
    check_view(view)
    assert slips(view) == []


@HEAVY_LAW
@given(
    st.dictionaries(st.sampled_from(Alert), st.sampled_from(How)),
    st.none() | st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)
def test_whatever_one_wishes_the_window_obeys_slack(how: dict[Alert, How], quiet: tuple[int, int] | None) -> None:
    times = (0, 1, 2, 1439)
    view = replace(OWN, preferences=Preferences(how, quiet, 200, times), alerts=tuple(Alert))
    check_view(notifications_modal(view))
