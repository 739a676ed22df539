"""My deals, in App Home: what waits for a yes first, then the open ones; for a manager what is stuck in their team."""

from collections.abc import Sequence

from bot.blocks import Block, button, context, escape, header, moment, section
from bot.ids import DealPress, DealRef
from domain.my_deals import DealRow, DealsHome
from domain.rules.counting import how_many
from domain.rules.money import money
from domain.stats.stuck import StuckDeal

WORST = 3


def deals_blocks(home: DealsHome) -> list[Block]:
    blocks: list[Block] = []
    if home.offered or home.mine:
        blocks += [header("My deals"), *(_offered(row) for row in home.offered)]
        if home.mine:
            blocks.append(section("\n".join(_open(row) for row in home.mine)))
        if home.more:
            blocks.append(context(f"and {home.more} more open ones in the CRM"))
    if home.stuck:
        blocks.append(context(_stuck(home.stuck)))
    return blocks


def _offered(row: DealRow) -> Block:
    ref = DealRef(row.deal_id, row.version).packed
    by = f"  ·  accept it by *{moment(row.due_at, '{date_short_pretty} at {time}')}*" if row.due_at else ""
    whose = f"  ·  for {escape(row.whose, 60)}" if row.whose else ""
    words = section(f"💼 {_who(row)}\n{_worth(row)}{by}{whose}")
    return {
        **words,
        "block_id": f"my-deal.{row.deal_id}",
        "accessory": button("Accept", DealPress.ACCEPT, ref, style="primary"),
    }


def _open(row: DealRow) -> str:
    days = f"for {how_many(row.days, 'day')}" if row.days else "since today"
    return f"{'⚠️' if row.stuck else '•'} {_who(row)}  ·  {_worth(row)} {days}{' *stuck*' if row.stuck else ''}"


def _who(row: DealRow) -> str:
    return f"*{escape(row.lead, 60)}*" + (f" · {escape(row.company, 60)}" if row.company else "")


def _worth(row: DealRow) -> str:
    amount = f"{escape(money(row.amount, row.currency), 40)}  ·  " if row.amount is not None else ""
    return f"{amount}{escape(row.stage, 60)}"


def _stuck(stuck: Sequence[StuckDeal]) -> str:
    deals = how_many(len(stuck), "deal is stuck", "deals are stuck")
    worst = "  ·  ".join(
        f"{escape(one.lead, 60)} {one.days} days in {escape(one.stage, 60)}"
        + (f" with {escape(one.owner, 60)}" if one.owner else "")
        for one in stuck[:WORST]
    )
    return f"⚠️ *{deals}*, the worst: {worst}"
