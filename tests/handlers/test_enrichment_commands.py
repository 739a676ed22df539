"""`handoff enrichment`, with the twins of the providers."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from domain.rules.refusals import NoSuchLead
from handlers import enrichment_commands
from tests.handlers.making import ROOT, jobs
from tests.handlers.making_enrichment import DOMAIN, asked, capture, days, do, outcomes, providers
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "providers", "sandbox", "stage"]  # fixtures


def handoff(*arguments: str) -> str:
    """The command line as an operator uses it, in a process of its own: its start takes a second or two."""
    ended = subprocess.run(
        [sys.executable, "-m", "handlers", *arguments],
        env=os.environ | {"COLUMNS": "220", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


def test_the_status_says_who_is_asked_for_how_much_and_how_often_they_helped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEARBIT_DAILY_CAP_CENTS", "1000")
    capture("kim.sample")
    capture("nomatch.kim", domain="birch.example.com")
    do()
    lines = [[cell.strip() for cell in line.split("│")] for line in handoff("enrichment", "status").splitlines()]
    rows = {cells[1]: cells for cells in lines if len(cells) > 2}
    assert rows["dns"][2] == "off: DNS_CHECK is not set"
    assert rows["clearbit"][3:9] == ["0.10", "10.00", *["2 asked, 1 matched, 0.10"] * 2, "50%", "1"]
    assert rows["zoominfo"][3:5] == ["0.40", "none"]


def test_everybody_can_be_asked_about_one_lead_at_once_and_it_is_said_who_won(configured: Sandbox) -> None:
    kim = capture("kim.sample", title="VP Sales")
    do()
    said = handoff("enrichment", "ask", f"Kim.Sample+news@{DOMAIN}")
    assert outcomes(kim) == {"clearbit": "matched", "zoominfo": "matched"}
    assert (asked(configured, "clearbit"), days()["clearbit"]) == (2, (2, 2, 20))
    won = {cells[1]: cells[3] for line in said.splitlines() if len(cells := [c.strip() for c in line.split("│")]) == 6}
    assert (won["title"], won["industry"]) == ("form", "zoominfo")


def test_who_cannot_be_asked_is_said_with_the_reason(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    capture("pending.pia")
    monkeypatch.setenv("ZOOMINFO_DAILY_CAP_CENTS", "39")
    said = handoff("enrichment", "ask", f"pending.pia@{DOMAIN}")
    assert "The budget of the day has no room for it." in said
    assert "Asked again in 30 s." in said
    assert [job.args["provider"] for job in jobs() if job.name == "ask_provider"] == ["clearbit"]
    assert days().keys() == {"clearbit"}


@pytest.mark.parametrize("address", ["ada@nowhere.example.com", "no address"])
def test_nobody_is_asked_about_somebody_who_is_no_lead(configured: Sandbox, address: str) -> None:
    ended = CliRunner().invoke(enrichment_commands.app, ["ask", address])
    assert isinstance(ended.exception, NoSuchLead)
    assert asked(configured, "clearbit") == 0
