"""How well a learnt model foresees, in words: what learning measured on leads that it had not seen. docs/learning.md defines it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.blocks import escape, moment

OTHERS = 0.25
"""A population stability index from which on the leads of late are others than those before."""
SHOWN = 3
DAY = "{date_short_pretty}"
_ONES = {"sql": "SQLs", "won": "wins"}


def sureness(found: Mapping[str, Any] | None) -> Iterator[str]:
    """In one line, for the message."""
    if found:
        judged = found["judged"]
        ours, theirs = judged["draft"]["ece"], judged["in_force"]["ece"]
        yield (
            f"On {judged['outcomes']:,} leads that it had not seen, its chances are off by {100 * ours:.1f} percentage points "
            f"on average, today's by {100 * theirs:.1f}"
        )


def learning_lines(found: Mapping[str, Any] | None) -> Iterator[str]:
    """All of it, for the window."""
    if not found:
        return
    since, until = (moment(datetime.fromisoformat(found[name]), DAY) for name in ("since", "until"))
    good = _ONES[found["goal"]]
    yield f"Learnt from {found['outcomes']:,} leads, {since} to {until}: {found['successes']:,} {good}"
    yield from sureness(found)
    judged = found["judged"]
    ours, theirs = judged["draft"], judged["in_force"]
    if ours["auc"] is not None and theirs["auc"] is not None:
        yield (
            f"Of one that became one and one that did not, it puts the right one first {ours['auc']:.0%} of the time, "
            f"today's {theirs['auc']:.0%}"
        )
    better = judged["better"]
    by = f"better by {better['low']:.3f} to {better['high']:.3f}"
    yield f"Log loss {ours['log_loss']:.3f} instead of {theirs['log_loss']:.3f}: {by}"
    yield from _drift(found["drift"])


def _drift(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Of the {found['leads']:,} newest {found['observed']:.0%} became one; {found['expected']:.0%} were foreseen"
    changed = ", ".join(escape(name, 60) for name in list(found["features"])[:SHOWN])
    if changed:
        yield f"More or less often than before: {changed}"


def learning_risks(found: Mapping[str, Any] | None) -> Iterator[str]:
    if found and found["drift"]["score"] >= OTHERS:
        yield "The leads of late are others than those that it was learnt from."


def capacity_lines(weighed: Mapping[str, Any] | None) -> Iterator[str]:
    """What was reckoned with when thresholds were weighed."""
    if not weighed:
        return
    today, best = weighed["today"], weighed["best"]
    for name, key, most in (("MQLs", "mqls", weighed["capacity"][0]), ("HQLs", "hqls", weighed["capacity"][1])):
        takes = f"; sales can take {most:g}" if most is not None else ""
        yield f"{name} a working day: {best[key]:.1f} instead of {today[key]:.1f}{takes}"
    yield f"Reckoned from {weighed['outcomes']:,} leads, {weighed['successes']:,} of them SQLs"
