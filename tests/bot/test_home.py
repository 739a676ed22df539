"""App Home and its two windows: whatever people are called, Slack takes them."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import divider
from bot.home import absence_modal, home_view, notice, own_blocks, settings_modal
from bot.ids import HomeField, HomePress
from bot.limits import check_view
from domain.own_settings import COVERS, AbsenceView, OwnView
from domain.verbs.staffing import Settings
from tests.bot.making import hostile, slips
from tests.conftest import NOON

absences = st.builds(
    AbsenceView, st.integers(1, 2**40), st.just(NOON), st.just(NOON + timedelta(days=2)), st.none() | hostile
)
weeks = st.none() | st.just({day: [(minute, minute + 5) for minute in range(0, 1430, 10)] for day in range(7)})
limits = st.none() | st.integers(1, 10_000)
own_views = st.builds(
    OwnView,
    settings=st.builds(Settings, st.just("Europe/Berlin"), weeks, st.none() | st.just("DE-BE"), limits, limits),
    available=st.booleans(),
    away=st.none() | absences,
    coming=st.lists(absences, max_size=5, unique_by=lambda one: one.absence_id),
    covering=st.lists(absences, max_size=5),
)


@settings(deadline=None)
@given(own_views, hostile)
def test_whatever_people_are_called_home_obeys_slack(view: OwnView, sentence: str) -> None:
    home = home_view([notice(sentence), own_blocks(view)])
    check_view(home)
    assert slips(home) == []


@settings(deadline=None)
@given(own_views, st.lists(st.tuples(st.integers(1, 2**40), hostile), max_size=COVERS, unique_by=lambda one: one[0]))
def test_whatever_people_are_called_the_windows_obey_slack(view: OwnView, covers: list[tuple[int, str]]) -> None:
    for modal in (settings_modal(view), absence_modal(covers)):
        check_view(modal)
        assert slips(modal) == []


def buttons(view: OwnView) -> list[str]:
    blocks = own_blocks(view)
    return [one["action_id"] for block in blocks if block["type"] == "actions" for one in block["elements"]]


def test_who_is_asked_may_pause_and_who_is_not_may_come_back() -> None:
    there = OwnView(Settings(), available=True, away=None, coming=[], covering=[])
    trip = AbsenceView(3, NOON, NOON + timedelta(days=2), None)
    assert buttons(there) == [HomePress.PAUSE, HomePress.ABSENCE, HomePress.SETTINGS, HomePress.NOTIFICATIONS]
    for away in (
        OwnView(Settings(), available=False, away=None, coming=[], covering=[]),
        OwnView(Settings(), available=True, away=trip, coming=[], covering=[]),
    ):
        assert buttons(away)[0] == HomePress.BACK
    planned = OwnView(Settings(), available=True, away=None, coming=[trip], covering=[])
    assert buttons(planned)[-1] == HomePress.CANCEL_ABSENCE


def test_sections_are_parted_by_a_line_and_what_is_too_much_is_left_out() -> None:
    assert home_view([notice("a"), [], notice("b")])["blocks"] == [*notice("a"), divider(), *notice("b")]
    check_view(home_view([notice("one")] * 80))


def test_who_has_no_colleague_is_not_asked_who_covers() -> None:
    fields = [block.get("block_id") for block in absence_modal([])["blocks"]]
    assert fields[:2] == [HomeField.SINCE, HomeField.UNTIL]
    assert HomeField.COVER not in fields
