"""Every query about a deal or for a page of numbers has its index, as those of `test_indexes.py` have."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from domain import deals, finding, my_deals
from domain.rules.attribution import AttributionModel
from domain.rules.periods import Period
from domain.stats.board import board
from domain.stats.calls import qualifying
from domain.stats.effectiveness import effectiveness
from domain.stats.influence import influence_of
from domain.stats.pipeline import closings
from domain.stats.revenue import By, revenue
from domain.stats.scope import Scope
from domain.stats.stuck import limits
from domain.stats.trend import trend
from domain.stats.won_lost import won_lost
from domain.tables import Lead, Rep, Role
from domain.verbs import crediting, deal_clocks, deal_decisions, dealing, placing_deals, pulsing, selling, staffing
from domain.verbs.selling import Word
from tests.conftest import NOON
from tests.domain.making_large_record import fresh_handoff, large, scans_on

__all__ = ["large"]  # fixture


def hear_of_a_deal(session: Session) -> None:
    lead_id = fresh_handoff(session).lead_id
    for stage, emails, ids in (("Open", ("lead7@acme.example.com",), ()), ("Closed Won", (), (f"00Q{lead_id}",))):
        said = Word("crm", "0061", "Deal", stage, NOON, is_closed=stage != "Open", emails=emails, lead_ids=ids)
        selling.hear(session, said, NOON)


def freeze_a_deal(session: Session) -> None:
    """And look at it, and at what was earned in the last minutes."""
    email = session.get_one(Lead, fresh_handoff(session).lead_id).email
    said = Word(
        "salesforce", "006B", "Deal", "Closed Won", NOON, is_closed=True, is_won=True, amount=7, emails=(email,)
    )
    deal = selling.hear(session, said, NOON)
    assert deal is not None
    assert crediting.freeze(session, deal.id, NOON) is not None
    crediting.recount(session, deal.id, NOON)
    assert influence_of(session, deal.id, NOON)
    minutes = Period(NOON - timedelta(minutes=2), NOON + timedelta(minutes=1), "")
    for by in By:
        assert revenue(session, minutes, by=by, model=AttributionModel.LINEAR).deals > 0
    assert closings(session, minutes).won == 1


def ask_for_numbers(session: Session) -> None:
    """Of the last minutes, whoever and whatever they are asked of: of a long time, reading all of it is the quicker way."""
    handoff = fresh_handoff(session)
    minutes = Period(NOON - timedelta(minutes=2), NOON + timedelta(minutes=1), "")
    asked = (
        Scope(),
        Scope(rep_id=handoff.rep_id),
        Scope(pool_id=handoff.pool_id),
        Scope(channel="ads"),
        Scope(campaign="Spring Fair"),
        Scope(persona="influencer"),
        Scope(model_id=handoff.model_id),
    )
    for scope in asked:
        trend(session, [minutes], NOON, scope)
        effectiveness(session, minutes, NOON, scope)
        qualifying(session, minutes, scope)
        won_lost(session, minutes, scope)


def look_at_the_board(session: Session) -> None:
    handoff = fresh_handoff(session)
    for slack_user_id, email in (("U1", None), ("U2", "morgan@example.com")):
        if email is not None:
            rep = session.scalars(select(Rep).where(Rep.email == email)).one()
            staffing.know_in_slack(session, rep.id, slack_user_id, "D2", NOON)
        rep = finding.rep_by_slack(session, slack_user_id)
        seen = board(session, rep, NOON)
        assert [row.handoff_id for row in (seen.team or seen.mine).running] == [handoff.id]


def hand_a_deal_to_an_ae(session: Session) -> None:
    """Offered, shown, reminded of, in the Home, given back, closed."""
    handoff = fresh_handoff(session)
    ae = staffing.save_rep(session, NOON, name="Ada Account", email="ada@example.com", role=Role.AE)
    staffing.know_in_slack(session, ae.id, "U3", "D3", NOON)
    pool = staffing.save_pool(session, name="AE", role=Role.AE, slack_channel=None, manager=None)
    staffing.set_members(session, pool, {ae.id: 1})
    staffing.set_territories(session, Role.AE, [({}, pool.id)])
    made = selling.open_opportunity(
        session, handoff.id, system="crm", external_id="0069", name="A deal", stage="New", now=NOON
    )
    deal = dealing.hand_deal(session, made.id, NOON)
    assert deal is not None
    session.get_one(Lead, made.lead_id).attributes |= {"industry": "software", "persona": "buyer"}
    session.flush()
    placing_deals.claim_deal(session, deal.id, "D3", NOON)
    placing_deals.note_deal(session, deal.id, "1.5", "x")
    deals.deal_message(session, deal.id, NOON)
    assert deal_clocks.take_deal_steps(session, NOON + timedelta(hours=9), 100) == 1
    my_deals.deals_home(session, ae, NOON)
    assert set(limits(session)) == {"New"}
    assert pulsing.decided_leads(session, [ae.id], Period(NOON, NOON + timedelta(days=31), "")) == {}
    deal_decisions.return_deal(session, deal.id, version=1, by=ae, reason="no_capacity", note=None, now=NOON)
    assert list(dealing.waiting_deals(session)) == [made.id]
    assert dealing.pass_on_of(session, ae.id, NOON) is False
    selling.hear(session, Word("crm", "0069", "Deal", "Closed Lost", NOON, is_closed=True, owner_id="005X"), NOON)


@pytest.mark.parametrize(
    "road",
    [
        hand_a_deal_to_an_ae,
        ask_for_numbers,
        freeze_a_deal,
        hear_of_a_deal,
        look_at_the_board,
    ],
    ids=lambda road: road.__name__,
)
def test_no_query_about_deals_or_numbers_reads_a_table_from_end_to_end(
    large: Connection, road: Callable[[Session], None]
) -> None:
    assert scans_on(large, road) == []
