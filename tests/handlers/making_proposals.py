"""A proposal for tests: made, shown in a channel of its own, and decided there or on the command line."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.ids import ProposalPress
from domain import calibrating
from domain.rules.proposals import ProposalKind
from domain.rules.scoring import default_model_toml
from domain.tables import Proposal
from domain.verbs import modelling, proposing
from domain.verbs.proposing import Found
from handlers.calibration_settings import learning_settings
from handlers.cli import app
from handlers.jobs import reading, transaction
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import MORGAN, Outside, make_staff, slack, work_off

__all__ = ["slack"]  # fixture

STRICT, STRICTER = (calibrating.with_thresholds(default_model_toml(), mql, 80) for mql in (65, 70))
GROUP = {"leads": 3, "unknown": 2, "running": 0, "sql": [1, 1], "won": [0, 1]}
BACKTEST: dict[str, Any] = {
    "days": 90,
    "leads": 200,
    "to_sales": [52, 41],
    "tiers": {"MQL": [52, 41], "HQL": [9, 12]},
    "moved": 14,
    "at_once": {"mql": 2},
    "groups": {"kept": GROUP, "gained": GROUP, "lost": GROUP},
    "up": [],
    "down": [],
}


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture(autouse=True)
def settings(channel: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Proposals are posted in the channel."""
    monkeypatch.setenv("LEARNING_CHANNEL", channel)
    learning_settings.cache_clear()
    yield
    learning_settings.cache_clear()


def ask(toml: str = STRICT, kind: ProposalKind = ProposalKind.MODEL, **evidence: object) -> int:
    """A proposal that was just made, with the job that shows it waiting; returns its number."""
    with transaction() as session:
        base, _ = modelling.active_model(session)
        found = Found(kind, base.id, "proposed", "Learnt.", {}, toml, {"backtest": BACKTEST, **evidence})
        return proposing.keep(session, found, {}, utcnow()).proposal_id or 0


def proposal(number: int) -> Proposal:
    with reading() as session:
        return session.get_one(Proposal, number)


def in_force() -> int:
    with reading() as session:
        return modelling.active_model(session)[0].id


def shown(slack: Outside, channel: str) -> dict[str, Any]:
    """The one message that stands there."""
    (message,) = slack.messages(channel)
    return message


def said(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def act(slack: Outside, channel: str, press: ProposalPress, user: str = MORGAN) -> None:
    slack.press(user, shown(slack, channel), press)
    work_off()


def run(*words_of_it: str) -> str:
    answer = CliRunner().invoke(app, list(words_of_it))
    assert answer.exit_code == 0, answer.output
    return answer.output
