"""An AE's message about a deal, what is said beside it, and its lines in the Home: short, harmless, and within Slack's limits."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deal import deal_blocks
from bot.deal_modals import return_modal
from bot.deal_notices import deal_notice
from bot.home_deals import deals_blocks
from bot.ids import DealPress, DealRef
from bot.limits import check_message, check_view
from domain.deal_news import DEAL_ALERTS, DealNews
from domain.deals import DealMessage, Journey, SimilarDeal
from domain.my_deals import DealRow, DealsHome
from domain.rules.deals import DEAL_REASONS, DealStatus, Withdrawn
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import Alert
from domain.rules.routing import Rule
from domain.stats.influence import Influence
from domain.stats.stuck import StuckDeal
from domain.views import ColleagueView, Step, StepView
from tests.bot.making import (
    ADA,
    MORGAN,
    QUALIFIED,
    SAM,
    a_view,
    hostile,
    maybe,
    moments,
    people,
    slips,
    texts,
    views,
    what_slipped_through,
)
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import HEAVY_LAW, NOON

DAY = timedelta(days=1)
FULL = DealMessage(
    deal_id=5,
    version=1,
    status=DealStatus.OFFERED,
    erased=False,
    card=replace(
        a_view(HandoffStatus.CONVERTED),
        qualification=QUALIFIED,
        colleagues=(ColleagueView("Ann Sample", "CFO", a_view().stage, a_view().tier, 91, "Dana Demo"),),
        more_colleagues=2,
    ),
    ae=ADA,
    sdr=SAM,
    rule=Rule.DEALS_OWNER,
    due_at=NOON + timedelta(hours=4),
    accepted_at=None,
    returned_at=None,
    decided_by=None,
    reason=None,
    note=None,
    problem=None,
    stage="Qualification",
    amount=1_250_000,
    currency="EUR",
    expected_on=date(2026, 6, 30),
    closed_at=None,
    won=None,
    lost_reason=None,
    tries=(StepView(Step.TRIED, NOON - DAY, "Sam Sample", "We spoke", "They compare us with two others"),),
    journey=Journey(7, NOON - 40 * DAY, "webinar", "webinar-week", NOON - 3 * DAY, NOON - DAY),
    influence=(
        Influence("webinar-week", "webinar", 3, 0.62, NOON - 30 * DAY),
        Influence("paid_search", "paid_search", 4, 0.38, NOON - 4 * DAY),
    ),
    similar=(
        SimilarDeal("Acorn Software", 980_000, "EUR", 41, "demo_request", "Demo"),
        SimilarDeal(None, None, None, 1, None, None),
    ),
    card_at=("C0SDREMEA01", "1.2"),
    permalink=None,
)
ACCEPTED = replace(FULL, status=DealStatus.ACCEPTED, version=2, accepted_at=NOON, decided_by=ADA)
RETURNED = replace(
    FULL,
    status=DealStatus.RETURNED,
    version=2,
    returned_at=NOON,
    decided_by=MORGAN,
    reason="not_qualified",
    note="They only wanted a price",
)
LINK = "https://example.slack.com/archives/C1/p1"


def read(view: DealMessage) -> str:
    """All that a person reads of it."""
    _, blocks = deal_blocks(view)
    return "\n".join(chain(texts(blocks, "plain_text"), texts(blocks, "mrkdwn")))


def buttons(view: DealMessage) -> list[str]:
    _, blocks = deal_blocks(view)
    return [one["action_id"] for block in blocks if block["type"] == "actions" for one in block["elements"]]


def test_the_message_looks_as_it_was_agreed() -> None:
    same_as_snapshot("deal_offered", *deal_blocks(FULL, LINK))


def test_what_was_accepted_keeps_its_brief_and_one_way_back() -> None:
    same_as_snapshot("deal_accepted", *deal_blocks(replace(ACCEPTED, problem="Ada may not own opportunities."), LINK))


def test_what_was_returned_says_why_and_nothing_else_is_left() -> None:
    same_as_snapshot("deal_returned", *deal_blocks(RETURNED, LINK))


def test_what_was_returned_names_who_is_asked_instead_of_what_its_reason_would_do() -> None:
    assert "stays with the SDR" in read(RETURNED)
    assert "Not qualified after all → on to Ada Account" in read(replace(RETURNED, went_to=ADA))
    assert "stays with the SDR" not in read(replace(RETURNED, went_to=ADA))


def test_there_is_a_button_only_while_there_is_something_to_decide() -> None:
    assert buttons(FULL) == [DealPress.ACCEPT, DealPress.RETURN]
    assert buttons(ACCEPTED) == [DealPress.RETURN]
    assert buttons(RETURNED) == []
    assert buttons(replace(ACCEPTED, closed_at=NOON, won=True)) == []
    assert buttons(replace(FULL, status=DealStatus.WITHDRAWN, reason="closed")) == []


@pytest.mark.parametrize("why", Withdrawn)
def test_what_was_taken_back_says_why(why: Withdrawn) -> None:
    assert why.words in read(replace(FULL, status=DealStatus.WITHDRAWN, reason=why.value))


def test_a_won_one_says_so() -> None:
    assert "🏆 *Won*" in read(replace(ACCEPTED, closed_at=NOON, won=True))
    assert "🏳️ *Lost*" in read(replace(ACCEPTED, closed_at=NOON, won=False, lost_reason="Price"))


def test_nothing_is_left_of_who_was_erased() -> None:
    assert "Kim" not in read(replace(FULL, erased=True))


def test_of_whom_little_is_known_the_message_is_short() -> None:
    bare = replace(FULL, card=a_view(HandoffStatus.CONVERTED), tries=(), journey=None, influence=(), similar=())
    for title in ("has learnt", "Their road", "influenced", "engaged", "won"):
        assert title not in read(bare)


messages = st.builds(
    DealMessage,
    deal_id=st.integers(1, 2**40),
    version=st.integers(1, 999),
    status=st.sampled_from(DealStatus),
    erased=st.just(False),
    card=views,
    ae=people,
    sdr=st.none() | people,
    rule=st.none() | st.sampled_from(Rule),
    due_at=moments,
    accepted_at=st.none() | moments,
    returned_at=st.none() | moments,
    decided_by=st.none() | people,
    reason=st.none() | st.sampled_from(Withdrawn),
    note=maybe,
    problem=maybe,
    stage=hostile,
    amount=st.none() | st.integers(-(2**40), 2**53),
    currency=maybe,
    expected_on=st.none() | st.dates(),
    closed_at=st.none() | moments,
    won=st.none() | st.booleans(),
    lost_reason=maybe,
    tries=st.lists(
        st.builds(StepView, st.just(Step.TRIED), moments, maybe, hostile.map(lambda _: "We spoke"), maybe), max_size=6
    ),
    journey=st.none() | st.builds(Journey, st.integers(1, 999), moments, hostile, maybe, moments, st.none() | moments),
    influence=st.lists(
        st.builds(Influence, hostile, hostile, st.integers(1, 99), st.floats(0, 1), moments), max_size=4
    ),
    similar=st.lists(
        st.builds(SimilarDeal, maybe, st.none() | st.integers(0, 2**53), maybe, st.integers(0, 999), maybe, maybe),
        max_size=3,
    ),
    card_at=st.none(),
    permalink=st.none(),
    went_to=st.none() | people,
).map(lambda one: replace(one, reason="duplicate") if one.status is DealStatus.RETURNED else one)


@HEAVY_LAW
@given(messages)
def test_whatever_is_in_it_slack_takes_it_and_nothing_slips_through(view: DealMessage) -> None:
    text, blocks = deal_blocks(view)
    check_message(blocks)
    assert slips(blocks) == []
    assert what_slipped_through(text) == ""
    check_view(return_modal(view, [(7, view.ae.name), (8, "")]))


stuck = st.builds(
    StuckDeal,
    *(st.integers(1, 99), hostile, maybe, hostile, moments, st.integers(0, 999), st.integers(0, 99)),
    *(st.none() | st.integers(0, 2**53), maybe, st.none() | st.integers(1, 9), maybe),
)
news = st.builds(
    DealNews,
    lead=hostile,
    company=maybe,
    status=st.none() | st.sampled_from(DealStatus),
    deal_id=st.integers(1, 2**40),
    version=st.integers(1, 99),
    ae=st.none() | people,
    sdr=st.none() | people,
    decided_by=st.none() | people,
    offered_at=st.none() | moments,
    due_at=st.none() | moments,
    reason=st.none() | st.sampled_from([*DEAL_REASONS.values()]),
    note=maybe,
    problem=maybe,
    went_to=st.none() | people,
    stuck=st.none() | stuck,
)


@HEAVY_LAW
@given(st.sampled_from(sorted(DEAL_ALERTS)), news)
def test_what_is_said_beside_it_is_harmless_too(kind: Alert, said: DealNews) -> None:
    text, blocks = deal_notice(kind, said, None)
    check_message(blocks)
    assert (slips(blocks), text == "") == ([], False)


rows = st.builds(
    DealRow,
    *(st.integers(1, 99), hostile, maybe, hostile, st.none() | st.integers(0, 2**53), maybe, st.integers(0, 999)),
    stuck=st.booleans(),
    deal_id=st.integers(1, 99),
    version=st.integers(1, 9),
    due_at=st.none() | moments,
    whose=maybe,
)


@HEAVY_LAW
@given(st.lists(rows, max_size=10), st.lists(rows, max_size=10), st.lists(stuck, max_size=5))
def test_the_lines_in_the_home_are_harmless_too(
    offered: list[DealRow], mine: list[DealRow], over: list[StuckDeal]
) -> None:
    blocks = deals_blocks(DealsHome(offered, mine, 3, over))
    assert slips(blocks) == []
    assert (blocks == []) == (not offered and not mine and not over)


def test_the_home_has_offered_deals_first_with_their_button() -> None:
    offer = DealRow(1, "Kim Buyer", "Buyer & Sons", "New", 1_250_000, "EUR", 0, False, 5, 1, NOON, None)
    mine = DealRow(2, "Lee Other", None, "Proposal", None, None, 30, True)
    over = StuckDeal(2, "Lee Other", None, "Proposal", NOON, 30, 21, None, None, 8, "Ada Account")
    blocks = deals_blocks(DealsHome([offer], [mine], 0, [over]))
    same_as_snapshot("home_deals", "", blocks)
    assert blocks[1]["accessory"]["value"] == DealRef(5, 1).packed
