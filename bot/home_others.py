"""What stands in the Home of who looks after the installation, and of marketing."""

from collections.abc import Sequence

from bot.blocks import Block, context, escape, header, moment, section, with_code
from domain.home import CheckView, Nurture
from domain.rules.counting import how_many
from domain.rules.feedback import month_words
from domain.stats.satisfaction import Satisfaction

CHECKS = 6


def banner_blocks(checks: Sequence[CheckView]) -> list[Block]:
    """What is wrong, and what to do about it; nothing when all is well."""
    if not checks:
        return []
    wrong = how_many(len(checks), "thing needs you", "things need you")
    blocks = [header(f"🩺 {wrong}"), *(section(_check(check)) for check in checks[:CHECKS])]
    if len(checks) > CHECKS:
        blocks.append(context(f"and {len(checks) - CHECKS} more: `handoff doctor` says them all"))
    return blocks


def _check(check: CheckView) -> str:
    advice = f"\n_What to do:_ {with_code(check.advice, 500)}" if check.advice else ""
    return f"{'🔴' if check.failed else '🟡'} *{escape(check.found, 300)}*{advice}"


def pulse_blocks(pulse: tuple[str, Satisfaction] | None) -> list[Block]:
    """How content sales was lately; nothing where nobody was asked."""
    if pulse is None:
        return []
    month, found = pulse
    answered = f"{found.answered} of {found.asked} answered"
    said = f"{found.mean:.1f} of 5" if found.mean is not None else "too few answers to show"
    return [context(f"💬 How good sales found its leads in {month_words(month)}: {said}, {answered}")]


def nurture_blocks(nurture: Nurture) -> list[Block]:
    waits = "Nobody waits for sales."
    if nurture.waiting:
        leads = how_many(nurture.waiting, "lead waits", "leads wait")
        since = (
            f", the longest since {moment(nurture.oldest, '{date_short_pretty} at {time}')}" if nurture.oldest else ""
        )
        waits = f"🟠 {leads} for sales{since}: nobody of their pool can be asked."
    reviewed = moment(nurture.reviewed_at, "{date_short_pretty}") if nurture.reviewed_at else "never"
    mels = f"*{nurture.mels} MELs* in nurture, {nurture.near} of them near to MQL"
    return [header("Marketing"), section(f"{waits}\n{mels}"), context(f"Last monthly review: {reviewed}")]
