"""What is typed behind a slash command, as Slack hands it over."""

import pytest

from bot.asking import Question, address, days, question, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Question("", "", "30d")),
        ("me", Question("me", "", "30d")),
        ("7D TEAM", Question("team", "", "7D")),
        ("quarter <@U0SAM|sam>", Question("rep", "U0SAM", "quarter")),
        ("@sam.sample 90d", Question("rep", "sam.sample", "90d")),
        ("<mailto:sam@example.com|sam@example.com>", Question("rep", "sam@example.com", "30d")),
        ("Sam Sample 2026-Q3", Question("rep", "Sam Sample", "2026-Q3")),
        ("rep Team Lead", Question("rep", "Team Lead", "30d")),
        ("campaign Spring Fair 2026-03-01..2026-03-31", Question("campaign", "Spring Fair", "2026-03-01..2026-03-31")),
        ('campaign "Launch 2026-Q3" 90d', Question("campaign", "Launch 2026-Q3", "90d")),
        ("7d channel “Partner Day”", Question("channel", "Partner Day", "7d")),
        ("30d channel “ads”", Question("channel", "ads", "30d")),
        ("pool EMEA South quarter", Question("pool", "EMEA South", "quarter")),
        ("persona decision maker", Question("persona", "decision maker", "30d")),
        ("model default@2 90d", Question("model", "default@2", "90d")),
        ("trend", Question("", "", "30d", "trend")),
        ("Trend campaign Trend Report", Question("campaign", "Trend Report", "30d", "trend")),
        ("campaign Trend Report", Question("campaign", "Trend Report", "30d")),
        ("score pool EMEA 90d", Question("pool", "EMEA", "90d", "score")),
        ("calls me", Question("me", "", "30d", "calls")),
        ("won 2026-Q3", Question("", "", "2026-Q3", "won")),
    ],
)
def test_a_question_is_read_in_any_order(text: str, expected: Question) -> None:
    assert question(text, "30d") == expected


@pytest.mark.parametrize("text", ["7d 30d", "channel", "campaign 30d", "rep", "pool", "score model", "trend 90d"])
def test_half_a_question_is_none(text: str) -> None:
    assert question(text, "30d") is None


@pytest.mark.parametrize("text", ["kim@buyer.example.com", " <mailto:kim@buyer.example.com|kim@buyer.example.com> "])
def test_an_address_is_one_word_however_slack_writes_it(text: str) -> None:
    assert address(text) == "kim@buyer.example.com"


@pytest.mark.parametrize("text", ["", "kim", "kim@a.example.com sam@a.example.com"])
def test_anything_else_is_no_address(text: str) -> None:
    assert address(text) is None


def test_a_domain_that_slack_made_a_link_of_is_a_domain() -> None:
    assert words("<http://buyer.example.com|buyer.example.com>") == ["buyer.example.com"]


@pytest.mark.parametrize(("word", "expected"), [("30d", 30), ("0d", None), ("731d", None), ("30", None), ("-3d", None)])
def test_days_are_a_number_within_reason(word: str, expected: int | None) -> None:
    assert days(word, 730) == expected
