"""What a backtest says, worked out from the sums: the same figures for the terminal and for the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.backtest.history import Outcome, Window
from domain.backtest.intervals import Share
from domain.backtest.replay import Handed
from domain.backtest.sharing import Load, Sellers, Shares, loads, share_out, working_days
from domain.backtest.tally import Group, Mover, Tally
from domain.rules.tiers import Tier

NOTHING = Load(0.0, 0, 0, None)
STEPS = (Outcome.ACCEPTED, Outcome.CONTACTED, Outcome.QUALIFIED, Outcome.CONVERTED, Outcome.WON)
"""Of those on whom sales decided, how many came so far."""


class Pair(NamedTuple):
    """A number under the old model and under the new one."""

    label: str
    old: int
    new: int


class PoolLine(NamedTuple):
    label: str
    handed: Pair
    old_load: Load
    new_load: Load


class GroupLine(NamedTuple):
    """What really became of a group. `unknown` were never handed over, so nobody knows what sales would have made of them."""

    group: Group
    leads: int
    unknown: int
    running: int
    reached: Sequence[tuple[Outcome, Share]]


@dataclass(frozen=True)
class Report:
    old_name: str
    new_name: str
    window: Window
    work_days: int
    leads: int
    scorings: int  # of each model
    guessed: int
    with_sales: int
    total: Pair
    tiers: Sequence[Pair]
    earlier: Pair
    no_pool: Pair
    waiting: Pair
    everybody: PoolLine
    pools: Sequence[PoolLine]
    reps: Sequence[Pair]
    matrix: Sequence[tuple[Tier, Sequence[int]]]  # of the old tier: how many leads stand in each new one
    moved: int
    at_once: Sequence[tuple[Tier, int]]
    groups: Sequence[GroupLine]
    up: Sequence[Mover]
    down: Sequence[Mover]


def make_report(tally: Tally, sellers: Sellers, window: Window, old_name: str, new_name: str) -> Report:
    """Shares out what both models hand over, and counts."""
    old, new = tally.old.handed, tally.new.handed
    old_shares, new_shares = share_out(old, sellers), share_out(new, sellers)
    everybody, *pools = _pool_lines(old, new, sellers, window)
    return Report(
        old_name=old_name,
        new_name=new_name,
        window=window,
        work_days=len(working_days(window)),
        leads=tally.leads,
        scorings=tally.scorings,
        guessed=tally.guessed,
        with_sales=tally.with_sales,
        total=Pair("All", len(old), len(new)),
        tiers=[Pair(tier.label(), _of_tier(old, tier), _of_tier(new, tier)) for tier in (Tier.MQL, Tier.HQL)],
        earlier=Pair("earlier", tally.old.earlier, tally.new.earlier),
        no_pool=Pair("no territory", old_shares.nowhere, new_shares.nowhere),
        waiting=Pair("nobody there", old_shares.waiting, new_shares.waiting),
        everybody=everybody,
        pools=pools,
        reps=_rep_lines(old_shares, new_shares, sellers),
        matrix=[(was, [tally.tiers[was, now] for now in Tier]) for was in Tier],
        moved=sum(count for (was, now), count in tally.tiers.items() if was is not now),
        at_once=[(tier, tally.at_once[tier]) for tier in (Tier.MQL, Tier.HQL) if tally.at_once[tier]],
        groups=[_group_line(tally, group) for group in Group],
        up=tally.up,
        down=tally.down,
    )


def _of_tier(handed: Iterable[Handed], tier: Tier) -> int:
    return sum(one.tier is tier for one in handed)


def _pool_lines(old: Sequence[Handed], new: Sequence[Handed], sellers: Sellers, window: Window) -> list[PoolLine]:
    """All of sales first, then each pool that has members or gets leads."""
    old_loads, new_loads = loads(old, window), loads(new, window)
    lines = []
    for pool_id, label in ((None, "All"), *sellers.pools.items()):
        mine = [sum(pool_id in (None, one.pool_id) for one in handed) for handed in (old, new)]
        if pool_id is None or any(mine) or sellers.members.get(pool_id):
            pair = Pair(label, *mine)
            lines.append(PoolLine(label, pair, old_loads.get(pool_id, NOTHING), new_loads.get(pool_id, NOTHING)))
    return lines


def _rep_lines(old: Shares, new: Shares, sellers: Sellers) -> list[Pair]:
    lines = [Pair(name, old.reps[rep_id], new.reps[rep_id]) for rep_id, name in sellers.reps.items()]
    return sorted(lines, key=lambda line: line.label.casefold())


def _group_line(tally: Tally, group: Group) -> GroupLine:
    decided = tally.outcomes[group, Outcome.DECIDED]
    return GroupLine(
        group,
        leads=tally.groups[group],
        unknown=tally.groups[group] - tally.outcomes[group, Outcome.HANDED],
        running=tally.outcomes[group, Outcome.RUNNING],
        reached=[(step, Share(tally.outcomes[group, step], decided)) for step in STEPS],
    )
