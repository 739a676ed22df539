"""The lead card: a pure function of the record. It is drawn whole each time, never patched."""

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
from bot.standing import standing
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.scoring_model import Group
from domain.views import CardView, ColleagueView, LeadView, TouchView

MARK = {"hql": "🔥", "mql": "⭐"}
TOUCHES = 4
Card = tuple[str, list[Block]]
"""The fallback text and the blocks."""


def lead_card(view: CardView, now: datetime) -> Card:
    """The card of one handoff in the state it is in."""
    lead = view.lead
    headline = f"{view.tier.value.upper()} {view.score} · {plain(lead.name, 60)}"
    if lead.company:
        headline += f" · {plain(lead.company, 50)}"
    blocks = [
        header(f"{MARK.get(view.tier.value, '')} {headline}"),
        section(_who(view)),
        section(_why(view)),
    ]
    if view.touches:
        blocks.append(context("*Recent:*  " + "  ·  ".join(_touch(touch) for touch in view.touches[:TOUCHES])))
    if lead.notes:
        blocks.append(context(_data(lead)))
    if view.colleagues:
        blocks.append(context(_colleagues(view)))
    if (moved := _moved(view)) is not None:
        blocks.append(context(moved))
    blocks += [divider(), section(standing(view, now))]
    buttons = _buttons(view, now)
    if buttons:
        blocks.append(actions(f"decide.{view.handoff_id}", *buttons))
    # The fallback is shown in notifications as mrkdwn: it is escaped like everything else.
    return escape(f"{headline}. {_fallback(view)}", 500), blocks


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
    for reason in view.reasons:
        # What was seen of a touch says when and what; of an attribute it only repeats the label in the model's words.
        seen = f": {escape(reason.seen, 80)}" if reason.seen and reason.group is Group.INTENT else ""
        lines.append(f"`{reason.points:+d}` {escape(reason.label, 80)}{seen}")
    return "\n".join(lines)


def _colleagues(view: CardView) -> str:
    """Who else of the company is known, and who talks to them."""
    shown = [_colleague(one) for one in view.colleagues]
    if view.more_colleagues:
        shown.append(f"{view.more_colleagues} more")
    return f"*Also from {escape(view.lead.company or 'their company', 50)}:*  " + "  ·  ".join(shown)


def _colleague(one: ColleagueView) -> str:
    tier = f"{one.tier.label()} {one.score}" if one.tier else ""
    stands = f"with {escape(one.rep, 60)}" if one.rep else one.stage.value.replace("_", " ")
    return ", ".join(filter(None, [escape(one.name, 60), escape(one.title or "", 60), tier, stands]))


def _moved(view: CardView) -> str | None:
    """What became of the score since the lead was offered with it; small moves are nobody's news."""
    if view.now_score is None or view.now_tier is None or view.now_tier is view.tier or view.status not in LIVE:
        return None
    mark = "🔥" if view.now_score > view.score else "📉"
    return f"{mark} Now *{view.now_tier.label()} {view.now_score}*: it was {view.score} when it was offered"


def _data(lead: LeadView) -> str:
    """How far one can rely on what stands above."""
    doubts = ", ".join(escape(note, 60) for note in lead.notes[:4])
    mark = "⚠️ " if lead.grade in {"C", "D"} else ""
    return f"{mark}Data: *{escape(lead.grade, 5)}* · {doubts}" if lead.grade else f"Data: {doubts}"


def _touch(touch: TouchView) -> str:
    what = escape(touch.content or touch.page or touch.campaign or "", 50)
    words = escape(touch.kind.replace("_", " "), 40)
    return words + (f" “{what}” " if what else " ") + moment(touch.occurred_at, "{date_short_pretty}")


def _buttons(view: CardView, now: datetime) -> list[Block]:
    ref = HandoffRef(view.handoff_id, view.version)
    undo = []
    if view.undo_until is not None and now <= view.undo_until:
        undo = [button("Undo", Press.UNDO, ref.packed)]
    if view.status is HandoffStatus.OFFERED:
        return [
            button("Accept", Press.ACCEPT, ref.packed, style="primary"),
            button("Reject…", Press.REJECT, ref.packed, style="danger"),
            _menu(ref),
        ]
    if view.status is HandoffStatus.ACCEPTED:
        log = button("Log first contact…", Press.LOG_CONTACT, ref.packed, style="primary")
        return [log, button("Give back…", Press.REJECT, ref.packed), *undo, _menu(ref)]
    if view.status is HandoffStatus.CONTACTED:
        log = button("Log a contact…", Press.LOG_CONTACT, ref.packed)
        return [log, button("Give back…", Press.REJECT, ref.packed), _menu(ref)]
    return undo


MENU = {
    Press.SNOOZE: "Snooze…",
    Press.RELEASE: "Release to the pool",
    Press.REASSIGN: "Reassign…",
    Press.TAKE_OVER: "Take over",
    Press.FIX_DATA: "Fix data…",
}
"""All see the same menu; who may not is told so in a sentence."""


def _menu(ref: HandoffRef) -> Block:
    return overflow(MORE, *(option(words, MenuChoice(press, ref).packed) for press, words in MENU.items()))


def _fallback(view: CardView) -> str:
    if view.status is HandoffStatus.OFFERED:
        return f"Accept or reject: offered to {view.rep.name if view.rep else 'nobody yet'}."
    return f"The handoff is {view.status.value}."
