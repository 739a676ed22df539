"""The digest: grouped by kind, cut to what a message holds, hostile names only text."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.digest import OF_A_KIND, SHOWN, TITLES, digest_message
from bot.limits import check_message
from bot.messages import unwell
from domain.notices import DigestItem
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import Alert
from domain.rules.tiers import Tier
from tests.bot.making import hostile, maybe, moments, slips
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import HEAVY_LAW, LAW, NOON

LEAD = {"lead": "Kim Buyer", "company": "Buyer & Sons", "tier": Tier.MQL, "score": 77}
DUE = {"clock": ClockKind.FIRST_CONTACT, "due_at": NOON + timedelta(hours=1)}


def item(kind: Alert, **said: object) -> DigestItem:
    return DigestItem(kind, NOON, **said)  # type: ignore[arg-type]  # any of its fields


ONE_OF_EACH = [
    item(Alert.JUMP, **LEAD, before=51),
    item(Alert.REMINDER, **LEAD, **DUE, link="https://sample.example.com/archives/C0/p1"),
    item(Alert.OVERDUE, **LEAD, **DUE),
    item(Alert.SLA_MISSED, **LEAD, **DUE, rep="Sam Sample"),
    item(Alert.SLA_MISSED, count=13),
    item(Alert.POOL_SHORT, text="SDR EMEA", count=4),
    item(Alert.HOTTER, **LEAD | {"tier": Tier.HQL, "score": 88}, rep="Sam Sample"),
    item(Alert.WOKEN, **LEAD),
    item(Alert.REVIEW, text="120 MELs in nurture, 7 of them near to MQL"),
    item(Alert.HEALTH, text="Slack refuses our token."),
]


def test_a_digest_with_one_of_each_kind() -> None:
    text, blocks = digest_message(ONE_OF_EACH)
    check_message(blocks)
    same_as_snapshot("digest", text, blocks)


def test_every_kind_has_its_place_in_the_digest() -> None:
    assert set(TITLES) == set(Alert)


def test_what_does_not_fit_is_counted_and_the_newest_stand_there() -> None:
    leads = [item(Alert.WOKEN, lead=f"Lead {number:03}") for number in range(300)]
    _, blocks = digest_message(leads)
    seen = str(blocks)
    assert f"and {300 - OF_A_KIND} more: open the Home tab of Handoff" in seen
    assert "Lead 299" in seen
    assert "Lead 000" not in seen


items = st.builds(
    DigestItem,
    st.sampled_from(Alert),
    moments,
    maybe,
    maybe,
    st.none() | st.sampled_from(Tier),
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 100),
    maybe,
    st.none() | st.sampled_from(HandoffStatus),
    st.none() | st.sampled_from(ClockKind),
    st.none() | moments,
    maybe,
    st.integers(1, 10**6),
)


@HEAVY_LAW
@given(st.lists(items, min_size=1, max_size=12), st.integers(1, 30))
def test_whatever_was_held_one_digest_obeys_slack(some: list[DigestItem], times: int) -> None:
    text, blocks = digest_message(some * times)
    check_message(blocks)
    assert slips(blocks) == []
    assert text.startswith("Your digest: ")
    assert str(blocks).count("• ") >= min(len(some * times), OF_A_KIND, SHOWN)


@LAW
@given(hostile, maybe)
def test_whatever_a_check_has_found_its_message_obeys_slack(found: str, advice: str | None) -> None:
    _, blocks = unwell(found, advice)
    check_message(blocks)
    assert slips(blocks) == []
