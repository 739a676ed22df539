"""The past under other rules: what comes out is known by hand, and the present rules give what they gave."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.routing_load import Load, loads, moved
from domain.routing_replay import GAVE_BACK, HANDED_ON, REJECTED, Attempt, Given, Plan, PlannedPool, Seller, replay
from domain.rules.calendars import ALWAYS, Calendar, Interval
from domain.rules.routing import Territory
from domain.tables import Role
from tests.conftest import NOON

SAM, DANA, ELI = 1, 2, 3
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE = NOON - DAY
EVERYBODY = Territory(0, {})


def seller(
    rep_id: int,
    *,
    away: Sequence[Interval] = (),
    calendar: Calendar = ALWAYS,
    reachable: bool = True,
    most_open: int | None = None,
    most_a_day: int | None = None,
) -> Seller:
    return Seller(rep_id, f"Rep {rep_id}", calendar, away, reachable, most_open, most_a_day)


def plan(*sellers: Seller, weights: dict[int, int] | None = None, overflow: dict[int, int] | None = None) -> Plan:
    """One pool of SDRs for everybody, if need be with a second one behind it."""
    known = {one.rep_id: one for one in sellers}
    first = PlannedPool("SDR", weights or dict.fromkeys(known, 1), 1 if overflow else None)
    return Plan(known, [first, *([PlannedPool("Behind", overflow)] if overflow else [])], {Role.SDR: [EVERYBODY]})


def attempt(
    number: int,
    *,
    at: datetime | None = None,
    rep_id: int | None = SAM,
    lasts: timedelta | None = None,
    lead: int = 0,
    country: str = "DE",
    outside: bool = False,
    refusal: str | None = None,
    goes_on: bool = False,
    credited: bool = False,
    target: timedelta = 4 * HOUR,
    working: bool = False,
) -> Attempt:
    """One a minute, each of another lead."""
    began = at or NOON + number * MINUTE
    return Attempt(
        number,
        lead or number,
        f"lead-{number}@buyer.example.com",
        Role.SDR,
        began,
        began + lasts if lasts is not None else None,
        {"country": country},
        rep_id,
        outside,
        refusal,
        goes_on,
        credited,
        target,
        working,
    )


def who(given: list[Given]) -> list[int | None]:
    return [one.rep_id for one in given]


def test_equal_reps_take_turns() -> None:
    found = replay(plan(seller(SAM), seller(DANA)), [attempt(n) for n in range(1, 7)], SINCE)
    assert who(found) == [SAM, DANA] * 3
    assert [one.attempt.handoff_id for one in moved(found)] == [2, 4, 6]


def test_weights_share_exactly() -> None:
    rules = plan(seller(SAM), seller(DANA), seller(ELI), weights={SAM: 1, DANA: 2, ELI: 3})
    assert Counter(who(replay(rules, [attempt(n) for n in range(1, 601)], SINCE))) == {SAM: 100, DANA: 200, ELI: 300}


def test_the_order_of_the_rows_does_not_matter() -> None:
    attempts, rules = [attempt(n) for n in range(1, 30)], plan(seller(SAM), seller(DANA), seller(ELI))
    assert replay(rules, reversed(attempts), SINCE) == replay(rules, attempts, SINCE)


def test_another_territory_moves_its_leads_and_no_others() -> None:
    rules = Plan(
        {SAM: seller(SAM), DANA: seller(DANA)},
        [PlannedPool("EMEA", {SAM: 1}), PlannedPool("Americas", {DANA: 1})],
        {Role.SDR: [Territory(1, {"country": ["us"]}), EVERYBODY]},
    )
    attempts = [attempt(n, country="US" if n % 3 == 0 else "DE") for n in range(1, 7)]
    found = replay(rules, attempts, SINCE)
    assert [(one.attempt.handoff_id, one.rep_id) for one in moved(found)] == [(3, DANA), (6, DANA)]


def test_what_an_owner_got_is_still_theirs_and_costs_no_turn() -> None:
    rules = plan(seller(SAM), seller(DANA))
    attempts = [attempt(1, rep_id=DANA, outside=True), attempt(2), attempt(3, rep_id=9, outside=True)]
    assert who(replay(rules, attempts, SINCE)) == [DANA, SAM, DANA]


def test_who_rejected_a_lead_is_not_asked_for_it_again_even_if_it_was_somebody_else_in_truth() -> None:
    rules = plan(seller(SAM), seller(DANA))
    attempts = [
        attempt(1, rep_id=DANA, lead=7, refusal=REJECTED, lasts=MINUTE),
        attempt(2, rep_id=DANA),
        attempt(3, lead=7, rep_id=DANA),
    ]
    assert who(replay(rules, attempts, SINCE)) == [SAM, DANA, DANA]


@pytest.mark.parametrize("refusal", [HANDED_ON, GAVE_BACK])
@pytest.mark.parametrize(("goes_on", "third"), [(True, DANA), (False, SAM)])
def test_who_did_not_act_is_passed_over_for_as_long_as_the_lead_goes_from_one_to_the_next(
    refusal: str, *, goes_on: bool, third: int
) -> None:
    attempts = [
        attempt(1, lead=7, refusal=refusal, lasts=MINUTE),
        attempt(2),
        attempt(3, lead=7, goes_on=goes_on),
    ]
    assert who(replay(plan(seller(SAM), seller(DANA)), attempts, SINCE)) == [SAM, DANA, third]


def test_a_refusal_from_before_the_window_counts_and_its_lead_is_not_given_again() -> None:
    old = attempt(1, at=SINCE - DAY, lead=7, refusal=REJECTED, lasts=HOUR)
    assert who(replay(plan(seller(SAM), seller(DANA)), [old, attempt(2, lead=7)], SINCE)) == [DANA]


def test_who_is_on_leave_gets_none_and_has_no_run_of_leads_afterwards() -> None:
    away = (NOON, NOON + 100 * MINUTE)
    found = replay(plan(seller(SAM, away=[away]), seller(DANA)), [attempt(n) for n in range(1, 121)], SINCE)
    assert set(who(found)[:99]) == {DANA}
    assert Counter(who(found)[99:]) == pytest.approx({SAM: 10, DANA: 11}, abs=1)
    assert who(found)[99:104].count(SAM) <= 3


def test_who_is_full_is_passed_over_until_a_lead_is_done_with() -> None:
    rules = plan(seller(SAM, most_open=1), seller(DANA))
    attempts = [attempt(n, lasts=2 * MINUTE + timedelta(seconds=30)) for n in range(1, 6)]
    assert who(replay(rules, attempts, SINCE)) == [SAM, DANA, DANA, SAM, DANA]


def test_what_was_in_hand_before_the_window_fills_too() -> None:
    rules = plan(seller(SAM, most_open=1), seller(DANA))
    assert who(replay(rules, [attempt(1, at=SINCE - HOUR), attempt(2)], SINCE)) == [DANA]


def test_a_limit_of_the_day_counts_the_days_of_the_reps_zone() -> None:
    sydney = Calendar(ZoneInfo("Australia/Sydney"), ALWAYS.week)
    rules = plan(seller(SAM, calendar=sydney, most_a_day=1))
    attempts = [attempt(n, at=NOON + wait) for n, wait in enumerate((0 * HOUR, HOUR / 2, 2 * HOUR), start=1)]
    found = replay(rules, attempts, SINCE)
    # Midnight in Sydney is at 13:00 UTC: the second lead waits for it, and takes that day's place from the third.
    assert [(one.rep_id, one.at) for one in found] == [(SAM, NOON), (SAM, NOON + 2 * HOUR), (None, NOON + 2 * HOUR)]


def test_when_nobody_of_the_pool_can_be_asked_the_overflow_is() -> None:
    rules = plan(seller(SAM, most_open=1), seller(DANA), weights={SAM: 1}, overflow={DANA: 1})
    found = replay(rules, [attempt(n) for n in (1, 2, 3)], SINCE)
    assert [(one.rep_id, one.pool) for one in found] == [(SAM, 0), (DANA, 1), (DANA, 1)]


def test_a_lead_for_whom_nobody_is_there_waits_and_goes_first_when_somebody_is_back() -> None:
    rules = plan(seller(SAM, away=[(NOON, NOON + 3 * MINUTE)]))
    found = replay(rules, [attempt(1), attempt(2), attempt(4)], SINCE)
    assert [(one.rep_id, one.at, one.waited) for one in found] == [
        (SAM, NOON + 4 * MINUTE, True),
        (SAM, NOON + 4 * MINUTE, True),
        (SAM, NOON + 4 * MINUTE, False),
    ]


def test_a_lead_that_fits_no_territory_waits_until_the_end() -> None:
    rules = Plan({SAM: seller(SAM)}, [PlannedPool("US", {SAM: 1})], {Role.SDR: [Territory(0, {"country": ["US"]})]})
    (found,) = replay(rules, [attempt(1)], SINCE)
    assert (found.rep_id, found.pool, found.waited) == (None, None, True)


def test_a_lead_that_its_only_rep_rejected_holds_up_nobody_behind_it() -> None:
    rules = plan(seller(SAM, away=[(NOON + 2 * MINUTE, NOON + 5 * MINUTE)]))
    attempts = [
        attempt(1, lead=7, refusal=REJECTED, lasts=MINUTE),
        attempt(2, lead=7),
        attempt(3),
        attempt(6),
    ]
    assert who(replay(rules, attempts, SINCE)) == [SAM, None, SAM, SAM]


def test_a_turn_that_was_given_back_comes_at_once() -> None:
    rules, given_back = plan(seller(SAM), seller(DANA)), attempt(2, lasts=MINUTE / 2, refusal=REJECTED, credited=True)
    assert who(replay(rules, [attempt(1), given_back, attempt(3), attempt(4)], SINCE)) == [SAM, DANA, DANA, SAM]
    assert who(replay(rules, [attempt(1), attempt(2), attempt(3), attempt(4)], SINCE)) == [SAM, DANA, SAM, DANA]


def test_who_is_not_known_in_slack_gets_none() -> None:
    assert who(replay(plan(seller(SAM, reachable=False), seller(DANA)), [attempt(1)], SINCE)) == [DANA]


OFFICE = Calendar(ZoneInfo("UTC"), dict.fromkeys(range(5), ((9 * 60, 17 * 60),)))


def load_of(*attempts: Attempt, calendar: Calendar = OFFICE) -> Load:
    rules = plan(seller(SAM, calendar=calendar))
    (found,) = loads(rules, replay(rules, attempts, SINCE), SINCE, NOON + 6 * DAY)
    return found


def test_the_load_counts_leads_for_each_day_and_hour_of_work() -> None:
    found = load_of(attempt(1), attempt(2, rep_id=DANA), attempt(3, at=NOON + DAY))
    # From Monday noon to the Monday after it: five whole days, and two halves.
    assert (found.then, found.now, found.days, found.hours) == (2, 3, 6, 40.0)
    assert (found.most, found.most_on) == (2, NOON.date())
    assert found.an_hour == pytest.approx(3 / 40)


def test_a_lead_of_the_night_is_due_before_anybody_works_if_walls_clock_it_and_not_in_working_time() -> None:
    night = datetime(2026, 3, 3, 22, tzinfo=UTC)
    assert load_of(attempt(1), attempt(2, at=night)).out_of_hours == 1
    assert load_of(attempt(2, at=night, target=12 * HOUR)).out_of_hours == 0
    assert load_of(attempt(2, at=night, working=True)).out_of_hours == 0


def test_who_never_works_has_no_load_an_hour() -> None:
    assert load_of(attempt(1), calendar=Calendar(ZoneInfo("UTC"), {})).an_hour is None
