"""Where MQL and HQL should begin: what a pair of thresholds brings, given how many leads a day sales can take.

The chance of an SQL at a score is a logistic curve through the matured outcomes; its uncertainty is that of the curve's two
numbers (a normal around their best values, drawn with a fixed seed). Leads come one after another: of more than sales can
take, any part is taken, not the best one.
"""

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from domain.rules.tiers import Thresholds

ENOUGH = 60
"""Matured outcomes; with fewer the curve says hardly more than its mean."""
ENOUGH_OF_EACH = 10
"""Of SQLs, and of leads that became none."""
DOWN, UP = 5, 10
"""Points by which one proposal may move a threshold. Below today's MQL nobody has seen what sales makes of leads: a small step."""
WORTH = 0.05
"""So much more than today, at least, is worth a change."""
NEARLY = 0.95
"""The smallest step that brings this part of what the best one brings is proposed."""
DRAWS = 200
WORK_DAYS = 5
"""Of a week, in which people think of volumes."""
BEST = 100

Share = Sequence[float]
"""By score, 0 to 100."""


class Capacity(NamedTuple):
    """Leads that can be taken on a working day; None: nobody knows."""

    sdr: float | None
    ae: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """What a pair of thresholds brings on a working day. `gain` is against today's pair, with its 90 % interval."""

    mql: int
    hql: int
    mqls: float
    hqls: float
    sqls: float
    gain: float = 0.0
    low: float = 0.0
    high: float = 0.0
    extrapolated: bool = False
    """It counts leads below today's MQL, whom sales never saw."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`verdict`: proposed, not_enough or no_better, as that of learning is. `lines`: each pair that was weighed."""

    verdict: str
    said: str
    today: Line | None = None
    best: Line | None = None
    lines: Sequence[Line] = ()


def advise(
    matured: Sequence[tuple[int, bool]],
    a_day: Mapping[int, float],
    capacity: Capacity,
    thresholds: Thresholds,
    hysteresis: int = 0,
) -> Advice:
    """`matured`: score, and whether it became an SQL. `a_day`: by the best score that a lead has reached, how many come on a
    working day.
    """
    hits = sum(sql for _, sql in matured)
    if len(matured) < ENOUGH or min(hits, len(matured) - hits) < ENOUGH_OF_EACH:
        return Advice("not_enough", _too_few(len(matured), hits))
    if capacity.sdr is None and capacity.ae is None:
        return Advice("not_enough", "Not enough data yet: nobody knows how many leads a day sales can take.")
    lines = list(_weighed(matured, a_day, capacity, thresholds, hysteresis))
    today = next(line for line in lines if (line.mql, line.hql) == (thresholds.mql, thresholds.hql))
    best = _best(lines, today)
    if best is None:
        return Advice("no_better", _no_better(today), today, None, lines)
    return Advice("proposed", proposed_words(today, best), today, best, lines)


def _best(lines: Sequence[Line], today: Line) -> Line | None:
    """The smallest step that brings nearly the most; None if that might as well be chance, or hardly anything."""
    most = max(line.gain for line in lines)
    near = [line for line in lines if line.gain >= NEARLY * most and line is not today]
    best = min(near, key=lambda line: (abs(line.mql - today.mql) + abs(line.hql - today.hql), -line.gain), default=None)
    worth = best is not None and best.low > 0 and best.gain >= WORTH * today.sqls
    return best if worth else None


def _weighed(
    matured: Iterable[tuple[int, bool]],
    a_day: Mapping[int, float],
    capacity: Capacity,
    now: Thresholds,
    hysteresis: int,
) -> Iterator[Line]:
    leads = _from(a_day.get(score, 0.0) for score in range(BEST + 1))
    sqls = [
        _from(a_day.get(score, 0.0) * share for score, share in enumerate(curve)) for curve in curves(matured, DRAWS)
    ]
    base = [_brought(now.mql, now.hql, leads, one, capacity) for one in sqls]
    for mql, hql in _pairs(now, capacity, hysteresis):
        brought = [_brought(mql, hql, leads, one, capacity) for one in sqls]
        gains = sorted(one - was for one, was in zip(brought, base, strict=True))
        gain = sum(gains) / len(gains)
        yield Line(
            mql=mql,
            hql=hql,
            mqls=leads[mql] - leads[hql],
            hqls=leads[hql],
            sqls=sum(brought) / len(brought),
            gain=gain,
            # A few draws far from the others can pull their mean out of the interval, which would deny its own number then.
            low=min(gains[round(0.05 * (len(gains) - 1))], gain),
            high=max(gains[round(0.95 * (len(gains) - 1))], gain),
            extrapolated=mql < now.mql,
        )


