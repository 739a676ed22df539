"""My queue: the leads that one has, most urgent first, each with the one thing that is commonly next."""

from datetime import datetime

from bot.blocks import Block, button, context, header, section
from bot.board import counted, more_words, row_words
from bot.ids import HandoffRef, Press
from domain.home import Week
from domain.rules.lifecycle import HandoffStatus
from domain.stats.board import BoardPart, BoardRow

ROWS = 15
NEXT = {
    HandoffStatus.OFFERED: (Press.ACCEPT, "Accept", "primary"),
    HandoffStatus.ACCEPTED: (Press.LOG_CONTACT, "Log contact…", None),
    HandoffStatus.CONTACTED: (Press.QUALIFY, "Qualify…", None),
}
"""The button of a row; everything else is done at the card."""


def queue_blocks(part: BoardPart, week: Week | None, viewer: int, now: datetime) -> list[Block]:
    late = sum(row.late for row in part.running)
    waiting = len(part.running) + part.unread
    blocks = [header("My queue")]
    if waiting:
        blocks.append(context(counted(waiting, late)))
    else:
        blocks.append(section("Nothing is due. New leads come by themselves."))
    blocks += [_row(row, viewer, now) for row in part.running[:ROWS]]
    blocks += more_words(part, ROWS)
    if week is not None:
        blocks.append(context(_week(week)))
    return blocks


def _row(row: BoardRow, viewer: int, now: datetime) -> Block:
    made = section(row_words(row, viewer, now))
    if row.status not in NEXT:
        return made
    press, words, style = NEXT[row.status]
    accessory = button(words, press, HandoffRef(row.handoff_id, row.version).packed, style=style)
    return {**made, "block_id": f"queue.{row.handoff_id}", "accessory": accessory}


def _week(week: Week) -> str:
    done = f"*This week:* {week.accepted} accepted  ·  {week.contacted} contacted  ·  {week.qualified} qualified"
    return f"{done}  ·  {week.in_time} of {week.due} first contacts in time" if week.due else done
