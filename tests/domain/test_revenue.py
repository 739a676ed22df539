"""Revenue, cost and ROI by channel, campaign and group; the pipeline; what has ended."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.attributing import Fit
from domain.rules.attribution import AttributionModel
from domain.rules.periods import Period
from domain.rules.spending import CostSaid, RateSaid
from domain.stats.pipeline import Closings, Coming, closings, pipeline
from domain.stats.revenue import NO_CAMPAIGN, By, Earned, Revenue, revenue
from domain.stats.share import Share
from domain.tables import Campaign
from domain.verbs import costing, crediting, practices
from domain.verbs.erasing import erase
from tests.conftest import NOON
from tests.domain.making_deals import say, touch, win

SECOND = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), "2026-Q2")
LINEAR = AttributionModel.LINEAR
LATER = NOON + timedelta(days=4)


def sold(session: Session, name: str, day: float, amount: int | None, currency: str = "EUR", *ways: str) -> None:
    """A deal of a company of its own, with these touches (`channel` or `channel/campaign`) a day apart."""
    email = f"kim@{name}.example.com"
    for at, way in enumerate(ways):
        channel, _, campaign = way.partition("/")
        touch(session, day - 20 + at, channel, campaign or None, email=email, person={"company": f"{name} GmbH"})
    deal = win(session, day, amount, currency if amount is not None else None, key=f"006{name}", email=email)
    crediting.freeze(session, deal.id, NOON + timedelta(days=day))
    session.flush()


def cost(
    campaign: str | None, channel: str | None, since: str, until: str, amount: int, currency: str = "EUR"
) -> CostSaid:
    return CostSaid(campaign, channel, date.fromisoformat(since), date.fromisoformat(until), amount, currency)


def lines(found: Revenue) -> dict[str, tuple[float, int, int | None]]:
    return {line.name: (round(line.deals, 6), line.value, line.cost) for line in found.lines}


def read(session: Session, by: By = By.CHANNEL, model: AttributionModel | None = LINEAR) -> Revenue:
    session.flush()
    return revenue(session, SECOND, by=by, model=model)


def two_deals(session: Session) -> None:
    sold(session, "a", 40, 90_000, "EUR", "fair/Spring", "ads/Search", "seo")
    sold(session, "b", 50, 10_000, "EUR", "ads/Search", "ads")


def test_revenue_by_channel_and_by_campaign_sums_to_the_same(session: Session) -> None:
    two_deals(session)
    by_channel, by_campaign = read(session), read(session, By.CAMPAIGN)
    assert lines(by_channel) == {
        "ads": (1.333333, 40_000, None),
        "fair": (0.333333, 30_000, None),
        "seo": (0.333333, 30_000, None),
    }
    assert lines(by_campaign) == {
        "Search": (0.833333, 35_000, None),
        NO_CAMPAIGN: (0.833333, 35_000, None),
        "Spring": (0.333333, 30_000, None),
    }
    assert by_channel.deals == by_campaign.deals == 2
    assert by_channel.whole.value == by_campaign.whole.value == 100_000
    assert by_channel.whole.deals == pytest.approx(2)


def test_channels_are_read_in_groups_as_the_file_says_now(session: Session) -> None:
    two_deals(session)
    practices.put_in_force(session, '[groups]\nPaid = ["ads", "fair"]', NOON)
    assert lines(read(session, By.GROUP)) == {"Paid": (1.666667, 70_000, None), "seo": (0.333333, 30_000, None)}


def test_deals_of_other_times_and_those_that_were_opened_again_do_not_count(session: Session) -> None:
    two_deals(session)
    sold(session, "early", 20, 77_000, "EUR", "fair")
    sold(session, "late", 130, 77_000, "EUR", "fair")
    again = say(session, "Negotiation", 60, key="006b", email="kim@b.example.com")
    crediting.freeze(session, again.id, NOON + timedelta(days=60))
    assert read(session).whole.value == 90_000


def test_roi_is_what_came_back_beyond_the_cost_and_none_without_one(session: Session) -> None:
    two_deals(session)
    costing.put_costs(session, [cost(None, "ads", "2026-04-01", "2026-06-30", 16_000)], NOON)
    found = {line.name: line for line in read(session).lines}
    assert (found["ads"].cost, found["ads"].roi) == (16_000, 1.5)
    assert (found["seo"].cost, found["seo"].roi) == (None, None)
    assert read(session).whole.roi == 5.25
    assert Earned("free", 1, 500, 0).roi is None


def test_a_cost_counts_for_the_days_that_the_period_holds(session: Session) -> None:
    two_deals(session)
    said = [
        cost("Spring", "fair", "2026-03-22", "2026-04-10", 20_000),  # half of 20 days
        cost("Search", "ads", "2026-06-30", "2026-07-03", 4_000),  # one of 4
        cost("Search", "ads", "2026-03-01", "2026-03-31", 4_000),  # none
        cost(None, "ads", "2026-04-01", "2026-04-01", 500),
        cost("Winter", "tv", "2026-04-01", "2026-04-30", 9_000),  # which brought nothing
    ]
    costing.put_costs(session, said, NOON)
    by_channel, by_campaign = read(session), read(session, By.CAMPAIGN)
    assert {name: cost for name, (_, _, cost) in lines(by_channel).items()} == {
        "ads": 1_500,
        "fair": 10_000,
        "seo": None,
        "tv": 9_000,
    }
    assert {name: cost for name, (_, _, cost) in lines(by_campaign).items()} == {
        "Search": 1_000,
        "Spring": 10_000,
        NO_CAMPAIGN: 500,
        "Winter": 9_000,
    }
    assert by_channel.whole.cost == by_campaign.whole.cost == 20_500
    assert next(line.roi for line in by_channel.lines if line.name == "tv") == -1


def test_costs_are_changed_into_the_base_currency_and_one_without_a_rate_makes_no_roi(session: Session) -> None:
    two_deals(session)
    said = [
        cost(None, "ads", "2026-04-01", "2026-06-30", 10_000, "USD"),
        cost(None, "seo", "2026-04-01", "2026-06-30", 10_000, "GBP"),
        cost(None, "seo", "2026-05-01", "2026-05-31", 10_000),
    ]
    costing.put_costs(session, said, NOON)
    costing.put_rates(session, [RateSaid("USD", "EUR", date(2026, 4, 1), Decimal("0.9"))], NOON)
    found = read(session)
    assert {name: cost for name, (_, _, cost) in lines(found).items()} == {"ads": 9_000, "fair": None, "seo": None}
    assert (found.costs_unrated, found.whole.cost) == (1, None)


def test_what_is_not_in_the_numbers_is_counted(session: Session) -> None:
    two_deals(session)
    sold(session, "c", 60, 10_000, "USD", "ads")
    sold(session, "d", 60, None, "EUR", "ads")
    win(session, 61, key="006e", email="kim@a.example.com")
    found = read(session)
    assert (found.deals, found.unrated, found.unsaid, found.unfrozen) == (4, 1, 1, 1)
    assert (found.whole.value, round(found.whole.deals, 6)) == (100_000, 4)
    fit = Fit(effects={"ads": 1.0}, credits={}, journeys=1, won=1, order=1)
    crediting.keep_fits(session, {AttributionModel.MARKOV: fit}, NOON, NOON)
    sold(session, "f", 70, 5_000, "EUR", "ads")
    learnt = read(session, model=AttributionModel.MARKOV)
    assert (learnt.deals, learnt.unlearnt, learnt.whole.value) == (1, 4, 5_000)
    practices.put_in_force(session, 'base = "CHF"', NOON)
    elsewhere = read(session)
    assert (elsewhere.deals, elsewhere.elsewhere, elsewhere.lines) == (0, 5, [])


def test_the_headline_model_is_taken_where_none_is_asked_for(session: Session) -> None:
    assert read(session, model=None).model is AttributionModel.W_SHAPED
    practices.put_in_force(session, 'headline = "markov"', NOON)
    assert read(session, model=None).model is AttributionModel.W_SHAPED
    practices.put_in_force(session, 'headline = "last"', NOON)
    assert read(session, model=None).model is AttributionModel.LAST


# ---- what is on its way, and what has ended -------------------------------------------------------------------------------


def test_open_deals_are_shared_out_by_what_is_known_now_and_weighted_by_their_probability(session: Session) -> None:
    practices.put_in_force(session, 'headline = "linear"', NOON)
    two_deals(session)
    for name, amount, probability in (("x", 9_000, 0.5), ("y", 6_000, None)):
        email = f"kim@{name}.example.com"
        touch(session, 0, "ads", "Search", email=email, person={"company": f"{name} GmbH"})
        touch(session, 1, "seo", email=email, person={"company": f"{name} GmbH"})
        say(session, "Proposal", 2, key=name, email=email, amount=amount, currency="EUR", probability=probability)
    touch(session, 3, "seo", email="kim@x.example.com", person={"company": "x GmbH"})
    found = pipeline(session, NOON + timedelta(days=100))
    assert [(line.name, line.amount, line.weighted) for line in found.lines] == [
        ("seo", 9_000, 3_000),
        ("ads", 6_000, 1_500),
    ]
    assert (found.whole.amount, found.whole.weighted) == (15_000, 4_500)
    assert found.whole.deals == pytest.approx(2)
    assert (found.deals, found.unlikely, found.unsaid, found.unrated) == (2, 1, 0, 0)
    by_campaign = pipeline(session, NOON + timedelta(days=100), By.CAMPAIGN)
    assert {line.name for line in by_campaign.lines} == {"Search", NO_CAMPAIGN}


def test_an_open_deal_without_rate_amount_or_touch_is_counted_as_0_of_nobody_we_know(session: Session) -> None:
    touch(session, 0, "mail", kind="email_open")
    say(session, "Proposal", 1, key="006A", amount=5_000, currency="USD", probability=0.5)
    say(session, "Proposal", 1, key="006B", probability=0.5)
    found = pipeline(session, NOON + timedelta(days=2))
    assert found.lines == [Coming("direct/unknown", 2.0, 0, 0)]
    assert (found.unrated, found.unsaid, found.unlikely) == (1, 1, 0)


def test_an_open_deal_of_somebody_who_was_erased_is_not_on_its_way(session: Session) -> None:
    lead = touch(session, 0, "fair")
    say(session, "Proposal", 3, amount=100)
    assert pipeline(session, LATER).deals == 1
    erase(session, lead.id, None, LATER)
    assert (pipeline(session, LATER).deals, pipeline(session, LATER).lines) == (0, [])


def test_a_win_rate_is_of_what_was_closed_and_open_deals_are_not_lost(session: Session) -> None:
    for day, stage in (
        (40, "Closed Won"),
        (50, "Closed Won"),
        (45, "Closed Lost"),
        (41, "Proposal"),
        (20, "Closed Lost"),
    ):
        name = f"{stage[-4:]}{day}"
        touch(session, 0, "ads", email=f"kim@c{day}.example.com", person={"company": f"c{day} GmbH"})
        say(session, stage, day, key=name, email=f"kim@c{day}.example.com", created_at=NOON + timedelta(days=10))
    found = closings(session, SECOND)
    assert found == Closings(2, 1, 35.0)
    assert found.win_rate == Share(2, 3)
    empty = closings(session, Period(NOON - timedelta(days=9), NOON, "before"))
    assert (empty, empty.win_rate.rate) == (Closings(0, 0, None), None)


# ---- costs and rates ------------------------------------------------------------------------------------------------------


def test_the_same_campaign_and_days_again_takes_the_place_of_what_was(session: Session) -> None:
    for amount in (1_000, 2_000):
        said = [
            cost("Spring", None, "2026-04-01", "2026-04-30", amount),
            cost(None, "ads", "2026-04-01", "2026-04-30", amount),
        ]
        assert costing.put_costs(session, said, NOON) == 0
    assert read(session, By.CAMPAIGN).whole.cost == 4_000
    assert costing.put_costs(session, [cost("Spring", None, "2026-04-30", "2026-05-02", 1)], NOON) == 2


def test_costs_that_share_days_are_counted_and_those_that_only_touch_are_not(session: Session) -> None:
    year = ("2026-01-01", "2026-12-31")
    months = [cost("Spring", None, "2026-03-01", "2026-03-31", 1), cost("Spring", None, "2026-04-01", "2026-04-30", 1)]
    others = [cost("Autumn", None, *year, 1), cost(None, "ads", *year, 1)]
    assert costing.put_costs(session, [*months, *others], NOON) == 0
    assert costing.put_costs(session, [cost("Spring", None, *year, 1)], NOON) == 3


def test_there_may_be_more_campaigns_than_a_statement_has_room_for(session: Session) -> None:
    """More than 65,535 parameters would be: a second or two."""
    many = [cost(f"c{n}", "ads", "2026-03-01", "2026-03-31", 1) for n in range(25_000)]
    assert costing.put_costs(session, many, NOON) == 0
    assert session.scalar(select(func.count()).select_from(Campaign)) == len(many)


def test_a_campaign_keeps_its_channel_until_a_file_says_another_one(session: Session) -> None:
    for channel in ("fair", None, "tv", None):
        costing.put_costs(session, [cost("Spring", channel, "2026-04-01", "2026-04-30", 1_000)], NOON)
    assert lines(read(session)) == {"tv": (0.0, 0, 1_000)}


def test_new_rates_say_how_many_deals_are_frozen_at_nothing_for_want_of_them(session: Session) -> None:
    sold(session, "a", 40, 10_000, "USD", "ads")
    sold(session, "b", 40, 10_000, "JPY", "ads")
    after = RateSaid("USD", "EUR", date(2026, 4, 20), Decimal("0.8"))
    before = RateSaid("USD", "EUR", date(2026, 4, 12), Decimal("0.9"))
    assert costing.put_rates(session, [after], NOON) == 0
    assert costing.put_rates(session, [before], NOON) == 1
    assert costing.put_rates(session, [RateSaid("USD", "EUR", date(2026, 4, 12), Decimal("0.7"))], NOON) == 1
    run = crediting.recount(session, read_only(session), NOON + timedelta(days=50))
    assert run is not None
    assert run.value == 7_000


def read_only(session: Session) -> int:
    """The deal in dollars."""
    return win(session, 40, 10_000, "USD", key="006a", email="kim@a.example.com").id