def _pairs(now: Thresholds, capacity: Capacity, hysteresis: int) -> Iterator[tuple[int, int]]:
    """Those within a step of today's, each tier wider than a lead may be held below it. Who can take how many decides which
    of the two is looked at.
    """
    wide = hysteresis + 1
    mqls = range(now.mql - DOWN, now.mql + UP + 1) if capacity.sdr is not None else (now.mql,)
    hqls = range(now.hql - UP, now.hql + UP + 1) if capacity.ae is not None else (now.hql,)
    for mql in mqls:
        for hql in hqls:
            sound = now.mel + wide <= mql and mql + wide <= hql <= BEST
            if sound or (mql, hql) == (now.mql, now.hql):
                yield mql, hql


def _brought(mql: int, hql: int, leads: Share, sqls: Share, capacity: Capacity) -> float:
    to_sdrs, to_aes = leads[mql] - leads[hql], leads[hql]
    return _taken(to_sdrs, capacity.sdr) * (sqls[mql] - sqls[hql]) + _taken(to_aes, capacity.ae) * sqls[hql]


def _taken(leads: float, most: float | None) -> float:
    """Which part of so many leads sales can take."""
    return 1.0 if most is None or leads <= most else most / leads


def _from(by_score: Iterable[float]) -> list[float]:
    """How many there are from each score on; one more entry, of nothing, above the best score."""
    return [*reversed(list(accumulate(reversed(list(by_score))))), 0.0]


# ---- the chance of an SQL at a score ---------------------------------------------------------------------------------


def curves(matured: Iterable[tuple[int, bool]], draws: int, seed: int = 20) -> list[list[float]]:
    """So many curves that the outcomes would be like; each the chance by score, which never falls."""
    counts: dict[int, list[int]] = {}
    for score, sql in matured:
        one = counts.setdefault(score, [0, 0])
        one[0] += 1
        one[1] += sql
    a, b, (aa, ab, bb) = _fit(counts)
    dice = random.Random(seed)
    root = math.sqrt(bb)
    # Cholesky of a 2 by 2 covariance.
    other = ab / root
    rest = math.sqrt(max(aa - other * other, 0.0))
    found = []
    for _ in range(draws):
        x, y = dice.gauss(0, 1), dice.gauss(0, 1)
        slope, level = max(0.0, b + root * x), a + other * x + rest * y
        found.append([_logistic(level + slope * _scaled(score)) for score in range(BEST + 1)])
    return found


_LEVEL_PRIOR, _SLOPE_PRIOR = 1 / 5**2, 1 / 2**2
"""Precisions: weak, so that outcomes of one kind alone still have a curve."""


def _scaled(score: int) -> float:
    return (score - 70) / 10


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))


def _fit(counts: Mapping[int, Sequence[int]]) -> tuple[float, float, tuple[float, float, float]]:
    """The best level and slope by Newton's method, and their covariance (level, both, slope)."""
    a = b = 0.0
    aa = ab = bb = 0.0
    for _ in range(25):
        ga, gb = -_LEVEL_PRIOR * a, -_SLOPE_PRIOR * b
        aa, ab, bb = _LEVEL_PRIOR, 0.0, _SLOPE_PRIOR
        for score, (n, hits) in counts.items():
            x = _scaled(score)
            p = _logistic(a + b * x)
            ga += hits - n * p
            gb += (hits - n * p) * x
            weight = n * p * (1 - p)
            aa, ab, bb = aa + weight, ab + weight * x, bb + weight * x * x
        det = aa * bb - ab * ab
        step_a, step_b = (bb * ga - ab * gb) / det, (aa * gb - ab * ga) / det
        # A step too far flattens the curve's ends and never comes back.
        far = max(1.0, abs(step_a) / 3, abs(step_b) / 3)
        a, b = a + step_a / far, b + step_b / far
        if abs(step_a) + abs(step_b) < 1e-9:
            break
    det = aa * bb - ab * ab
    return a, b, (bb / det, -ab / det, aa / det)


# ---- in words --------------------------------------------------------------------------------------------------------


def _too_few(matured: int, hits: int) -> str:
    if matured < ENOUGH:
        return f"Not enough data yet: {matured} of about {ENOUGH} leads of which one knows whether they became an SQL."
    rarer, of = (hits, "SQLs") if hits < matured - hits else (matured - hits, "leads that became no SQL")
    return f"Not enough data yet: {rarer} of about {ENOUGH_OF_EACH} {of}."


def _no_better(today: Line) -> str:
    return (
        f"No other thresholds are worth a change: MQL from {today.mql} and HQL from {today.hql} bring about "
        f"{WORK_DAYS * today.sqls:.1f} SQLs a week, and nothing nearby brings more beyond chance."
    )


def proposed_words(today: Line, best: Line) -> str:
    steps = [
        f"{name} from {new} instead of {old}"
        for name, old, new in (("MQL", today.mql, best.mql), ("HQL", today.hql, best.hql))
        if old != new
    ]
    return (
        f"{' and '.join(steps)}: about {WORK_DAYS * best.sqls:.1f} SQLs a week instead of {WORK_DAYS * today.sqls:.1f} "
        f"(90% sure of {WORK_DAYS * best.low:+.1f} to {WORK_DAYS * best.high:+.1f})."
    )
