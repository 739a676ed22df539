"""Learning a new draft from outcomes: the front of `domain.science`, which is loaded when a job asks, and never by a web process.

answer = learn(model, toml, examples(session, outcomes(session, now), Goal.SQL), now=now, name="learnt",
               population=population(session))
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from domain.rules.facts import LeadFacts
from domain.rules.learning import ENOUGH, Example, Goal, Learnt, NotYet, too_few
from domain.rules.scoring import Model, ModelError
from kit import heavy


def learn(
    base: Model,
    base_toml: str,
    examples: Sequence[Example],
    *,
    now: datetime,
    name: str,
    goal: Goal = Goal.SQL,
    population: Sequence[LeadFacts] = (),
    enough: int = ENOUGH,
) -> Learnt | NotYet:
    """A draft of the same shape as `base`, or why there is none. The same examples give the same draft.

    `population`: all kinds of leads, as they are known at `now`; the draft's thresholds make as many MQL and HQL of them as
    the base's do. Without it those of the examples stand for all. `enough`: cases of the rarer outcome; fewer than usual
    are for measuring what they would do.
    """
    few = too_few((example.outcome for example in examples), goal, enough)
    if few is not None:
        return few
    teaching = heavy.load("domain.science.teaching")
    ordered = _ordered(examples)
    try:
        answer = teaching.teach(
            base,
            base_toml,
            ordered,
            name=name,
            goal=goal,
            population=[(facts, now) for facts in population],
            monotone=base.monotone,
            enough=enough,
        )
    except ModelError as error:
        # What leads said stands in the draft's rules, and not all that may be said may stand in a model's file.
        return NotYet("failed", f"The draft could not be read back: {error}.", {"goal": goal.value})
    return cast("Learnt | NotYet", answer)


def measure_again(
    base: Model,
    base_toml: str,
    examples: Sequence[Example],
    *,
    name: str,
    goal: Goal = Goal.SQL,
    enough: int = ENOUGH,
) -> Learnt | NotYet:
    """A draft with the points of `base`, whose chances and expectations are measured anew."""
    few = too_few((example.outcome for example in examples), goal, enough)
    if few is not None:
        return few
    teaching = heavy.load("domain.science.teaching")
    answer = teaching.measure_again(base, base_toml, _ordered(examples), name=name, goal=goal, enough=enough)
    return cast("Learnt | NotYet", answer)


def _ordered(examples: Sequence[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: example.at)


__all__ = ["Example", "Goal", "Learnt", "NotYet", "learn", "measure_again"]
