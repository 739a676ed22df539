"""Whose work a deal was: shared out and frozen at its closing, and what does not change it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.journeys import Journey, Step
from domain.reckoning import share_out
from domain.rules.attribution import LEARNT, AttributionModel, Marks
from domain.rules.attribution_file import DEFAULT, NO_CHANNEL, Practice
from domain.rules.refusals import NotFound
from domain.tables import (
    AttributionFit,
    Campaign,
    Credit,
    CreditRun,
    ExchangeRate,
    Happened,
    Lead,
    SystemLink,
)
from domain.verbs import crediting, erasing, merging, practices, selling
from domain.verbs.crediting import freeze, recount
from domain.verbs.selling import Word
from domain.verbs.telling import MARKETING
from tests.conftest import LAW, NOON
from tests.domain.making import events
from tests.domain.making_credits import AFTER, CLOSED, MUCH_LATER, credited, everything, frozen, learn, won_deal
from tests.domain.making_deals import LEE, say, touch, win

SLOW = replace(DEFAULT, half_life=timedelta(hours=1))
HEURISTICS = [model for model in AttributionModel if model not in LEARNT]


# ---- at the closing -----------------------------------------------------------------------------------------------------


def test_a_deal_that_is_won_is_shared_out_by_all_models_and_each_sums_to_its_value(session: Session) -> None:
    run = won_deal(session, 100_001)
    assert (run.version, run.why, run.value, run.base, run.touches) == (1, "closed", 100_001, "EUR", 3)
    assert run.rate == Decimal(1)
    assert credited(session, run, AttributionModel.LINEAR) == {"fair": 33_334, "ads": 33_334, "seo": 33_333}
    assert credited(session, run, AttributionModel.FIRST) == {"fair": 100_001}
    for model in HEURISTICS:
        assert sum(credited(session, run, model).values()) == 100_001
    assert events(session)[-1] is Happened.OPPORTUNITY_CREDITED


def test_models_that_are_not_learnt_yet_are_left_out_and_then_name_their_fit(session: Session) -> None:
    run = won_deal(session)
    assert [credited(session, run, model) for model in LEARNT] == [{}, {}]
    learn(session, fair=0.1, ads=0.3)
    again = recount(session, run.opportunity_id, MUCH_LATER)
    assert again is not None
    # The web is unknown to the fit: it weighs what is usual.
    assert credited(session, again, AttributionModel.MARKOV) == {"fair": 16_667, "ads": 50_000, "seo": 33_333}
    fits = select(Credit.fit_id).where(Credit.run_id == again.id, Credit.model == AttributionModel.MARKOV).distinct()
    assert session.scalars(fits).one() is not None


def test_the_same_state_again_makes_no_new_run(session: Session) -> None:
    run = won_deal(session)
    told = len(events(session))
    assert freeze(session, run.opportunity_id, MUCH_LATER) is run
    assert len(events(session)) == told


def test_a_deal_to_which_no_touch_is_known_goes_to_nobody_we_know_and_still_sums_to_its_value(session: Session) -> None:
    touch(session, 0, "mail", kind="email_open")
    run = frozen(session, win(session, 30).id)
    assert run.touches == 0
    assert credited(session, run, AttributionModel.TIME_DECAY) == {NO_CHANNEL: 100_000}


def test_open_and_lost_deals_have_no_credits_and_one_that_is_not_there_is_refused(session: Session) -> None:
    touch(session, 0, "fair")
    assert freeze(session, say(session, "Proposal", 1).id, AFTER) is None
    assert freeze(session, say(session, "Closed Lost", 2).id, AFTER) is None
    assert recount(session, say(session, "Closed Lost", 3).id, AFTER) is None
    with pytest.raises(NotFound):
        freeze(session, 987_654, AFTER)


def fitted(model: AttributionModel, **effects: float) -> AttributionFit:
    return AttributionFit(id=7, model=model, data={"order": 1, "effects": effects})


FITS = {model: fitted(model, a=0.5, b=0.0, c=0.1) for model in LEARNT}
STEPS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abcdef")), max_size=12)
MARKS = st.builds(Marks, *[st.none() | st.integers(0, 400).map(lambda day: NOON + timedelta(days=day))] * 2)


@LAW
@given(value=st.integers(-(10**15), 10**15), days=STEPS, marks=MARKS, practice=st.sampled_from([DEFAULT, SLOW]))
def test_every_model_gives_away_the_value_to_the_cent(
    value: int, days: list[tuple[int, str]], marks: Marks, practice: Practice
) -> None:
    steps = [Step(n, 1, NOON + timedelta(days=at), "webinar", None, name) for n, (at, name) in enumerate(sorted(days))]
    rows = share_out(Journey(1, 1, marks, NOON + timedelta(days=401), steps), practice, FITS, value)
    for model in AttributionModel:
        own = [row for row in rows if row.model is model]
        assert sum(row.value for row in own) == value
        assert sum(row.share for row in own) == pytest.approx(1)
        assert all(row.share > 0 for row in own)


# ---- currencies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "value"),
    [
        (1_000_000, "JPY", "0.0061", 610_000),  # 1,000,000 yen: it has no smaller unit
        (12_345, "KWD", "3.0", 3_704),  # 12.345 dinars
        (100_000, "USD", "0.925", 92_500),
        (100_000, "EUR", None, 100_000),
        (100_000, None, None, 100_000),
    ],
)
def test_a_deal_counts_in_the_base_currency_at_the_rate_of_the_day_of_its_closing(
    session: Session, amount: int, currency: str | None, rate: str | None, value: int
) -> None:
    if rate is not None and currency is not None:
        for day, said in (
            (CLOSED.date(), rate),
            (CLOSED.date() + timedelta(days=1), "99"),
            (NOON.date() - timedelta(days=9), "7"),
        ):
            session.add(ExchangeRate(base="EUR", currency=currency, since=day, rate=Decimal(said)))
    run = won_deal(session, amount, currency)
    assert run.value == value
    assert sum(credited(session, run, AttributionModel.U_SHAPED).values()) == value


def test_without_a_rate_the_value_is_nothing_and_a_later_rate_counts_when_somebody_recounts(session: Session) -> None:
    run = won_deal(session, 100_000, "USD")
    assert (run.rate, run.value, run.amount) == (None, 0, 100_000)
    session.add(ExchangeRate(base="EUR", currency="USD", since=date(2026, 1, 1), rate=Decimal("0.9")))
    assert freeze(session, run.opportunity_id, MUCH_LATER) is run
    again = recount(session, run.opportunity_id, MUCH_LATER)
    assert again is not None
    assert (again.value, again.why, again.version) == (90_000, "recount", 2)


def test_a_deal_without_an_amount_is_shared_out_all_the_same(session: Session) -> None:
    run = won_deal(session, None, None)
    assert (run.value, run.rate) == (0, Decimal(1))
    assert sum(row.share for row in session.scalars(select(Credit).where(Credit.model == "linear"))) == pytest.approx(1)


# ---- what does not change it --------------------------------------------------------------------------------------------


def test_nothing_that_is_learnt_or_said_later_changes_what_is_frozen(session: Session) -> None:
    run = won_deal(session)
    before = everything(session, run)
    touch(session, 29, "late")
    practices.put_in_force(session, 'half_life_days = 1\nbase = "USD"\nlook_back_days = 5', AFTER)
    learn(session, fair=0.1, ads=0.3)
    session.add(Campaign(name="Spring", channel="something else", created_at=AFTER))
    session.add(ExchangeRate(base="EUR", currency="EUR", since=date(2026, 1, 1), rate=Decimal(2)))
    selling.hear(session, replace(_word(), modified_at=MUCH_LATER, stage="Closed Won, invoiced"), MUCH_LATER)
    session.flush()
    freeze(session, run.opportunity_id, MUCH_LATER)
    assert everything(session, run) == before
    assert run.superseded_at is None


def _word() -> Word:
    return Word(
        system="salesforce",
        external_id="006A",
        name="Sample deal",
        stage="Closed Won",
        modified_at=CLOSED,
        is_closed=True,
        is_won=True,
        closed_at=CLOSED,
        amount=100_000,
        currency="EUR",
        emails=("kim@buyer.example.com",),
    )


def test_who_is_erased_leaves_their_credit_and_nothing_of_themselves(session: Session) -> None:
    run = won_deal(session)
    before = everything(session, run)
    lead = session.scalars(select(Lead)).one()
    erasing.erase(session, lead.id, None, AFTER)
    erasing.forget_address(session, lead.id)
    assert everything(session, run) == before
    written = {str(value) for row in session.scalars(select(Credit)) for value in vars(row).values()}
    assert not any("kim" in value or "sample" in value.casefold() for value in written)
    assert recount(session, run.opportunity_id, MUCH_LATER) is None
    practices.put_in_force(session, 'base = "CHF"', AFTER)
    assert recount(session, run.opportunity_id, MUCH_LATER) is not None
    # Nobody is told of them again.
    assert session.get(SystemLink, (lead.id, MARKETING)) is None


def test_a_merge_changes_no_frozen_credit_and_a_recount_counts_what_came_with_it(session: Session) -> None:
    run = won_deal(session)
    before = everything(session, run)
    other = touch(session, 5, "mail", email="kim@home.example.com", person={"company": "Home Sample", "country": "FR"})
    merging.merge_leads(
        session, session.scalars(select(Lead).order_by(Lead.id)).all()[0].id, other.id, by=None, now=AFTER
    )
    assert everything(session, run) == before
    again = recount(session, run.opportunity_id, MUCH_LATER)
    assert again is not None
    assert credited(session, again, AttributionModel.LINEAR)["mail"] == 25_000


def test_a_colleagues_touch_is_their_own(session: Session) -> None:
    touch(session, 0, "fair")
    lee = touch(session, 1, "ads", email=LEE)
    run = frozen(session, win(session, 30).id)
    assert credited(session, run, AttributionModel.LAST) == {"ads": 100_000}
    theirs = select(Credit.lead_id).where(Credit.run_id == run.id, Credit.model == AttributionModel.LAST)
    assert session.scalars(theirs).one() == lee.id


# ---- what is learnt -----------------------------------------------------------------------------------------------------


def test_nothing_is_learnt_before_there_are_enough_deals_and_enough_new_ones(session: Session) -> None:
    practices.put_in_force(session, "[learnt]\ndeals = 2\nnew_deals = 1", NOON)
    touch(session, 0, "fair")
    frozen(session, win(session, 20, key="006A").id)
    assert crediting.fit_due(session, AFTER) is None
    frozen(session, win(session, 21, key="006B").id)
    assert crediting.fit_due(session, AFTER) == "2026-04-02"
    learn(session, fair=1.0)
    assert crediting.fit_due(session, AFTER) is None
    assert crediting.fit_due(session, MUCH_LATER) is None
    frozen(session, win(session, 40, key="006C").id)
    assert crediting.fit_due(session, MUCH_LATER) == "2026-07-01"


def test_two_who_freeze_the_same_deal_at_once_make_one_run(committed: Engine) -> None:
    with Session(committed) as first, Session(committed) as second, ThreadPoolExecutor(1) as beside:
        touch(first, 0, "fair")
        deal = win(first, 30).id
        first.commit()
        freeze(first, deal, AFTER)
        # It waits for the first one, whether or not it has begun when that ends.
        waiting = beside.submit(freeze, second, deal, AFTER)
        first.commit()
        assert waiting.result() is not None
        second.commit()
        assert first.scalar(select(func.count()).select_from(CreditRun)) == 1
