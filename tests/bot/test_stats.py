"""`/leadstats` shows five metrics against their targets."""

import pytest

from bot.limits import check_message
from bot.stats import leadstats
from domain.rules.tiers import Tier
from domain.stats.quality import Quality, Share, TierCount
from tests.bot.making import ATTACKS, slips, texts

EXPECTED = {Tier.MQL: 0.4, Tier.HQL: 0.6}
NOTHING = Quality(Share(0, 0), Share(0, 0), Share(0, 0), Share(0, 0), (), 0, 0)
SOME = Quality(Share(9, 10), Share(3, 10), Share(1, 3), Share(19, 20), (TierCount(Tier.MQL, 10, 4),), 2, 1)


def lines(found: Quality, leads: dict[Tier | None, int] | None = None) -> str:
    _, blocks = leadstats("The whole team", 30, found, leads, EXPECTED)
    check_message(blocks)
    return "\n".join(texts(blocks, "mrkdwn"))


def test_the_five_metrics_stand_against_their_targets() -> None:
    seen = lines(SOME)
    assert "🟢 *MQL acceptance*  90%  ·  9 of 10 decided  ·  target over 80%" in seen
    assert "🔴 *MQL → SQL*  30%  ·  3 of 10 handed over  ·  target over 40%" in seen
    assert "🔴 *SQL → opportunity*  33%  ·  1 of 3 SQLs  ·  target over 60%" in seen
    assert "🟢 *Contact within SLA*  95%  ·  19 of 20 due  ·  target over 90%" in seen
    assert "🟢 *Scoring accuracy*  off by 0%  ·  predicted 40%, actual 40%  ·  target within 15%" in seen
    assert "2 waiting" in seen
    assert "1 with an overdue SLA" in seen


def test_with_nothing_to_count_nothing_is_claimed() -> None:
    seen = lines(NOTHING)
    assert seen.count("⚪") == 5
    assert seen.count("target") == 5
    assert " of " not in seen


@pytest.mark.parametrize(("actual", "mark"), [(4, "🟢"), (5, "🔴"), (3, "🔴")])
def test_accuracy_is_the_distance_from_what_was_predicted(actual: int, mark: str) -> None:
    found = Quality(
        SOME.acceptance,
        SOME.to_sql,
        SOME.to_opportunity,
        SOME.contact_in_time,
        (TierCount(Tier.MQL, 10, actual),),
        0,
        0,
    )
    assert f"{mark} *Scoring accuracy*" in lines(found)


def test_the_teams_volume_stands_below_and_a_reps_own_numbers_have_none() -> None:
    assert "12 leads captured: HQL 2  ·  MQL 3  ·  MEL 0  ·  Cold 6  ·  not scored yet 1" in lines(
        SOME, {Tier.HQL: 2, Tier.MQL: 3, Tier.COLD: 6, None: 1}
    )
    assert "captured" not in lines(SOME)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_name_cannot_break_the_answer(attack: str) -> None:
    text, blocks = leadstats(attack, 30, SOME, None, EXPECTED)
    check_message(blocks)
    assert slips(blocks) == []
    assert text
