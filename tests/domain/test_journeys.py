"""Which touches led to a deal; the journeys of everybody, those that led to nothing included; what influenced an open deal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.journeys import Journey, journey_of, journeys, paths
from domain.rules.attribution import Path
from domain.rules.attribution_file import DEFAULT, Practice
from domain.stats.influence import influence_of
from domain.tables import Campaign, Opportunity
from domain.verbs import erasing, merging, practices
from tests.conftest import NOON
from tests.domain.making import Team, make_offer
from tests.domain.making_deals import LEE, say, touch, win

ALONE = replace(DEFAULT, account_touches=False)
ELSEWHERE = {"company": "Another Sample", "country": "FR"}


def day(number: float) -> timedelta:
    return timedelta(days=number)


def read(session: Session, deal: Opportunity, practice: Practice = DEFAULT, at: float = 100) -> Journey:
    session.flush()
    found = journey_of(session, deal.id, practice, NOON + day(at))
    assert found is not None
    return found


def channels(journey: Journey) -> list[str]:
    return [step.channel for step in journey.steps]


def test_a_deal_has_the_touches_from_look_back_to_closing_in_order_of_time(session: Session) -> None:
    for at, channel in ((5, "ads"), (0, "fair"), (30, "seo"), (31, "chat"), (-151, "old")):
        touch(session, at, channel)
    deal = win(session, 30)
    assert channels(read(session, deal)) == ["fair", "ads", "seo"]
    assert channels(read(session, deal, replace(DEFAULT, look_back=day(26)))) == ["ads", "seo"]


def test_an_open_deal_has_those_until_now(session: Session) -> None:
    touch(session, 0, "fair")
    deal = say(session, "Proposal", 1)
    touch(session, 50, "ads")
    assert channels(read(session, deal, at=49)) == ["fair"]
    assert channels(read(session, deal, at=50)) == ["fair", "ads"]


def test_touches_of_everybody_of_the_company_count_if_that_is_wanted(session: Session) -> None:
    touch(session, 0, "fair")
    lee = touch(session, 1, "ads", email=LEE)
    touch(session, 2, "seo", email="bo@other.example.com", person=ELSEWHERE)
    deal = win(session, 30)
    assert channels(read(session, deal)) == ["fair", "ads"]
    assert read(session, deal).steps[1].lead_id == lee.id
    assert channels(read(session, deal, ALONE)) == ["fair"]


def test_a_touch_without_a_channel_has_its_campaigns_and_else_none_that_is_known(session: Session) -> None:
    session.add(Campaign(name="Spring", channel="fair", created_at=NOON))
    for at, campaign in enumerate(("Spring", "Autumn", None)):
        touch(session, at, None, campaign)
    touch(session, 3, "ads", "Spring")
    assert channels(read(session, win(session, 30))) == ["fair", "direct/unknown", "direct/unknown", "ads"]


def test_kinds_that_are_left_out_do_not_count(session: Session) -> None:
    touch(session, 0, "fair")
    touch(session, 1, "mail", kind="email_open")
    deal = win(session, 30)
    assert channels(read(session, deal)) == ["fair"]
    assert channels(read(session, deal, replace(DEFAULT, left_out=frozenset()))) == ["fair", "mail"]


def test_the_touches_of_a_lead_that_was_merged_are_on_the_way_too(session: Session) -> None:
    kim = touch(session, 0, "fair")
    private = touch(session, 1, "ads", email="kim@home.example.com", person=ELSEWHERE)
    deal = win(session, 30)
    assert channels(read(session, deal)) == ["fair"]
    merging.merge_leads(session, kim.id, private.id, by=None, now=NOON + day(31))
    assert channels(read(session, deal)) == ["fair", "ads"]


def test_a_colleague_who_was_erased_is_no_part_of_the_journey_any_more(session: Session) -> None:
    touch(session, 0, "fair")
    lee = touch(session, 1, "ads", email=LEE)
    deal = win(session, 30)
    erasing.erase(session, lee.id, None, NOON + day(31))
    assert channels(read(session, deal)) == ["fair"]


def test_a_deal_without_a_touch_has_an_empty_journey_and_one_that_is_not_there_none(session: Session) -> None:
    touch(session, 0, "mail", kind="email_open")
    deal = win(session, 30)
    found = journeys(session, [deal.id, 987_654], DEFAULT, NOON)
    assert list(found) == [deal.id]
    assert found[deal.id].steps == []


# ---- of everybody -----------------------------------------------------------------------------------------------------


def test_won_deals_and_what_came_to_nothing_are_journeys_and_what_may_still_come_is_none(
    session: Session, team: Team
) -> None:
    def theirs(name: str, at: float, channel: str) -> None:
        touch(session, at, channel, email=f"kim@{name}.example.com", person={"company": f"{name} GmbH"})

    for name in "abcdef":
        theirs(name, 0, "fair")
        theirs(name, 1, "ads")
    for name, stage in (("a", "Closed Won"), ("b", "Closed Won"), ("c", "Closed Lost"), ("d", "Proposal")):
        say(session, stage, 30, key=f"006{name}", email=f"kim@{name}.example.com")
    theirs("f", 60, "seo")
    make_offer(session, email="gert@gert.example.com")
    session.flush()
    # e has been quiet for long; of d (an open deal), f (touched lately) and the one in sales' hands nobody knows yet.
    assert paths(session, DEFAULT, NOON + day(70)) == [Path(("fair", "ads"), 2, 2.0, 2)]


def test_a_company_is_one_journey_if_touches_of_accounts_count(session: Session) -> None:
    touch(session, 0, "fair")
    touch(session, 1, "ads", email=LEE)
    win(session, 30)
    assert paths(session, DEFAULT, NOON + day(100)) == [Path(("fair", "ads"), 1, 1.0, 0)]
    assert paths(session, ALONE, NOON + day(100)) == [Path(("ads",), 0, 0.0, 1), Path(("fair",), 1, 1.0, 0)]


def test_journeys_that_ended_before_the_time_asked_for_are_none(session: Session) -> None:
    touch(session, 0, "fair")
    win(session, 30)
    assert paths(session, DEFAULT, NOON + day(30 + 366)) == []


# ---- influence --------------------------------------------------------------------------------------------------------


def test_what_influenced_an_open_deal_sums_to_the_whole_the_greatest_first(session: Session) -> None:
    touch(session, 0, "fair", "Spring")
    touch(session, 5, "ads")
    touch(session, 6, "ads")
    deal = say(session, "Proposal", 10)
    touch(session, 20, "seo")
    found = influence_of(session, deal.id, NOON + day(30))
    # Created and first at once: 60 % to the fair; 30 % to what was newest at the opening; 10 % to the two others.
    assert [(one.name, one.channel, one.touches) for one in found] == [
        ("Spring", "fair", 1),
        ("ads", "ads", 2),
        ("seo", "seo", 1),
    ]
    assert [one.share for one in found] == pytest.approx([0.6, 0.35, 0.05])
    assert found[1].newest == NOON + day(6)


def test_of_a_deal_to_which_nothing_is_known_to_have_led_there_is_no_influence(session: Session) -> None:
    touch(session, 0, "mail", kind="email_open")
    deal = say(session, "Proposal", 10)
    assert influence_of(session, deal.id, NOON) == []
    assert influence_of(session, 987_654, NOON) == []


# ---- the practice -----------------------------------------------------------------------------------------------------


def test_the_newest_practice_is_in_force_and_the_same_text_is_no_new_one(session: Session) -> None:
    assert practices.in_force(session) == (None, DEFAULT)
    first, new = practices.put_in_force(session, 'base = "USD"', NOON)
    again, twice = practices.put_in_force(session, 'base = "USD"', NOON)
    assert (new, twice, first.id) == (True, False, again.id)
    assert practices.in_force(session) == (first.id, replace(DEFAULT, base="USD"))
