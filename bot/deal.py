"""The message with which an AE gets a deal: what to decide, and all that a first call needs. A pure function of the record."""

from collections.abc import Iterator

from bot.blocks import Block, actions, button, context, divider, escape, header, mention, moment, plain, section
from bot.brief import step_words
from bot.card import colleague_words, erased
from bot.ids import DealPress, DealRef
from bot.standing import ANSWERED
from domain.deals import DealMessage, Journey, SimilarDeal
from domain.rules.counting import how_many
from domain.rules.deals import DEAL_REASONS, DealReason, DealStatus, Withdrawn
from domain.rules.money import money
from domain.rules.routing import Rule
from domain.stats.influence import Influence

DAY, DAY_AND_TIME = "{date_short_pretty}", "{date_short_pretty} at {time}"
ANSWERS, TRIES, COLLEAGUES = 8, 3, 4
Message = tuple[str, list[Block]]


def deal_blocks(view: DealMessage, link: str | None = None) -> Message:
    """`link`: to the lead's card in the SDRs' channel."""
    if view.erased:
        return erased()
    blocks = [header(f"💼 {_title(view)}"), section(f"{_standing(view)}\n{_worth(view)}")]
    if view.problem:
        blocks.append(context(f"⚠️ The CRM keeps the old owner: {escape(view.problem, 300)}"))
    if view.status in {DealStatus.OFFERED, DealStatus.ACCEPTED}:
        blocks += [divider(), *(section(part) for part in _brief(view)), *_link(link), *_buttons(view)]
    return escape(f"{_title(view)}: {_fallback(view)}", 500), blocks


def _title(view: DealMessage) -> str:
    lead = view.card.lead
    return f"{plain(lead.name, 60)} · {plain(lead.company, 60)}" if lead.company else plain(lead.name, 60)


# ---- how it stands -----------------------------------------------------------------------------------------------------


def _standing(view: DealMessage) -> str:
    if not view.is_open:
        return _closed(view)
    if view.status is DealStatus.OFFERED:
        return f"*A deal for {_ae(view)}*, from {_sdr(view)}: accept it by *{moment(view.due_at, DAY_AND_TIME)}*.{_why(view)}"
    if view.status is DealStatus.ACCEPTED:
        when = f" {moment(view.accepted_at, DAY_AND_TIME)}" if view.accepted_at else ""
        return f"✅ *Accepted by {_decider(view)}*{when}: the deal is {_ae(view)}'s. It goes on in the CRM."
    if view.status is DealStatus.RETURNED:
        return _returned(view)
    return f"⤴️ *Taken back:* {Withdrawn(view.reason or Withdrawn.OWNED).words}."


def _closed(view: DealMessage) -> str:
    closed = moment(view.closed_at, DAY) if view.closed_at else ""
    if view.won:
        return f"🏆 *Won* {closed}"
    return f"🏳️ *Lost* {closed}" + (f": {escape(view.lost_reason, 200)}" if view.lost_reason else "")


def _returned(view: DealMessage) -> str:
    reason = DEAL_REASONS.get(view.reason or "")
    why = f"{reason.label} → {_then(view, reason)}" if reason else "no reason given"
    when = f" {moment(view.returned_at, DAY_AND_TIME)}" if view.returned_at else ""
    note = f"\n> {escape(view.note, 500)}" if view.note else ""
    return f"↩️ *Returned by {_decider(view)}*{when}: {why}{note}"


def _then(view: DealMessage, reason: DealReason) -> str:
    """What follows by the reason, unless somebody was chosen besides."""
    return f"on to {escape(view.went_to.name, 60)}" if view.went_to else reason.then.value


def _why(view: DealMessage) -> str:
    """Why this AE; that it was their turn goes without saying."""
    if view.rule in {None, Rule.ROTATION, Rule.OVERFLOW}:
        return ""
    return f" {escape(view.ae.name, 60)} {view.rule.words}." if view.rule else ""


def _worth(view: DealMessage) -> str:
    """The opportunity in the CRM's own words."""
    amount = f"*{escape(money(view.amount, view.currency), 40)}*" if view.amount is not None else "no amount yet"
    expected = f"expected {view.expected_on:%d %b %Y}" if view.expected_on and view.is_open else ""
    return "  ·  ".join(filter(None, [f"Stage: {escape(view.stage, 60)}", amount, expected]))


def _ae(view: DealMessage) -> str:
    return mention(view.ae.slack_user_id, view.ae.name)


def _sdr(view: DealMessage) -> str:
    return mention(view.sdr.slack_user_id, view.sdr.name) if view.sdr else "sales development"


def _decider(view: DealMessage) -> str:
    return escape(view.decided_by.name, 60) if view.decided_by else "the CRM"


