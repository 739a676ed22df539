"""`/leadstats [me|team] [7d|30d|90d]`: the team's numbers for managers, one's own for everybody."""

import re
from datetime import timedelta

from bot.ids import Command
from bot.listening import Answer, Asked, on_command
from bot.stats import leadstats
from domain import finding
from domain.rules.refusals import BadQuestion, ManagersOnly
from domain.stats.quality import leads_by_tier, quality
from domain.tables import Rep, Role
from domain.verbs.modelling import active_model
from handlers.jobs import reading
from kit.clock import utcnow

DAYS = 30
LONGEST = 730


@on_command(Command.LEADSTATS)
def leadstats_asked(asked: Asked) -> Answer:
    whose, days = _read(asked.text)
    now = utcnow()
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        mine = _mine(rep, whose)
        since = now - timedelta(days=days)
        found = quality(session, since, now, rep.id if mine else None)
        leads = None if mine else leads_by_tier(session, since)
        _, model = active_model(session)
    return leadstats(rep.name if mine else "The whole team", days, found, leads, model.expected_conversion)


def _mine(rep: Rep, whose: str | None) -> bool:
    if rep.role is Role.MANAGER:
        return whose == "me"
    if whose == "team":
        raise ManagersOnly
    return True


def _read(text: str) -> tuple[str | None, int]:
    """`me 7d` in any order; raises BadQuestion with an example."""
    whose, days = None, DAYS
    for word in text.casefold().split():
        if word in {"me", "team"}:
            whose = word
        elif (span := re.fullmatch(r"(\d{1,3})d", word)) and 0 < int(span[1]) <= LONGEST:
            days = int(span[1])
        else:
            raise BadQuestion(example="/leadstats team 30d")
    return whose, days
