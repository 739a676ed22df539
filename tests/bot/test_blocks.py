"""Text of others is made harmless where blocks are built."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import cut, escape, mention, moment, plain, section, with_code
from tests.bot.making import ATTACKS, hostile, what_slipped_through
from tests.conftest import NOON


@settings(deadline=None)
@given(hostile, st.integers(1, 300))
def test_escaped_text_holds_nothing_that_slack_would_obey_and_keeps_its_limit(text: str, limit: int) -> None:
    escaped = escape(text, limit)
    assert what_slipped_through(escaped) == ""
    assert len(escaped) <= limit
    assert not set("*~`\n") & set(escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Kim Buyer", "Kim Buyer"),
        ("Smith & Sons <Ltd>", "Smith &amp; Sons &lt;Ltd&gt;"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("*bold* ~no~ `code`", "\u2217bold\u2217 \u223cno\u223c \u02bccode\u02bc"),
        ("_italic_ but kim_b@example.com", "\uff3fitalic\uff3f but kim_b@example.com"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("e\u0301 שלום", "e\u0301 שלום"),
        ("12:30:45", "12:\u206030:\u206045"),
        (42, "42"),
    ],
)
def test_escaping_keeps_what_a_person_meant(text: object, escaped: str) -> None:
    assert escape(text) == escaped


def test_what_to_type_stays_code_in_a_sentence_of_ours_and_text_beside_it_stays_text() -> None:
    assert with_code("`handoff migrate` puts *one* in force.") == "`handoff migrate` puts \u2217one\u2217 in force."
    assert with_code("Type `/invite @<!channel>` or `") == "Type `/invite @&lt;!channel&gt;` or \u02bc"


def test_an_emoji_shortcode_stays_letters() -> None:
    assert not re.search(r":[a-z+]+:", escape(":smile: and :+1:"))


def test_a_cut_tears_no_escape() -> None:
    assert [escape("&&&", limit) for limit in (15, 14, 11, 6, 1)] == [
        "&amp;&amp;&amp;",
        "&amp;&amp;…",
        "&amp;&amp;…",
        "&amp;…",
        "…",
    ]


@settings(deadline=None)
@given(hostile, st.integers(1, 200))
def test_plain_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())


@pytest.mark.parametrize("attack", ATTACKS)
def test_addresses_that_somebody_typed_do_not_become_links(attack: str) -> None:
    assert section(escape(attack))["text"]["verbatim"] is True


def test_our_own_text_is_cut_at_a_line_end() -> None:
    assert cut("first\nsecond\nthird", 15) == "first\nsecond\n…"
    assert cut("short", 15) == "short"
    assert cut("word <https://example.com|torn>", 12) == "word …"


def test_a_person_without_slack_is_named_and_cannot_ping() -> None:
    assert mention("U0SAM", "Sam") == "<@U0SAM>"
    assert mention(None, "<!here>") == "&lt;!here&gt;"


def test_a_time_is_shown_in_the_readers_zone_and_said_in_utc_where_that_fails() -> None:
    assert moment(NOON) == "<!date^1772539200^{time}|2026-03-03 12:00 UTC>"
