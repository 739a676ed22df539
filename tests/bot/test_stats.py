"""`/leadstats`: the answer in words, the message with the chart, and the picture."""

import struct
import threading
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from bot.charts import chart
from bot.figures import lasting
from bot.limits import check_message
from bot.stats import chart_message, leadstats
from domain.rules.deadlines import ClockKind
from domain.rules.tiers import Tier
from domain.stats.accuracy import Accuracy, Judged
from domain.stats.attainment import Attainment
from domain.stats.funnel import Group, Leads, Medians, Offers
from domain.stats.quality import Numbers
from domain.stats.reasons import Rejections
from domain.stats.share import Share
from tests.bot.making import ATTACKS, slips, texts
from tests.bot.snapshots import same_as_snapshot

NOTHING = Numbers(Offers(0, 0, 0, 0), [], Medians(), Attainment({}, 0), Rejections([], 0), Accuracy({}))


def judged(hit: int, of: int, predicted: float) -> Judged:
    return Judged(Share(hit, of), of * predicted)


SOME = Numbers(
    offers=Offers(accepted=97, refused=13, undecided=6, unassigned=2),
    groups=[
        Group(Tier.MQL, 1, 66, Leads(90, 10, 75, 70, 32, 4, 20, 6, 3)),
        Group(Tier.HQL, 1, 84, Leads(30, 2, 28, 27, 20, 3, 14, 5, 1)),
    ],
    medians=Medians(600, 5_400, 90_000, 259_200, 2_592_000),
    attainment=Attainment(
        {
            (Tier.MQL, ClockKind.ASSIGNMENT): Share(90, 90),
            (Tier.MQL, ClockKind.FIRST_CONTACT): Share(70, 80, 5),
            (Tier.HQL, ClockKind.FIRST_CONTACT): Share(28, 29),
        },
        3,
    ),
    rejections=Rejections([("no_budget", 5), ("bad_timing", 3)], 9),
    accuracy=Accuracy({Tier.MQL: judged(32, 80, 0.4), Tier.HQL: judged(20, 28, 0.6)}, waiting=12),
)


def lines(found: Numbers) -> str:
    _, blocks = leadstats("The whole team", "last 30 days", found)
    check_message(blocks)
    return "\n".join(texts(blocks, "mrkdwn"))


def test_the_answer_looks_as_it_did() -> None:
    text, blocks = leadstats("The whole team", "last 30 days", SOME)
    check_message(blocks)
    same_as_snapshot("leadstats", text, blocks)


def test_the_message_with_the_chart_looks_as_it_did() -> None:
    text, blocks = chart_message("The whole team", "last 30 days", SOME, "F0CHART0001", table=True)
    check_message(blocks)
    same_as_snapshot("leadstats_chart", text, blocks)


def test_the_five_metrics_stand_against_their_targets_with_what_is_not_counted_yet() -> None:
    seen = lines(SOME)
    assert "🟢 *MQL acceptance*  88%  ·  97 of 110 decided; 6 still open, not counted  ·  target over 80%" in seen
    assert "🟢 *MQL → SQL*  48%  ·  52 of 108 leads; 12 still open, not counted  ·  target over 40%" in seen
    assert "🟢 *SQL → opportunity*  76%  ·  34 of 45 SQLs; 7 still open, not counted  ·  target over 60%" in seen
    assert "🔴 *Contact within SLA*  89.9%  ·  98 of 109 due; 5 still open, not counted  ·  target over 90%" in seen
    assert "🟢 *Scoring accuracy*  off by 7%  ·  predicted 45%, actual 48% of 108  ·  target within 15%" in seen


def test_with_nothing_to_count_nothing_is_claimed() -> None:
    seen = lines(NOTHING)
    assert seen.count("⚪") == 5
    assert seen.count("target") == 5
    assert " of " not in seen


@pytest.mark.parametrize(("hit", "of", "mark"), [(9, 9, "⚪"), (9, 10, "🟢"), (8, 10, "🔴"), (0, 10, "🔴")])
def test_too_few_are_no_verdict_and_over_means_over(hit: int, of: int, mark: str) -> None:
    seen = lines(replace(SOME, offers=Offers(hit, of - hit, 0, 0)))
    assert f"{mark} *MQL acceptance*  {hit / of:.0%}" in seen
    assert ("too few to say" in seen.splitlines()[1]) is (mark == "⚪")


@pytest.mark.parametrize(("qualified", "mark"), [(40, "🟢"), (46, "🟢"), (47, "🔴"), (33, "🔴")])
def test_accuracy_is_the_distance_in_per_cent_of_what_was_predicted(qualified: int, mark: str) -> None:
    accuracy = Accuracy({Tier.MQL: judged(qualified, 100, 0.4)})
    assert f"{mark} *Scoring accuracy*" in lines(replace(SOME, accuracy=accuracy))


def test_a_tier_that_does_better_makes_up_for_none_that_does_worse() -> None:
    accuracy = Accuracy({Tier.MQL: judged(20, 100, 0.4), Tier.HQL: judged(80, 100, 0.6)})
    seen = lines(replace(SOME, accuracy=accuracy))
    assert "🔴 *Scoring accuracy*  off by 40%  ·  predicted 50%, actual 50% of 200" in seen
    assert "🔴 MQL:  predicted 40%  ·  actual 20% of 100 (95% sure: 13 to 29%)  ·  off by 50%" in seen


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_can_break_the_answer_or_the_chart(attack: str) -> None:
    hostile = replace(SOME, rejections=Rejections([(attack, 3)], 3))
    for text, blocks in (
        leadstats(attack, "last 30 days", hostile),
        chart_message(attack, "last 30 days", hostile, "F0CHART0001", table=True),
        chart_message(attack, "last 30 days", hostile, None, table=False),
    ):
        check_message(blocks)
        assert slips(blocks) == []
        assert text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 min"), (540, "9 min"), (5_400, "1.5 h"), (90_000, "25.0 h"), (259_200, "3.0 days")],
)
def test_a_span_is_said_in_the_unit_one_thinks_in(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("found", [SOME, NOTHING], ids=["some", "nothing"])
def test_the_chart_is_a_picture_for_a_phone(found: Numbers) -> None:
    # The first one imports the library that draws: about a second.
    picture = chart("last 30 days", found)
    assert size_of(picture) == (1920, 1800)
    assert len(picture) < 1_000_000


def test_the_chart_stands_on_a_card_and_leaves_the_corners_to_slacks_own_ground() -> None:
    picture = Image.open(BytesIO(chart("last 30 days", SOME))).convert("RGBA")
    corner, inside = picture.getpixel((1, 1)), picture.getpixel((40, 900))
    assert isinstance(corner, tuple)
    assert isinstance(inside, tuple)
    assert (corner[3], inside[3]) == (0, 255)
    assert inside[:3] != (255, 255, 255)


def test_two_at_once_draw_the_same_as_one_after_the_other() -> None:
    alone = chart("last 7 days", SOME)
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.append(chart("last 7 days", SOME))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [alone] * 3
