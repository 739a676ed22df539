"""The demo's past: the same each time, with something to find in it, and nothing of it left to do."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Engine, func, select

from domain.rules.lifecycle import LIVE, Stage
from domain.rules.tiers import Tier, is_above
from domain.stats.stuck import stuck_deals
from domain.tables import CreditRun, Handoff, JobRow, Lead, Opportunity, Pulse, SlaClock, SystemLink
from handlers import demo
from handlers.demo_cast import SETTLED, Character, cast
from handlers.demo_past import lay
from handlers.jobs import reading
from handlers.system import System
from kit.clock import utcnow
from tests.conftest import NOON

PEOPLE = list(cast(NOON, 300))


def rate(which: Callable[[Character], bool], among: Sequence[Character] = PEOPLE) -> float:
    """Which share of them has become an SQL."""
    theirs = [one for one in among if which(one)]
    return sum(one.deal is not None for one in theirs) / len(theirs)


def did(kind: str) -> Callable[[Character], bool]:
    return lambda one: any(step[0] == kind for _, step in one.touches)


def test_the_same_people_come_each_time_each_once() -> None:
    assert list(cast(NOON, 300)) == PEOPLE
    assert len({one.person["email"] for one in PEOPLE}) == 300


def test_there_is_something_to_find_in_what_became_of_them() -> None:
    private = rate(lambda one: str(one.person["email"]).endswith("@gmail.com"))
    assert private < 0.2
    assert rate(did("webinar")) > 0.4 > private
    assert rate(lambda one: one.source == "partners") > 0.5
    assert rate(did("pricing_view")) > rate(did("content_download")) + 0.1


def test_the_quarters_get_better() -> None:
    third = len(PEOPLE) // 3
    assert rate(lambda _: True, PEOPLE[-third:]) > rate(lambda _: True, PEOPLE[:third])


@pytest.fixture
def laid(committed: Engine, tmp_path: Path) -> int:
    """How many jobs there were before. Sixty leads take two to three seconds: each goes the whole road through the verbs."""
    demo.seed(System(committed.url.render_as_string(hide_password=False), tmp_path))
    before = count(JobRow.id.is_not(None))
    lay(utcnow(), leads=60)
    return before


def count(what: ColumnElement[bool]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(what)) or 0


def test_nothing_of_it_is_left_to_do(laid: int) -> None:
    now = utcnow()
    assert count(Lead.id.is_not(None)) == 60
    assert count(JobRow.id.is_not(None)) == laid
    assert count(SlaClock.stopped_at.is_(None)) == 0
    assert count(Handoff.status.in_(LIVE)) == 0
    assert count(SystemLink.dirty_since.is_not(None)) == 0
    assert count(Lead.recheck_at <= now) == 0
    with reading() as session:
        assert stuck_deals(session, now) == []
    # Who would go to sales with the next look at them rests.
    with reading() as session:
        warm = session.scalars(select(Lead).where(Lead.stage == Stage.NURTURING)).all()
    assert [
        one for one in warm if one.tier and is_above(one.tier, Tier.MEL) and not (one.rests_until or now) > now
    ] == []


def test_it_has_all_that_numbers_are_made_of_and_ends_before_the_last_week(laid: int) -> None:
    assert count(Opportunity.won.is_(True)) > 3
    assert count(Opportunity.won.is_(False)) > 3
    assert count(Handoff.reason.is_not(None)) > 10
    assert count(CreditRun.superseded_at.is_(None)) == count(Opportunity.won.is_(True))
    assert count(Pulse.feeling.is_not(None)) > 10
    decided = func.greatest(Handoff.accepted_at, Handoff.rejected_at, Handoff.qualified_at)
    assert count(decided > utcnow() - SETTLED + timedelta(days=1)) == 0
    assert count(Opportunity.closed_at > utcnow() - SETTLED) == 0
