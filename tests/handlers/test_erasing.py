"""Somebody asks to be forgotten: `handoff leads erase`, to its end in Slack, CRM and marketing automation."""

import json
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner, Result

from domain.rules.lifecycle import Stage
from domain.tables import Lead, SystemLink
from handlers.cli import app
from handlers.jobs import reading
from handlers.sending import Job
from tests.domain.making import Team
from tests.domain.test_erasing import found
from tests.handlers.making import (
    Outside,
    door_to_everything,
    door_url,
    everything,
    jobs,
    make_staff,
    sandbox_process,
    work_off,
)

__all__ = ["door_to_everything", "door_url", "everything", "sandbox_process"]  # fixtures

EMAIL = "quilla.zyx@buyer.example.com"
PERSON = {
    "email": EMAIL,
    "kind": "demo_request",
    "first_name": "Quilla",
    "last_name": "Zyxwander",
    "title": "VP Sales",
    "company": "Zyxwander Consulting",
    "employees": 300,
    "industry": "Software",
    "country": "DE",
}


@pytest.fixture
def channel(everything: Outside) -> str:
    return everything.new_channel()


@pytest.fixture
def team(door_to_everything: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


def erase(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["leads", "erase", *words], input=answer, env={"COLUMNS": "200"})


def in_crm(everything: Outside) -> list[dict[str, object]]:
    return [one for one in everything.state("salesforce")["leads"].values() if one.get("LastName") == "Zyxwander"]


def test_somebody_who_asks_is_forgotten_everywhere_that_is_ours(
    door_to_everything: httpx.Client, everything: Outside, team: Team, channel: str
) -> None:
    assert door_to_everything.post("/capture/website", json=PERSON).status_code == 202
    work_off()
    (card,) = [one for one in everything.messages(channel) if "Zyxwander" in json.dumps(one["blocks"])]
    before = in_crm(everything)
    assert len(before) == 1
    asked = erase(EMAIL, answer="n\n")
    assert (asked.exit_code, "Quilla Zyxwander" in asked.output) == (1, True)
    done = erase(EMAIL, "--yes")
    assert done.exit_code == 0, done.output
    work_off()
    with reading() as session:
        assert list(found(session)) == []
        lead = session.scalars(select(Lead)).one()
        assert (lead.stage, lead.score is not None) == (Stage.ERASED, True)
        assert session.scalars(select(SystemLink)).all() == []
    (shown,) = [one for one in everything.messages(channel) if one["ts"] == card["ts"]]
    assert "Zyxwander" not in json.dumps([shown["blocks"], shown["text"]])
    (after,) = [one for one in everything.state("salesforce")["leads"].values() if one["Id"] == before[0]["Id"]]
    assert after["Status"] != before[0]["Status"]
    assert jobs() == []


def test_the_address_stays_until_the_crm_was_told(
    door_to_everything: httpx.Client, everything: Outside, team: Team
) -> None:
    assert door_to_everything.post("/capture/website", json=PERSON).status_code == 202
    work_off()
    assert erase(EMAIL, "--yes").exit_code == 0
    with pytest.raises(AssertionError, match="there is still work"):
        work_off(Job.FORGET_ADDRESS)
    with reading() as session:
        assert session.scalars(select(Lead.email)).one() == EMAIL
    assert [job.failures for job in jobs() if job.name == Job.FORGET_ADDRESS] == [0]


def test_an_import_does_not_bring_them_back_and_says_so(
    committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.toml").write_text('source = "fair"\nkey = "{id}"\n[fields]\nemail = "{mail}"\n')
    (tmp_path / "leads.csv").write_text(f"id,mail\n1,{EMAIL}\n2,kim@buyer.example.com\n")
    arguments = ["import", "leads.csv", "--map", "map.toml"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert erase(EMAIL, "--yes").exit_code == 0
    work_off(Job.FORGET_ADDRESS)
    again = CliRunner().invoke(app, arguments)
    assert "asked to be forgotten" in again.output
    with reading() as session:
        emails = set(session.scalars(select(Lead.email)))
        assert len(emails) == 2
        assert "kim@buyer.example.com" in emails
        assert [one for one in found(session) if not one.startswith("leads.")] == []
