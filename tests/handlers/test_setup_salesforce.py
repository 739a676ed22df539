"""`handoff setup salesforce`: whether it works, and what an admin has to deploy before it does."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from handlers.cli import app
from integrations import registry
from tests.handlers.making import Outside, everything, sandbox_process

__all__ = ["everything", "sandbox_process"]  # fixtures


def setup(*words: str) -> Result:
    return CliRunner().invoke(app, ["setup", "salesforce", *words], env={"COLUMNS": "160"})


def test_an_organisation_that_has_everything_is_said_to(everything: Outside) -> None:
    done = setup()
    assert done.exit_code == 0, done.output
    assert "Salesforce answers: the sandbox Handoff Sandbox." in done.output
    assert "CustomObject" not in done.output


def test_what_lacks_is_printed_for_an_admin(everything: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_PREFIX", "Acme")
    registry.forget()
    done = setup()
    assert done.exit_code == 1
    for wanted in ("objects/Lead.object", "objects/Activity.object", "<fullName>Acme_Key__c</fullName>"):
        assert wanted in done.output


def test_a_map_that_names_what_is_not_there_is_not_put_in_force(everything: Outside, tmp_path: Path) -> None:
    wrong = tmp_path / "map.toml"
    wrong.write_text('[fields]\nfit = "Fit__c"\nindustry = "Industry"\n')
    done = setup("--apply", "--map", str(wrong))
    assert done.exit_code == 1
    assert "<fullName>Fit__c</fullName>" in done.output
    assert "in force" not in done.output.replace("the map in force", "")


def test_a_map_that_fits_is_put_in_force(everything: Outside, tmp_path: Path) -> None:
    right = tmp_path / "map.toml"
    right.write_text('[fields]\nemployees = "NumberOfEmployees"\nindustry = "Industry"\n')
    done = setup("--apply", "--map", str(right))
    assert done.exit_code == 0, done.output
    assert "The map is in force" in done.output
