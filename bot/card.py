"""The lead card: a pure function of the record. It is drawn whole each time, never patched."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    divider,
    escape,
    header,
    moment,
    option,
    overflow,
    plain,
    section,
)
from bot.ids import MORE, HandoffRef, MenuChoice, Press
from bot.next_step import next_step
from bot.standing import standing
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.probability import Chance
from domain.rules.scoring_model import Group
from domain.views import CardView, ColleagueView, LeadView, TouchView

MARK = {"hql": "🔥", "mql": "⭐"}
TOUCHES = COLLEAGUES = 3
DOUBTFUL = {"C", "D"}
"""Data of these grades are a warning on the card itself."""
Card = tuple[str, list[Block]]
"""The fallback text and the blocks."""


def lead_card(view: CardView, now: datetime) -> Card:
    """The card of one handoff in the state it is in. Once it has ended, only what became of it is left."""
    if view.stage is Stage.ERASED:
        return erased()
    headline = _headline(view)
    blocks = [header(f"{MARK.get(view.tier.value, '')} {headline}"), section(_who(view))]
    if view.live:
        blocks += [section(_why(view)), *(context(line) for line in _beside(view))]
    blocks += [divider(), section(f"{standing(view, now)}\n*Next:*  {next_step(view, now)}")]
    buttons = _buttons(view, now)
    if buttons:
        blocks.append(actions(f"decide.{view.handoff_id}", *buttons))
    # The fallback is shown in notifications as mrkdwn: it is escaped like everything else.
    return escape(f"{headline}. {_fallback(view, now)}", 500), blocks


def erased() -> Card:
    """What is left of a card, and of all that stands beside it, once the person was forgotten."""
    text = "This person's data were erased. Nothing is left to do here."
    return text, [section(f"🫥 {text}")]


def _headline(view: CardView) -> str:
    headline = f"{view.tier.value.upper()} {view.score} · {plain(view.lead.name, 60)}"
    return f"{headline} · {plain(view.lead.company, 50)}" if view.lead.company else headline


def _beside(view: CardView) -> Iterator[str]:
    """What one glance should not miss: what the lead did last, doubtful data, a colleague who is talked to, a score that moved.
    All the rest is in the brief.
    """
    if view.touches:
        yield "*Why now:*  " + "  ·  ".join(touch_words(touch) for touch in view.touches[:TOUCHES])
    if view.lead.notes and view.lead.grade in DOUBTFUL:
        yield _data(view.lead)
    if any(one.rep for one in view.colleagues):
        yield _colleagues(view)
    if (moved := _moved(view)) is not None:
        yield moved


def _who(view: CardView) -> str:
    """Two lines: what makes them interesting, and how to reach them. Their name and company stand above."""
    lead = view.lead
    industry = (lead.industry or "").replace("_", " ")
    size = f"{escape(lead.company_size, 40)} employees" if lead.company_size else ""
    known = [escape(industry[:1].upper() + industry[1:], 60), size, escape(lead.country or "", 40)]
    role = f"*{escape(lead.title, 100)}*" if lead.title else "_title not known_"
    reach = [*(escape(part, 120) for part in (lead.email, lead.phone) if part), f"via {escape(lead.source, 60)}"]
    return " · ".join([role, *filter(None, known)]) + "\n" + " · ".join(reach)


def _why(view: CardView) -> str:
    """The top reasons, from the ledger and from nowhere else."""
    parts = f"fit {view.fit} + intent {view.intent}"
    if view.negative:
        parts += f" − {abs(view.negative)}"
    lines = [f"*Why {view.score}*  ({parts})"]
    if view.chance is not None:
        lines[0] += f"  ·  {chance_words(view.chance)}"
    for reason in view.reasons:
        # What was seen of a touch says when and what; of an attribute it only repeats the label in the model's words.
        seen = f": {escape(reason.seen, 80)}" if reason.seen and reason.group is Group.INTENT else ""
        lines.append(f"`{reason.points:+d}` {escape(reason.label, 80)}{seen}")
    return "\n".join(lines)


def chance_words(chance: Chance) -> str:
    """As in: about 34% become an SQL (26 to 43%)."""
    low, high = (f"{100 * edge:.0f}" for edge in (chance.low, chance.high))
    return f"about {chance.share:.0%} {chance.of.words} ({low}\u2013{high}%)"


def _colleagues(view: CardView) -> str:
    """Who of ours talks to their company already."""
    talked_to = [one for one in view.colleagues if one.rep][:COLLEAGUES]
    shown = "  ·  ".join(colleague_words(one) for one in talked_to)
    return f"*Also at {escape(view.lead.company or 'their company', 50)}:*  {shown}"


def colleague_words(one: ColleagueView) -> str:
    tier = f"{one.tier.label()} {one.score}" if one.tier else ""
    stands = f"with {escape(one.rep, 60)}" if one.rep else one.stage.value.replace("_", " ")
    return ", ".join(filter(None, [escape(one.name, 60), escape(one.title or "", 60), tier, stands]))


def _moved(view: CardView) -> str | None:
    """What became of the score since the lead was offered with it; small moves are nobody's news."""
    if view.now_score is None or view.now_tier is None or view.now_tier is view.tier:
        return None
    mark = "🔥" if view.now_score > view.score else "📉"
    return f"{mark} Now *{view.now_tier.label()} {view.now_score}*: it was {view.score} when it was offered"


