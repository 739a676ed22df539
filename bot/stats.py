"""`/leadstats`: five quality metrics against their targets, the funnel, deadlines, predictions, rejections."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.blocks import Block, context, escape, header, plain, section
from bot.figures import MARKS, NOTHING, beside, lasting, percent, verdict, waiting
from domain.rules.deadlines import ClockKind
from domain.rules.reasons import label_of
from domain.rules.tiers import Tier
from domain.stats.accuracy import ACCURACY
from domain.stats.quality import ACCEPTANCE, FEW, IN_TIME, TO_OPPORTUNITY, TO_SQL, Numbers
from domain.stats.share import Share

Message = tuple[str, list[Block]]

NAME = 80


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the five. `share` is empty of meaning for the accuracy: there `now` and `counted` say all."""

    name: str
    now: str
    mark: str
    counted: str
    target: str
    rate: float | None
    aim: float


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the funnel: how many came so far, which part of those before, and their median time since that step."""

    name: str
    count: int
    of_before: float | None
    median: float | None


def leadstats(whose: str, period: str, found: Numbers) -> Message:
    """The answer to `/leadstats`, at once and in words; its chart follows."""
    lines = [_line(metric) for metric in metrics(found)]
    parts = [
        f"*{escape(whose, NAME)}*\n" + "\n".join(lines),
        "*Funnel*\n" + "\n".join(_stage(stage) for stage in funnel(found)),
        *_more(found),
    ]
    blocks = [header(f"Lead quality, {period}"), *(section(part) for part in parts)]
    blocks += [context(note) for note in _notes(found)]
    return fallback(whose, period, found), blocks


def fallback(whose: str, period: str, found: Numbers) -> str:
    """All of it in one line, for notifications."""
    return escape(_in_one_line(whose, period, found), 1_500)


def _in_one_line(whose: str, period: str, found: Numbers) -> str:
    """Also what screen readers say of the chart."""
    said = "; ".join(f"{one.name} {one.now} ({one.mark}, {one.counted}, target {one.target})" for one in metrics(found))
    steps = ", ".join(f"{stage.name} {stage.count}" for stage in funnel(found))
    return f"Lead quality of {plain(whose, NAME)}, {period}: {said}. Funnel: {steps}."


def metrics(found: Numbers) -> list[Metric]:
    return [
        _metric("MQL acceptance", found.acceptance, ACCEPTANCE, "decided"),
        _metric("MQL → SQL", found.to_sql, TO_SQL, "leads"),
        _metric("SQL → opportunity", found.to_opportunity, TO_OPPORTUNITY, "SQLs"),
        _metric("Contact within SLA", found.contact_in_time, IN_TIME, "due"),
        _accuracy(found),
    ]


def _metric(name: str, share: Share, target: float, words: str) -> Metric:
    counted = f"{share.hit} of {share.of} {words}" if share.of else "nothing to count yet"
    if share.waiting:
        counted += f"; {waiting(share)}"
    mark = verdict(share, target)
    return Metric(name, beside(share.rate, target), mark, counted, f"over {target:.0%}", share.rate, target)


def _accuracy(found: Numbers) -> Metric:
    """Predicted against actual conversion to SQL; the distance is in per cent of what was predicted."""
    distance, share = found.accuracy.distance, found.accuracy.share
    if distance is None:
        said = "no prediction" if found.accuracy.unpredicted else "nothing to compare yet"
        return Metric("Scoring accuracy", NOTHING, "too few to say", said, f"within {ACCURACY:.0%}", None, ACCURACY)
    mark = nearness(share.of, distance)
    counted = f"predicted {percent(found.predicted)}, actual {percent(share.rate)} of {share.of}"
    if found.accuracy.unpredicted:
        counted += f"; {found.accuracy.unpredicted} without a prediction, not counted"
    now = f"off by {beside(distance, ACCURACY)}"
    return Metric("Scoring accuracy", now, mark, counted, f"within {ACCURACY:.0%}", distance, ACCURACY)


def nearness(counted: int, distance: float) -> str:
    """good, short, or too few to say."""
    return "too few to say" if counted < FEW else "good" if distance <= ACCURACY else "short"


def funnel(found: Numbers) -> list[Stage]:
    """A step's part is of all who took the step before it, as of now: who is still on the way is among them."""
    all_of, times = found.leads, found.medians
    return [
        Stage("MQL and HQL", all_of.handed, None, None),
        Stage("Accepted", all_of.accepted, _part(all_of.accepted, all_of.handed), times.accepted),
        Stage("Contacted", all_of.contacted, _part(all_of.contacted, all_of.accepted), times.contacted),
        Stage("SQL", all_of.qualified, _part(all_of.qualified, all_of.contacted), times.qualified),
        Stage("Opportunity", all_of.converted, _part(all_of.converted, all_of.qualified), times.converted),
        Stage("Won", all_of.won, _part(all_of.won, all_of.converted), times.won),
    ]


