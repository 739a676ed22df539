"""What changes whose work a deal was after it was frozen: the CRM's corrections, and a recount that somebody asks for."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.attribution import AttributionModel
from domain.stats.influence import influence_of
from domain.tables import (
    CreditRun,
    ExchangeRate,
    Happened,
    Lead,
    SystemLink,
    TouchRow,
)
from domain.verbs import crediting, merging, practices
from domain.verbs.crediting import freeze, recount
from domain.verbs.telling import MARKETING
from tests.conftest import NOON
from tests.domain.making import events
from tests.domain.making_credits import AFTER, CLOSED, MUCH_LATER, credited, frozen, won_deal
from tests.domain.making_deals import KIM, LEE, say, touch, win

# ---- corrections --------------------------------------------------------------------------------------------------------


def test_another_amount_is_shared_as_the_first_one_was_and_the_old_run_stays(session: Session) -> None:
    run = won_deal(session)
    touch(session, 29, "late")
    say(session, "Closed Won", 40, amount=200_000, currency="EUR", closed_at=CLOSED)
    assert events(session)[-1] is Happened.OPPORTUNITY_CORRECTED
    new = frozen(session, run.opportunity_id, MUCH_LATER)
    assert (new.version, new.why, new.value, run.superseded_at) == (2, "corrected", 200_000, MUCH_LATER)
    assert credited(session, new, AttributionModel.LINEAR) == {"fair": 66_667, "ads": 66_667, "seo": 66_666}
    assert sum(credited(session, run, AttributionModel.LINEAR).values()) == 100_000


def test_another_day_of_closing_has_other_touches(session: Session) -> None:
    run = won_deal(session)
    say(session, "Closed Won", 40, amount=100_000, currency="EUR", closed_at=NOON + timedelta(days=12))
    new = frozen(session, run.opportunity_id, MUCH_LATER)
    assert (new.why, new.touches, new.closed_at) == ("corrected", 2, NOON + timedelta(days=12))


def test_another_currency_has_its_own_rate(session: Session) -> None:
    run = won_deal(session)
    session.add(ExchangeRate(base="EUR", currency="USD", since=date(2026, 1, 1), rate=Decimal("0.9")))
    say(session, "Closed Won", 40, amount=100_000, currency="USD", closed_at=CLOSED)
    assert frozen(session, run.opportunity_id, MUCH_LATER).value == 90_000


def test_of_another_amount_the_rate_stays_that_it_was_frozen_with(session: Session) -> None:
    session.add(ExchangeRate(base="EUR", currency="USD", since=date(2026, 1, 1), rate=Decimal("0.9")))
    run = won_deal(session, 100_000, "USD")
    session.add(ExchangeRate(base="EUR", currency="USD", since=CLOSED.date(), rate=Decimal("0.5")))
    say(session, "Closed Won", 40, amount=10_000, currency="USD", closed_at=CLOSED)
    assert frozen(session, run.opportunity_id, MUCH_LATER).value == 9_000


def test_a_deal_that_is_opened_again_or_lost_after_all_has_no_credits_until_it_is_won_again(session: Session) -> None:
    run = won_deal(session)
    for day, stage in ((40, "Negotiation"), (41, "Closed Won"), (42, "Closed Lost")):
        say(session, stage, day, amount=100_000, currency="EUR")
        freeze(session, run.opportunity_id, NOON + timedelta(days=day))
    runs = session.scalars(select(CreditRun).order_by(CreditRun.version)).all()
    assert [(one.version, one.why, one.superseded_at is None) for one in runs] == [
        (1, "closed", False),
        (2, "closed", False),
    ]


def test_what_a_persons_deals_brought_is_theirs_until_a_deal_is_opened_again(session: Session) -> None:
    run = won_deal(session)
    lead = session.scalars(select(Lead)).one()
    frozen(session, win(session, 31, 5_050, key="006B").id)
    assert crediting.won_values(session, [lead.id, lead.id + 1]) == {lead.id: 1_050.5}
    for deal in (run.opportunity_id, win(session, 31, 5_050, key="006B").id):
        say(session, "Negotiation", 40, key="006A" if deal == run.opportunity_id else "006B")
        freeze(session, deal, MUCH_LATER)
    assert crediting.won_values(session, [lead.id]) == {lead.id: 0}
    link = session.get_one(SystemLink, (lead.id, MARKETING))
    assert link.dirty_since is not None


# ---- recounts -----------------------------------------------------------------------------------------------------------


def test_a_recount_that_gives_nobody_anything_else_makes_no_run(session: Session) -> None:
    run = won_deal(session)
    practices.put_in_force(session, "half_life_days = 30", AFTER)
    assert recount(session, run.opportunity_id, MUCH_LATER) is None


def test_a_recount_after_a_merge_gives_nobody_anything_else(session: Session) -> None:
    touch(session, 0, "fair", email=LEE, person={})
    deal = win(session, 30, email=LEE)
    frozen(session, deal.id)
    kept = touch(session, 1, None, email=KIM, kind="call", person={})
    merging.merge_leads(session, kept.id, deal.lead_id, by=None, now=AFTER)
    session.refresh(deal)
    assert deal.lead_id == kept.id
    assert recount(session, deal.id, MUCH_LATER) is None


def test_a_touch_that_was_heard_of_late_counts_when_somebody_recounts(session: Session) -> None:
    run = won_deal(session)
    lead = session.scalars(select(Lead)).one()
    late = TouchRow(
        lead_id=lead.id,
        kind="webinar",
        occurred_at=CLOSED - timedelta(days=1),
        channel="late",
        recorded_at=MUCH_LATER,
    )
    session.add(late)
    session.flush()
    again = recount(session, run.opportunity_id, MUCH_LATER)
    assert again is not None
    assert credited(session, again, AttributionModel.LAST) == {"late": 100_000}
    assert credited(session, run, AttributionModel.LAST) == {"seo": 100_000}


def test_a_deal_that_was_closed_before_there_were_credits_gets_them_by_a_recount(session: Session) -> None:
    touch(session, 0, "fair")
    made = recount(session, win(session, 30).id, MUCH_LATER)
    assert made is not None
    assert (made.version, made.why) == (1, "recount")


def test_what_influenced_a_closed_deal_is_what_was_frozen(session: Session) -> None:
    run = won_deal(session)
    touch(session, 29, "late")
    assert {one.channel for one in influence_of(session, run.opportunity_id, MUCH_LATER)} == {"fair", "ads", "seo"}