def _data(lead: LeadView) -> str:
    """How far one can rely on what stands above."""
    doubts = ", ".join(escape(note, 60) for note in lead.notes[:4])
    return f"⚠️ Data: *{escape(lead.grade or '', 5)}* · {doubts}"


def touch_words(touch: TouchView) -> str:
    what = escape(touch.content or touch.page or touch.campaign or "", 50)
    words = escape(touch.kind.replace("_", " "), 40)
    return words + (f" “{what}” " if what else " ") + moment(touch.occurred_at, "{date_short_pretty}")


def _buttons(view: CardView, now: datetime) -> list[Block]:
    ref = HandoffRef(view.handoff_id, view.version)
    undo = []
    if view.undo_until is not None and now <= view.undo_until:
        undo = [button("Undo", Press.UNDO, ref.packed)]
    if not view.live or view.status is HandoffStatus.OPEN:
        return undo
    shown = [button(words, press, ref.packed, style=style) for press, (words, style) in BUTTONS[view.status].items()]
    if view.missed and view.in_channel:
        shown.append(button("Take it", Press.CLAIM, ref.packed))
    return [*shown, *undo, _menu(ref, MENU[view.status])]


PRIMARY, DANGER = "primary", "danger"
BUTTONS: Mapping[HandoffStatus, Mapping[Press, tuple[str, str | None]]] = {
    HandoffStatus.OFFERED: {Press.ACCEPT: ("Accept", PRIMARY), Press.REJECT: ("Reject…", DANGER)},
    HandoffStatus.ACCEPTED: {
        Press.LOG_CONTACT: ("Log first contact…", PRIMARY),
        Press.REJECT: ("Give back…", None),
    },
    HandoffStatus.CONTACTED: {
        Press.QUALIFY: ("Qualify…", PRIMARY),
        Press.LOG_CONTACT: ("Log a contact…", None),
        Press.REJECT: ("Give back…", None),
    },
    HandoffStatus.QUALIFIED: {Press.QUALIFY: ("Update answers…", None), Press.REJECT: ("Give back…", None)},
}
_ELSEWHERE = {
    Press.SNOOZE: "Snooze…",
    Press.RELEASE: "Release to the pool",
    Press.REASSIGN: "Reassign…",
    Press.TAKE_OVER: "Take over",
    Press.FIX_DATA: "Fix data…",
}
MENU: Mapping[HandoffStatus, Mapping[Press, str]] = {
    HandoffStatus.OFFERED: _ELSEWHERE,
    HandoffStatus.ACCEPTED: _ELSEWHERE,
    HandoffStatus.CONTACTED: _ELSEWHERE,
    # An SQL stays with whoever made it one, until there is an opportunity.
    HandoffStatus.QUALIFIED: {Press.LOG_CONTACT: "Log a contact…", Press.FIX_DATA: "Fix data…"},
}
"""All see the same buttons and the same menu; who may not is told so in a sentence."""


def _menu(ref: HandoffRef, presses: Mapping[Press, str]) -> Block:
    return overflow(MORE, *(option(words, MenuChoice(press, ref).packed) for press, words in presses.items()))


def _fallback(view: CardView, now: datetime) -> str:
    if view.live and view.late(ClockKind.FIRST_CONTACT, now):
        return f"First contact is overdue: it is with {view.rep.name if view.rep else 'nobody yet'}."
    if view.status is HandoffStatus.OFFERED:
        return f"Accept or reject: offered to {view.rep.name if view.rep else 'nobody yet'}."
    if view.status is HandoffStatus.CONVERTED and view.deal is not None and view.deal.won is not None:
        return "Won." if view.deal.won else "Lost."
    return FALLBACK[view.status]


FALLBACK = {
    HandoffStatus.OPEN: "Nobody can be asked yet.",
    HandoffStatus.ACCEPTED: "Accepted: to be contacted.",
    HandoffStatus.CONTACTED: "Contacted: to be qualified.",
    HandoffStatus.QUALIFIED: "Qualified: an SQL.",
    HandoffStatus.CONVERTED: "It has an opportunity.",
    HandoffStatus.REJECTED: "Rejected.",
    HandoffStatus.EXPIRED: "Handed on: no contact in time.",
    HandoffStatus.WITHDRAWN: "Withdrawn: it went another way.",
}
