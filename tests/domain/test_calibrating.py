"""What a run of learning reads beside the outcomes, and whether a model in force keeps what it promised."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import calibrating, watching
from domain.backtest.intervals import Share
from domain.outcomes import Outcome
from domain.rules.proposals import ProposalKind
from domain.rules.scoring import default_model_toml, read_model
from domain.rules.tiers import Tier
from domain.tables import ClockOutcome, Rep, SlaClock
from domain.verbs import modelling, proposing
from domain.verbs.proposing import Found
from domain.watching import watch
from tests.conftest import NOON
from tests.domain.making import HQL, make_lead, make_offer, make_team

STRICT = calibrating.with_thresholds(default_model_toml(), 65, 80)
MODEL = read_model(default_model_toml())
"""It expects 40 % of MQLs and 60 % of HQLs to become an SQL."""


def test_what_reps_may_be_offered_is_what_a_pool_can_take(session: Session) -> None:
    team = make_team(session)
    team.sam.most_a_day, team.dana.most_a_day = 4, 6
    session.flush()
    assert calibrating.capacity(session, NOON) == (10.0, None)


def test_without_a_limit_it_is_what_was_handled_in_time_on_a_good_day(session: Session) -> None:
    make_team(session)
    for number in range(12):
        # One day of twenty is not the good day but the best one.
        at = NOON - timedelta(days=1)
        make_offer(session, email=f"kim{number}@buyer.example.com", now=at)
    met(session)
    assert calibrating.capacity(session, NOON).sdr is None
    for day in (6, 7, 8):
        for number in range(3):
            make_offer(session, email=f"lee{day}.{number}@buyer.example.com", now=NOON - timedelta(days=day))
    met(session)
    assert calibrating.capacity(session, NOON).sdr == 3.0


def met(session: Session) -> None:
    for clock in session.scalars(select(SlaClock)):
        clock.outcome, clock.stopped_at = ClockOutcome.MET, clock.started_at
    session.flush()


def test_a_handful_handled_in_time_says_nothing(session: Session) -> None:
    make_team(session)
    make_offer(session, now=NOON - timedelta(days=1))
    met(session)
    assert calibrating.capacity(session, NOON) == (None, None)


def test_leads_come_by_the_best_score_they_have_reached(session: Session) -> None:
    active = modelling.active_model(session)[0]
    first, second = make_lead(session), make_lead(session, HQL, "lee@buyer.example.com")
    make_lead(session, HQL, "old@buyer.example.com", now=NOON - timedelta(days=200))
    found = calibrating.arrivals(session, [active.id], NOON)
    assert set(found) == {first.score, second.score}
    assert sum(found.values()) == pytest.approx(2 / 66, rel=0.05)
    assert calibrating.arrivals(session, [], NOON) == {}


def test_what_is_known_of_the_same_points_under_other_thresholds_is_known_of_these(session: Session) -> None:
    before = modelling.active_model(session)[0]
    stricter = modelling.import_model(session, STRICT, NOON)
    assert set(calibrating.of_the_same_points(session, stricter)) == {before.id, stricter.id}
    other = modelling.import_model(session, STRICT.replace("points = 32", "points = 30", 1), NOON)
    assert calibrating.of_the_same_points(session, other) == [other.id]


def test_the_weekly_run_is_due_until_it_was_made(session: Session) -> None:
    assert calibrating.learning_due(session, NOON)
    base = modelling.active_model(session)[0].id
    proposing.keep(session, Found(ProposalKind.MODEL, base, "not_enough", "Few.", {}), {}, NOON)
    assert not calibrating.learning_due(session, NOON - timedelta(hours=6))
    assert calibrating.learning_due(session, NOON + timedelta(days=7))


def outcomes(model_id: int, hits: int, of: int, accepted: int | None = None) -> list[Outcome]:
    return [
        Outcome(
            lead_id=number,
            handoff_id=number,
            at=NOON,
            score=70,
            tier=Tier.MQL,
            pool_id=None,
            model_id=model_id,
            accepted=None if accepted is None else number < accepted,
            sql=number < hits,
            won=None,
            days_to_sql=None,
            days_to_won=None,
            reason=None,
        )
        for number in range(of)
    ]


@pytest.mark.parametrize(
    ("seen", "worse"),
    [
        (outcomes(2, 20, 50), False),  # 40 %, as it expects
        (outcomes(2, 5, 50), True),
        (outcomes(2, 0, 15), False),  # too few to say
        (outcomes(2, 20, 50, accepted=20) + outcomes(1, 20, 50, accepted=45), True),
        (outcomes(2, 20, 50, accepted=43) + outcomes(1, 20, 50, accepted=45), False),
    ],
    ids=["as promised", "fewer SQLs", "too few", "fewer accepted", "as many accepted"],
)
def test_a_model_does_worse_only_beyond_chance(seen: Sequence[Outcome], worse: bool) -> None:
    found = watch(seen, 2, MODEL)
    assert found.worse is worse
    assert found.as_json()["worse"] is worse


def test_what_a_model_promised_is_its_own_table_of_chances_if_it_has_one() -> None:
    told = (
        default_model_toml()
        + '\n[probability]\nof = "sql"\noutcomes = 90\nat = [[0, 0.1, 0.0, 0.2], [100, 0.8, 0.7, 0.9]]\n'
    )
    found = watch(outcomes(2, 20, 40), 2, read_model(told))
    assert found.promised == pytest.approx(0.59)
    assert found.sql == Share(20, 40)


def test_managers_are_told_and_without_any_the_admins(session: Session) -> None:
    team = make_team(session)
    assert list(watching.managers(session)) == [team.morgan]
    team.morgan.active = False
    team.sam.admin = True
    session.flush()
    assert [rep.id for rep in watching.managers(session)] == [team.sam.id]
    assert session.scalars(select(Rep).where(Rep.admin)).one() is team.sam
