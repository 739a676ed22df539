"""/leadstats revenue: what channels and campaigns brought, for managers and marketing."""

import json

import httpx
import pytest

from bot.asking import revenue_question
from domain.tables import Role
from domain.verbs import crediting, staffing
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.conftest import NOON
from tests.domain.making_deals import touch, win
from tests.handlers.making import (
    MORGAN,
    SAM,
    Outside,
    ask,
    clear_jobs,
    door,
    door_url,
    jobs,
    make_staff,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def sold(door: httpx.Client, slack: Outside) -> None:
    make_staff("C0SDREMEA01")
    day = (utcnow() - NOON).total_seconds() / 86_400
    with transaction() as session:
        touch(session, day - 30, "fair", "Spring")
        crediting.freeze(session, win(session, day - 0.1, 1_234_500).id, utcnow())
    clear_jobs()


def said(door: httpx.Client, text: str, user: str = MORGAN) -> str:
    """What is answered at once."""
    return json.dumps(ask(door, "/leadstats", text, user), ensure_ascii=False)


def follows(slack: Outside, text: str, user: str = MORGAN) -> str:
    """What comes after it, for who asked alone."""
    channel = slack.new_channel()
    slack.act(user, "command", channel=channel, command="/leadstats", text=text)
    assert work_off() == ["draw_chart"]
    told = slack.messages(channel, user)[-1]
    return json.dumps(told["blocks"], ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("revenue 30d", {"By channel", "By campaign"}),
        ("Revenue by campaign 30d", {"By campaign"}),
        ("revenue 30d group", {"By group"}),
    ],
)
def test_a_manager_sees_what_channels_and_campaigns_brought(
    slack: Outside, sold: None, text: str, lists: set[str]
) -> None:
    answer = follows(slack, text)
    assert {one for one in ("By channel", "By campaign", "By group") if one in answer} == lists
    assert {one for one in ("channel", "campaign", "group") if f"Win rate by {one}" in answer} == {
        one.removeprefix("By ") for one in lists
    }
    assert "12,345 EUR* from 1 deal won" in answer
    assert "W-shaped" in answer
    assert jobs() == []


def test_it_is_not_reckoned_while_somebody_waits(door: httpx.Client, sold: None) -> None:
    assert "Revenue, last 30 days: what channels and campaigns brought follows in a moment." in said(
        door, "revenue 30d"
    )
    assert [(job.name, job.args["whose"]) for job in jobs()] == [("draw_chart", "revenue:")]


def test_marketing_sees_it_too_and_sales_does_not(door: httpx.Client, sold: None) -> None:
    assert "Revenue" not in said(door, "revenue", SAM)
    assert "managers" in said(door, "revenue", SAM)
    assert jobs() == []
    with transaction() as session:
        staffing.save_rep(session, utcnow(), name="Sam Sample", email="sam.sample@example.com", role=Role.MARKETING)
    assert "Revenue, " in said(door, "revenue", SAM)


@pytest.mark.parametrize("text", ["revenue by rep", "revenue 30d 90d", "revenue by campaign Spring", "revenue 999d"])
def test_what_is_not_understood_is_answered_with_an_example(door: httpx.Client, sold: None, text: str) -> None:
    assert "/leadstats revenue by campaign 2026-Q3" in said(door, text)
    assert "12,345" not in said(door, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revenue", ("", "quarter")),
        ("REVENUE by Channel 2026-q3", ("channel", "2026-q3")),
        ("revenue 30d by group", ("group", "30d")),
        ("revenue 30d 90d", ("90d", "30d")),
        ("campaign Revenue", None),
        ("", None),
    ],
)
def test_only_the_first_word_makes_it_a_question_of_revenue(text: str, expected: tuple[str, str] | None) -> None:
    assert revenue_question(text, "quarter") == expected
