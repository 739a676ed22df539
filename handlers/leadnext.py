"""`/leadnext [POOL [fairness [30d]]]`: who is next in a pool, and for managers how fair the rotation has been."""

import re
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.ids import Command
from bot.leadnext import fairness_table, in_no_pool, leadnext
from bot.listening import Answer, Asked, on_command
from domain import finding
from domain.next_up import next_up, pool_named, pools_of, pools_there_are
from domain.rules.refusals import BadQuestion, ManagersOnly
from domain.stats.fairness import fairness
from domain.tables import Rep, Role
from handlers.jobs import reading
from kit.clock import utcnow

DAYS = 30
LONGEST = 730


@on_command(Command.LEADNEXT)
def leadnext_asked(asked: Asked) -> Answer:
    """Who is next is no secret; what others got is for managers."""
    name, days = _read(asked.text)
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        if days is not None:
            return _fairness(session, rep, name, days)
        now = utcnow()
        pools = [pool_named(session, name)] if name else pools_of(session, rep)
        if not pools:
            return in_no_pool(pools_there_are(session))
        return leadnext([next_up(session, pool, now) for pool in pools])


def _fairness(session: Session, rep: Rep, name: str, days: int) -> Answer:
    if rep.role is not Role.MANAGER:
        raise ManagersOnly
    pool = pool_named(session, name)
    return fairness_table(pool.name, days, fairness(session, pool.id, utcnow() - timedelta(days=days)))


def _read(text: str) -> tuple[str, int | None]:
    """The pool's name, and the days if fairness was asked for. Raises BadQuestion with an example."""
    asked = re.fullmatch(r"(.*?)(?:\s+fairness(?:\s+(\d{1,3})d)?)?", text.strip(), re.DOTALL | re.IGNORECASE)
    if asked is None:
        return text.strip(), None
    name, days = asked[1], int(asked[2] or DAYS)
    if name.casefold().split()[:1] == ["fairness"] or not 0 < days <= LONGEST:
        raise BadQuestion(example="/leadnext SDR fairness 30d")
    return name, days if len(name) < len(text.strip()) else None
