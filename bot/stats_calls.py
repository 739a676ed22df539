"""`/leadstats calls`: what qualification calls came to, and which answers went with an SQL."""

from bot.blocks import Block, context, escape, header, section
from bot.figures import lasting, percent
from domain.rules.qualification import Counts, Verdict
from domain.stats.calls import Asked, Calls, Qualifying
from domain.stats.quality import FEW

NAME = 80
REPS = 15
"""More than these fit no answer: ask for a pool or a rep."""
VERDICTS = {Verdict.QUALIFIED: "SQL", Verdict.NOT_YET: "not yet", Verdict.NOT_QUALIFIED: "not qualified"}
NOTE = "Of each lead the newest call counts. Beside an answer: how many gave it, and how many of those are SQLs by now."


def calls_answer(whose: str, period: str, found: Qualifying, *, by_rep: bool) -> tuple[str, list[Block]]:
    """`by_rep`: whether the asker may see whose calls they were."""
    title = f"Qualification calls, {period}"
    parts = [f"*{escape(whose, NAME)}*\n{_calls(found.every)}"]
    if found.questions:
        parts.append("*What was answered*\n" + "\n".join(_question(asked) for asked in found.questions))
    if by_rep and len(found.reps) > 1:
        those = [f"{escape(name, NAME)}:  {_calls(calls)}" for name, calls in found.reps[:REPS]]
        more = len(found.reps) - REPS
        parts.append("*By rep*\n" + "\n".join(those) + (f"\nand {more} more" if more > 0 else ""))
    blocks = [header(title), *(section(part) for part in parts), context(NOTE)]
    return escape(f"{title}: {whose}. {_calls(found.every)}".replace("*", ""), 1_500), blocks


def _calls(calls: Calls) -> str:
    said = [f"{VERDICTS[verdict]} *{calls.verdicts.get(verdict, 0)}*" for verdict in Verdict]
    if calls.median is not None:
        times = f"half within {lasting(calls.median)}, nine of ten within {lasting(calls.nine_of_ten)}"
        said.append(f"MQL to SQL: {times} ({calls.sqls} SQLs)")
    return "  ·  ".join(said if calls.made or calls.sqls else ["No calls yet"])


def _question(asked: Asked) -> str:
    answers = [_answer(counts, asked) for counts in Counts if counts in asked.answers]
    return f"{escape(asked.question, NAME)}:  " + "  ·  ".join(answers)


def _answer(counts: Counts, asked: Asked) -> str:
    share = asked.answers[counts]
    became = f", {percent(share.rate)} SQL" if share.of >= FEW else ""
    return f"{counts.value} *{share.of}*{became}"
