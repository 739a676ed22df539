"""Whom and what one may ask numbers of: reps, pools, channels, campaigns, personas and models by their names."""

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process, utils
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.rules.personas import Persona
from domain.tables import ModelStatus, Pool, Rep, ScoringModel, TouchRow

NEAREST = 3
MOST = 2_000
"""So many different channels or campaigns are looked through for a name that is spelled differently."""


def rep_named(session: Session, said: str) -> Rep | None:
    """By Slack id, e-mail or name; a part of a name is enough if it is nobody else's. Who has left keeps their numbers."""
    folded = said.casefold().strip()
    reps = session.scalars(select(Rep).order_by(Rep.active.desc(), Rep.id)).all()
    for known in (
        [rep for rep in reps if said == rep.slack_user_id],
        [rep for rep in reps if folded == rep.email.casefold()],
        [rep for rep in reps if folded in {rep.name.casefold(), rep.name.casefold().replace(" ", ".")}],
        [rep for rep in reps if folded and folded in rep.name.casefold().split()],
    ):
        if len(known) == 1:
            return known[0]
    return None


def reps_near(session: Session, said: str) -> Sequence[str]:
    """The names of the active reps that look most like it."""
    return nearest(said, session.scalars(select(Rep.name).where(Rep.active).order_by(Rep.id)))


def touched_by(session: Session, column: InstrumentedAttribute[str | None], said: str) -> str | None:
    """The channel or campaign of this name as touches have it, whatever its case."""
    exact = session.scalar(select(column).where(column == said).limit(1))
    if exact is not None:
        return exact
    folded = said.casefold()
    return next((one for one in there_are(session, column) if one.casefold() == folded), None)


def there_are(session: Session, column: InstrumentedAttribute[str | None]) -> Sequence[str]:
    """The different values, by jumping from one to the next in the index: touches are many, these are few."""
    known = TouchRow.__table__.c[column.key]
    jumps = select(func.min(known).label("name")).cte("jumps", recursive=True)
    following = select(func.min(known)).where(known > jumps.c.name).scalar_subquery()
    jumps = jumps.union_all(select(following).where(jumps.c.name.is_not(None)))
    return session.scalars(select(jumps.c.name).where(jumps.c.name.is_not(None)).limit(MOST)).all()


def pool_named(session: Session, said: str) -> Pool | None:
    """Whatever its case."""
    folded = said.strip().casefold()
    # Not in SQL: lower() leaves a ß and a final sigma as they are, which casefold() does not.
    return next((one for one in session.scalars(select(Pool).order_by(Pool.id)) if one.name.casefold() == folded), None)


def pools(session: Session) -> Sequence[str]:
    return session.scalars(select(Pool.name).order_by(Pool.id)).all()


def persona_named(said: str) -> Persona | None:
    """`decision_maker`, `Decision maker`, `decision-makers`"""
    folded = said.casefold().replace(" ", "_").replace("-", "_")
    return next((one for one in Persona if folded in {one.value, f"{one.value}s"}), None)


def model_named(session: Session, said: str) -> ScoringModel | None:
    """`active`, NAME@VERSION, or NAME: of those that were ever in force, the newest version of that name."""
    folded = said.casefold()
    newest_first = sorted(models(session), key=lambda row: -row.version)
    return next((row for row in newest_first if folded in _spellings(row)), None)


def _spellings(row: ScoringModel) -> set[str]:
    active = {ModelStatus.ACTIVE.value} if row.status is ModelStatus.ACTIVE else set()
    return {row.name.casefold(), model_words(row).casefold()} | active


def models(session: Session) -> Sequence[ScoringModel]:
    """Those that were ever in force: only they hand leads over."""
    return session.scalars(
        select(ScoringModel).where(ScoringModel.activated_at.is_not(None)).order_by(ScoringModel.id)
    ).all()


def model_words(row: ScoringModel) -> str:
    return f"{row.name}@{row.version}"


def nearest(said: str, names: Iterable[str]) -> Sequence[str]:
    """At most three, the most alike first."""
    found = process.extract(said, list(names), scorer=fuzz.WRatio, processor=utils.default_process, limit=NEAREST)
    return [name for name, _, _ in found]
