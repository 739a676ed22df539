"""The monthly review is one message that Slack takes, whatever leads are called."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.limits import check_message
from bot.review import review_message
from domain.reviewing import Named, Review
from tests.bot.making import hostile, slips, texts
from tests.conftest import HEAVY_LAW, NOON

KIM = Named("Kim Buyer", "Sample Software", 58, "Nearly ready", "2 points short; a webinar would do")
QUIET = Review(NOON, 1, 0, 0, 0, 0, (), (), (), 0, None)
FULL = Review(NOON, 40, 7, 3, 2, 1, (KIM,), (KIM,), (KIM,), 12, "The webinar: 12 of 20")

named = st.builds(Named, hostile, st.none() | hostile, st.integers(0, 100), st.none() | hostile, hostile)
five = st.lists(named, max_size=5)


def said(review: Review) -> str:
    _, blocks = review_message(review)
    check_message(blocks)
    return "\n".join([*texts(blocks, "plain_text"), *texts(blocks, "mrkdwn")])


def test_everybody_worth_a_word_is_named_with_company_score_and_programme() -> None:
    seen = said(FULL)
    assert "Monthly review: 40 MELs in nurture" in seen
    assert "7 new, 3 rose to MQL or HQL, 2 fell to Cold, 1 left" in seen
    line = "• *Kim Buyer*, Sample Software  ·  58 points, in Nearly ready  ·  2 points short; a webinar would do"
    assert seen.count(line) == 3
    assert "MEL for more than 90 days: 12" in seen
    assert "may be let rest" in seen
    assert "What moved MELs most: The webinar: 12 of 20" in seen


def test_what_there_is_nothing_of_is_left_out() -> None:
    seen = said(QUIET)
    assert "1 MEL in nurture" in seen
    assert not [word for word in ("Nearest", "Cold soon", "90 days", "rest", "most") if word in seen]
    assert "in no programme" in said(replace(QUIET, near=(replace(KIM, programme=None, company=None),)))


@HEAVY_LAW
@given(five, five, five, hostile)
def test_no_text_of_others_breaks_the_message(
    near: list[Named], fading: list[Named], stuck: list[Named], best: str
) -> None:
    text, blocks = review_message(replace(FULL, near=near, fading=fading, stuck=stuck, best_content=best))
    check_message(blocks)
    assert slips(blocks) == []
    assert len(text) <= 200
