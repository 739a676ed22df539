"""The intelligence brief in the thread of a card: what a rep wants to know before the call, on one screen of a phone."""

from collections.abc import Iterator, Sequence

from bot.blocks import Block, context, escape, moment, plain, section
from bot.card import colleague_words, erased
from domain.rules.counting import how_many
from domain.rules.lifecycle import HandoffStatus
from domain.rules.reasons import REASONS
from domain.rules.scoring import Contribution
from domain.rules.scoring_model import Group
from domain.views import ActivityView, BriefView, ColleagueView, EarlierView, Step, StepView

FACTORS, ACTIVITIES, COLLEAGUES, CAMPAIGNS, DOUBTS, EARLIER, STEPS = 4, 6, 5, 4, 4, 3, 6
DAY = "{date_short_pretty}"
Brief = tuple[str, list[Block]]

GROUPS = {Group.FIT: "Fit", Group.INTENT: "Intent", Group.NEGATIVE: "Against"}
ENDED = {
    HandoffStatus.EXPIRED: "no contact in time",
    HandoffStatus.CONVERTED: "became an opportunity",
    HandoffStatus.WITHDRAWN: "went another way",
}


def lead_brief(view: BriefView, earlier_card: str | None = None) -> Brief:
    """`earlier_card` is Slack's link to the card of the attempt before."""
    if view.erased:
        return erased()
    blocks = [section(f"💬 *Open with*\n> {escape(view.opener, 300)}")]
    blocks += [section(one) for one in _parts(view, earlier_card)]
    if view.lead.notes:
        blocks.append(context(_doubts(view)))
    return escape(f"Brief on {plain(view.lead.name, 80)}: {view.opener}", 500), blocks


def _parts(view: BriefView, earlier_card: str | None) -> Iterator[str]:
    yield "\n".join([f"📊 *Why {view.score}*", *_factors(view)])
    if view.activities:
        yield "🧭 *What they did*\n" + "\n".join(_activity(view))
    if view.company or view.colleagues:
        yield f"🏢 *{escape(view.lead.company or 'Their company', 60)}*\n" + "\n".join(_company(view))
    history = [*(step_words(one) for one in view.steps[:STEPS]), *_earlier(view.earlier, earlier_card)]
    if history:
        yield "🗂 *With us so far*\n" + "\n".join(history)


def _factors(view: BriefView) -> Iterator[str]:
    points = {Group.FIT: view.fit, Group.INTENT: view.intent, Group.NEGATIVE: view.negative}
    for group, name in GROUPS.items():
        rows = sorted((row for row in view.ledger if row.group is group and row.points), key=_weight)
        if rows:
            yield f"{name} *{points[group]}*: " + _listed(rows)


def _weight(row: Contribution) -> int:
    return -abs(row.points)


def _listed(rows: Sequence[Contribution]) -> str:
    shown = [escape(row.label, 70) for row in rows[:FACTORS]]
    return ", ".join(shown) + (f" and {len(rows) - FACTORS} more" if len(rows) > FACTORS else "")


def _activity(view: BriefView) -> Iterator[str]:
    yield from (_did(one) for one in view.activities[:ACTIVITIES])
    more = sum(one.times for one in view.activities[ACTIVITIES:])
    if more:
        yield f"and {more} more"
    if view.campaigns:
        yield "Campaigns: " + ", ".join(escape(one, 50) for one in view.campaigns[:CAMPAIGNS])


def _did(one: ActivityView) -> str:
    what = f" “{escape(one.what, 60)}”" if one.what else ""
    often = f", {one.times} times" if one.times > 1 else ""
    return f"• {moment(one.newest, DAY)}  {escape(one.kind.replace('_', ' '), 40)}{what}{often}"


def _company(view: BriefView) -> Iterator[str]:
    if view.company:
        yield "  ·  ".join(f"{escape(label, 20)}: {escape(value, 80)}" for label, value in view.company)
    yield from (_colleague(one) for one in view.colleagues[:COLLEAGUES])
    more = view.more_colleagues + max(0, len(view.colleagues) - COLLEAGUES)
    if more:
        yield f"and {more} more of theirs"


def _colleague(one: ColleagueView) -> str:
    return f"{'🤝' if one.rep else '•'} {colleague_words(one)}"


def step_words(one: StepView) -> str:
    said = {
        Step.TRIED: f"📞 {one.words}",
        Step.ANSWERED: f"📝 qualification answered: {one.words}",
        Step.SNOOZED: "💤 snoozed",
        Step.WOKEN: "⏰ awake again",
    }[one.step]
    by = f", {escape(one.by, 60)}" if one.by else ""
    note = f": {escape(one.note, 150)}" if one.note else ""
    return f"• {moment(one.at, DAY)}  {said}{by}{note}"


def _earlier(attempts: Sequence[EarlierView], card: str | None) -> Iterator[str]:
    for place, one in enumerate(attempts[:EARLIER]):
        link = f"  <{card}|card>" if card and place == 0 else ""
        tries = f", {how_many(one.attempts, 'attempt')}" if one.attempts else ""
        by = f" with {escape(one.rep, 60)}" if one.rep else ""
        yield f"• {moment(one.at, DAY)}  {one.tier.label()} {one.score}{by}: {_became(one)}{tries}{link}"


def _became(one: EarlierView) -> str:
    reason = REASONS.get(one.reason or "")
    if one.status is HandoffStatus.REJECTED and reason is not None:
        return reason.label
    return ENDED.get(one.status, one.status.value)


def _doubts(view: BriefView) -> str:
    doubts = ", ".join(escape(note, 60) for note in view.lead.notes[:DOUBTS])
    return f"Data *{escape(view.lead.grade, 5)}*: {doubts}" if view.lead.grade else f"Data: {doubts}"
