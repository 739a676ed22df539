"""`/leadstats revenue`: what channels and campaigns brought, what they cost, and what is on its way."""

from collections.abc import Iterator, Mapping, Sequence

from bot.blocks import Block, context, cut, escape, header, section
from bot.figures import NOTHING, percent
from domain.rules.counting import how_many
from domain.rules.money import money
from domain.stats.chance import interval
from domain.stats.pipeline import Closings, Coming, Pipeline
from domain.stats.quality import FEW
from domain.stats.revenue import By, Earned, Revenue
from domain.stats.win_rates import WinRate

Message = tuple[str, list[Block]]

SHOWN = 10
"""Lines of one list; the others are summed in one."""
NAME = 60
SECTION = 2_900


def revenue_coming(period: str) -> Message:
    """At once: it is reckoned in a job."""
    words = f"Revenue, {escape(period, NAME)}: what channels and campaigns brought follows in a moment."
    return words, [section(f"💶 {words}")]


def revenue_message(
    period: str, found: Sequence[Revenue], coming: Pipeline, ended: Closings, rates: Mapping[By, Sequence[WinRate]]
) -> Message:
    """The answer: two lists for each way to add up, the deals that are open, and what the numbers lack."""
    first = found[0]
    whole = first.whole
    title = f"Revenue, {period}"
    text = f"{title}: {money(whole.value, first.base)} from {how_many(first.deals, 'deal')}, by {first.model.words}."
    blocks = [header(title), section(_summary(first, ended))]
    if any(one.lines for one in found):
        blocks += [section(cut(_list(one), SECTION)) for one in found]
    blocks += [section(cut(_rates(by, those), SECTION)) for by, those in rates.items() if those]
    if coming.deals:
        blocks.append(section(cut(_pipeline(coming), SECTION)))
    gaps = [*revenue_gaps(first), *pipeline_gaps(coming)]
    if gaps:
        blocks.append(context("\n".join(f"⚪ {gap}" for gap in gaps)))
    blocks.append(context(_about(first)))
    return text, blocks


def _summary(found: Revenue, ended: Closings) -> str:
    whole = found.whole
    parts = [f"*{money(whole.value, found.base)}* from {how_many(found.deals, 'deal')} won", *_spent(whole, found.base)]
    rate = ended.win_rate
    if rate.of:
        parts.append(f"win rate {percent(rate.rate)} of {rate.of:,} closed")
    if ended.days is not None:
        parts.append(f"{ended.days:,.0f} days from opening to winning")
    return "  ·  ".join(parts)


def _list(found: Revenue) -> str:
    lines = [f"*By {found.by}*"]
    lines += [_line(line, found.base) for line in found.lines[:SHOWN]]
    rest = found.lines[SHOWN:]
    if rest:
        lines.append(f"{len(rest):,} more  ·  {money(sum(line.value for line in rest), found.base)}")
    return "\n".join(lines)


def _line(line: Earned, base: str) -> str:
    parts = [f"{escape(line.name, NAME)}  *{money(line.value, base)}*", f"{line.deals:,.1f} deals", *_spent(line, base)]
    return "  ·  ".join(parts)


def _spent(line: Earned, base: str) -> Iterator[str]:
    if line.cost is None:
        yield "cost not known"
        return
    yield f"cost {money(line.cost, base)}"
    yield f"ROI {NOTHING if line.roi is None else f'{line.roi:+,.0%}'}"


def _rates(by: By, found: Sequence[WinRate]) -> str:
    lines = [f"*Win rate by {by}*  of the closed deals that each had touched"]
    lines += [_rate(one) for one in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"{len(found) - SHOWN:,} more, that touched fewer")
    return "\n".join(lines)


def _rate(one: WinRate) -> str:
    low, high = interval(one.share)
    doubt = f"95% sure: {100 * low:.0f} to {high:.0%}" if one.share.of >= FEW else "too few to say"
    return f"{escape(one.name, NAME)}  *{percent(one.share.rate)}*  ·  {one.share.hit:,} of {one.share.of:,} ({doubt})"


def _pipeline(found: Pipeline) -> str:
    whole = found.whole
    lines = [
        f"*Open now*  {how_many(found.deals, 'deal')}  ·  {money(whole.amount, found.base)}{_weighted(whole, found)}"
    ]
    lines += [
        f"{escape(line.name, NAME)}  *{money(line.amount, found.base)}*{_weighted(line, found)}"
        for line in found.lines[:SHOWN]
    ]
    return "\n".join(lines)


def _weighted(line: Coming, found: Pipeline) -> str:
    """Where the CRM gives no probability to anything, there is nothing to weigh by."""
    return f"  ·  weighted {money(line.weighted, found.base)}" if found.whole.weighted else ""


def _about(found: Revenue) -> str:
    return (
        f"Model: {found.model.words}. Revenue is frozen when a deal closes; open deals are shared out as of now. "
        f"`/leadstats revenue by {By.CAMPAIGN} 2026-Q3` for another list or time."
    )


def revenue_gaps(found: Revenue) -> list[str]:
    """What is not in the numbers, or counts for nothing, as sentences."""
    said = (
        (found.unrated, "Won, counted as 0 without an exchange rate for the day of closing"),
        (found.unsaid, "Won, counted as 0 without an amount in the CRM"),
        (found.elsewhere, f"Won, not counted: frozen in another currency than {found.base}"),
        (found.unlearnt, f"Won, not counted: frozen before {found.model.words} was learnt"),
        (found.unfrozen, "Won, not counted: not frozen yet"),
    )
    gaps = [f"{why}: {how_many(count, 'deal')}." for count, why in said if count]
    if found.costs_unrated:
        gaps.append(f"Costs without an exchange rate, so that their ROI is not known: {found.costs_unrated:,}.")
    return gaps


def pipeline_gaps(found: Pipeline) -> list[str]:
    """What counts for nothing in the open deals, as sentences."""
    said = (
        (found.unrated, "Open, counted as 0 without an exchange rate"),
        (found.unsaid, "Open, counted as 0 without an amount in the CRM"),
        (found.unlikely, "Open, weighted 0 without a probability in the CRM"),
    )
    return [f"{why}: {how_many(count, 'deal')}." for count, why in said if count]
