"""Weighted round robin: nobody is more than a turn away from their share, and who was away gets no run of leads."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.fairness import Member, after_credit, after_turn, next_member, on_return, rotation, shares

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
weights = st.lists(st.integers(1, 100), min_size=1, max_size=8)


def pool(of_weights: Sequence[int]) -> dict[int, Member]:
    return {rep_id: Member(rep_id, weight, 0.0) for rep_id, weight in enumerate(of_weights, 1)}


def take_turns(members: dict[int, Member], turns: int, away: Collection[int] = ()) -> list[int]:
    """Let `turns` leads arrive; returns who got them, in order."""
    got = []
    for turn in range(turns):
        chosen = next_member(member for member in members.values() if member.rep_id not in away)
        assert chosen is not None
        at = NOON + timedelta(seconds=turn)
        members[chosen.rep_id] = replace(chosen, virtual_time=after_turn(chosen), last_turn_at=at)
        got.append(chosen.rep_id)
    return got


@settings(deadline=None)
@given(weights, st.integers(0, 60))
def test_everybody_is_within_one_turn_of_their_exact_share_at_any_moment(of_weights: list[int], turns: int) -> None:
    whole = sum(of_weights)
    counts: Counter[int] = Counter()
    for turn, rep_id in enumerate(take_turns(pool(of_weights), turns), 1):
        counts[rep_id] += 1
        for other, weight in enumerate(of_weights, 1):
            assert abs(counts[other] - turn * weight / whole) <= 1


def test_a_heavy_member_among_many_light_ones_need_not_wait_for_all_of_them() -> None:
    first_half = take_turns(pool([9, *[1] * 9]), 9)
    assert Counter(first_half)[1] in {4, 5}


def test_equal_members_take_turns_in_the_order_of_who_waited_longest() -> None:
    assert take_turns(pool([1, 1, 1]), 7) == [1, 2, 3, 1, 2, 3, 1]


def test_a_weight_of_three_gets_three_turns_where_a_weight_of_one_gets_one() -> None:
    assert Counter(take_turns(pool([3, 1]), 40)) == {1: 30, 2: 10}


def test_nobody_is_next_of_nobody() -> None:
    assert next_member([]) is None


@settings(deadline=None)
@given(weights.filter(lambda found: len(found) > 1), st.integers(1, 80))
def test_who_returns_gets_no_run_of_leads(of_weights: list[int], turns: int) -> None:
    members = pool(of_weights)
    take_turns(members, turns, away={1})
    active = [member for member in members.values() if member.rep_id != 1]
    members[1] = replace(members[1], virtual_time=on_return(members[1].virtual_time, active))
    after = len(of_weights) * 3
    share = after * of_weights[0] / sum(of_weights)
    assert Counter(take_turns(members, after))[1] <= share + 1


def test_who_returns_to_an_empty_pool_goes_on_where_they_left() -> None:
    assert on_return(4.5, []) == 4.5


def test_who_is_ahead_of_the_others_is_not_set_back() -> None:
    assert on_return(9.0, [Member(1, 1, 3.0), Member(2, 1, 4.0)]) == 9.0


def test_who_joins_starts_where_the_others_are_by_now() -> None:
    assert on_return(0.0, [Member(1, 1, 3.0), Member(2, 3, 5.0)]) == 4.5


def test_ten_thousand_turns_leave_no_rounding_behind() -> None:
    members = pool([7, 3])
    assert Counter(take_turns(members, 10_000)) == {1: 7000, 2: 3000}
    assert members[1].virtual_time == members[2].virtual_time == 1000.0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(1, 10))
def test_the_rotation_begins_with_who_is_next_and_names_everybody_once(weights: list[int], most: int) -> None:
    members = [Member(number, weight, 0.0) for number, weight in enumerate(weights)]
    order = rotation(members, most)
    assert order[0] == next_member(members)
    assert len({member.rep_id for member in order}) == len(order) == min(most, len(members))


@given(st.lists(st.integers(1, 5), min_size=2, max_size=6), st.integers(1, 40), st.integers(0, 6))
def test_however_many_turns_are_given_back_nobody_is_more_than_a_turn_behind(
    of_weights: list[int], turns: int, given_back: int
) -> None:
    members = pool(of_weights)
    take_turns(members, turns)
    for _ in range(given_back):
        active = list(members.values())
        back = after_credit(members[1], active)
        time = sum(one.virtual_time * one.weight for one in active) / sum(of_weights)
        assert back <= members[1].virtual_time
        assert back >= min(members[1].virtual_time, time - 1 / of_weights[0]) - 1e-6
        members[1] = replace(members[1], virtual_time=back)


def test_a_turn_that_is_given_back_at_once_leaves_everybody_where_they_were() -> None:
    before = Member(1, 3, 2.0)
    after = replace(before, virtual_time=after_turn(before))
    assert after_credit(after, [after, Member(2, 1, 2.0)]) == 2.0


@given(weights)
def test_the_dues_of_a_lead_are_the_whole_lead(of_weights: list[int]) -> None:
    dues = shares(list(pool(of_weights).values()))
    assert abs(sum(dues.values()) - 1) < 1e-9
    assert all(dues[rep_id] == weight / sum(of_weights) for rep_id, weight in enumerate(of_weights, 1))
