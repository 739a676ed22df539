"""The monthly review of MELs: one message to whoever is responsible for nurture."""

from collections.abc import Sequence

from bot.blocks import Block, context, escape, header, moment, plain, section
from domain.reviewing import Named, Review
from domain.rules.counting import how_many

Message = tuple[str, list[Block]]


def review_message(review: Review) -> Message:
    mels = how_many(review.mels, "MEL")
    blocks = [
        header(f"Monthly review: {mels} in nurture"),
        section(
            f"Since {moment(review.since, '{date_short_pretty}')}: {review.came} new, {review.rose} rose to MQL or HQL, "
            f"{review.fell} fell to Cold, {review.gone} left."
        ),
        *_part("🔥 Nearest to MQL", review.near),
        *_part("🧊 Cold soon, if nothing happens", review.fading),
        *_part(f"🪨 MEL for more than 90 days: {review.stuck_in_all}", review.stuck),
    ]
    if review.stuck:
        blocks.append(context("Who stands still so long may be let rest: take them out of what you send often."))
    if review.best_content:
        blocks.append(context(f"What moved MELs most: {escape(review.best_content, 300)}"))
    return plain(f"Monthly review: {mels} in nurture, {len(review.near)} near to MQL"), blocks


def _part(title: str, leads: Sequence[Named]) -> list[Block]:
    return [section(f"*{title}*\n" + "\n".join(_line(lead) for lead in leads))] if leads else []


def _line(lead: Named) -> str:
    company = f", {escape(lead.company, 60)}" if lead.company else ""
    programme = f"in {escape(lead.programme, 60)}" if lead.programme else "in no programme"
    return f"• *{escape(lead.name, 60)}*{company}  ·  {lead.score} points, {programme}  ·  {escape(lead.note, 200)}"
