"""Deals that stay too long in their stage, measured by those before them."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.my_deals import ROWS, deals_home
from domain.rules.lifecycle import Stage
from domain.stats.stuck import ENOUGH, FACTOR, LAST_MOVED, WITHOUT_A_PAST, limits, stuck_deals
from domain.tables import Lead, Opportunity, OpportunityStage, Rep
from domain.verbs import deal_clocks
from tests.conftest import NOON
from tests.domain.making import Team

DAY = timedelta(days=1)


def a_deal(session: Session, owner: Rep, number: int, *stays: tuple[str, float], open_for: float = 0) -> Opportunity:
    """It went through these stages, for so many days each; then it was won, or is in the last one for `open_for` days."""
    email = f"lead{number}@buyer.example.com"
    lead = Lead(email=email, identity=email, stage=Stage.OPPORTUNITY, source="website", captured_at=NOON)
    lead.fields, lead.attributes, lead.notes = {}, {}, []
    session.add(lead)
    session.flush()
    begun = NOON - DAY * (sum(days for _, days in stays) + open_for)
    deal = Opportunity(
        lead_id=lead.id,
        owner_id=owner.id,
        system="salesforce",
        name="Sample",
        stage=stays[-1][0],
        stage_since=begun,
        opened_at=begun,
        closed_at=None if open_for else NOON,
        won=None if open_for else True,
    )
    session.add(deal)
    session.flush()
    at = begun
    for stage, days in stays:
        # A second word of the same stage begins no stay of its own.
        session.add_all(
            OpportunityStage(opportunity_id=deal.id, stage=stage, at=at + DAY * part) for part in (0, days / 2)
        )
        deal.stage_since, at = at, at + DAY * days
    if not open_for:
        session.add(OpportunityStage(opportunity_id=deal.id, stage="Closed Won", at=at))
    session.flush()
    return deal


def a_past(session: Session, owner: Rep, deals: int = ENOUGH) -> None:
    """Of ten deals, seven were five days in `Proposal`, and three for ten: three of four took no longer than 8.75 days."""
    for number in range(deals):
        a_deal(session, owner, number, ("New", 1), ("Proposal", 5 if number < 7 else 10))


def in_proposal(session: Session, owner: Rep, days: float, number: int = 90) -> Opportunity:
    deal = a_deal(session, owner, number, ("Proposal", 0), open_for=days)
    deal.stage_since = NOON - DAY * days
    session.flush()
    return deal


def test_the_usual_stay_is_that_of_three_of_four_deals(session: Session, team: Team) -> None:
    a_past(session, team.ada)
    assert limits(session) == {"New": DAY * FACTOR, "Proposal": DAY * 8.75 * FACTOR}


def test_a_deal_is_stuck_when_it_stays_half_as_long_again(session: Session, team: Team) -> None:
    a_past(session, team.ada)
    in_proposal(session, team.ada, 13)
    stuck = in_proposal(session, team.ada, 13.2, number=91)
    (found,) = stuck_deals(session, NOON)
    assert (found.opportunity_id, found.days, found.most, found.owner) == (stuck.id, 13, 13, "Ada Account")


def test_without_enough_of_a_past_three_weeks_are_too_long(session: Session, team: Team) -> None:
    a_past(session, team.ada, ENOUGH - 1)
    assert limits(session) == {}
    in_proposal(session, team.ada, WITHOUT_A_PAST.days)
    stuck = in_proposal(session, team.ada, WITHOUT_A_PAST.days + 1, number=91)
    assert [one.opportunity_id for one in stuck_deals(session, NOON)] == [stuck.id]


_A_LONG_PAST = text("""
with lead as (
    insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
    values ('long@buyer.example.com', 'long@buyer.example.com', 'won', 'website', '{}', '{}', '[]', :now) returning id
), deals as (
    insert into opportunities (lead_id, system, name, stage, stage_since, opened_at, closed_at, won)
    select lead.id, 'salesforce', 'Sample', 'Closed Won', :now - n * interval '1 day', :now - n * interval '1 day' - :days * interval '1 day',
           :now - n * interval '1 day', true
    from lead, generate_series(1, :deals) n returning id, opened_at, closed_at
)
insert into opportunity_stages (opportunity_id, stage, at)
select id, 'Proposal', opened_at from deals union all select id, 'Closed Won', closed_at from deals
""")


def test_what_was_usual_once_is_not_what_is_usual_now(session: Session, team: Team) -> None:
    session.execute(_A_LONG_PAST, {"now": NOON - DAY * LAST_MOVED, "deals": LAST_MOVED, "days": 40})
    session.execute(text("update leads set identity = 'before', email = 'before@buyer.example.com'"))
    assert limits(session) == {"Proposal": DAY * 40 * FACTOR}
    session.execute(_A_LONG_PAST, {"now": NOON, "deals": LAST_MOVED, "days": 4})
    assert limits(session) == {"Proposal": DAY * 4 * FACTOR}


def test_a_stage_that_nobody_knows_yet_is_measured_by_the_three_weeks(session: Session, team: Team) -> None:
    a_past(session, team.ada)
    deal = in_proposal(session, team.ada, 22)
    deal.stage = "Quite new"
    session.flush()
    assert [one.most for one in stuck_deals(session, NOON)] == [WITHOUT_A_PAST.days]


def test_the_worst_is_first_and_each_sees_their_own(session: Session, team: Team) -> None:
    first, second = in_proposal(session, team.ada, 30), in_proposal(session, team.alex, 40, number=91)
    assert [one.opportunity_id for one in stuck_deals(session, NOON)] == [second.id, first.id]
    assert [one.opportunity_id for one in stuck_deals(session, NOON, [team.ada.id])] == [first.id]


def test_what_is_closed_or_of_nobody_any_more_is_not_stuck(session: Session, team: Team) -> None:
    closed, gone = in_proposal(session, team.ada, 30), in_proposal(session, team.ada, 30, number=91)
    closed.closed_at = NOON
    session.get_one(Lead, gone.lead_id).stage = Stage.ERASED
    session.flush()
    assert stuck_deals(session, NOON) == []


def test_its_owner_is_told_once_a_stage(session: Session, team: Team) -> None:
    deal = in_proposal(session, team.ada, 30)
    assert [one.id for one, _ in deal_clocks.newly_stuck(session, NOON)] == [deal.id]
    session.flush()
    assert deal_clocks.newly_stuck(session, NOON + DAY) == []
    deal.stage, deal.stage_since = "Negotiation", NOON + DAY
    session.flush()
    assert deal_clocks.newly_stuck(session, NOON + DAY * 2) == []
    assert [rep.id for _, rep in deal_clocks.newly_stuck(session, NOON + DAY * 30)] == [team.ada.id]


def test_ones_home_shows_ones_own_and_the_managers_what_is_stuck(session: Session, team: Team) -> None:
    fresh, stuck = in_proposal(session, team.ada, 1), in_proposal(session, team.ada, 30, number=91)
    mine = deals_home(session, team.ada, NOON)
    assert [(row.opportunity_id, row.stuck) for row in mine.mine] == [(stuck.id, True), (fresh.id, False)]
    assert (mine.offered, mine.more, mine.stuck) == ([], 0, [])
    managed = deals_home(session, team.morgan, NOON)
    assert ([one.opportunity_id for one in managed.stuck], managed.mine) == ([stuck.id], [])


def test_what_is_stuck_stands_first_however_many_have_waited_longer_in_a_slower_stage(
    session: Session, team: Team
) -> None:
    a_past(session, team.alex)
    for number in range(ROWS + 1):
        in_proposal(session, team.ada, 20, number=50 + number).stage = "Legal"
    stuck = in_proposal(session, team.ada, 14)
    home = deals_home(session, team.ada, NOON)
    assert [row.opportunity_id for row in home.mine if row.stuck] == [home.mine[0].opportunity_id] == [stuck.id]
    assert (len(home.mine), home.more) == (ROWS, 2)


def test_two_clock_processes_tell_it_once(session: Session, team: Team) -> None:
    in_proposal(session, team.ada, 30)
    deal_clocks.newly_stuck(session, NOON)
    told = session.scalars(select(Opportunity.stuck_at)).one()
    deal_clocks.newly_stuck(session, NOON + DAY)
    assert session.scalars(select(Opportunity.stuck_at)).one() == told
