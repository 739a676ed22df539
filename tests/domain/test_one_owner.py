"""Whatever people do with a lead, in whatever order, and whoever they are: it has at most one owner."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, TAKEN, Stage
from domain.rules.refusal import Refusal
from domain.tables import AttemptOutcome, Handoff, Happened, Lead, Rep
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.escalating import hand_on
from domain.verbs.offering import hand_over
from domain.verbs.passing import reassign, release, take_over
from domain.verbs.snoozing import snooze, wake_due
from domain.verbs.undoing import undo
from tests.conftest import NOON
from tests.domain.making import Team, events, make_absence, make_offer


class Act(NamedTuple):
    """`by`: who does it, as a name of the team. `old`: the card they look at is that many handoffs old."""

    what: str
    by: str
    to: str
    minutes: int
    old: int


Do = Callable[[Session, Handoff, Rep, Rep, datetime], object]


def _reject(reason: str) -> Do:
    return lambda s, h, by, to, now: reject(s, h.id, version=h.version, by=by, reason=reason, note=None, now=now)


ACTS: dict[str, Do] = {
    "accept": lambda s, h, by, to, now: accept(s, h.id, version=h.version, by=by, now=now),
    "no capacity": _reject("no_capacity"),
    "bad data": _reject("bad_data"),
    "bad timing": _reject("bad_timing"),
    "contact": lambda s, h, by, to, now: log_attempt(s, h.id, by=by, outcome=AttemptOutcome.SPOKE, note=None, now=now),
    "release": lambda s, h, by, to, now: release(s, h.id, version=h.version, by=by, now=now),
    "reassign": lambda s, h, by, to, now: reassign(s, h.id, version=h.version, by=by, to=to, now=now),
    "take over": lambda s, h, by, to, now: take_over(s, h.id, version=h.version, by=by, now=now),
    "snooze": lambda s, h, by, to, now: snooze(
        s, h.id, version=h.version, by=by, until=now + timedelta(hours=1), now=now
    ),
    "undo": lambda s, h, by, to, now: undo(s, h.id, version=h.version, by=by, now=now),
    "hand on": lambda s, h, by, to, now: hand_on(s, h.id, ClockKind.FIRST_CONTACT, now),
    "assign": lambda s, h, by, to, now: hand_over(s, h.lead_id, now),
    "wake": lambda s, h, by, to, now: wake_due(s, now, 10),
}
WEIGHTS = {
    "accept": 8,
    "undo": 6,
    "assign": 4,
    "release": 3,
    "reassign": 3,
    "no capacity": 3,
    "bad data": 0.5,
    "bad timing": 0.5,
}
"""How often each is tried against the others (1): what has to happen before other things can."""
PEOPLE = {"morgan": 6, "sam": 2, "dana": 2, "ada": 1}


def life(chance: random.Random) -> list[Act]:
    """Thirty things that people do, some of them too late or not theirs to do."""
    weights = [WEIGHTS.get(what, 1) for what in ACTS]
    return [
        Act(
            chance.choices([*ACTS], weights)[0],
            chance.choices([*PEOPLE], [*PEOPLE.values()])[0],
            chance.choice([*PEOPLE]),
            chance.choice((0, 1, 1, 4)),
            chance.choice((0, 0, 0, 0, 1)),
        )
        for _ in range(30)
    ]


def perform(session: Session, team: Team, lead_id: int, act: Act, now: datetime) -> bool:
    """Do it as a click would: all of it, or nothing. Says whether it was done."""
    handoffs = session.scalars(select(Handoff).where(Handoff.lead_id == lead_id).order_by(Handoff.cycle.desc())).all()
    handoff = handoffs[min(act.old, len(handoffs) - 1)]
    try:
        with session.begin_nested():
            ACTS[act.what](session, handoff, getattr(team, act.by), getattr(team, act.to), now)
            session.flush()
    except Refusal:
        return False
    return True


def check(session: Session, lead_id: int) -> None:
    session.expire_all()
    lead = session.get_one(Lead, lead_id)
    handoffs = session.scalars(select(Handoff).where(Handoff.lead_id == lead_id)).all()
    live = [one for one in handoffs if one.status in LIVE]
    taken = [one for one in handoffs if one.status in TAKEN]
    assert len(live) <= 1
    assert lead.owner_id == (taken[0].rep_id if taken else None)
    assert len(live) == 0 or lead.stage is Stage.IN_HANDOFF
    assert all(one.snoozed_until is None or one.status in LIVE for one in handoffs)


@pytest.mark.parametrize("seed", range(20))
def test_a_lead_has_at_most_one_owner_whatever_people_do_with_it(session: Session, team: Team, seed: int) -> None:
    make_absence(session, team.sam, cover=team.dana, since=NOON, until=NOON + timedelta(hours=1))
    lead_id, now, accepted = make_offer(session).lead_id, NOON, 0
    for act in life(random.Random(seed)):
        now += timedelta(minutes=act.minutes)
        done = perform(session, team, lead_id, act, now)
        accepted += done and act.what in {"accept", "take over"}
        check(session, lead_id)
    assert events(session, lead_id).count(Happened.HANDOFF_ACCEPTED) == accepted
