"""The digest: what was not worth a message of its own, in one, grouped by kind."""

from collections.abc import Sequence

from bot.blocks import Block, context, escape, header, moment, plain, section
from domain.notices import DigestItem
from domain.rules.counting import how_many
from domain.rules.preferences import Alert

Message = tuple[str, list[Block]]
SHOWN, OF_A_KIND = 24, 6
"""How many lines a digest has in all, and of one kind: a message holds 13,200 characters."""
TITLES = {
    Alert.HEALTH: "🩺 Handoff needs you",
    Alert.OVERDUE: "🔴 Overdue",
    Alert.REMINDER: "⏱ Due soon",
    Alert.SLA_MISSED: "🔴 SLAs that your team missed",
    Alert.POOL_SHORT: "🟠 Nobody is available",
    Alert.HOTTER: "🔥 Became an HQL",
    Alert.CRM_REFUSED: "⚠️ The CRM said no",
    Alert.WOKEN: "⏰ No longer snoozed",
    Alert.JUMP: "📈 Scores that jumped",
    Alert.REVIEW: "🗓 Monthly review",
    Alert.PROPOSAL: "📐 Proposals",
    Alert.DAILY: "☀️ Yesterday in your pools",
    Alert.WEEKLY: "🔁 The week",
    Alert.MONTHLY: "📊 Quality review",
    Alert.PULSE: "💬 How good were your leads?",
    Alert.DEAL_DUE: "💼 Deals that wait for you",
    Alert.DEAL_LATE: "💼 Deals that nobody accepts",
    Alert.DEAL_NEWS: "💼 Your deals",
    Alert.DEAL_STUCK: "🐌 Deals that are stuck",
}
"""In the order in which they stand there: what cannot wait goes first."""
SENTENCES = frozenset({Alert.REVIEW, Alert.PROPOSAL, Alert.DAILY, Alert.WEEKLY, Alert.MONTHLY})
"""What is one sentence, made where it is known."""
DAY_AND_TIME = "{date_short_pretty} at {time}"


def digest_message(items: Sequence[DigestItem]) -> Message:
    """`items`: oldest first; at least one."""
    count = how_many(len(items), "thing")
    blocks: list[Block] = [header(f"Your digest: {count}")]
    left = SHOWN
    for kind, title in TITLES.items():
        of_kind = [item for item in items if item.kind is kind]
        shown = of_kind[-min(OF_A_KIND, left) :] if of_kind and left else []
        left -= len(shown)
        if of_kind:
            blocks.append(section("\n".join([f"*{title}*", *(f"• {_line(item)}" for item in shown)])))
        if len(of_kind) > len(shown):
            blocks.append(context(f"and {len(of_kind) - len(shown)} more: open the Home tab of Handoff"))
    blocks.append(context("What comes at once, and what comes here: Home tab, Notifications…"))
    return plain(f"Your digest: {count}"), blocks


def _line(item: DigestItem) -> str:
    if item.kind is Alert.HEALTH:
        return escape(item.text or "", 300)
    if item.kind in SENTENCES:
        return escape(item.text or "", 300)
    if item.kind is Alert.POOL_SHORT:
        waiting = how_many(item.count, "lead waits", "leads wait")
        return f"{escape(item.text or '', 80)}: {waiting}"
    if item.lead is None:
        deadlines = how_many(item.count, "deadline")
        return f"{deadlines} of a storm, {moment(item.at, DAY_AND_TIME)}: not seen to yet"
    if item.text:
        return f"{_lead(item)}: {escape(item.text, 200)}"
    return "  ·  ".join(part for part in (_lead(item), _news(item), _whose(item), _where(item)) if part)


def _lead(item: DigestItem) -> str:
    company = f" at {escape(item.company, 60)}" if item.company else ""
    tier = f", {item.tier.label()} {item.score}" if item.tier is not None and item.score is not None else ""
    return f"*{escape(item.lead or '', 60)}*{company}{tier}"


def _news(item: DigestItem) -> str:
    if item.clock is not None and item.due_at is not None:
        due = "due" if item.kind is Alert.REMINDER else "was due"
        return f"{item.clock.words} {due} {moment(item.due_at, DAY_AND_TIME)}"
    return f"up from {item.before}" if item.before is not None else ""


def _whose(item: DigestItem) -> str:
    """For who looks after others; one's own leads need no name."""
    if item.kind not in {Alert.SLA_MISSED, Alert.HOTTER} or item.rep is None:
        return ""
    return f"with {escape(item.rep, 60)}"


def _where(item: DigestItem) -> str:
    return f"<{item.link}|Open the card>" if item.link else ""
