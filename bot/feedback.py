"""The loops in Slack: yesterday to a manager, the week to managers and marketing, the month to all of them in one place."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from bot.blocks import Block, context, escape, header, moment, plain, section
from bot.figures import percent
from domain.loops.daily import Day, Miss, PoolDay, Volume
from domain.loops.erring import Band, Firing
from domain.loops.monthly import Pack, Row
from domain.loops.rejecting import Reason, Rejected
from domain.loops.routing_advice import About, Advice
from domain.loops.sentences import cell_words, sentences, value_words
from domain.loops.told import Found, Names
from domain.loops.weekly import LOOK_BACK, SCORE_LOOK_BACK, Week
from domain.rules.counting import how_many
from domain.rules.deadlines import ClockKind
from domain.rules.feedback import WEEKDAYS, band_words, month_words
from domain.rules.reasons import label_of
from domain.stats.trend import Metric

Message = tuple[str, list[Block]]
PACK_EVENT = "handoff_quality_pack"
NAME = 80
REASONS_SHOWN, MISSES_SHOWN, POOLS_SHOWN, ADVICE_SHOWN = 5, 5, 7, 3
"""Such that no message is larger than Slack takes, whatever names and links are in it."""
REP_NAME = 40
_ODD = {1: ", *more than usual*", -1: ", *fewer than usual*", 0: ""}


def loop_message(found: Found, names: Names) -> Message:
    """To a person."""
    if isinstance(found, Day):
        return daily_message(found, names)
    return weekly_message(found, names) if isinstance(found, Week) else monthly_message(found)


# ---- the day ---------------------------------------------------------------------------------------------------------


def daily_message(found: Day, names: Names) -> Message:
    day = f"{WEEKDAYS[found.day.weekday()]}, {found.day:%-d %B}"
    text = f"{day}: your pools"
    if found.quiet:
        return plain(text), [section(f"☀️ *{day}:* nothing came, nothing was missed, nothing waits.")]
    busiest = sorted(found.pools, key=lambda pool: (pool.quiet, -len(pool.misses), -pool.mql.count - pool.hql.count))
    blocks = [header(f"☀️ {text}"), *(section(_pool(pool, found, names)) for pool in busiest[:POOLS_SHOWN])]
    if len(found.pools) > POOLS_SHOWN:
        blocks.append(context(f"and {how_many(len(found.pools) - POOLS_SHOWN, 'pool')} more with less to say"))
    return plain(text), blocks


def _pool(pool: PoolDay, found: Day, names: Names) -> str:
    weekday = WEEKDAYS[found.day.weekday()]
    lines = [
        f"*{escape(names.pools.get(pool.pool_id, ''), NAME)}*",
        f"{_volume(pool.mql, 'MQL', weekday)}  ·  {_volume(pool.hql, 'HQL', weekday)}",
        _said(pool),
        _missed(pool.misses, names),
        _waits(pool),
    ]
    return "\n".join(line for line in lines if line)


def _volume(volume: Volume, tier: str, weekday: str) -> str:
    if volume.usual is None:
        return f"{volume.count} {tier}"
    low, high = min(volume.before), max(volume.before)
    spread = f"{low}" if low == high else f"{low} to {high}"
    return f"{volume.count} {tier}{_ODD[volume.unusual]} ({weekday}s: {volume.usual:g}, {spread})"


def _said(pool: PoolDay) -> str:
    decided = pool.accepted + pool.refused
    if not decided:
        return f"{pool.undecided} undecided" if pool.undecided else ""
    still = f", {pool.undecided} undecided" if pool.undecided else ""
    return f"Accepted {pool.accepted} of {decided} ({percent(pool.accepted / decided)}){still}"


def _missed(misses: Sequence[Miss], names: Names) -> str:
    if not misses:
        return ""
    shown = sorted(misses[:MISSES_SHOWN], key=lambda miss: (names.reps.get(miss.rep_id or 0, ""), miss.rep_id or 0))
    parts = []
    for rep_id, theirs in groupby(shown, key=lambda miss: miss.rep_id):
        who = escape(names.reps.get(rep_id or 0, "nobody"), REP_NAME)
        parts.append(f"{who}: {', '.join(_miss(one, names) for one in theirs)}")
    more = f"; and {len(misses) - len(shown)} more" if len(misses) > len(shown) else ""
    return f"🔴 *{how_many(len(misses), 'SLA')} missed.* {'; '.join(parts)}{more}"


def _miss(miss: Miss, names: Names) -> str:
    link, clock = names.cards.get(miss.handoff_id), ClockKind(miss.clock).words
    return f"<{link}|{clock}>" if link else clock


def _waits(pool: PoolDay) -> str:
    parts = [
        f"{how_many(pool.with_nobody, 'lead')} with nobody" if pool.with_nobody else "",
        f"{pool.offered} offered" if pool.offered else "",
        f"{pool.overdue} overdue" if pool.overdue else "",
    ]
    since = f", the oldest since {moment(pool.oldest, '{date_short_pretty} at {time}')}" if pool.oldest else ""
    said = ", ".join(part for part in parts if part)
    return f"⏳ Waits now: {said}{since}" if said else ""


# ---- the week --------------------------------------------------------------------------------------------------------


def weekly_message(found: Week, names: Names) -> Message:
    text = f"{found.period}: {found.rejected} of {found.decided} offers rejected"
    blocks = [header(f"🔁 {text}"), *(section(part) for part in _weekly_parts(found, names))]
    if found.calm:
        blocks.append(section("✅ *Nothing stands out:* what differs is no more than chance."))
    blocks.append(
        context(
            f"Rejections and routing: leads of the last {LOOK_BACK.days} days; the score: {SCORE_LOOK_BACK.days}. "
            "Named is only what is more than chance, with 8 cases or more."
        )
    )
    return plain(text), blocks


def _weekly_parts(found: Week, names: Names) -> Iterator[str]:
    if found.reasons:
        yield "*Why sales said no*\n" + "\n".join(_reason(one) for one in found.reasons[:REASONS_SHOWN])
    if found.stands_out:
        yield "*What stands out*\n" + "\n".join(_standing_out(one) for one in found.stands_out)
    if erring := [*(_inverted(*pair) for pair in found.inverted), *(_firing(one) for one in found.fires_for_no_fit)]:
        yield "*Where the score errs*\n" + "\n".join(erring)
    if ends := _ends(found.bands):
        yield ends
    if found.advice:
        yield "*Routing*\n" + "\n".join(_routing(found.advice, names))


def _reason(one: Reason) -> str:
    where = f"{one.of_source} from {escape(one.source, 40)}, {one.of_band} scored {band_words(one.band)}"
    return f"• {escape(label_of(one.reason), NAME)}: *{one.count}*, most of them: {where}"


def _standing_out(one: Rejected) -> str:
    who = escape(cell_words(one.source, one.band), 120)
    return (
        f"• {who}: *{escape(label_of(one.reason), NAME)}* {one.hit} of {one.of} ({percent(one.beside.rate)}), "
        f"elsewhere {one.rest_hit} of {one.rest_of} ({percent(one.beside.rest_rate)})"
    )


def _inverted(below: Band, above: Band) -> str:
    return (
        f"• Scores {band_words(above.band)} become SQLs less often ({above.sql} of {above.of}) "
        f"than {band_words(below.band)} ({below.sql} of {below.of})"
    )


def _firing(one: Firing) -> str:
    return (
        f"• “{escape(one.label, 80)}” gave points to {one.hit} of {one.of} leads of no fit, "
        f"and to {one.rest_hit} of {one.rest_of} accepted ones"
    )


def _ends(bands: Sequence[Band]) -> str:
    """The best scores that were rejected, the lowest that sold."""
    if len(bands) < 2:
        return ""
    low, high = bands[0], bands[-1]
    return (
        f"*Both ends of the score*\n• {band_words(high.band)}: {high.rejected} of {high.decided} rejected because of the lead\n"
        f"• {band_words(low.band)}: {low.opportunities} of {low.of} became an opportunity"
    )


def _routing(advice: Sequence[Advice], names: Names) -> Iterator[str]:
    """Of each kind the first ones: a team at its limit must not hide that a territory overflows."""
    for about, those in groupby(advice, key=lambda one: one.about):
        alike = list(those)
        yield from (f"• {_ADVICE[about](one, names)}" for one in alike[:ADVICE_SHOWN])
        if len(alike) > ADVICE_SHOWN:
            yield f"• and {len(alike) - ADVICE_SHOWN} more like that"


def _misses(one: Advice, names: Names) -> str:
    rest = percent(one.rest_hit / one.rest_of)
    return (
        f"*{_pool_name(one, names)}* missed {one.hit} of {one.of} first contacts ({percent(one.hit / one.of)}), the other pools "
        f"{rest}. Try fewer leads or more people: `handoff route replay reps.toml`"
    )


def _load(one: Advice, names: Names) -> str:
    people = how_many(one.hit, "person", "people")
    return (
        f"*{_pool_name(one, names)}* had {one.of} leads for {people}; usual in "
        f"other pools: {one.rest:.0f} each. Move a territory, then `handoff reps import reps.toml`"
    )


def _limit(one: Advice, names: Names) -> str:
    who = escape(names.reps.get(one.rep_id or 0, "Somebody"), NAME)
    return f"*{who}* is at their limit: {one.hit} of {one.of} leads. They change it in Home, *Settings…*"


def _overflow(one: Advice, names: Names) -> str:
    territory = f" “{escape(one.territory, NAME)}”" if one.territory else ""
    return (
        f"Territory{territory} of *{_pool_name(one, names)}* sent {one.hit} of {one.of} leads to the overflow pool. More people: "
        "`handoff reps import reps.toml`"
    )


def _pool_name(one: Advice, names: Names) -> str:
    return escape(names.pools.get(one.pool_id or 0, ""), NAME)


_ADVICE = {About.MISSES: _misses, About.LOAD: _load, About.LIMIT: _limit, About.OVERFLOW: _overflow}


# ---- the month -------------------------------------------------------------------------------------------------------


def monthly_message(pack: Pack, picture: str | None = None) -> Message:
    """`picture`: Slack's id of the chart, if it can be shown."""
    text = f"Quality review, {month_words(pack.month)}"
    said = [escape(sentence, 500) for sentence in sentences(pack)]
    blocks = [
        header(f"📊 {text}"),
        section("\n".join(f"{number}. {sentence}" for number, sentence in enumerate(said, 1))),
        section(
            "\n".join(_metric(row) for row in pack.metrics if row.value is not None) or "No metric has a number yet."
        ),
    ]
    if picture is not None:
        blocks.append({"type": "image", "slack_file": {"id": picture}, "alt_text": chart_words(pack)})
    if pack.waiting:
        waiting = how_many(len(pack.waiting), "proposal waits", "proposals wait")
        blocks.append(context(f"💡 {waiting} for a decision: see Home"))
    blocks.append(context("The whole pack is the file with this message: tables, charts, what was decided."))
    return plain(f"{text}: {' '.join(sentences(pack))}", 1_000), blocks


