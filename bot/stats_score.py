"""`/leadstats score`: whether a higher score meant a better lead."""

from bot.blocks import Block, context, escape, header, section
from bot.figures import NOTHING, percent, waiting
from domain.stats.effectiveness import Band, Effectiveness
from domain.stats.quality import FEW
from domain.stats.share import Share

NAME = 80
NOTE = (
    "Of leads that were handed to sales and of which it is known by now: those that were good enough. 50% would be a coin; "
    "over all leads the order is better than among these."
)


def score_answer(whose: str, period: str, found: Effectiveness) -> tuple[str, list[Block]]:
    title = f"What the score was worth, {period}"
    told = [_order(found), _lift(found), _means(found)]
    bands = [_band(band) for band in found.bands] or ["Nothing to count yet"]
    blocks = [
        header(title),
        section(f"*{escape(whose, NAME)}*\n" + "\n".join(line for line in told if line)),
        section("*Of each ten points*\n" + "\n".join(bands)),
        context(NOTE),
    ]
    return escape(f"{title}: {whose}. {told[0]}".replace("*", ""), 1_500), blocks


def _order(found: Effectiveness) -> str:
    if found.auc is None or found.auc_interval is None:
        return "Too few leads are known to say whether the score puts the better ones first"
    low, high = found.auc_interval
    doubt = "  ·  may be chance" if low <= 0.5 <= high else ""
    return (
        f"Of an SQL and another lead, the SQL had the higher score *{percent(found.auc)}* of the time "
        f"(95% sure: {100 * low:.0f} to {high:.0%}){doubt}"
    )


def _lift(found: Effectiveness) -> str:
    if found.lift is None:
        return ""
    doubt = "" if found.lift_is_sure else ", which may be chance"
    return f"The best ten points became SQLs *{found.lift:.1f} times* as often as all leads{doubt}"


def _means(found: Effectiveness) -> str:
    if found.mean_sql is None or found.mean_other is None:
        return ""
    return f"Mean score: *{found.mean_sql:.0f}* of SQLs, *{found.mean_other:.0f}* of the others"


def _band(band: Band) -> str:
    said = [f"{band.words}:  {_share(band.to_sql)} became SQLs", f"{_share(band.to_won)} were won"]
    if still := waiting(band.to_sql):
        said.append(still)
    return "  ·  ".join(said)


def _share(share: Share) -> str:
    few = "" if share.of >= FEW or not share.of else " (too few to say)"
    return f"*{percent(share.rate) if share.of else NOTHING}* of {share.of}{few}"
