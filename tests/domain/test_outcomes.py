"""What became of leads: nothing is said of them before their time is up, and what says nothing of a lead is no outcome."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from domain.outcomes import Outcome, examples, outcomes, population
from domain.rules.learning import Goal
from domain.tables import Handoff, Rep
from domain.verbs import deciding, qualifying, selling
from domain.verbs.correcting import correct
from domain.verbs.erasing import erase
from domain.verbs.merging import merge_leads
from domain.verbs.scoring import facts_at, facts_at_all
from domain.verbs.selling import Word
from tests.conftest import NOON
from tests.domain.making import Team, make_lead, make_offer, take
from tests.domain.making_large_record import watched

YES = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "yes", "notes": ""}
RIPE, OLD = NOON + timedelta(days=31), NOON + timedelta(days=121)


def rejected(session: Session, team: Team, reason: str, *, after: timedelta = timedelta(hours=1)) -> Handoff:
    offer = make_offer(session)
    details = {"no_fit": "industry", "duplicate": "sam@buyer.example.com"}
    return deciding.reject(
        session,
        offer.id,
        version=offer.version,
        by=team.sam,
        reason=reason,
        note="Said so.",
        now=NOON + after,
        detail=details.get(reason),
    )


def accepted(session: Session, team: Team) -> Handoff:
    offer = make_offer(session)
    return deciding.accept(session, offer.id, version=offer.version, by=team.sam, now=NOON)


def only(session: Session, now: datetime) -> Outcome:
    session.flush()
    [found] = outcomes(session, now)
    return found


def test_nothing_is_said_of_a_lead_before_its_time_is_up_not_even_that_it_became_an_sql(
    session: Session, team: Team
) -> None:
    handoff = accepted(session, team)
    qualifying.qualify(
        session, handoff.id, version=handoff.version, by=team.sam, said=YES, now=NOON + timedelta(days=2)
    )
    young = only(session, NOON + timedelta(days=29))
    assert (young.accepted, young.sql, young.won, young.days_to_sql) == (True, None, None, 2.0)
    ripe = only(session, RIPE)
    assert (ripe.sql, ripe.won) == (True, None)
    assert only(session, OLD).won is False


def test_an_sql_that_came_after_the_time_was_up_came_too_late(session: Session, team: Team) -> None:
    handoff = accepted(session, team)
    qualifying.qualify(
        session, handoff.id, version=handoff.version, by=team.sam, said=YES, now=NOON + timedelta(days=40)
    )
    assert only(session, OLD).sql is False


def test_who_was_accepted_and_led_to_nothing_is_a_no(session: Session, team: Team) -> None:
    accepted(session, team)
    assert only(session, RIPE).sql is False


def test_whom_nobody_ever_took_up_was_judged_by_nobody(session: Session, team: Team) -> None:
    make_offer(session)
    assert (only(session, RIPE).accepted, only(session, RIPE).sql, only(session, OLD).won) == (None, None, None)


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("no_fit", False),
        ("competitor", False),
        ("not_ready", False),
        ("no_budget", False),
        ("bad_timing", None),
        ("wrong_territory", None),
        ("no_capacity", None),
        ("other", None),
    ],
)
def test_only_a_reason_that_speaks_of_the_lead_is_a_no(
    session: Session, team: Team, reason: str, says: bool | None
) -> None:
    rejected(session, team, reason)
    found = outcomes(session, RIPE)[0]
    assert (found.reason, found.accepted, found.sql) == (reason, says, says)


def test_a_deal_won_in_time_is_a_win_and_one_won_later_is_none(session: Session, team: Team) -> None:
    accepted(session, team)
    for days, won in ((60, True), (119, True), (130, False)):
        with session.begin_nested() as savepoint:
            at = NOON + timedelta(days=days)
            selling.hear(
                session,
                Word(
                    system="salesforce",
                    external_id="006A",
                    name="Sample Software",
                    stage="Closed Won",
                    modified_at=at,
                    is_closed=True,
                    is_won=True,
                    emails=("kim@buyer.example.com",),
                ),
                at,
            )
            found = only(session, NOON + timedelta(days=140))
            assert (found.won, found.days_to_won) == (won, float(days))
            savepoint.rollback()


def test_an_example_knows_what_was_known_when_the_lead_went_to_sales_and_nothing_later(
    session: Session, team: Team
) -> None:
    handoff = accepted(session, team)
    later = NOON + timedelta(days=3)
    take(session, kind="pricing_view", now=later, person={"title": "Student"})
    [example] = examples(session, outcomes(session, RIPE), Goal.SQL)
    assert [touch.kind for touch in example.facts.touches] == ["demo_request"]
    assert example.facts.attributes["persona"] == "decision_maker"
    assert (example.at, example.outcome) == (handoff.became_at, False)


def test_what_sales_found_out_later_does_not_go_back_into_what_was_known(session: Session, team: Team) -> None:
    handoff = accepted(session, team)
    before = examples(session, outcomes(session, RIPE), Goal.SQL)
    week = NOON + timedelta(days=7)
    correct(session, handoff.id, said={"title": "Student"}, shown={"title": "VP Sales"}, by=team.sam, now=week)
    # A fair whose list was imported after the call: what was done before it, and known only since.
    take(session, kind="webinar", now=week, at=NOON - timedelta(days=1))
    session.flush()
    assert examples(session, outcomes(session, RIPE), Goal.SQL) == before


def test_a_lead_that_was_merged_into_another_teaches_nothing_of_what_the_other_was(
    session: Session, team: Team
) -> None:
    handoff = accepted(session, team)
    other = make_lead(session, ("page_view",), "lee@buyer.example.com", now=NOON - timedelta(days=9))
    merge_leads(session, other.id, handoff.lead_id, by=team.morgan, now=NOON + timedelta(days=2))
    found = only(session, RIPE)
    assert (found.sql, found.merged) == (False, True)
    assert examples(session, [found], Goal.SQL) == []


def test_however_many_leads_there_are_what_is_known_of_them_is_read_at_once(session: Session, team: Team) -> None:
    def read() -> int:
        with watched(session.connection()) as seen:
            found = examples(session, outcomes(session, RIPE), Goal.SQL)
            everybody = population(session)
        assert len(found) == len(everybody)
        return len(seen)

    accepted(session, team)
    session.flush()
    one = read()
    for number in range(8):
        offer = make_offer(session, email=f"lead{number}@buyer.example.com")
        deciding.accept(session, offer.id, version=offer.version, by=session.get_one(Rep, offer.rep_id), now=NOON)
    session.flush()
    session.expire_all()
    assert len(outcomes(session, RIPE)) == 9
    assert read() == one <= 6


def test_each_of_many_attempts_has_what_was_known_at_its_own_moment(session: Session, team: Team) -> None:
    lead = make_lead(session)
    moments = [NOON - timedelta(days=1), NOON, NOON + timedelta(days=2)]
    take(session, kind="pricing_view", now=NOON + timedelta(days=1), person={"title": "Student"})
    session.flush()
    found = facts_at_all(session, [(lead.id, at) for at in moments])
    assert found == [facts_at(session, lead, at) for at in moments]
    assert [len(facts.touches) for facts in found] == [0, 1, 2]
    assert [facts.attributes.get("persona") for facts in found] == [None, "decision_maker", "other"]


def test_what_is_not_known_yet_is_left_out_and_not_counted_as_lost(session: Session, team: Team) -> None:
    accepted(session, team)
    make_offer(session, email="lee@buyer.example.com", now=NOON + timedelta(days=20))
    found = outcomes(session, RIPE)
    assert [one.sql for one in found] == [False, None]
    assert len(examples(session, found, Goal.SQL)) == 1
    assert examples(session, found, Goal.WON) == []


def test_a_person_who_was_erased_teaches_nothing(session: Session, team: Team) -> None:
    handoff = accepted(session, team)
    erase(session, handoff.lead_id, team.morgan, NOON + timedelta(days=1))
    assert outcomes(session, RIPE) == []


def test_thresholds_are_set_on_leads_of_every_tier(session: Session) -> None:
    make_lead(session, ("page_view",), "cold@buyer.example.com")
    make_lead(session, ("demo_request",), "warm@buyer.example.com")
    assert len(population(session)) == 2
    assert len(population(session, most=1)) == 1
