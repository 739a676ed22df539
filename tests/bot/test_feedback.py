"""The loops' messages and the pulse: short, hostile names only text, and always such that Slack takes them."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.drawing import columns_on_a_sheet
from bot.feedback import chart_words, daily_message, monthly_message, weekly_message
from bot.ids import PulsePress
from bot.limits import check_message
from bot.pack_charts import bands, content_by_month, contentment, overview
from bot.pulse import pulse_message
from domain.loops.daily import Day, Miss, PoolDay, Volume
from domain.loops.earning import Earned, Earnings
from domain.loops.erring import Band, Firing
from domain.loops.monthly import BandRow, ContentRow, Pack, Point, Row
from domain.loops.rejecting import Reason, Rejected
from domain.loops.routing_advice import About, Advice
from domain.loops.told import Names
from domain.loops.weekly import Week
from domain.rules.feedback import Why
from domain.stats.revenue import By
from domain.stats.satisfaction import Satisfaction
from domain.stats.trend import Metric
from domain.tables import Pulse
from handlers.review_pack import page
from tests.bot.making import hostile, slips, texts
from tests.bot.test_stats import size_of
from tests.conftest import HEAVY_LAW, NOON

NAMES = Names({7: "SDR EMEA"}, {1: "Sam Sample", 2: "Dana Demo"}, {5: "https://sample.example.com/archives/C0/p1"})
MISSES = [
    Miss(1, "first_contact", 5),
    Miss(2, "first_contact", 6),
    Miss(1, "qualification", 8),
    Miss(None, "qualification", 9),
]
BUSY = PoolDay(7, Volume(12, [5, 6, 7, 9]), Volume(0, [3, 4, 4, 5]), 9, 2, 4, MISSES, 2, 4, NOON, 1)
DAY = Day(date(2026, 11, 17), [BUSY])


def said(message: tuple[str, list[dict[str, object]]]) -> str:
    check_message(message[1])
    return "\n".join([*texts(message[1], "plain_text"), *texts(message[1], "mrkdwn")])


def test_a_day_says_what_is_more_than_usual_who_missed_what_and_what_waits() -> None:
    seen = said(daily_message(DAY, NAMES))
    assert (
        "12 MQL, *more than usual* (Tuesdays: 6.5, 5 to 9)  ·  0 HQL, *fewer than usual* (Tuesdays: 4, 3 to 5)" in seen
    )
    assert "Accepted 9 of 11 (82%), 4 undecided" in seen
    assert "🔴 *4 SLAs missed.*" in seen
    assert "Dana Demo: first contact; Sam Sample: <https://sample.example.com/archives/C0/p1|first contact>" in seen
    assert "⏳ Waits now: 2 leads with nobody, 4 offered, 1 overdue, the oldest since <!date^" in seen


WEEK = Week(
    period="2026-W47",
    decided=80,
    rejected=31,
    reasons=[Reason("no_fit", 24, "adverts", 14, 60, 12)],
    stands_out=[Rejected("no_fit", "adverts", 60, 14, 30, 9, 100)],
    bands=[Band(60, 40, 22, 9, 50, 12), Band(70, 40, 6, 2, 45, 30)],
    fires_for_no_fit=[Firing("webinar", "Webinar in the last week", 18, 24, 20, 90)],
    advice=[
        Advice(About.MISSES, 7, None, None, 12, 30, 9, 120),
        Advice(About.LOAD, 7, None, None, 1, 90, rest=30.0),
        Advice(About.LIMIT, None, 1, None, 10, 10),
        Advice(About.OVERFLOW, 7, None, "DACH", 9, 20),
    ],
)
CALM = Week("2026-W47", 10, 1, [], [], [], [], [])


def test_a_week_says_each_thing_with_its_numbers_and_what_changes_it() -> None:
    seen = said(weekly_message(WEEK, NAMES))
    assert "• Leads from adverts that scored 60 to 69: *No fit* 14 of 30 (47%), elsewhere 9 of 100 (9%)" in seen
    assert "• Scores 70 to 79 become SQLs less often (6 of 40) than 60 to 69 (22 of 40)" in seen
    assert "“Webinar in the last week” gave points to 18 of 24 leads of no fit, and to 20 of 90 accepted ones" in seen
    assert "*SDR EMEA* missed 12 of 30 first contacts (40%), the other pools 8%" in seen
    assert "*SDR EMEA* had 90 leads for 1 person; usual in other pools: 30 each" in seen
    assert "*Sam Sample* is at their limit: 10 of 10 leads" in seen
    assert "Territory “DACH” of *SDR EMEA* sent 9 of 20 leads to the overflow pool" in seen


def test_a_team_at_its_limit_hides_no_territory() -> None:
    limits = [Advice(About.LIMIT, None, 1, None, 10, 10)] * 40
    seen = said(weekly_message(replace(WEEK, advice=[*limits, WEEK.advice[-1]]), NAMES))
    assert seen.count("is at their limit") == 3
    assert "• and 37 more like that" in seen
    assert "Territory “DACH”" in seen


def test_nothing_that_stands_out_is_a_proper_answer() -> None:
    assert "Nothing stands out" in said(weekly_message(CALM, Names()))


def pack(text: str = "Webinar") -> Pack:
    points = [Point("2026-Q3", 0.35, 120, True, None), Point("2026-Q4 so far", 0.31, 40, False, None)]
    rows = [Row(metric, 0.31, 31, 100, 7, 0.36, points) for metric in Metric]
    return Pack(
        month="2026-10", made_at=NOON, mqls=331, hqls=81, handed_before=380, metrics=rows,
        reasons=[("no_fit", 24), (text, 1)], stands_out=[Rejected("no_fit", text, 60, 14, 30, 9, 100)], kept=[], bands=[],
        auc=0.71, earned=Earnings("linear", "EUR", 3, 1, [Earned(By.CAMPAIGN, text, 1.5, 120_000, 40_000, 2.0)]),
        contents=[ContentRow(text, 60, 21)],
        satisfaction={"2026-10": Satisfaction(9, 7, {4: 4, 2: 3}, {Why.FIT: 3}, {Why.DATA: 2}), "2026-09": Satisfaction(9, 2)},
        waiting=[], learnt=[], decided=[],
    )  # fmt: skip


def test_a_month_begins_with_its_three_sentences() -> None:
    seen = said(monthly_message(pack()))
    assert "1. Scoring accuracy is off by 31%; the target is within 15% (September 2026: off by 36%)." in seen
    assert "2. Leads from Webinar that scored 60 to 69 are rejected as “No fit” more than others" in seen
    assert (
        "3. Sales gives its leads 3.1 of 5; 7 of 9 answered. What was worst most often: data and phone numbers." in seen
    )
    assert "*MQL → SQL*  31% (100 counted; 7 still open, before 36%)" in seen


# Seconds: each page draws its pictures.
def test_the_page_escapes_every_text_and_asks_nothing_of_the_outside() -> None:
    shown = page(pack('<script>alert(1)</script> & "x"'))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;x&#34;" in shown
    assert "fewer than 3 answers: not shown" in shown
    assert 'src="data:image/png;base64,iVBOR' in shown
    assert "http://" not in shown
    assert "https://" not in shown


YEAR = replace(
    pack(),
    satisfaction={f"2026-{month:02}": Satisfaction(9, 8, {5: 5, 2: 3}) for month in range(1, 13)},
    bands=[BandRow(60, 45, 8, 40, 0.1, 0.35, 2), BandRow(90, 20, 16, 20, 0.58, 0.92, 6)],
)


def test_the_pictures_of_the_pack_are_for_a_phone() -> None:
    assert size_of(overview(YEAR)) == (1920, 1800)
    for low in (bands(YEAR), contentment(YEAR)):
        assert low is not None
        assert size_of(low) == (1920, 840)
    assert (bands(pack()), contentment(replace(pack(), satisfaction={}))) == (None, None)


def test_twelve_months_beside_each_other_do_not_run_into_each_other() -> None:
    columns = content_by_month(YEAR)
    sheet = columns_on_a_sheet("Sales that is content with its leads", columns)
    texts_on_it = {one.get_text(): one.get_window_extent() for axes in sheet.axes for one in axes.texts}
    months = [texts_on_it[column.label] for column in columns]
    assert len(months) == 12
    assert all(month.x1 < after.x0 for month, after in pairwise(months))


def test_who_hears_the_chart_hears_its_quarters() -> None:
    assert "Lead quality by quarter: MQL acceptance 35% in 2026-Q3, 31% in 2026-Q4 so far; " in chart_words(pack())


@HEAVY_LAW
@given(hostile, hostile, hostile, hostile)
def test_no_text_of_others_breaks_a_message(pool: str, rep: str, source: str, link: str) -> None:
    names = Names({7: pool}, {1: rep, 2: rep}, {})
    week = Week(
        "2026-W47", 9, 9, [Reason(source, 9, source, 9, 60, 9)], [Rejected(source, source, 60, 9, 9, 0, 9)], [],
        [Firing(source, source, 9, 9, 0, 9)], [Advice(About.OVERFLOW, 7, None, source, 9, 9), *WEEK.advice],
    )  # fmt: skip
    for _, blocks in (daily_message(DAY, names), weekly_message(week, names), monthly_message(pack(link))):
        check_message(blocks)
        assert slips(blocks) == []


@HEAVY_LAW
@given(st.integers(1, 400), st.integers(1, 40))
def test_however_much_was_missed_the_message_fits(misses: int, pools: int) -> None:
    many = PoolDay(7, BUSY.mql, BUSY.hql, 1, 1, 1, [Miss(1, "first_contact", 5)] * misses, 1, 1, NOON, 1)
    check_message(daily_message(Day(DAY.day, [many] * pools), NAMES)[1])


@pytest.mark.parametrize("letter", ["W", "日", '"', "&", "😀", "\\"])
def test_two_hundred_pools_of_the_longest_names_and_links_fit_into_a_day_and_a_week(letter: str) -> None:
    some = range(1, 1_000)
    name, link = letter * 200, f"https://{'long-' * 8}workspace.slack.com/archives/C0123456789/p1700000000000000"
    names = Names(dict.fromkeys(some, name), dict.fromkeys(some, name), dict.fromkeys(some, link))
    pools = [
        replace(BUSY, pool_id=pool, misses=[Miss(rep, "qualification", rep) for rep in range(pool, pool + 40)])
        for pool in range(1, 201)
    ]
    check_message(daily_message(Day(DAY.day, pools), names)[1])
    advice = [Advice(about, pool, pool, name, 12, 30, 9, 120, 30.0) for about in About for pool in range(1, 201)]
    check_message(weekly_message(replace(WEEK, advice=advice), names)[1])


def test_the_question_has_five_faces_then_asks_why_then_thanks() -> None:
    pulse = Pulse(id=3, rep_id=1, period="2026-10", leads=12)
    buttons = [
        one["action_id"] for block in pulse_message(pulse)[1] if block["type"] == "actions" for one in block["elements"]
    ]
    assert buttons == [one for one in PulsePress if one.value.startswith("pulse.feeling.")]
    pulse.feeling = 5
    assert "You said: 😀 Very good. *What was best?*" in said(pulse_message(pulse))
    pulse.why = Why.FIT.value
    assert "*Thank you!* 😀 Very good. Best: fit to what we sell." in said(pulse_message(pulse))
