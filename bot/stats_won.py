"""`/leadstats won`: what became of the opportunities, how long it took, what they were worth, and why some were lost."""

from bot.blocks import Block, context, escape, header, section
from bot.figures import NOTHING, lasting, percent
from domain.rules.money import money
from domain.stats.quality import FEW
from domain.stats.won_lost import WonLost

NAME = 80
NOTE = "Opportunities of the leads that became MQL or HQL then. What is open is neither won nor lost yet."


def won_answer(whose: str, period: str, found: WonLost) -> tuple[str, list[Block]]:
    title = f"Won and lost, {period}"
    told = [_rate(found), f"From MQL to won: median *{lasting(found.median)}*", _worth(found)]
    parts = [f"*{escape(whose, NAME)}*\n" + "\n".join(line for line in told if line)]
    if found.reasons:
        reasons = [f"{escape(reason or 'no reason said', 60)} {count}" for reason, count in found.reasons]
        parts.append("*Why deals were lost*\n" + "  ·  ".join(reasons))
    blocks = [header(title), *(section(part) for part in parts), context(NOTE)]
    return escape(f"{title}: {whose}. {told[0]}".replace("*", ""), 1_500), blocks


def _rate(found: WonLost) -> str:
    rate = found.win_rate
    few = "" if rate.of >= FEW or not rate.of else "  ·  too few to say"
    won = f"Won *{percent(rate.rate)}*, {rate.hit} of {rate.of} that are closed" if rate.of else f"Won {NOTHING}"
    return f"{won}; {rate.waiting} still open{few}"


def _worth(found: WonLost) -> str:
    said = [f"*{money(round(one.mean), one.currency)}* over {one.deals}" for one in found.worth]
    if not said:
        return ""
    unknown = f"; {found.unvalued} without a value, not counted" if found.unvalued else ""
    return f"Average value of what was won: {', '.join(said)}{unknown}"