def _metric(row: Row) -> str:
    before = f", before {value_words(row.metric, row.before)}" if row.before is not None else ""
    still = f"; {row.waiting} still open" if row.waiting else ""
    counted = f"{row.of} answers" if row.metric is Metric.SATISFACTION else f"{row.of} counted"
    return f"*{row.metric.words}*  {value_words(row.metric, row.value)} ({counted}{still}{before})"


def chart_words(pack: Pack) -> str:
    """What screen readers say of the chart."""
    rows = [(row, [point for point in row.quarters if point.value is not None]) for row in pack.metrics]
    said = [
        f"{row.metric.words} {', '.join(f'{value_words(row.metric, one.value)} in {one.quarter}' for one in known)}"
        for row, known in rows
        if known
    ]
    return plain(f"Lead quality by quarter: {'; '.join(said)}.", 1_500)


def pack_metadata(run_id: int) -> dict[str, Any]:
    """Numbers only: metadata can be read by other apps of the channel."""
    return {"event_type": PACK_EVENT, "event_payload": {"run_id": run_id}}


def file_name(month: str, kind: str = "html") -> str:
    return f"quality-review-{month}.{kind}"


def share_words(month: str) -> str:
    """What is said with the file; by it the file is found again."""
    return f"Quality review, {month_words(month)}: the whole pack"
