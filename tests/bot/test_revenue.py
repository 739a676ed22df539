"""`/leadstats revenue`: the answer in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.limits import check_message
from bot.revenue import SHOWN, revenue_message
from domain.rules.attribution import AttributionModel
from domain.stats.pipeline import Closings, Coming, Pipeline
from domain.stats.revenue import By, Earned, Revenue
from domain.stats.share import Share
from domain.stats.win_rates import WinRate
from tests.bot.making import ATTACKS, slips, texts
from tests.bot.snapshots import same_as_snapshot

W = AttributionModel.W_SHAPED
CHANNELS = Revenue(
    By.CHANNEL,
    W,
    "EUR",
    [
        Earned("fair", 2.5, 12_000_000, 3_000_000),
        Earned("ads", 1.0, 2_500_000, 5_000_000),
        Earned("seo", 0.5, 500_000, None),
        Earned("tv", 0.0, 0, 0),
    ],
    costs_unrated=0,
    deals=4,
    unrated=0,
    unsaid=0,
    elsewhere=0,
    unlearnt=0,
    unfrozen=0,
)
CAMPAIGNS = replace(CHANNELS, by=By.CAMPAIGN, lines=[Earned("Spring", 2.5, 12_000_000, 3_000_000)])
OPEN = Pipeline(By.CHANNEL, W, "EUR", [Coming("ads", 2.0, 4_000_000, 1_000_000)], 2, 0, 0, 0)
ENDED = Closings(4, 6, 62.3)
RATES = {
    By.CHANNEL: [WinRate("ads", Share(9, 30)), WinRate("fair", Share(12, 20)), WinRate("seo", Share(1, 3))],
    By.CAMPAIGN: [WinRate("Spring", Share(12, 20))],
}
EMPTY = replace(CHANNELS, lines=[], deals=0)
QUIET = Pipeline(By.CHANNEL, W, "EUR", [], 0, 0, 0, 0)


def said(
    *found: Revenue,
    coming: Pipeline = OPEN,
    ended: Closings = ENDED,
    rates: Mapping[By, Sequence[WinRate]] = RATES,
) -> str:
    _, blocks = revenue_message("2026-Q3", found, coming, ended, rates)
    check_message(blocks)
    return "\n".join(texts(blocks, "mrkdwn"))


def test_the_answer_looks_as_it_did() -> None:
    same_as_snapshot("revenue", *revenue_message("2026-Q3", [CHANNELS, CAMPAIGNS], OPEN, ENDED, RATES))


def test_what_the_numbers_lack_is_said() -> None:
    gaps = replace(CHANNELS, unrated=1, unsaid=2, elsewhere=3, unlearnt=4, unfrozen=5, costs_unrated=6)
    coming = replace(OPEN, unrated=1, unsaid=2, unlikely=3)
    same_as_snapshot("revenue_with_gaps", *revenue_message("2026-Q3", [gaps], coming, ENDED, {}))


def test_with_nothing_to_tell_it_says_so() -> None:
    text, blocks = revenue_message("2026-Q3", [EMPTY], QUIET, Closings(0, 0, None), {By.CHANNEL: []})
    assert text == "Revenue, 2026-Q3: 0 EUR from 0 deals, by W-shaped."
    same_as_snapshot("revenue_of_nothing", text, blocks)


def test_what_cost_and_brought_nothing_has_lost_all_of_it_and_what_cost_nothing_has_no_roi() -> None:
    lines = said(CHANNELS)
    assert "cost 50,000 EUR  ·  ROI -50%" in lines
    assert "fair  *120,000 EUR*  ·  2.5 deals  ·  cost 30,000 EUR  ·  ROI +300%" in lines
    assert "tv  *0 EUR*  ·  0.0 deals  ·  cost 0 EUR  ·  ROI \u2013" in lines


def test_a_win_rate_is_said_with_its_count_and_its_doubt() -> None:
    seen = said(CHANNELS)
    assert (
        "*Win rate by channel*  of the closed deals that each had touched\nads  *30%*  ·  9 of 30 (95% sure: 17 to 48%)"
        in seen
    )
    assert "seo  *33%*  ·  1 of 3 (too few to say)" in seen
    assert "*Win rate by campaign*" in seen
    many = [WinRate(f"channel {n}", Share(1, 2)) for n in range(SHOWN + 5)]
    assert "channel 9  *50%*  ·  1 of 2 (too few to say)\n5 more, that touched fewer" in said(
        CHANNELS, rates={By.CHANNEL: many}
    )


def test_of_many_lines_the_rest_is_summed() -> None:
    many = replace(CHANNELS, lines=[Earned(f"channel {n}", 1, 100_000, None) for n in range(SHOWN + 5)])
    assert "5 more  ·  5,000 EUR" in said(many)


def test_no_name_formats_anything() -> None:
    for attack in ATTACKS:
        hostile = replace(CHANNELS, lines=[Earned(attack, 1, 100, 100)])
        coming = replace(OPEN, lines=[Coming(attack, 1, 1, 1)])
        assert not slips(
            revenue_message("2026-Q3", [hostile, hostile], coming, ENDED, {By.GROUP: [WinRate(attack, Share(1, 2))]})[1]
        )


def test_the_longest_names_fit() -> None:
    long = replace(CHANNELS, lines=[Earned("&" * 400, 1, 10**15, 10**15) for _ in range(200)])
    rates = [WinRate("&" * 400, Share(10**6, 10**7))] * 200
    said(
        long,
        long,
        coming=replace(OPEN, lines=[Coming("&" * 400, 1, 10**15, 10**15)] * 200),
        rates={By.CHANNEL: rates, By.CAMPAIGN: rates},
    )
