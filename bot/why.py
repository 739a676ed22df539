"""`/leadwhy`: a score that adds up in front of whoever asks, what would change it, and who gets the lead."""

from collections.abc import Iterable, Iterator

from bot.blocks import Block, context, divider, escape, header, moment, plain, section
from bot.card import chance_words
from domain.rules.explaining import Explanation, Silent, Subtotal
from domain.rules.probability import Chance
from domain.rules.routing import SKIPPED, Rule
from domain.rules.scoring import DISQUALIFIED, Contribution
from domain.rules.scoring_model import Group
from domain.rules.tiers import Tier
from domain.rules.what_if import Path
from domain.views import LeadView
from domain.why import Routing, Why

Message = tuple[str, list[Block]]

ROWS, PATHS, QUIET = 12, 4, 6
DAY = "{date_short_pretty}"
MINUS = "\u2212"


def why_message(why: Why) -> Message:
    """The answer to `/leadwhy`."""
    explained = why.explanation
    title = f"Why {why.tier.label()} {explained.total}: {plain(why.lead.name, 60)}"
    if why.lead.company:
        title += f" · {plain(why.lead.company, 50)}"
    blocks = [header(title), section(_sum(explained, why.chance)), section(_rows("What lifts it", explained.lifts))]
    if explained.holds_down:
        blocks.append(section(_rows("What holds it down", explained.holds_down)))
    blocks += [context(line) for line in _notes(why)]
    blocks += [divider(), section(_ahead(why)), section(_routing(why.routing))]
    blocks += [context(line) for line in _state(why)]
    return plain(title, 300), blocks


def not_scored(lead: LeadView) -> Message:
    """A lead that has just arrived."""
    text = f"*{escape(lead.name, 100)}* is not scored yet: enrichment has up to half a minute. Ask again in a moment."
    return plain(f"{lead.name} is not scored yet"), [section(text)]


def _sum(explained: Explanation, chance: Chance | None) -> str:
    said = f"{_subtotal('Fit', explained.fit)}  +  {_subtotal('Intent', explained.intent)}"
    if explained.negative.points:
        said += f"  {MINUS}  {_subtotal('Against', explained.negative)}"
    if (clamp := explained.clamp) is not None:
        said += f"  {MINUS if clamp.points < 0 else '+'}  *{abs(clamp.points)}* ({escape(clamp.label, 100)})"
    said += f"  =  *{explained.total}*"
    return said if chance is None else f"{said}\nOf leads with this score {chance_words(chance)}"


def _subtotal(name: str, part: Subtotal) -> str:
    return f"{name} *{abs(part.points)}*" + (f" (of {part.cap} at most)" if part.cap < 100 else "")


def _rows(title: str, rows: Iterable[Contribution]) -> str:
    shown = list(rows)
    lines = [f"`{row.points:+d}` {escape(row.label, 80)}{_seen(row)}" for row in shown[:ROWS]]
    if len(shown) > ROWS:
        rest = sum(row.points for row in shown[ROWS:])
        lines.append(f"`{rest:+d}` {len(shown) - ROWS} more")
    return f"*{title}*\n" + ("\n".join(lines) or "Nothing yet")


def _seen(row: Contribution) -> str:
    faded = f", faded from {abs(row.raw):g}" if row.decay < 0.95 else ""
    return f": {escape(row.seen, 80)}{faded}" if row.seen else ""


def _notes(why: Why) -> Iterator[str]:
    explained = why.explanation
    if explained.cuts:
        cuts = "  ·  ".join(
            f"`{-cut.points:+.0f}` of “{escape(cut.label, 60)}”: {escape(cut.why, 80)}" for cut in explained.cuts[:4]
        )
        yield f"✂️ {cuts}"
    silent = [one for one in explained.silent if one.group is not Group.NEGATIVE]
    if silent:
        yield "*Did not count:*  " + "  ·  ".join(_quiet(sorted(silent, key=lambda one: -one.points)))
    against = [one for one in explained.silent if one.group is Group.NEGATIVE]
    if against:
        yield f"{len(against)} rules that would speak against them did not fire."


def _quiet(silent: list[Silent]) -> Iterator[str]:
    for one in silent[:QUIET]:
        yield f"“{escape(one.label, 60)}” ({one.points:+g}): {escape(one.why, 90)}"
    if len(silent) > QUIET:
        yield f"and {len(silent) - QUIET} more"


def _ahead(why: Why) -> str:
    """What would make more of the lead, and what becomes of it if nothing happens."""
    lines = []
    if why.wanted is not None:
        lines.append(f"*What would make it an {why.wanted.label()}*")
        lines += [_path(path) for path in why.paths[:PATHS]] or [_no_path(why.explanation)]
    ahead = why.outlook
    still = f"*If nothing happens:*  {ahead.in_7_days} in a week, {ahead.in_30_days} in a month"
    if ahead.falls_at is not None and why.tier is not Tier.COLD:
        still += f"; no {why.tier.label()} any more from {moment(ahead.falls_at, DAY)}"
    return "\n".join([*lines, still])


def _no_path(explained: Explanation) -> str:
    if explained.clamp is not None and explained.clamp.rule == DISQUALIFIED:
        return f"Nothing, as long as this stands: {escape(explained.holds_down[0].label, 80)}"
    return "No one or two steps that we know of."


def _path(path: Path) -> str:
    return f"→ *{path.total}*  " + "  and  ".join(escape(step.words, 140) for step in path.steps)


def _routing(routing: Routing) -> str:
    """Who got it, or who would, and why not the others."""
    if routing.pool is None:
        return f"*Who gets it:*  no territory fits, so it waits for a pool of {routing.role.upper()}s"
    place = f" by rule {routing.territory} of the territories" if routing.territory else ""
    pool = f"pool *{escape(routing.pool, 60)}*{place}"
    if routing.kept:
        who = f"{escape(routing.rep, 60)}" if routing.rep else "nobody could be asked"
        lines = [f"*Who got it:*  {who}, {pool}; the handoff is {routing.status}"]
    else:
        who = f"{escape(routing.rep, 60)} would be asked" if routing.rep else "nobody can be asked"
        lines = [f"*Who would get it as a lead for {routing.role.upper()}s:*  {who}, {pool}"]
    if routing.rule is not None and routing.rep and routing.rule is not Rule.ROTATION:
        lines.append(f"{escape(routing.rep, 60)} {routing.rule.words}")
    if routing.then:
        lines.append("Next in turn: " + ", ".join(escape(name, 60) for name in routing.then))
    if routing.skipped:
        passed = (f"{escape(name, 60)} ({SKIPPED.get(why, why)})" for name, why in routing.skipped)
        lines.append("Passed over: " + ", ".join(passed))
    return "\n".join(lines)


def _state(why: Why) -> Iterator[str]:
    parts = [f"{why.stage.value.replace('_', ' ')}"]
    if why.programme:
        parts.append(f"programme “{escape(why.programme, 60)}”")
    if why.rests_until is not None:
        parts.append(f"rests until {moment(why.rests_until, DAY)} after a rejection")
    if why.lead.grade:
        parts.append(f"data {why.lead.grade}")
    yield "  ·  ".join([*parts, f"scored {moment(why.scored_at)} with {escape(why.model, 80)}"])
    if why.advice is not None:
        yield f"📖 Next to read: “{escape(why.advice.item.title, 80)}”  ·  {escape(why.advice.why, 200)}"
