"""`/leadnext [POOL [fairness [30d]]]`: who is next in a pool, and for managers how fair the rotation has been."""

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.asking import days, words
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
EXAMPLE = "/leadnext SDR fairness 30d"


@on_command(Command.LEADNEXT)
def leadnext_asked(asked: Asked) -> Answer:
    """Who is next is no secret; what others got is for managers."""
    name, span = _read(asked.text)
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        if span is not None:
            return _fairness(session, rep, name, span)
        now = utcnow()
        pools = [pool_named(session, name)] if name else pools_of(session, rep)
        if not pools:
            return in_no_pool(pools_there_are(session))
        return leadnext([next_up(session, pool, now) for pool in pools])


def _fairness(session: Session, rep: Rep, name: str, span: int) -> Answer:
    if rep.role is not Role.MANAGER:
        raise ManagersOnly
    pool = pool_named(session, name)
    return fairness_table(pool.name, span, fairness(session, pool.id, utcnow() - timedelta(days=span)))


def _read(text: str) -> tuple[str, int | None]:
    """The pool's name, and the days if fairness was asked for. Raises BadQuestion with an example."""
    said = words(text)
    if "fairness" not in (word.casefold() for word in said):
        return " ".join(said), None
    *name, last = said
    span = days(last, LONGEST)
    if span is None and last.casefold() == "fairness":
        return _pool(name), DAYS
    if span is None or not name or name[-1].casefold() != "fairness":
        raise BadQuestion(example=EXAMPLE)
    return _pool(name[:-1]), span


def _pool(name: list[str]) -> str:
    if not name:
        raise BadQuestion(example=EXAMPLE)
    return " ".join(name)
