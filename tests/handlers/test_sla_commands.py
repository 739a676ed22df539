"""`handoff sla`: a policy is checked, put in force, shown, and refused with the place of the mistake."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from domain.verbs import policies
from handlers.cli import app
from handlers.jobs import reading
from tests.handlers.making import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "sla.toml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sla", *arguments], env={"COLUMNS": "200"})


def version() -> int | None:
    with reading() as session:
        return policies.in_force(session).version


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.toml"
    file.write_text('[hql.first_contact]\ntarget = "soon\\u001b[2J"\n')
    return file


def test_a_policy_is_checked_without_being_kept(committed: Engine) -> None:
    checked = run("check", str(EXAMPLE))
    assert checked.exit_code == 0
    assert "reads well" in checked.output
    assert version() is None


def test_an_imported_policy_is_in_force_and_its_text_again_is_no_new_version(committed: Engine) -> None:
    first, again = run("import", str(EXAMPLE)), run("import", str(EXAMPLE))
    assert f"Version {version()} is in force." in first.output
    assert "already" in again.output
    assert run("versions").output.count("in force") == 1


def test_a_bad_file_is_refused_with_the_place_of_the_mistake_and_changes_nothing(committed: Engine, bad: Path) -> None:
    run("import", str(EXAMPLE))
    before = version()
    for command in ("check", "import"):
        refused = run(command, str(bad))
        assert refused.exit_code == 1
        assert "hql.first_contact.target: 'soon" in refused.output
        assert "\x1b" not in refused.output
    assert version() == before


def test_what_is_in_force_is_shown_in_words_and_as_the_file(committed: Engine) -> None:
    assert "The built-in policy is in force" in run("show").output
    run("import", str(EXAMPLE))
    shown = run("show").output
    assert "50% remind the rep, 80% remind the rep, 100% missed" in shown
    assert "hand on (at most 2 times)" in shown
    assert run("show", "--text").output == EXAMPLE.read_text(encoding="utf-8")


def test_an_older_version_can_be_looked_at_and_one_that_never_was_cannot(committed: Engine, tmp_path: Path) -> None:
    run("import", str(EXAMPLE))
    older = version()
    (tmp_path / "sla.toml").write_text("")
    run("import", str(tmp_path / "sla.toml"))
    assert run("show", str(older), "--text").output == EXAMPLE.read_text(encoding="utf-8")
    beyond = run("show", "99")
    assert (beyond.exit_code, "There is no version 99" in beyond.output) == (1, True)
