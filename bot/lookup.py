"""`/lead`: a lead's card as it is now, where it hangs, and what happened so far; or the leads of a company."""

from datetime import datetime

from bot.blocks import Block, context, escape, header, moment, plain, section
from bot.card import chance_words, colleague_words, lead_card
from domain.looking_up import CompanyFound, EventLine, Found
from domain.rules.lifecycle import GONE
from domain.tables import Happened

Message = tuple[str, list[Block]]

DAY = "{date_short_pretty}"
NAME = 60
_SAID = {
    Happened.LEAD_CAPTURED: "captured",
    Happened.LEAD_NURTURED: "to nurture",
    Happened.LEAD_DISQUALIFIED: "disqualified",
    Happened.HANDOFF_OFFERED: "offered to sales",
    Happened.HANDOFF_ACCEPTED: "accepted",
    Happened.HANDOFF_RECYCLED: "rejected, back to nurture",
    Happened.HANDOFF_PASSED_ON: "rejected, on to the next rep",
    Happened.HANDOFF_MOVED: "given to somebody else",
    Happened.HANDOFF_HANDED_ON: "handed on: nobody had acted in time",
    Happened.HANDOFF_WITHDRAWN: "taken back from sales",
    Happened.HANDOFF_CONTACTED: "contacted",
    Happened.HANDOFF_QUALIFIED: "SQL",
    Happened.HANDOFF_BREACHED: "a deadline was missed",
    Happened.OPPORTUNITY_OPENED: "opportunity opened",
    Happened.OPPORTUNITY_WON: "won",
    Happened.OPPORTUNITY_LOST: "lost",
}


def lead_message(found: Found, now: datetime) -> Message:
    """The answer to `/lead EMAIL`. Who may act on the lead gets the card's buttons, the others do not."""
    if found.stage in GONE or found.card is None:
        text, blocks = _without_card(found)
    else:
        text, drawn = lead_card(found.card, now)
        blocks = [block for block in drawn if found.may_act or block["type"] != "actions"]
    if (where := _where(found)) is not None:
        blocks.append(context(where))
    if found.history:
        blocks.append(context("*So far:*  " + "  ·  ".join(_event(one) for one in found.history)))
    return text, blocks


def company_message(found: CompanyFound) -> Message:
    """The answer to `/lead company.com`."""
    title = f"Leads of {plain(found.name, NAME)}"
    lines = [f"• {colleague_words(one)}" for one in found.leads]
    if found.more:
        lines.append(f"and {found.more} more")
    return escape(f"{title}: {len(found.leads) + found.more}", 200), [
        header(title),
        section("\n".join(lines)),
        context("One of them: `/lead EMAIL`"),
    ]


def _without_card(found: Found) -> Message:
    """Of a lead that sales never had."""
    lead = found.lead
    title = " · ".join(
        part for part in (_standing(found), plain(lead.name, NAME), plain(lead.company or "", 50)) if part
    )
    about = [escape(part, 100) for part in (lead.title, lead.email, lead.country) if part]
    stands = [f"*{found.stage.value.replace('_', ' ').capitalize()}*"]
    if found.programme:
        stands.append(f"programme “{escape(found.programme, NAME)}”")
    if found.rests_until is not None:
        stands.append(f"rests until {moment(found.rests_until, DAY)}")
    if found.chance is not None:
        stands.append(chance_words(found.chance))
    stands.append(f"with {escape(found.owner, NAME)}" if found.owner else "nobody of sales has it")
    said = " · ".join(about) + "\n" + "  ·  ".join(stands)
    return escape(title, 300), [header(title), section(said), context("Why: `/leadwhy EMAIL`")]


def _standing(found: Found) -> str:
    if found.tier is None:
        return "Not scored yet"
    return f"{found.tier.label()} {found.score}"


def _where(found: Found) -> str | None:
    """A link to the card: Slack's own if we know it, else the channel."""
    if found.permalink:
        return f"<{found.permalink}|Open the card>"
    if found.channel and found.channel.startswith(("C", "G")):
        return f"The card is in <#{found.channel}>"
    return None


def _event(one: EventLine) -> str:
    by = f" ({escape(one.by, NAME)})" if one.by else ""
    return f"{moment(one.at, DAY)} {_SAID[one.kind]}{by}"
