"""What a loop found, with the names that it is said with: they are not kept, so that who is renamed or erased is so everywhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.finding import names_of
from domain.loops.daily import Day
from domain.loops.kept import from_json
from domain.loops.monthly import Pack
from domain.loops.routing_advice import About
from domain.loops.sentences import day_in_a_line, sentences, week_in_a_line
from domain.loops.weekly import Week
from domain.rules.feedback import Loop, month_words
from domain.rules.preferences import Alert
from domain.tables import CardPlace, LoopRun, Notice, Pool, Rep, Role

LOOP_ALERTS = (Alert.DAILY, Alert.WEEKLY, Alert.MONTHLY)
Found = Day | Week | Pack


@dataclass(frozen=True, slots=True)
class Names:
    """By id; of a card its link, by its handoff. All text from outside."""

    pools: Mapping[int, str] = field(default_factory=dict)
    reps: Mapping[int, str] = field(default_factory=dict)
    cards: Mapping[int, str] = field(default_factory=dict)


def day_names(session: Session, found: Day) -> Names:
    reps = {miss.rep_id for miss in found.misses if miss.rep_id is not None}
    cards = [miss.handoff_id for miss in found.misses]
    return Names(
        _pools(session, [pool.pool_id for pool in found.pools]), names_of(session, reps), _cards(session, cards)
    )


def for_reader(found: Week, reader: Rep) -> Week:
    """That somebody is at their limit is said to managers alone: for marketing it is none of what there is."""
    if reader.role is Role.MANAGER:
        return found
    return replace(found, advice=[one for one in found.advice if one.about is not About.LIMIT])


def week_names(session: Session, found: Week) -> Names:
    pools = {one.pool_id for one in found.advice if one.pool_id is not None}
    reps = {one.rep_id for one in found.advice if one.rep_id is not None}
    return Names(_pools(session, pools), names_of(session, reps))


def _pools(session: Session, pool_ids: Collection[int]) -> dict[int, str]:
    return dict(session.execute(select(Pool.id, Pool.name).where(Pool.id.in_(pool_ids))).all())


def _cards(session: Session, handoff_ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(
        select(CardPlace.handoff_id, CardPlace.permalink).where(CardPlace.handoff_id.in_(handoff_ids))
    )
    return {handoff_id: link for handoff_id, link in rows if link}


def loop_news(session: Session, notice: Notice) -> tuple[Found, Names]:
    """What this notice is about, as it was found."""
    run = session.get_one(LoopRun, int(notice.data["run"]))
    if notice.kind is Alert.DAILY:
        day = from_json(Day, run.data)
        return day, day_names(session, day)
    if notice.kind is Alert.WEEKLY:
        week = _week(session, run, notice)
        return week, week_names(session, week)
    return from_json(Pack, run.data), Names()


def _week(session: Session, run: LoopRun, notice: Notice) -> Week:
    return for_reader(from_json(Week, run.data), session.get_one(Rep, notice.rep_id))


def in_a_line(session: Session, notice: Notice) -> str:
    """For a digest. A title or a source in it is text from outside."""
    run = session.get_one(LoopRun, int(notice.data["run"]))
    if run.kind == Loop.DAILY:
        return day_in_a_line(from_json(Day, run.data))
    if run.kind == Loop.WEEKLY:
        return week_in_a_line(_week(session, run, notice))
    return f"{month_words(run.period)}: {sentences(from_json(Pack, run.data))[0]}"
