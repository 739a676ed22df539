"""Learnt attribution, beside what others published and beside a second reckoning that is as plain as it is slow."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, permutations, takewhile
from math import factorial
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attributing import Fit, fit_markov, fit_shapley, removal_effects_of, totals
from domain.rules.attribution import AttributionModel, Path, Touchpoint, Worth, shares
from tests.conftest import HEAVY_LAW

HEURISTICS = [AttributionModel.FIRST, AttributionModel.LAST, AttributionModel.LINEAR, AttributionModel.U_SHAPED]
WEEK = timedelta(days=7)
NEVER = datetime(2026, 1, 1)  # noqa: DTZ001 - no model that is asked here looks at times

Coalition = frozenset[str]
Sums = defaultdict[str, float]


@pytest.fixture(scope="session")
def published(shared_folder: File) -> list[dict[str, Any]]:
    text = (shared_folder / "data/kaggle_attribution_published/published_results.json").read_text("utf-8")
    results: list[dict[str, Any]] = json.loads(text)["results"]
    return results


@pytest.fixture(scope="session")
def data(shared_folder: File) -> list[Path]:
    with (shared_folder / "data/channelattribution_pathdata/Data.csv").open(encoding="utf-8") as file:
        return [
            Path(tuple(path.split(" > ")), int(won), float(value), int(lost))
            for path, won, value, lost in list(csv.reader(file, delimiter=";"))[1:]
        ]


# Markov


def test_removal_effects_and_credits_are_those_that_were_published(published: list[dict[str, Any]]) -> None:
    seen = 0
    for result in published:
        # One of them printed no chain; it says of itself that it is the first one's, reckoned by somebody else.
        chain = result.get("transition_probabilities", published[0]["transition_probabilities"])
        transitions = {tuple(step.split(">")): probability for step, probability in chain.items()}
        won = next(name for name in ("Conversion", "Conv") if any(to == name for _, to in transitions))
        effects = removal_effects_of(transitions, start="Start", won=won)
        assert effects == pytest.approx(result["removal_effects"], rel=0, abs=1e-9)
        deals = sum(result["attributed_conversions"].values())
        credited = {channel: deals * effect / sum(effects.values()) for channel, effect in effects.items()}
        assert credited == pytest.approx(result["attributed_conversions"], rel=0, abs=1e-6)
        seen += 1
    assert seen == 3


def test_a_chain_can_be_told_from_by_hand() -> None:
    # Of 100 journeys, half go to a and half to b; a wins half, b sends half on to a.
    steps = {("go", "a"): 0.5, ("go", "b"): 0.5, ("a", "won"): 0.5, ("a", "lost"): 0.5, ("b", "a"): 0.5}
    assert removal_effects_of(steps, start="go", won="won") == pytest.approx({"a": 1, "b": 1 / 3})


def test_a_chain_that_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="never comes to an end"):
        removal_effects_of({("go", "a"): 1.0, ("a", "b"): 1.0, ("b", "a"): 1.0}, start="go", won="won")


def test_an_order_that_no_chain_has_is_refused() -> None:
    with pytest.raises(ValueError, match="1, 2 or 3 touches, not 4"):
        fit_markov([Path(("a",), 1, 10, 0)], order=4)


def by_a_dense_matrix(paths: Sequence[Path], order: int, *, repeats: bool) -> dict[str, float]:
    """The removal effects by the fundamental matrix of each chain from which a channel was taken, counted in dictionaries."""
    steps: dict[tuple[Any, Any], float] = defaultdict(float)
    for path in paths:
        before: tuple[str, ...] = ()
        for channel in path.channels:
            if before and not repeats and before[-1] == channel:
                continue
            steps[before, (*before, channel)[-order:]] += path.won + path.lost
            before = (*before, channel)[-order:]
        steps[before, "won"] += path.won
        steps[before, "lost"] += path.lost
    channels = sorted({channel for path in paths for channel in path.channels})
    won = wins(steps, None)
    return {channel: 1 - wins(steps, channel) / won if won else 0.0 for channel in channels}


def wins(steps: Mapping[tuple[Any, Any], float], without: str | None) -> float:
    states = [(), *sorted({state for state, _ in steps} - {()})]
    place = {state: number for number, state in enumerate(states)}
    counted = np.zeros((len(states), len(states) + 2))
    for (came_from, to), count in steps.items():
        # Every state that remembers the channel is gone, not only those where it is the newest.
        gone = isinstance(to, tuple) and without in to
        counted[place[came_from], -1 if to == "lost" or gone else -2 if to == "won" else place[to]] += count
    chances = counted / np.maximum(counted.sum(axis=1, keepdims=True), 1e-300)
    fundamental = np.linalg.inv(np.eye(len(states)) - chances[:, :-2])
    return float((fundamental @ chances[:, -2])[0])


# A few seconds: that is how slow the plain way is (a dense matrix of 967 states for each of 12 channels).
@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_on_real_journeys_agrees_with_a_dense_matrix(data: list[Path], order: int) -> None:
    fit = fit_markov(data, order=order)
    assert fit.effects == pytest.approx(by_a_dense_matrix(data, order, repeats=True), rel=0, abs=1e-9)
    assert fit.credits == pytest.approx(
        {channel: 74802.971587211 * effect / sum(fit.effects.values()) for channel, effect in fit.effects.items()},
        rel=0,
        abs=1e-6,
    )
    assert (fit.order, fit.journeys, fit.won) == (order, 88_387, 19_785)


def test_the_order_of_a_chain_tells_journeys_apart_that_a_shorter_one_confuses() -> None:
    # After b, a journey is won if and only if it came by a: a chain of order 1 cannot know.
    paths = [Path(("a", "b"), 10, 100, 0), Path(("c", "b"), 0, 0, 10)]
    assert fit_markov(paths, order=1).effects == pytest.approx({"a": 0.5, "b": 1, "c": 0.5})
    assert fit_markov(paths, order=2).effects == pytest.approx({"a": 1, "b": 1, "c": 0})


# Heuristics


def journey_by_journey(model: AttributionModel, paths: Sequence[Path]) -> dict[str, float]:
    credited = dict.fromkeys(sorted({channel for path in paths for channel in path.channels}), 0.0)
    for path in paths:
        touches = [Touchpoint(channel, NEVER) for channel in path.channels]
        for touch, share in zip(touches, shares(model, touches, half_life=WEEK, closed_at=NEVER), strict=True):
            credited[touch.channel] += share * path.value
    return credited


@pytest.mark.parametrize("model", HEURISTICS)
def test_heuristics_over_real_journeys_are_those_of_each_journey(data: list[Path], model: AttributionModel) -> None:
    assert totals(model, data) == pytest.approx(journey_by_journey(model, data), rel=0, abs=1e-6)


def test_heuristics_over_real_journeys_are_what_a_plain_count_says(data: list[Path]) -> None:
    first, last, u_shaped = Sums(float), Sums(float), Sums(float)
    for path in data:
        first[path.channels[0]] += path.value
        last[path.channels[-1]] += path.value
        between = path.channels[1:-1]
        for channel in (path.channels[0], path.channels[-1]):
            u_shaped[channel] += path.value * (0.4 if between else 0.5)
        for channel in between:
            u_shaped[channel] += path.value * 0.2 / len(between)
    assert totals(AttributionModel.FIRST, data) == pytest.approx(first, rel=0, abs=1e-6)
    assert totals(AttributionModel.LAST, data) == pytest.approx(last, rel=0, abs=1e-6)
    assert totals(AttributionModel.U_SHAPED, data) == pytest.approx(u_shaped, rel=0, abs=1e-6)


def test_a_heuristic_that_needs_times_is_refused() -> None:
    with pytest.raises(ValueError, match="Time decay asks for more than the order"):
        totals(AttributionModel.TIME_DECAY, [Path(("a",), 1, 10, 0)])


# Shapley


def over_all_coalitions(channels: Sequence[str], worth: Callable[[Coalition], float]) -> dict[str, float]:
    """The definition, word by word: what a channel adds to each coalition of others, by how many orders make that coalition."""
    players, values = len(channels), dict.fromkeys(channels, 0.0)
    for size in range(players):
        orders = factorial(size) * factorial(players - size - 1) / factorial(players)
        for others in combinations(channels, size):
            without = worth(frozenset(others))
            for channel in channels:
                if channel not in others:
                    values[channel] += orders * (worth(frozenset((*others, channel))) - without)
    return values


def over_all_orders(channels: Sequence[str], worth: Callable[[Coalition], float]) -> dict[str, float]:
    """What a channel adds when it comes, as the mean over all orders of coming."""
    values = dict.fromkeys(channels, 0.0)
    for order in permutations(channels):
        for place, channel in enumerate(order):
            gained = worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
            values[channel] += gained / factorial(len(channels))
    return values


Way = Callable[[Sequence[str], Callable[[Coalition], float]], dict[str, float]]


def by_value(paths: Sequence[Path], way: Way) -> dict[str, float]:
    made = defaultdict[Coalition, float](float)
    for path in paths:
        made[frozenset(path.channels)] += path.value
    known: dict[Coalition, float] = {}

    def worth(coalition: Coalition) -> float:
        if coalition not in known:
            known[coalition] = sum(value for one, value in made.items() if one <= coalition)
        return known[coalition]

    return way(sorted(set().union(*made)), worth)


def by_rate(paths: Sequence[Path], way: Way) -> dict[str, float]:
    value, won, of = defaultdict[Coalition, float](float), Counter[Coalition](), Counter[Coalition]()
    for path in paths:
        one = frozenset(path.channels)
        value[one] += path.value
        won[one] += path.won
        of[one] += path.won + path.lost
    credited = dict.fromkeys(sorted({channel for path in paths for channel in path.channels}), 0.0)
    for coalition in value:
        if won[coalition]:
            game = way(sorted(coalition), lambda one: won[one] / of[one] if of[one] else 0.0)
            whole = sum(game.values())
            for channel, added in game.items():
                credited[channel] += value[coalition] * added / whole
    return credited


# Seconds: 4,096 coalitions, and each of them asks every set of channels whether it is within.
def test_shapley_by_value_on_real_journeys_is_the_definition_over_all_coalitions(data: list[Path]) -> None:
    assert fit_shapley(data).credits == pytest.approx(by_value(data, over_all_coalitions), rel=0, abs=1e-6)


def test_shapley_by_rate_on_real_journeys_is_the_definition_over_all_coalitions(data: list[Path]) -> None:
    credited = fit_shapley(data, worth=Worth.RATE).credits
    assert credited == pytest.approx(by_rate(data, over_all_coalitions), rel=0, abs=1e-6)
    assert sum(credited.values()) == pytest.approx(sum(path.value for path in data), rel=0, abs=1e-6)


def test_a_lost_journey_changes_shapley_by_rate_and_not_by_value() -> None:
    paths = [Path(("ads",), 1, 10, 0), Path(("ads", "mail"), 2, 100, 0)]
    more = [*paths, Path(("ads",), 0, 0, 9)]
    assert fit_shapley(paths).credits == fit_shapley(more).credits == {"ads": 60, "mail": 50}
    assert fit_shapley(paths, worth=Worth.RATE).credits == pytest.approx({"ads": 110, "mail": 0})
    assert fit_shapley(more, worth=Worth.RATE).credits == pytest.approx({"ads": 65, "mail": 45})


def test_a_channel_that_makes_winning_rarer_is_credited_below_nothing_and_has_no_effect() -> None:
    paths = [Path(("ads",), 9, 0, 1), Path(("ads", "mail"), 1, 100, 9)]
    fit = fit_shapley(paths, worth=Worth.RATE)
    assert fit.credits == pytest.approx({"ads": 500, "mail": -400})
    assert fit.effects == {"ads": 1, "mail": 0}


# What holds for all of them

SMALL = st.lists(
    st.builds(
        Path,
        channels=st.lists(st.sampled_from("abcd"), max_size=6).map(tuple),
        won=st.integers(0, 5),
        value=st.floats(0, 1e6),
        lost=st.integers(0, 20),
    ),
    max_size=12,
)


@HEAVY_LAW
@given(paths=SMALL)
def test_the_credits_of_every_fit_and_of_every_heuristic_sum_to_the_value(paths: list[Path]) -> None:
    taken = [path for path in paths if path.channels and path.won + path.lost]
    value = sum(path.value for path in taken)
    fits = [fit_markov(paths, order=order) for order in (1, 2, 3)] + [fit_shapley(paths, worth=one) for one in Worth]
    for fit in fits:
        assert all(effect >= 0 for effect in fit.effects.values())
        assert all(effect <= 1 + 1e-9 for effect in fit.effects.values())
        assert fit.journeys == sum(path.won + path.lost for path in taken)
    for credited in [fit.credits for fit in fits] + [totals(model, paths) for model in HEURISTICS]:
        assert sum(credited.values()) == pytest.approx(value, rel=1e-9, abs=1e-6)
        assert set(credited) == {channel for path in taken for channel in path.channels}


@HEAVY_LAW
@given(paths=SMALL, order=st.integers(1, 3), repeats=st.booleans())
def test_markov_is_what_a_dense_matrix_says(paths: list[Path], order: int, repeats: bool) -> None:
    taken = [path for path in paths if path.channels and path.won + path.lost]
    fit = fit_markov(paths, order=order, repeats=repeats)
    plain = by_a_dense_matrix(taken, order, repeats=repeats) if taken else {}
    assert fit.effects == pytest.approx(plain, rel=0, abs=1e-9)


@HEAVY_LAW
@given(paths=SMALL)
def test_a_repeated_channel_changes_nothing_in_a_chain_that_remembers_one_touch(paths: list[Path]) -> None:
    assert fit_markov(paths).effects == pytest.approx(fit_markov(paths, repeats=False).effects, rel=0, abs=1e-9)


@HEAVY_LAW
@given(paths=SMALL)
def test_shapley_is_the_mean_over_all_orders_of_coming(paths: list[Path]) -> None:
    taken = [path for path in paths if path.channels and path.won]
    if taken:
        assert fit_shapley(taken).credits == pytest.approx(by_value(taken, over_all_orders), rel=1e-9, abs=1e-5)
        rate = fit_shapley(taken, worth=Worth.RATE).credits
        assert rate == pytest.approx(by_rate(taken, over_all_orders), rel=1e-9, abs=1e-4)


@pytest.mark.parametrize("fit", [fit_markov, fit_shapley])
def test_without_journeys_that_have_touches_there_is_nothing_to_learn(fit: Callable[[Sequence[Path]], Fit]) -> None:
    empty = fit([Path((), 3, 100, 4), Path(("a",), 0, 0, 0)])
    assert (dict(empty.effects), dict(empty.credits), empty.journeys, empty.won) == ({}, {}, 0, 0)


# Dated touches


def test_time_decay_and_positions_over_80_444_dated_touches_agree_with_a_second_reckoning(shared_folder: File) -> None:
    leads = defaultdict[str, list[dict[str, str]]](list)
    with (shared_folder / "data/journeys/journeys.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            leads[row["lead_id"]].append(row)
    assert sum(map(len, leads.values())) == 80_444
    ours, plain = defaultdict[tuple[str, str], float](float), defaultdict[tuple[str, str], float](float)
    value = 0.0
    for rows in leads.values():
        rows.sort(key=lambda row: row["touch_at"])
        closed = rows[0]["conversion_at"] or rows[-1]["touch_at"]
        before = list(takewhile(lambda row: row["touch_at"] <= closed, rows))  # noqa: B023 - used up at once
        worth = float(rows[0]["value"] or 1)
        if before:
            value += worth
            credit(ours, before, closed, worth)
            reckon(plain, before, closed, worth)
    assert ours == pytest.approx(plain, rel=1e-12, abs=1e-6)
    for model in ("decay", "u"):
        assert sum(one for (of, _), one in ours.items() if of == model) == pytest.approx(value, rel=1e-12)


def credit(sums: dict[tuple[str, str], float], rows: Sequence[dict[str, str]], closed: str, worth: float) -> None:
    touches = [Touchpoint(row["touch_channel"], datetime.fromisoformat(row["touch_at"])) for row in rows]
    closed_at = datetime.fromisoformat(closed)
    for name, model in (("decay", AttributionModel.TIME_DECAY), ("u", AttributionModel.U_SHAPED)):
        for touch, share in zip(touches, shares(model, touches, half_life=WEEK, closed_at=closed_at), strict=True):
            sums[name, touch.channel] += share * worth


def reckon(sums: dict[tuple[str, str], float], rows: Sequence[dict[str, str]], closed: str, worth: float) -> None:
    days = np.array([np.datetime64(closed) - np.datetime64(row["touch_at"]) for row in rows]).astype(float)
    decayed = np.exp(-np.log(2) * days / 7)
    places = np.full(len(rows), 0.2 / max(len(rows) - 2, 1))
    places[[0, -1]] = 0.4
    if len(rows) < 3:
        places[:] = 1 / len(rows)
    for row, decay, place in zip(rows, decayed / decayed.sum(), places, strict=True):
        sums["decay", row["touch_channel"]] += worth * float(decay)
        sums["u", row["touch_channel"]] += worth * float(place)
