"""`/leadnext`: who of a pool is next, who is passed over and why, and how fair it has been."""

from collections.abc import Iterator, Sequence

from bot.blocks import Block, context, escape, header, plain, section
from domain.next_up import Desk, NextUp
from domain.rules.routing import SKIPPED
from domain.stats.fairness import Fair

Message = tuple[str, list[Block]]

SHOWN, NAME = 15, 40
POOLS, SHOWN_OF_EACH = 4, 4
"""Of several pools at once: a message has its limit."""
IN_TIME = 1.0
"""By how much of a lead the rotation may differ from the exact share at any moment: more than that is worth a look."""


def leadnext(pools: Sequence[NextUp]) -> Message:
    """The answer to `/leadnext`, with or without a pool."""
    shown = SHOWN if len(pools) == 1 else SHOWN_OF_EACH
    blocks = [block for pool in pools[:POOLS] for block in _pool(pool, shown)]
    if len(pools) > POOLS:
        blocks.append(context(f"and {len(pools) - POOLS} more pools: ask for one by its name, `/leadnext POOL`"))
    return "; ".join(_plain(pool) for pool in pools[:POOLS]), blocks


def in_no_pool(names: Sequence[str]) -> Message:
    """For who is in none and manages none."""
    text = "You are in no pool. Ask for one by its name: " + ", ".join(names[:POOLS])
    return plain(text, 300), [section(escape(text, 1_000))]


def fairness_table(pool: str, days: int, rows: Sequence[Fair]) -> Message:
    """The answer to `/leadnext POOL fairness`."""
    title = f"{plain(pool, 60)}: who was due what, last {days} days"
    if not rows:
        return title, [header(title), section("No leads were shared out in this time.")]
    blocks = [header(title), section("\n".join(_fair(row) for row in rows[:SHOWN]))]
    if len(rows) > SHOWN:
        blocks.append(context(f"and {len(rows) - SHOWN} more: `handoff fairness` shows all"))
    blocks.append(
        context(
            "Due is one's weight among those who could be asked, lead by lead. "
            "Owned leads and those that a person gave stand outside of it; turns that were given back count for nobody."
        )
    )
    return title, blocks


def _pool(pool: NextUp, shown: int) -> Iterator[Block]:
    yield header(f"Next in {plain(pool.pool, 100)}")
    lines = [f"{number}. {_desk(desk)}" for number, desk in enumerate(pool.turns[:shown], 1)]
    if not lines:
        lines = ["Nobody can be asked" + (f": it is *{escape(pool.overflow, NAME)}* now" if pool.overflow else "")]
    yield section("\n".join([*lines, *_rest(len(pool.turns), shown)]))
    if pool.skipped:
        passed = [f"{_desk(desk)}: {SKIPPED.get(desk.skipped or '', desk.skipped)}" for desk in pool.skipped[:shown]]
        yield section("*Passed over*\n" + "\n".join([*passed, *_rest(len(pool.skipped), shown)]))


def _rest(there: int, shown: int) -> list[str]:
    return [f"and {there - shown} more"] if there > shown else []


def _desk(desk: Desk) -> str:
    counts = [f"{desk.load.open}{_of(desk.most_open)} open", f"{desk.load.today}{_of(desk.most_a_day)} today"]
    if desk.weight != 1:
        counts.append(f"weight {desk.weight}")
    return f"*{escape(desk.name, NAME)}*  " + "  ·  ".join(counts)


def _of(most: int | None) -> str:
    return f" of {most}" if most is not None else ""


def _fair(row: Fair) -> str:
    mark = "🟢" if abs(row.ahead) <= IN_TIME else "🟠"
    beside = [f"{row.owned} owned or given"] if row.owned else []
    beside += [f"{row.credited} given back"] if row.credited else []
    parts = [
        f"{mark} *{escape(row.name, NAME)}*  due {row.expected:.1f}",
        f"got {row.turns} ({row.ahead:+.1f})",
        *beside,
    ]
    return "  ·  ".join(parts)


def _plain(pool: NextUp) -> str:
    first = plain(pool.turns[0].name, 60) if pool.turns else "nobody"
    return f"Next in {plain(pool.pool, 60)}: {first}"
