"""The line about a lead that is there for the taking: why, by whom it was taken, and nothing that a lead could misuse."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.limits import check_message
from bot.pool_call import pool_call
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.views import CardView
from tests.bot.making import MORGAN, SAM, a_view, slips, texts, views, what_slipped_through
from tests.bot.snapshots import same_as_snapshot

CARD = "https://example.slack.com/archives/C1/p1"


def read(view: CardView, **how: Any) -> str:
    return "\n".join(texts(pool_call(view, card=None, **how)[1], "mrkdwn"))


@pytest.mark.parametrize(
    ("name", "view", "takeable"),
    [
        ("pool_call_nobody_asked", a_view(HandoffStatus.OPEN), True),
        ("pool_call_missed", a_view(), True),
        (
            "pool_call_taken",
            a_view(HandoffStatus.WITHDRAWN, reason="claimed", moved_by=MORGAN, went_to=MORGAN),
            False,
        ),
    ],
)
def test_the_line_looks_as_it_was_agreed(name: str, view: CardView, takeable: bool) -> None:
    same_as_snapshot(name, *pool_call(view, takeable=takeable, card=CARD))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (a_view(), "offered to <@U0SAM>."),
        (a_view(HandoffStatus.ACCEPTED, decided_by=SAM), "✅ <@U0SAM> has it."),
        # Who accepts for somebody else leaves it theirs.
        (a_view(HandoffStatus.ACCEPTED, decided_by=MORGAN), "✅ <@U0SAM> has it."),
        (a_view(HandoffStatus.EXPIRED, went_to=MORGAN), "it went to <@U0MORGAN>."),
        (a_view(HandoffStatus.REJECTED), "it went another way."),
    ],
)
def test_what_is_not_for_the_taking_any_more_says_where_it_went(view: CardView, words: str) -> None:
    _, blocks = pool_call(view, takeable=False, card=CARD)
    assert read(view, takeable=False).endswith(words)
    assert [block["type"] for block in blocks] == ["section"]


def test_nothing_is_said_of_who_was_erased() -> None:
    assert "Kim" not in read(replace(a_view(), stage=Stage.ERASED), takeable=True)


@settings(deadline=None)
@given(views, st.booleans())
def test_whatever_the_lead_wrote_the_line_is_harmless(view: CardView, takeable: bool) -> None:
    text, blocks = pool_call(view, takeable=takeable, card=None)
    check_message(blocks)
    assert slips(blocks) == []
    assert what_slipped_through(text) == ""
