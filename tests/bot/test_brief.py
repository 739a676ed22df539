"""The brief beside a card is a pure function of the record: short, harmless, and within Slack's limits whatever is in it."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.brief import lead_brief
from bot.limits import check_message
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.scoring_model import Group
from domain.rules.tiers import Tier
from domain.views import ActivityView, BriefView, ColleagueView, EarlierView, Step, StepView
from tests.bot.making import (
    LEAD,
    colleagues,
    contribution,
    hostile,
    leads,
    maybe,
    moments,
    slips,
    texts,
    what_slipped_through,
)
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import NOON

DAY = timedelta(days=1)
FIT = contribution("Decides on purchases (director or above)", "vp", 20)._replace(group=Group.FIT)
FREE_MAIL = contribution("Writes from a free mailbox", "gmail.com", -8)._replace(group=Group.NEGATIVE)
FULL = BriefView(
    handoff_id=12,
    cycle=2,
    place="C0SDREMEA01",
    erased=False,
    lead=LEAD,
    score=77,
    fit=45,
    intent=40,
    negative=-8,
    ledger=(FIT, contribution("Asked for a demo", "1 demo request"), FREE_MAIL),
    opener="You just asked us for a demo. What would you like to see first?",
    activities=(
        ActivityView("demo_request", "Demo", 1, NOON),
        ActivityView("page_view", "/pricing", 4, NOON - DAY),
        ActivityView("content_download", "The SLA guide", 1, NOON - 9 * DAY),
    ),
    campaigns=("spring", "webinar-week"),
    company=(("Domain", "buyer.example.com"), ("Industry", "software"), ("Employees", "300")),
    colleagues=(
        ColleagueView("Ann Sample", "CFO", Stage.IN_HANDOFF, Tier.HQL, 91, "Ada Account"),
        ColleagueView("ben@example.com", None, Stage.NURTURING, Tier.MEL, 48, None),
    ),
    more_colleagues=4,
    earlier=(
        EarlierView(NOON - 90 * DAY, Tier.MQL, 62, HandoffStatus.REJECTED, "no_budget", "Dana Demo", 2, None, None),
    ),
    steps=(
        StepView(Step.ANSWERED, NOON, "Sam Sample", "not settled yet"),
        StepView(Step.TRIED, NOON - DAY, "Sam Sample", "Left a voicemail", "Call before ten"),
        StepView(Step.SNOOZED, NOON - 2 * DAY, "Sam Sample"),
    ),
)
BARE = replace(
    FULL,
    lead=replace(LEAD, notes=()),
    ledger=(),
    activities=(),
    campaigns=(),
    company=(),
    colleagues=(),
    more_colleagues=0,
    earlier=(),
    steps=(),
)


def read(view: BriefView, card: str | None = None) -> str:
    """All that a person reads of it."""
    _, blocks = lead_brief(view, card)
    return "\n".join(chain(texts(blocks, "plain_text"), texts(blocks, "mrkdwn")))


def test_the_brief_looks_as_it_was_agreed() -> None:
    same_as_snapshot("brief", *lead_brief(FULL, "https://example.slack.com/archives/C1/p1"))


def test_the_brief_on_somebody_of_whom_little_is_known_is_short() -> None:
    same_as_snapshot("brief_bare", *lead_brief(BARE))


def test_nothing_is_left_of_the_brief_on_who_was_erased() -> None:
    text, blocks = lead_brief(replace(FULL, erased=True))
    same_as_snapshot("brief_erased", text, blocks)


def test_the_first_line_of_talk_stands_first() -> None:
    _, blocks = lead_brief(FULL)
    assert "You just asked us for a demo." in blocks[0]["text"]["text"]


def test_the_newest_earlier_attempt_leads_to_its_card_and_is_not_repeated() -> None:
    card = "https://example.slack.com/archives/C1/p1"
    older = replace(FULL.earlier[0], at=NOON - 200 * DAY)
    seen = read(replace(FULL, earlier=(*FULL.earlier, older)), card)
    assert "MQL 62 with Dana Demo: No budget, 2 attempts  <https://example.slack.com/archives/C1/p1|card>\n" in seen
    assert seen.count("|card>") == 1
    assert "|card>" not in read(FULL)


def test_a_phone_shows_a_full_brief_on_two_screens() -> None:
    assert len(read(replace(FULL, activities=[*FULL.activities] * 9, steps=[*FULL.steps] * 9)).splitlines()) <= 35


groups = st.sampled_from([Group.FIT, Group.INTENT, Group.NEGATIVE, Group.CLAMP])
contributions = st.builds(
    lambda label, seen, points, group: contribution(label, seen, points)._replace(group=group),
    hostile,
    hostile,
    st.integers(-100, 100),
    groups,
)
attempts = st.builds(
    EarlierView,
    moments,
    st.sampled_from(Tier),
    st.integers(0, 100),
    st.sampled_from(HandoffStatus),
    st.none() | st.sampled_from(["no_budget", "released", "undone"]),
    maybe,
    st.integers(0, 99),
    st.none(),
    st.none(),
)
briefs = st.builds(
    BriefView,
    handoff_id=st.integers(1, 2**40),
    cycle=st.integers(1, 99),
    place=st.just("C0SDREMEA01"),
    erased=st.just(False),
    lead=leads,
    score=st.integers(0, 100),
    fit=st.integers(0, 100),
    intent=st.integers(0, 100),
    negative=st.integers(-100, 0),
    ledger=st.lists(contributions, max_size=12),
    opener=hostile,
    activities=st.lists(st.builds(ActivityView, hostile, maybe, st.integers(1, 99), moments), max_size=50),
    campaigns=st.lists(hostile, max_size=9),
    company=st.lists(st.tuples(hostile, hostile), max_size=5),
    colleagues=st.lists(colleagues, max_size=9),
    more_colleagues=st.integers(0, 999),
    earlier=st.lists(attempts, max_size=9),
    steps=st.lists(
        st.builds(StepView, st.sampled_from(Step), moments, maybe, st.just("No answer"), maybe), max_size=30
    ),
)


@settings(deadline=None)
@given(briefs)
def test_whatever_is_known_of_a_lead_the_brief_obeys_slack_and_slack_obeys_nobody(view: BriefView) -> None:
    text, blocks = lead_brief(view)
    check_message(blocks)
    assert slips(blocks) == []
    assert what_slipped_through(text) == ""
    assert 0 < len(text) <= 500


def test_fifty_touches_and_two_hundred_colleagues_are_told_in_a_few_lines() -> None:
    long = "x" * 4000
    view = replace(
        FULL,
        lead=replace(LEAD, name=long, company=long, notes=(long,) * 9),
        ledger=[contribution(long, long)] * 50,
        activities=[ActivityView(long, long, 2, NOON)] * 50,
        campaigns=[long] * 50,
        company=[(long, long)] * 5,
        colleagues=[ColleagueView(long, long, Stage.IN_HANDOFF, Tier.HQL, 91, long)] * 200,
        earlier=[replace(FULL.earlier[0], rep=long)] * 50,
        steps=[StepView(Step.TRIED, NOON, long, "We spoke", long)] * 50,
    )
    check_message(lead_brief(view)[1])
    assert "and 88 more" in read(view)
    assert "and 199 more of theirs" in read(view)
