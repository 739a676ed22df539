"""Who is measured by benchmarks/attribution.py: ours, and two libraries if they are installed. All begin with the same rows of text."""

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from domain.attributing import fit_markov, fit_shapley, totals
from domain.rules.attribution import AttributionModel, Path, Worth

SEPARATOR = " > "
CHANNELS = (
    "search",
    "ads",
    "social",
    "webinar",
    "event",
    "email",
    "content",
    "partner",
    "podcast",
    "direct",
    "outbound",
)


class Row(NamedTuple):
    """One distinct order of channels, as a file has it."""

    path: str
    won: int
    value: float
    lost: int


class Result(NamedTuple):
    credits: Mapping[str, float]
    effects: Mapping[str, float] | None = None
    """The removal effects, where the model has them."""


Ask = Callable[[], Result]

OURS, MAM, CHANNEL_ATTRIBUTION = "ours", "marketing-attribution-models", "channelattribution"
MODULES = {MAM: "mam", CHANNEL_ATTRIBUTION: "ChannelAttribution"}


def installed() -> list[str]:
    """Those that can be asked, ours first."""
    return [OURS, *(name for name, module in MODULES.items() if find_spec(module))]


def invent(touches: int, seed: int) -> list[Row]:
    """Journeys, one a row, of so many touches in all: the same for the same seed."""
    dice, rows, made = random.Random(seed), [], 0
    weights = [1 / (place + 1) for place in range(len(CHANNELS))]
    while made < touches:
        length = min(1 + int(dice.expovariate(1 / 5)), touches - made)
        channels = dice.choices(CHANNELS, weights, k=length)
        won = dice.random() < 0.05 + 0.02 * len(set(channels))
        rows.append(Row(SEPARATOR.join(channels), int(won), round(dice.lognormvariate(9, 1), 2) * won, int(not won)))
        made += length
    return rows


def asks(who: str, rows: Sequence[Row]) -> dict[str, Ask]:
    """What can be asked of somebody, by the names of the models."""
    return {OURS: _ours, MAM: _mam, CHANNEL_ATTRIBUTION: _channel_attribution}[who](rows)


def _ours(rows: Sequence[Row]) -> dict[str, Ask]:
    def paths() -> list[Path]:
        return [Path(tuple(path.split(SEPARATOR)), won, value, lost) for path, won, value, lost in rows]

    def heuristic(model: AttributionModel) -> Result:
        return Result(totals(model, paths()))

    def markov(order: int) -> Result:
        fit = fit_markov(paths(), order=order)
        return Result(fit.credits, fit.effects)

    models = (AttributionModel.FIRST, AttributionModel.LAST, AttributionModel.LINEAR, AttributionModel.U_SHAPED)
    return {
        **{model.value: partial(heuristic, model) for model in models},
        **{f"markov_{order}": partial(markov, order) for order in (1, 2, 3)},
        "shapley_rate": lambda: Result(fit_shapley(paths(), worth=Worth.RATE).credits),
        "shapley_value": lambda: Result(fit_shapley(paths()).credits),
    }


def _mam(rows: Sequence[Row]) -> dict[str, Ask]:
    core, polars = import_module("mam.core"), import_module("polars")
    frame = polars.DataFrame(list(_won_and_lost(rows)), schema=["path", "won", "journeys", "value"], orient="row")

    def ready() -> Any:
        # Its own way of reading is part of its time, as ours is of ours.
        return core.MAM(
            frame,
            format_type="grouped_journey",
            channels_colname="path",
            journey_with_conv_colname="won",
            occurrences_colname="journeys",
            conversion_value_colname="value",
        )

    def plain(run: str, **settings: Any) -> Result:
        table = getattr(ready(), run)(**settings).to_polars()
        return Result(dict(zip(*(column.to_list() for column in table.get_columns()), strict=True)))

    def markov() -> Result:
        effects = ready().run_markov().metadata["removal_effect"]["removal_effect"].to_dict()
        value, whole = sum(row.value for row in rows), sum(effects.values())
        return Result({channel: value * effect / whole for channel, effect in effects.items()}, effects)

    heuristics = {"first": "run_first_click", "last": "run_last_click", "linear": "run_linear"}
    return {
        **{name: partial(plain, run) for name, run in heuristics.items()},
        "u_shaped": partial(plain, "run_position_based"),
        "markov_1": markov,
        "shapley_rate": partial(plain, "run_shapley", max_size=None),
    }


def _won_and_lost(rows: Sequence[Row]) -> Iterator[tuple[str, bool, int, float]]:
    """It wants a row for those that were won and one for those that were not."""
    for row in rows:
        if row.won:
            yield row.path, True, row.won, row.value
        if row.lost:
            yield row.path, False, row.lost, 0.0


def _channel_attribution(rows: Sequence[Row]) -> dict[str, Ask]:
    frame = import_module("pandas").DataFrame(rows)
    with redirect_stdout(sys.stderr):  # it greets
        library = import_module("ChannelAttribution")

    def heuristic(column: str) -> Result:
        with redirect_stdout(sys.stderr):
            # It always does all three, so that each of them takes as long.
            table = library.heuristic_models(frame, "path", "won", "value", flg_pro=False)
        return Result(dict(zip(table["channel_name"], table[column], strict=True)))

    def markov(order: int) -> Result:
        with redirect_stdout(sys.stderr):
            said = library.markov_model(
                frame, "path", "won", "value", "lost", order=order, out_more=True, flg_pro=False, verbose=False
            )
        credited, removed = said["result"], said["removal_effects"]
        return Result(
            dict(zip(credited["channel_name"], credited["total_conversion_value"], strict=True)),
            dict(zip(removed["channel_name"], removed["removal_effects_conversion"], strict=True)),
        )

    return {
        **{name: partial(heuristic, f"{name}_touch_value") for name in ("first", "last", "linear")},
        **{f"markov_{order}": partial(markov, order) for order in (1, 2, 3)},
    }
