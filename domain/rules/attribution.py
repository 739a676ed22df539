"""How the value of a deal is shared among the touches that led to it. Every model's shares sum to one."""

from enum import StrEnum


class AttributionModel(StrEnum):
    """A way to share. The last two are learnt from the journeys of many leads, those that led to nothing included."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    U_SHAPED = "u_shaped"
    W_SHAPED = "w_shaped"
    FULL_PATH = "full_path"
    TIME_DECAY = "time_decay"
    MARKOV = "markov"
    SHAPLEY = "shapley"

    @property
    def words(self) -> str:
        return {
            "first": "First touch",
            "last": "Last touch",
            "linear": "Linear",
            "u_shaped": "U-shaped",
            "w_shaped": "W-shaped",
            "full_path": "Full path",
            "time_decay": "Time decay",
            "markov": "Markov",
            "shapley": "Shapley",
        }[self]


LEARNT = frozenset({AttributionModel.MARKOV, AttributionModel.SHAPLEY})
"""These ask for a fit to many journeys."""