def _part(count: int, of: int) -> float | None:
    return count / of if of else None


def _line(metric: Metric) -> str:
    few = "" if metric.mark != "too few to say" or metric.rate is None else "  ·  too few to say"
    return f"{MARKS[metric.mark]} *{metric.name}*  {metric.now}  ·  {metric.counted}  ·  target {metric.target}{few}"


def _stage(stage: Stage) -> str:
    parts = [f"{stage.name}  *{stage.count}*"]
    if part := _of_before(stage):
        parts.append(part)
    if stage.median is not None:
        parts.append(f"median {lasting(stage.median)}")
    return "  ·  ".join(parts)


def _more(found: Numbers) -> Iterator[str]:
    """Deadlines, predictions and rejections, each if there are any."""
    kept = [line for tier in (Tier.HQL, Tier.MQL) if (line := _deadlines(found, tier))]
    if kept:
        yield "*Deadlines kept*\n" + "\n".join(kept)
    compared = [line for tier in (Tier.HQL, Tier.MQL) if (line := _prediction(found, tier))]
    if compared:
        yield "*Predicted and actual conversion to SQL*\n" + "\n".join(compared)
    if found.rejections.total:
        yield f"*Why sales said no*  ({found.rejections.total} times)\n" + "  ·  ".join(_reasons(found))


def _deadlines(found: Numbers, tier: Tier) -> str:
    shares = {kind: found.attainment.kept.get((tier, kind), Share(0, 0)) for kind in ClockKind}
    if not any(share.of for share in shares.values()):
        return ""
    said = (f"{kind.words} {percent(share.rate)} of {share.of}" for kind, share in shares.items() if share.of)
    return f"{tier.label()}:  " + "  ·  ".join(said)


def _prediction(found: Numbers, tier: Tier) -> str:
    """Each tier is judged by itself."""
    judged = found.accuracy.tiers.get(tier)
    if judged is None or judged.distance is None:
        return ""
    low, high = judged.interval
    of = judged.share.of
    actual = f"actual {percent(judged.share.rate)} of {of} (95% sure: {100 * low:.0f} to {high:.0%})"
    mark = MARKS[nearness(of, judged.distance)]
    return f"{mark} {tier.label()}:  predicted {percent(judged.predicted)}  ·  {actual}  ·  off by {beside(judged.distance, ACCURACY)}"


def _reasons(found: Numbers) -> Iterator[str]:
    for key, count in found.rejections.top:
        yield f"{escape(label_of(key), 40)} {count}"


def _notes(found: Numbers) -> Iterator[str]:
    if found.offers.unassigned or found.attainment.overdue:
        yield (
            f"🟠 {found.offers.unassigned} waiting for somebody to be available  ·  "
            f"🔴 {found.attainment.overdue} overdue now"
        )


def chart_message(whose: str, period: str, found: Numbers, file_id: str | None, *, table: bool) -> Message:
    """The chart with its numbers beneath. `table`: whether Slack takes a table here; else they stand in lines."""
    text = fallback(whose, period, found)
    alt = plain(_in_one_line(whose, period, found), 1_500)
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}
    title = section(f"📊 *{escape(whose, NAME)}*  ·  lead quality, {period}")
    return text, [title, *([image] if file_id else []), *(_table(found) if table else _rows(found))]


def rows_of(found: Numbers) -> list[Sequence[str]]:
    head = ["", "Now", "Counted", "Target or median"]
    measured = [[one.name, f"{MARKS[one.mark]} {one.now}", one.counted, one.target] for one in metrics(found)]
    steps = [
        [stage.name, str(stage.count), _of_before(stage), "" if stage.median is None else lasting(stage.median)]
        for stage in funnel(found)
    ]
    return [head, *measured, *steps]


def _of_before(stage: Stage) -> str:
    return "" if stage.of_before is None else f"{percent(stage.of_before)} of the step before"


def _table(found: Numbers) -> list[Block]:
    rows = [[{"type": "raw_text", "text": cell or " "} for cell in row] for row in rows_of(found)]
    return [{"type": "table", "column_settings": [{"is_wrapped": True}], "rows": rows}]


def _rows(found: Numbers) -> list[Block]:
    lines = [_line(metric) for metric in metrics(found)] + [_stage(stage) for stage in funnel(found)]
    return [context("\n".join(lines))]
