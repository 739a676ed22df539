"""How well a learnt model foresees, in words: what learning measured on leads that it had not seen. docs/learning.md defines it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.blocks import escape, moment
from domain.rules.learning import Goal

OTHERS = 0.25
"""A population stability index from which on the leads of late are others than those before."""
NOTICEABLE = 0.02
SHOWN = 3
DAY = "{date_short_pretty}"


def sureness(found: Mapping[str, Any] | None) -> Iterator[str]:
    """In one line, for the message. What foresees no better, beyond chance, is never proposed."""
    if not found:
        return
    judged = found["judged"]
    seen = f"On {judged['outcomes']:,} leads that it had not seen, it foresees better than today's, by more than chance"
    ours, theirs = judged["draft"]["auc"], judged["in_force"]["auc"]
    pairs = f": of a good and a bad lead it puts the good one first {ours:.0%} of the time, today's {theirs:.0%}"
    yield seen if ours is None or theirs is None else seen + pairs


def learning_lines(found: Mapping[str, Any] | None) -> Iterator[str]:
    """All of it, for the window."""
    if not found:
        return
    since, until = (moment(datetime.fromisoformat(found[name]), DAY) for name in ("since", "until"))
    good = Goal(found["goal"]).words
    yield f"Learnt from {found['outcomes']:,} leads, {since} to {until}: {found['successes']:,} {good}"
    yield from sureness(found)
    judged = found["judged"]
    ours, theirs, better = judged["draft"], judged["in_force"], judged["better"]
    by = f"better by {better['low']:.3f} to {better['high']:.3f}"
    yield f"Log loss {ours['log_loss']:.3f} instead of {theirs['log_loss']:.3f}: {by}"
    yield f"Chances off by {_points(ours)} on average, today's by {_points(theirs)}"
    yield from _drift(found["drift"])


def chance_lines(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Of chances that were measured for points that stay."""
    found = evidence.get("chances") or evidence.get("learning")
    if not found:
        return
    said = f"Measured on {found['outcomes']:,} leads, of whom {found['successes']:,} became {Goal(found['goal']).words}"
    yield f"{said}; on later ones the chances were off by {_points(found['judged']['draft'])} on average"


def _points(measured: Mapping[str, Any]) -> str:
    return f"{100 * measured['ece']:.0f} percentage points"


def _drift(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Of the {found['leads']:,} newest {found['observed']:.0%} became one; {found['expected']:.0%} were foreseen"
    changed = ", ".join(escape(name, 60) for name in list(found["features"])[:SHOWN])
    if changed:
        yield f"More or less often than before: {changed}"


def learning_risks(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        return
    if found["drift"]["score"] >= OTHERS:
        yield "The leads of late are others than those that it was learnt from."
    ours, theirs = found["judged"]["draft"], found["judged"]["in_force"]
    if ours["ece"] > theirs["ece"] + NOTICEABLE:
        yield f"It orders leads better, but its chances are off by {_points(ours)} on average (today's by {_points(theirs)})."


def capacity_lines(weighed: Mapping[str, Any] | None) -> Iterator[str]:
    """What was reckoned with when thresholds were weighed."""
    if not weighed:
        return
    today, best = weighed["today"], weighed["best"]
    for name, key, most in (("MQLs", "mqls", weighed["capacity"][0]), ("HQLs", "hqls", weighed["capacity"][1])):
        takes = f"; sales can take {most:g}" if most is not None else ""
        yield f"{name} a working day: {best[key]:.1f} instead of {today[key]:.1f}{takes}"
    yield f"Reckoned from {weighed['outcomes']:,} leads, {weighed['successes']:,} of them SQLs"
