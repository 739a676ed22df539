"""What Slack sends back: one codec, hostile values refused; and what we draw is what we hear, id by id."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deal_modals import return_modal
from bot.home import absence_modal, own_blocks, settings_modal
from bot.ids import (
    MORE,
    BadRef,
    Command,
    DealPress,
    DealRef,
    DealSubmission,
    HandoffRef,
    HomePress,
    HomeSubmission,
    MenuChoice,
    Pick,
    Press,
    ProposalPress,
    ProposalRef,
    ProposalSubmission,
    PulsePress,
    Submission,
    Suggest,
)
from bot.limits import WORDS
from bot.listening import HOME_OPENED, listeners
from bot.messages import stray_words
from bot.pulse import pulse_message
from domain.own_settings import OwnView
from domain.tables import Pulse
from domain.verbs.staffing import Settings
from domain.views import CardView
from handlers import moments
from tests.bot.making import hostile, views, what_slipped_through
from tests.bot.snapshots import FOLDER
from tests.bot.test_deal import FULL as A_DEAL
from tests.conftest import LAW

refs = st.builds(HandoffRef, st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
nearly = st.text(alphabet="hpdv.0123456789 -+_٣²handoff.", max_size=45)


# ---- the codec --------------------------------------------------------------------------------------------------------


@LAW
@given(refs, st.sampled_from(Press))
def test_what_a_button_carries_comes_back_as_it_was(ref: HandoffRef, press: Press) -> None:
    assert HandoffRef.unpack(ref.packed) == ref
    choice = MenuChoice(press, ref)
    assert MenuChoice.unpack(choice.packed) == choice
    assert len(ref.packed) <= WORDS["button.value"]
    assert len(choice.packed) <= WORDS["option.value"]


def test_a_button_that_was_drawn_long_ago_still_says_what_it_is_about() -> None:
    assert HandoffRef.unpack("h12.v3").handoff_id == 12
    assert ProposalRef.unpack("p5.v1").proposal_id == 5
    assert DealRef.unpack("d7.v2").deal_id == 7
    assert [ref(12, 3).packed for ref in (HandoffRef, ProposalRef, DealRef)] == ["h12.v3", "p12.v3", "d12.v3"]
    assert len({HandoffRef(12, 3), ProposalRef(12, 3), DealRef(12, 3)}) == 3


@LAW
@given(st.one_of(hostile, nearly))
def test_whatever_else_comes_is_refused_or_means_what_it_says(text: str) -> None:
    for codec in (HandoffRef, MenuChoice, DealRef, ProposalRef):
        try:
            read = codec.unpack(text)
        except BadRef:
            continue
        # Leading zeros are the one other spelling of a number.
        assert codec.unpack(read.packed) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h1",
        "h1.v",
        "h.v1",
        "h1.v1 ",
        "h-1.v1",
        "h1.v1.v1",
        "h٣.v1",
        "h²v1",
        "1.1",
        "v1.h1",
        "h1.v" + "9" * 19,
        "h1.v1\n",
    ],
)
def test_a_value_that_we_never_sent_is_refused(text: str) -> None:
    with pytest.raises(BadRef):
        HandoffRef.unpack(text)
    for press in ("handoff.accept", "handoff.nonsense", ""):
        with pytest.raises(BadRef):
            MenuChoice.unpack(f"{press} {text}")


# ---- what is drawn is what is heard -----------------------------------------------------------------------------------


def everything_drawn() -> Iterator[Any]:
    """All that the snapshots keep, and what none of them shows."""
    for path in sorted(FOLDER.glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))["blocks"]
    paused = OwnView(Settings(), available=False, away=None, coming=[], covering=[])
    yield from (own_blocks(paused), absence_modal([]), settings_modal(paused), return_modal(A_DEAL, []))
    yield pulse_message(Pulse(id=3, rep_id=1, period="2026-10", leads=12, feeling=4))[1]


def told_at_once(drawn: Any) -> Iterator[tuple[str, str]]:
    """The ids by which Slack tells us something, each with its option's values."""
    if isinstance(drawn, list):
        for one in drawn:
            yield from told_at_once(one)
        return
    if not isinstance(drawn, dict):
        return
    if "callback_id" in drawn and drawn.get("submit"):
        yield drawn["callback_id"], ""
    silent = drawn.get("type") == "input" and not drawn.get("dispatch_action")
    element = drawn.get("element") or {}
    if element.get("type") == "external_select" or (element and not silent):
        yield element["action_id"], ""
    if "action_id" in drawn:
        for option in drawn.get("options", ()) or ({"value": drawn.get("value", "")},):
            yield drawn["action_id"], option["value"]
    for name, inside in drawn.items():
        if name != "element":
            yield from told_at_once(inside)


def test_every_id_that_is_drawn_has_a_listener_and_every_listener_is_drawn() -> None:
    assert moments
    told = [pair for drawn in everything_drawn() for pair in told_at_once(drawn)]
    drawn = {action for action, _ in told}
    assert len(told) > 60
    assert drawn - {MORE} <= listeners()
    behind_the_menu = {MenuChoice.unpack(value).press for action, value in told if action == MORE}
    heard = {*Press, *Submission, *Pick, *Suggest, *HomePress, *HomeSubmission}
    heard |= {*ProposalPress, *ProposalSubmission, *DealPress, *DealSubmission, *PulsePress}
    assert heard - drawn - behind_the_menu == set()
    assert listeners() - heard == {*Command, HOME_OPENED}


def test_every_button_of_a_card_carries_a_handoff() -> None:
    told = [pair for drawn in everything_drawn() for pair in told_at_once(drawn)]
    values = [value for action, value in told if action in set(Press)]
    assert len(values) > 30
    assert all(HandoffRef.unpack(value).version > 0 for value in values)


@LAW
@given(views)
def test_why_a_card_came_to_the_manager_is_said_without_obeying_anybody(view: CardView) -> None:
    assert what_slipped_through(stray_words(view).replace("<#C0SDREMEA01>", "")) == ""


def test_every_button_of_a_proposal_carries_that_proposal() -> None:
    told = [pair for drawn in everything_drawn() for pair in told_at_once(drawn)]
    values = [value for action, value in told if action in set(ProposalPress)]
    assert len(values) > 10
    assert all(ProposalRef.unpack(value).proposal_id > 0 for value in values)
    with pytest.raises(BadRef):
        ProposalRef.unpack("h5.v1")
