"""What a click asks of Slack is done after it was answered: Slack waits three seconds, however long our record takes."""

import httpx
import pytest
from sqlalchemy import Engine, text

from bot.ids import Field, Press
from handlers.sending import Job
from tests.domain.making import Team
from tests.handlers.making import (
    SAM,
    Outside,
    door,
    door_url,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    windows_settle,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


def test_a_reason_is_chosen_at_once_even_while_the_record_is_slow(
    door: httpx.Client, slack: Outside, team: Team, channel: str, committed: Engine
) -> None:
    """Without that it takes Slack's three seconds until somebody is told that it failed."""
    offer_a_lead()
    work_off(Job.SHOW_CARD)
    slack.press(SAM, slack.messages(channel)[0], Press.REJECT)
    view = slack.top_view(SAM)
    block = next(one for one in view["blocks"] if one["block_id"] == Field.REASON)
    option = next(one for one in block["element"]["options"] if one["value"] == "duplicate")
    place = {"view_id": view["id"], "block_id": Field.REASON, "action_id": block["element"]["action_id"]}
    with committed.begin() as holding:
        holding.execute(text("lock table handoffs in access exclusive mode"))
        chosen = slack.page.post(f"/_api/as/{SAM}/press", json={**place, "selected_option": option}, timeout=10).json()
        assert chosen["ok"]
        holding.rollback()
    windows_settle()
    assert Field.DUPLICATE_OF in {one["block_id"] for one in slack.top_view(SAM)["blocks"]}
