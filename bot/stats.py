"""`/leadstats`: the five quality metrics against their targets."""

from collections.abc import Mapping

from bot.blocks import Block, context, escape, header, section
from domain.rules.tiers import Tier
from domain.stats.quality import Quality, Share

Message = tuple[str, list[Block]]

ACCEPTANCE, TO_SQL, TO_OPPORTUNITY, IN_TIME, ACCURACY = 0.80, 0.40, 0.60, 0.90, 0.15


def leadstats(
    whose: str, days: int, found: Quality, leads: Mapping[Tier | None, int] | None, expected: Mapping[Tier, float]
) -> Message:
    """The answer to `/leadstats`. `expected`: the share of each tier that the model expects to become SQL.

    `leads`: how many were captured in each tier; None for one rep's numbers, since leads are captured for nobody yet.
    """
    lines = [
        _line("MQL acceptance", found.acceptance, ACCEPTANCE, "decided"),
        _line("MQL → SQL", found.to_sql, TO_SQL, "handed over"),
        _line("SQL → opportunity", found.to_opportunity, TO_OPPORTUNITY, "SQLs"),
        _line("Contact within SLA", found.contact_in_time, IN_TIME, "due"),
        _accuracy(found, expected),
    ]
    blocks = [
        header(f"Lead quality, last {days} days"),
        section(f"*{escape(whose)}*\n" + "\n".join(lines)),
    ]
    if leads is not None:
        blocks.append(context(_volume(leads)))
    if found.waiting or found.late:
        blocks.append(
            context(f"🟠 {found.waiting} waiting for somebody to be available  ·  🔴 {found.late} with an overdue SLA")
        )
    return f"Lead quality of the last {days} days: " + "; ".join(_plain(line) for line in lines), blocks


def _line(name: str, share: Share, target: float, words: str) -> str:
    if share.rate is None:
        return f"⚪ *{name}*  nothing to count yet  ·  target over {target:.0%}"
    mark = "🟢" if share.rate > target else "🔴"
    return f"{mark} *{name}*  {share.rate:.0%}  ·  {share.hit} of {share.of} {words}  ·  target over {target:.0%}"


def _accuracy(found: Quality, expected: Mapping[Tier, float]) -> str:
    """Predicted against actual conversion to SQL, over all handed-over leads; the distance is in per cent of what was predicted."""
    handed = sum(row.handed for row in found.tiers)
    actual = sum(row.qualified for row in found.tiers)
    predicted = sum(row.handed * expected.get(row.tier, 0.0) for row in found.tiers)
    if not actual or not predicted:
        return f"⚪ *Scoring accuracy*  no SQL yet to compare with  ·  target within {ACCURACY:.0%}"
    distance = abs(actual - predicted) / predicted
    mark = "🟢" if distance <= ACCURACY else "🔴"
    return (
        f"{mark} *Scoring accuracy*  off by {distance:.0%}  ·  "
        f"predicted {predicted / handed:.0%}, actual {actual / handed:.0%}  ·  target within {ACCURACY:.0%}"
    )


def _volume(leads: Mapping[Tier | None, int]) -> str:
    parts = [f"{tier.label()} {leads.get(tier, 0)}" for tier in reversed(Tier)]
    if leads.get(None):
        parts.append(f"not scored yet {leads[None]}")
    return f"{sum(leads.values())} leads captured: " + "  ·  ".join(parts)


def _plain(line: str) -> str:
    return line.replace("*", "").split(" ", 1)[1]