def _fallback(view: DealMessage) -> str:
    if not view.is_open:
        return "won." if view.won else "lost."
    return {
        DealStatus.OFFERED: "a deal for you. Accept or return it.",
        DealStatus.ACCEPTED: "accepted.",
        DealStatus.RETURNED: "returned.",
        DealStatus.WITHDRAWN: "taken back.",
    }[view.status]


# ---- the brief ---------------------------------------------------------------------------------------------------------


def _brief(view: DealMessage) -> Iterator[str]:
    yield _who(view)
    learnt = [*_answers(view), *(step_words(one) for one in view.tries[:TRIES])]
    if learnt:
        yield f"📝 *What {escape(view.sdr.name, 60) if view.sdr else 'the SDR'} has learnt*\n" + "\n".join(learnt)
    if view.journey is not None:
        yield "🧭 *Their road*\n" + "\n".join(_road(view.journey, view))
    if view.influence:
        yield "📣 *What influenced it*\n" + "\n".join(_share(one) for one in view.influence)
    if view.card.colleagues:
        shown = [f"• {colleague_words(one)}" for one in view.card.colleagues[:COLLEAGUES]]
        more = view.card.more_colleagues + len(view.card.colleagues) - len(shown)
        yield "👥 *Who else is engaged*\n" + "\n".join([*shown, *([f"and {more} more"] if more else [])])
    if view.similar:
        yield "🏆 *Deals like it that were won*\n" + "\n".join(_similar(one) for one in view.similar)


def _who(view: DealMessage) -> str:
    lead = view.card.lead
    role = f"*{escape(lead.title, 100)}*" if lead.title else "_title not known_"
    size = f"{escape(lead.company_size, 40)} employees" if lead.company_size else ""
    known = [role, escape((lead.industry or "").replace("_", " "), 60), size, escape(lead.country or "", 40)]
    reach = [escape(one, 120) for one in (lead.email, lead.phone) if one]
    return " · ".join(filter(None, known)) + "\n" + " · ".join(reach)


def _answers(view: DealMessage) -> Iterator[str]:
    """The answers of the newest qualification, with the rep's own words."""
    answered = view.card.qualification
    for one in answered.answers[:ANSWERS] if answered else ():
        mark = ANSWERED[one.counts] if one.counts is not None else "💬"
        yield f"{mark} {escape(one.question, 60)}: {escape(one.words, 300)}"


def _road(journey: Journey, view: DealMessage) -> Iterator[str]:
    first = f"{escape(journey.first.replace('_', ' '), 40)}"
    by = f" ({escape(journey.campaign, 60)})" if journey.campaign else ""
    yield f"• First seen {moment(journey.first_at, DAY)} by {first}{by}; {_times(journey.touches)} since"
    for touch in view.card.touches[:2]:
        what = escape(touch.content or touch.campaign or touch.page or "", 60)
        said = f" “{what}”" if what else ""
        yield f"• {moment(touch.occurred_at, DAY)}  {escape(touch.kind.replace('_', ' '), 40)}{said}"
    sql = f", SQL {moment(journey.sql_at, DAY)}" if journey.sql_at else ""
    yield f"• {view.card.tier.label()} {moment(journey.mql_at, DAY)}{sql}"


def _times(touches: int) -> str:
    return how_many(touches, "touch", "touches")


def _share(one: Influence) -> str:
    channel = f" ({escape(one.channel, 40)})" if one.channel != one.name else ""
    return f"• *{one.share:.0%}* {escape(one.name, 60)}{channel}, {_times(one.touches)}"


def _similar(one: SimilarDeal) -> str:
    worth = escape(money(one.amount, one.currency), 40) if one.amount is not None else "no amount"
    days = how_many(one.days, "day")
    by = f" “{escape(one.tipped_by, 60)}”" if one.tipped_by else ""
    tipped = f"; before it: {escape(one.tipped.replace('_', ' '), 40)}{by}" if one.tipped else ""
    return f"• {escape(one.company or 'A company', 60)}: {worth} in {days}{tipped}"


def _link(link: str | None) -> Iterator[Block]:
    if link:
        yield context(f"<{link}|Open the lead's card>")


def _buttons(view: DealMessage) -> list[Block]:
    """Who has accepted it may still find that it is none."""
    if not view.is_open:
        return []
    ref = DealRef(view.deal_id, view.version).packed
    back = button("Return…", DealPress.RETURN, ref)
    if view.status is DealStatus.OFFERED:
        return [actions(f"deal.{view.deal_id}", button("Accept", DealPress.ACCEPT, ref, style="primary"), back)]
    return [actions(f"deal.{view.deal_id}", back)]
