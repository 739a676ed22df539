"""One lead taken through a model again, and what the two models' ways are counted as."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.backtest.history import (
    MOST_MOMENTS,
    Attempt,
    History,
    Outcome,
    Version,
    Window,
    before,
    outcomes,
    steps,
)
from domain.backtest.replay import Course, Handed, course
from domain.backtest.tally import MOST_MOVERS, Group, Tally
from domain.rules.facts import LeadFacts, Touch
from domain.rules.lifecycle import HandoffStatus
from domain.rules.routing import Territory
from domain.rules.scoring import read_model, score
from domain.rules.tiers import Tier, settled_tier, tier_of
from tests.conftest import NOON

DAY = timedelta(days=1)
WINDOW = Window(NOON - 90 * DAY, NOON)
EVERYWHERE = {Tier.MQL: [Territory(1, {"country": ["DE"]}), Territory(2, {})], Tier.HQL: [Territory(3, {})]}
MODEL = read_model(
    """
name = "trial"
version = 1
[[fit.rules]]
id = "boss"
label = "Decides"
points = 30
when = { attribute = "persona", equals = "decision_maker" }
[[intent.rules]]
id = "demo"
label = "Asked for a demo"
points = 35
half_life_days = 10
when = { touch = "demo_request" }
"""
)


def lead(
    *days_ago: float,
    known: Sequence[tuple[float, str]] = ((90, "decision_maker"),),
    with_sales: bool = False,
    rests_until: datetime | None = None,
    real: frozenset[Outcome] = frozenset(),
    number: int = 7,
) -> History:
    """A German lead that asked for a demo so many days ago, and of whom this persona was known from then on."""
    touches = [Touch("demo_request", NOON - age * DAY) for age in days_ago]
    return History(
        lead_id=number,
        email=f"lead{number}@example.com",
        captured_at=touches[0].occurred_at if touches else NOON - 200 * DAY,
        versions=[Version(NOON - age * DAY, {"persona": persona, "country": "DE"}) for age, persona in known],
        touches=touches,
        outcomes=real,
        with_sales=with_sales,
        rests_until=rests_until,
        free_now=True,
        guessed=False,
    )


def way(history: History) -> Course:
    return course(MODEL, history, steps(history, WINDOW, WINDOW.month_ends()), WINDOW, EVERYWHERE)


def test_a_lead_is_scored_at_each_touch_at_each_change_on_each_months_last_day_and_at_the_end() -> None:
    history = lead(80, 40, known=((80, "unknown"), (79, "decision_maker")))
    moments = [step.at for step in steps(history, WINDOW, WINDOW.month_ends())]
    ends = [datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)]
    last = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    assert moments == sorted([NOON - 80 * DAY, NOON - 79 * DAY, NOON - 40 * DAY, *ends, last, NOON])


def test_a_lead_that_was_there_before_the_window_is_scored_at_its_begin_too() -> None:
    assert steps(lead(100, 5), WINDOW, [])[0].at == WINDOW.since
    assert steps(lead(80, 5), WINDOW, [])[0].at == NOON - 80 * DAY


def test_each_moment_sees_what_was_known_then_and_the_first_sees_what_came_with_it() -> None:
    seen = {
        step.at: step.facts.attributes["persona"] for step in steps(lead(80, known=((79.9, "a"), (3, "b"))), WINDOW, [])
    }
    assert seen == {NOON - 80 * DAY: "a", NOON - 3 * DAY: "b", NOON: "b"}


def test_a_robots_thousands_of_visits_are_scored_once_a_day() -> None:
    history = lead(*[80 - n / 100 for n in range(2_000)])
    moments = [step.at for step in steps(history, WINDOW, [])]
    assert len(moments) < 30 < MOST_MOMENTS
    assert history.touches[-1].occurred_at in moments


def test_the_first_time_at_60_hands_over_with_the_tier_and_the_pool_of_that_moment() -> None:
    found = way(lead(20, 15, 1))
    # 30 + 17.5 + 35, after the second demo: an HQL at once would be 80.
    assert found.handed == Handed(NOON - 20 * DAY, 7, Tier.MQL, 1)
    assert not found.earlier


def test_a_lead_that_learns_of_its_rank_later_is_handed_over_then() -> None:
    found = way(lead(20, known=((20, "unknown"), (19.5, "decision_maker"))))
    assert found.handed is not None
    assert found.handed.at == NOON - 19.5 * DAY


def test_what_stood_at_60_when_the_window_began_went_to_sales_before_it() -> None:
    found = way(lead(91))
    assert found.earlier
    assert found.handed is None
    assert found.reaches_sales


def test_a_lead_that_rests_is_handed_over_at_the_first_moment_after_it_if_it_is_still_worth_it() -> None:
    resting = lead(20, 15, 12, rests_until=NOON - 13 * DAY)
    handed = way(resting).handed
    assert handed is not None
    assert handed.at == NOON - 12 * DAY
    assert way(lead(60, rests_until=NOON - 20 * DAY)).handed is None


def test_a_tier_that_is_only_still_held_when_the_rest_ends_hands_nobody_over() -> None:
    # 62 while it rests, 57 after it: still an MQL, but no score for sales.
    found = way(lead(1.5, rests_until=NOON - DAY))
    assert (found.total, found.tier) == (62, Tier.MQL)
    assert found.handed is not None
    found = way(lead(4, rests_until=NOON - DAY))
    assert (found.total, found.tier, found.by_score) == (57, Tier.MQL, Tier.MEL)
    assert found.handed is None


def test_what_a_new_model_sends_to_sales_at_once_is_a_matter_of_its_score_and_of_no_held_tier() -> None:
    tally, held = Tally(), Course(58, Tier.MQL, Tier.MEL, earlier=False, handed=None)
    tally.count(lead(3), 1, STAY, held)
    assert not tally.at_once
    tally.count(lead(3), 1, held, GO)
    assert tally.at_once == {Tier.MQL: 1}


def test_no_model_hands_over_what_is_with_sales() -> None:
    assert not way(lead(20, with_sales=True)).reaches_sales


def test_the_end_is_what_the_live_road_says_with_its_hysteresis() -> None:
    # 62, then 57: not yet 3 points below 60, so it holds; then 55.
    for age, tier in ((1.5, Tier.MQL), (4.0, Tier.MQL), (5.0, Tier.MEL)):
        history = lead(age)
        found = way(history)
        now = score(MODEL, LeadFacts(history.versions[0].attributes, history.touches), NOON).total
        assert (found.total, found.tier) == (now, tier)


@given(st.lists(st.floats(0.01, 120), min_size=1, max_size=12))
def test_a_replay_is_scoring_at_every_moment_one_after_another(ages: list[float]) -> None:
    history = lead(*sorted(ages, reverse=True))
    tier: Tier | None = None
    first: datetime | None = None
    moments = steps(history, WINDOW, WINDOW.month_ends())
    for at, facts in moments:
        total = score(MODEL, facts, at).total
        tier = settled_tier(total, MODEL.thresholds, tier, MODEL.movement.hysteresis)
        first = first or (at if tier_of(total, MODEL.thresholds) in EVERYWHERE else None)
    found = way(history)
    assert found.tier is tier
    assert (found.handed.at if found.handed else WINDOW.since if found.earlier else None) == first


ATTEMPT = Attempt(HandoffStatus.OFFERED, NOON - 100 * DAY, None, None, None, None, None, None)


def test_who_has_the_lead_when_the_window_begins() -> None:
    since = WINDOW.since
    given_back = ATTEMPT._replace(status=HandoffStatus.REJECTED, rejected_at=since - DAY, reason="unreachable")
    assert before([], since) == (False, None)
    assert before([ATTEMPT], since) == (True, None)
    assert before([ATTEMPT._replace(opened_at=since)], since) == (False, None)
    assert before([given_back], since) == (False, since + 29 * DAY)
    assert before([given_back, ATTEMPT], since) == (True, None)
    assert before([given_back._replace(reason="no_fit")], since) == (True, None)
    assert before([given_back._replace(rejected_at=since + DAY)], since) == (True, None)
    # Withdrawn from an SDR for an AE: it never left sales.
    assert before([ATTEMPT._replace(status=HandoffStatus.WITHDRAWN)], since) == (True, None)


def test_outcomes_are_those_of_the_windows_handoffs_and_winning_is_one_only_for_who_was_handed_over() -> None:
    old = ATTEMPT._replace(accepted_at=NOON, qualified_at=NOON)
    new = ATTEMPT._replace(opened_at=NOON - DAY, status=HandoffStatus.CONTACTED, accepted_at=NOON, contacted_at=NOON)
    assert outcomes([old], WINDOW, won=True) == frozenset()
    assert outcomes([old, new], WINDOW, won=False) == {
        Outcome.HANDED,
        Outcome.DECIDED,
        Outcome.RUNNING,
        Outcome.ACCEPTED,
        Outcome.CONTACTED,
    }
    assert Outcome.WON in outcomes([new], WINDOW, won=True)


GO = Course(65, Tier.MQL, Tier.MQL, earlier=False, handed=Handed(NOON, 7, Tier.MQL, 1))
WENT = Course(65, Tier.MQL, Tier.MQL, earlier=True, handed=None)
STAY = Course(45, Tier.MEL, Tier.MEL, earlier=False, handed=None)


def test_a_lead_is_kept_gained_or_lost_and_what_both_had_before_is_none_of_these() -> None:
    tally = Tally()
    real = frozenset({Outcome.HANDED, Outcome.DECIDED, Outcome.QUALIFIED})
    for old, new in (
        (GO, GO),
        (WENT, GO),
        (STAY, GO),
        (GO, STAY),
        (GO, STAY),
        (WENT, WENT),
        (STAY, STAY),
        (WENT, STAY),
    ):
        tally.count(lead(3, real=real), 5, old, new)
    assert tally.groups == {Group.KEPT: 2, Group.GAINED: 1, Group.LOST: 2}
    assert tally.outcomes[Group.LOST, Outcome.QUALIFIED] == 2
    assert (len(tally.old.handed), tally.old.earlier, len(tally.new.handed), tally.new.earlier) == (3, 3, 3, 1)
    assert tally.tiers[Tier.MQL, Tier.MEL] == 3
    assert tally.at_once == {Tier.MQL: 1}


def test_the_sums_of_parts_are_the_sum_of_the_whole_whatever_the_parts_are() -> None:
    whole, parts = Tally(), [Tally() for _ in range(7)]
    for number in range(100):
        total = 40 + number * 37 % 50
        tier = tier_of(total, MODEL.thresholds)
        new = Course(total, tier, tier, earlier=False, handed=replace_handed(number) if total >= 60 else None)
        for tally in (whole, parts[number * 7 // 100]):
            tally.count(lead(3, number=number), 4, STAY if number % 3 else GO, new)
    summed = Tally()
    for part in parts:
        summed.add(part)
    whole.add(Tally())
    assert summed == whole
    assert len(whole.up) == MOST_MOVERS
    assert whole.up == sorted(whole.up, reverse=True)


def replace_handed(number: int) -> Handed:
    return Handed(NOON - number * DAY, number, Tier.MQL, number % 3)


def test_the_biggest_movers_are_named_the_first_captured_first() -> None:
    tally = Tally()
    for number in range(1, 60):
        tally.count(lead(3, number=number), 1, STAY, replace_total(45 + 5 * (number % 2)))
    assert [mover.email for mover in sorted(tally.up, reverse=True)[:2]] == ["lead1@example.com", "lead3@example.com"]


def replace_total(total: int) -> Course:
    return STAY._replace(total=total, tier=Tier.MQL)


def test_a_history_without_touches_has_a_course_too() -> None:
    silent = replace(lead(1), touches=[], captured_at=NOON - 300 * DAY)
    assert way(silent) == Course(30, Tier.COLD, Tier.COLD, earlier=False, handed=None)
