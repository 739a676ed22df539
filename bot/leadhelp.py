"""`/leadhelp`: what one can ask, each with an example, for one's role."""

from bot.blocks import Block, context, escape, header, section
from bot.ids import Command
from domain.tables import Role

Message = tuple[str, list[Block]]

_EVERYBODY = (
    (Command.LEADSTATS, "me", "your own numbers of the last 30 days, with a chart"),
    (Command.LEADSTATS, "me quarter", "the same of this quarter; also 7d, 90d, 2026-Q3, 2026-03-01..2026-03-31"),
    (Command.LEAD, "name@company.com", "where a lead stands, whose it is, and its buttons if it is yours"),
    (Command.LEAD, "company.com", "the leads of a company"),
    (Command.LEADWHY, "name@company.com", "why a lead has its score, and who gets it"),
    (Command.LEADNEXT, "", "who is next in your pool, and who is passed over"),
)
_OF_LEADS = (
    (
        Command.LEADSTATS,
        "campaign Spring Fair quarter",
        "leads that a campaign had touched; also channel, persona, model",
    ),
    (Command.LEADSTATS, "trend", "quarter by quarter: what got better, and what is only chance"),
    (Command.LEADSTATS, "score quarter", "what the score was worth; also `calls`, `won`, `revenue`"),
)
_MANAGERS = (
    (Command.LEADSTATS, "team 30d", "the whole team"),
    (Command.LEADSTATS, "@Sam 90d", "one rep; also by e-mail or name"),
    (Command.LEADSTATS, "pool EMEA 90d", "one pool"),
    *_OF_LEADS,
    (Command.LEADNEXT, "SDR fairness 30d", "who was due how many leads of a pool, and who got them"),
)


def leadhelp(name: str, role: Role) -> Message:
    blocks = [header("What you can ask Handoff"), section(_listed(_EVERYBODY))]
    if role is Role.MANAGER:
        blocks.append(section("*For managers*\n" + _listed(_MANAGERS)))
    if role is Role.MARKETING:
        blocks.append(section("*For marketing*\n" + _listed(_OF_LEADS)))
    blocks.append(
        context(f"{escape(name, 60)}, only you see the answers. Your leads and your settings are in the Home tab.")
    )
    return "What you can ask Handoff: " + ", ".join(sorted(Command)), blocks


def _listed(rows: tuple[tuple[Command, str, str], ...]) -> str:
    return "\n".join(
        f"`{' '.join(filter(None, [command.value, example]))}`  {words}" for command, example, words in rows
    )
