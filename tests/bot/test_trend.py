"""`/leadstats trend`, `score`, `calls` and `won`: what is said, and that nothing from outside breaks it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.charts import trend_chart
from bot.limits import check_message
from bot.stats_calls import calls_answer
from bot.stats_score import score_answer
from bot.stats_won import won_answer
from bot.trend import trend_coming, trend_message
from domain.rules.qualification import Counts, Verdict
from domain.rules.tiers import Tier
from domain.stats.calls import Asked, Calls, Qualifying
from domain.stats.effectiveness import effectiveness_of
from domain.stats.funnel import Group, Leads
from domain.stats.share import Share
from domain.stats.trend import Change, Line, Metric, Point
from domain.stats.won_lost import WonLost, Worth
from tests.bot.making import ATTACKS, slips, texts
from tests.bot.snapshots import same_as_snapshot
from tests.bot.test_stats import size_of

TEAM, DAYS = "The whole team", "last 90 days"
QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4 so far")


def line(metric: Metric, *values: float | None, changes: Sequence[Change | None] = ()) -> Line:
    """Three quarters that are final, and one that runs; a hundred counted in each that has a value."""
    points = []
    for place, value in enumerate(values):
        share = Share(0, 0) if value is None else Share(round(100 * min(value, 1.0)), 100, 30 if place == 3 else 0)
        change = changes[place] if place < len(changes) else None
        points.append(Point(QUARTERS[place], value, share, place < 3 and value is not None, change))
    return Line(metric, points)


LINES = [
    line(Metric.ACCEPTANCE, 0.7, 0.82, 0.83, 0.9, changes=[None, Change.BETTER, Change.UNCLEAR]),
    line(Metric.TO_SQL, 0.45, 0.44, 0.3, 0.5, changes=[None, Change.UNCLEAR, Change.WORSE]),
    line(Metric.TO_OPPORTUNITY, None, None, None, None),
    line(Metric.IN_TIME, None, 0.95, 0.899, 1.0),
    line(Metric.ACCURACY, 0.4, 0.2, 0.12, 0.3, changes=[None, Change.BETTER, Change.BETTER]),
    line(Metric.SATISFACTION, 2.5, 3.1, 4.2, None, changes=[None, None, Change.BETTER]),
]
SCORE = effectiveness_of(
    [
        Group(Tier.HQL, 1, 91, Leads(20, 0, 20, 20, 16, 0, 12, 6, 2)),
        Group(Tier.MQL, 1, 72, Leads(40, 0, 40, 40, 16, 2, 8, 2, 4)),
        Group(Tier.MQL, 1, 64, Leads(42, 2, 40, 40, 8, 0, 4, 1, 1)),
    ]
)
CALLS = Qualifying(
    Calls({Verdict.QUALIFIED: 30, Verdict.NOT_YET: 12, Verdict.NOT_QUALIFIED: 8}, 31, 90_000.0, 400_000.0),
    [
        Asked("budget", "Budget", {Counts.YES: Share(20, 25), Counts.NO: Share(1, 5), Counts.UNKNOWN: Share(9, 20)}),
        Asked("need", "Need", {Counts.YES: Share(30, 42), Counts.NO: Share(0, 8)}),
    ],
    [("Dana Demo", Calls({Verdict.NOT_YET: 12})), ("Sam Sample", Calls({Verdict.QUALIFIED: 30}, 31, 90_000.0, 1e6))],
)
WON = WonLost(12, 18, 7, 3_456_000.0, [Worth("EUR", 10, 12_500_000)], [("Price", 11), (None, 4), ("Timing", 3)])


def said(blocks: list[dict[str, object]]) -> str:
    check_message(blocks)
    return "\n".join(texts(blocks, "mrkdwn"))


def test_the_trend_looks_as_it_did() -> None:
    text, blocks = trend_message(TEAM, LINES, None, table=False)
    check_message(blocks)
    same_as_snapshot("leadstats_trend", text, blocks)


def test_the_trend_beneath_its_chart_looks_as_it_did() -> None:
    text, blocks = trend_message(TEAM, LINES, "F0CHART0001", table=True)
    check_message(blocks)
    same_as_snapshot("leadstats_trend_chart", text, blocks)


def test_each_metric_is_judged_by_its_newest_quarter_that_is_final() -> None:
    seen = said(trend_message(TEAM, LINES, None, table=False)[1])
    assert "🟢 *MQL acceptance*  83% in 2026-Q3, no clear change  ·  target over 80%" in seen
    assert "🔴 *MQL → SQL*  30% in 2026-Q3, ▼ worse than before  ·  target over 40%" in seen
    assert "🟢 *Scoring accuracy*  off by 12% in 2026-Q3, ▲ better than before  ·  target within 15%" in seen
    assert "🟢 *Sales satisfaction*  4.2 of 5 in 2026-Q3, ▲ better than before  ·  target to rise" in seen
    assert "⚪ *SQL → opportunity*  nothing final yet  ·  target over 60%\nnothing to count yet" in seen
    # Its rounding does not hide on which side of the target it lies.
    assert "🔴 *Contact within SLA*  89.9% in 2026-Q3" in seen


def test_what_is_still_open_is_said_and_marked() -> None:
    assert "2026-Q4 so far 90% ⏳ (90 of 100; 30 still open)" in said(trend_message(TEAM, LINES, None, table=False)[1])


def test_where_slack_takes_no_table_the_quarters_stand_in_lines() -> None:
    _, blocks = trend_message(TEAM, LINES, None, table=False)
    check_message(blocks)
    assert {block["type"] for block in blocks} == {"section", "context"}


def test_what_the_score_was_worth_is_said_with_its_doubt() -> None:
    text, blocks = score_answer(TEAM, DAYS, SCORE)
    seen = said(blocks)
    same_as_snapshot("leadstats_score", text, blocks)
    assert "the SQL had the higher score *73%* of the time (95% sure: 64 to 83%)" in seen
    assert "The best ten points became SQLs *2.0 times* as often as all leads" in seen
    assert "90 to 100:  *80%* of 20 became SQLs  ·  *38%* of 16 were won" in seen


def test_an_order_that_may_be_chance_is_called_that() -> None:
    flat = effectiveness_of([Group(Tier.MQL, 1, score, Leads(10, 0, 10, 10, 5)) for score in (62, 75)])
    seen = said(score_answer(TEAM, DAYS, flat)[1])
    assert "*50%* of the time" in seen
    assert seen.count("may be chance") == 2


def test_calls_are_said_with_the_answers_that_went_with_an_sql() -> None:
    text, blocks = calls_answer(TEAM, DAYS, CALLS, by_rep=True)
    seen = said(blocks)
    same_as_snapshot("leadstats_calls", text, blocks)
    assert "SQL *30*  ·  not yet *12*  ·  not qualified *8*  ·  MQL to SQL: half within 25.0 h" in seen
    # Of fewer than ten no share is said.
    assert "Budget:  yes *25*, 80% SQL  ·  no *5*  ·  unknown *20*, 45% SQL" in seen
    assert "Sam Sample:  SQL *30*" in seen


def test_who_may_not_see_people_sees_no_names() -> None:
    assert "Sam Sample" not in said(calls_answer(TEAM, DAYS, CALLS, by_rep=False)[1])


def test_won_and_lost_are_said_with_their_worth() -> None:
    text, blocks = won_answer(TEAM, DAYS, WON)
    seen = said(blocks)
    same_as_snapshot("leadstats_won", text, blocks)
    assert "Won *40%*, 12 of 30 that are closed; 7 still open" in seen
    assert "From MQL to won: median *40.0 days*" in seen
    assert "Average value of what was won: *12,500 EUR* over 10; 2 without a value, not counted" in seen
    assert "Price 11  ·  no reason said 4  ·  Timing 3" in seen


def test_with_nothing_to_count_nothing_is_claimed() -> None:
    empty = [line(metric, None, None, None, None) for metric in Metric]
    assert said(trend_message(TEAM, empty, None, table=True)[1]).count("⚪") == len(Metric)
    assert "Too few leads are known" in said(score_answer(TEAM, DAYS, effectiveness_of([]))[1])
    assert "No calls yet" in said(calls_answer(TEAM, DAYS, Qualifying(Calls(), [], []), by_rep=True)[1])
    assert "Won \u2013; 0 still open" in said(won_answer(TEAM, DAYS, WonLost(0, 0, 0, None, [], []))[1])


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_can_break_an_answer(attack: str) -> None:
    hostile = replace(
        CALLS,
        questions=[replace(CALLS.questions[0], question=attack)],
        reps=[(attack, CALLS.every), (attack, CALLS.every)],
    )
    for text, blocks in (
        trend_coming(attack),
        trend_message(attack, LINES, "F0CHART0001", table=True),
        trend_message(attack, LINES, None, table=False),
        score_answer(attack, DAYS, SCORE),
        calls_answer(attack, DAYS, hostile, by_rep=True),
        won_answer(attack, DAYS, replace(WON, reasons=[(attack, 3)])),
    ):
        check_message(blocks)
        assert slips(blocks) == []
        assert text


# A second: the first picture imports the library that draws it.
@pytest.mark.parametrize(
    "lines", [LINES, [line(metric, None, None, None, None) for metric in Metric]], ids=["some", "nothing"]
)
def test_the_chart_of_a_trend_is_a_picture_for_a_phone(lines: list[Line]) -> None:
    picture = trend_chart(lines)
    assert size_of(picture) == (1920, 1800)
    assert len(picture) < 1_000_000
