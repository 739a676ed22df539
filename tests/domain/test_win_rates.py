"""How many of the closed deals that a channel or a campaign had touched were won: the example of docs/metrics.md, and its edges."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.stats.revenue import By
from domain.stats.win_rates import UNTOUCHED, win_rates
from domain.verbs import crediting, practices
from tests.conftest import NOON
from tests.domain.making_deals import say, touch, win

SECOND = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), "2026-Q2")
LATER = NOON + timedelta(days=120)


def deal(session: Session, name: str, day: float, stage: str, *ways: str) -> None:
    """A deal of a company of its own that comes to this stage, with touches (`channel` or `channel/campaign`) a day apart."""
    email = f"kim@{name}.example.com"
    for at, way in enumerate(ways):
        channel, _, campaign = way.partition("/")
        touch(session, day - 20 + at, channel, campaign or None, email=email, person={"company": f"{name} GmbH"})
    say(session, stage, day, key=f"006{name}", email=email)


def the_example(session: Session) -> None:
    deal(session, "a", 40, "Closed Won", "fair/Spring", "ads/Search")
    deal(session, "b", 45, "Closed Won", "fair/Spring", "seo")
    deal(session, "c", 50, "Closed Lost", "ads/Search", "ads/Search", "fair/Autumn")
    deal(session, "d", 55, "Closed Lost", "ads", "seo")
    deal(session, "e", 60, "Negotiation", "ads/Search")


def rates(session: Session, by: By) -> dict[str, tuple[int, int]]:
    session.flush()
    return {one.name: (one.share.hit, one.share.of) for one in win_rates(session, SECOND, [by], LATER)[by]}


def test_each_deal_counts_once_for_everybody_who_had_touched_it(session: Session) -> None:
    the_example(session)
    assert rates(session, By.CHANNEL) == {"ads": (1, 3), "fair": (2, 3), "seo": (1, 2)}
    assert rates(session, By.CAMPAIGN) == {"Spring": (2, 2), "Search": (1, 2), "Autumn": (0, 1), UNTOUCHED: (0, 1)}


def test_groups_are_read_as_the_file_says_now(session: Session) -> None:
    the_example(session)
    practices.put_in_force(session, '[groups]\nPaid = ["ads", "fair"]', NOON)
    assert rates(session, By.GROUP) == {"Paid": (2, 4), "seo": (1, 2)}


def test_the_most_deals_come_first(session: Session) -> None:
    the_example(session)
    assert list(rates(session, By.CHANNEL)) == ["ads", "fair", "seo"]


def test_what_came_after_the_closing_or_was_closed_at_another_time_does_not_count(session: Session) -> None:
    deal(session, "a", 40, "Closed Won", "fair")
    deal(session, "early", 20, "Closed Won", "ads")
    deal(session, "late", 130, "Closed Lost", "ads")
    touch(session, 41, "ads", email="kim@a.example.com", person={"company": "a GmbH"})
    assert rates(session, By.CHANNEL) == {"fair": (1, 1)}


def test_a_deal_that_nobody_is_known_to_have_touched_is_nobodys(session: Session) -> None:
    touch(session, -300, "ads")
    win(session, 40)
    assert rates(session, By.CHANNEL) == {"direct/unknown": (1, 1)}
    assert rates(session, By.CAMPAIGN) == {UNTOUCHED: (1, 1)}


def test_a_touch_that_is_heard_of_late_counts_for_won_and_lost_alike(session: Session) -> None:
    for name, stage in (("a", "Closed Won"), ("b", "Closed Lost")):
        deal(session, name, 40, stage, "fair")
    frozen = say(session, "Closed Won", 40, key="006a", email="kim@a.example.com")
    crediting.freeze(session, frozen.id, NOON + timedelta(days=41))
    for name in ("a", "b"):
        touch(session, 35, "seo", email=f"kim@{name}.example.com", person={"company": f"{name} GmbH"})
    assert rates(session, By.CHANNEL) == {"fair": (1, 2), "seo": (1, 2)}
