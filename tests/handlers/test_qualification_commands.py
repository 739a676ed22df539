"""`handoff qualification`: questions are checked, put in force, shown, and refused with the place of the mistake."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from domain.verbs import qualifying
from handlers.cli import app
from handlers.jobs import reading
from tests.handlers.making import ROOT

MEDDIC = ROOT / "docs" / "examples" / "meddic.toml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["qualification", *arguments], env={"COLUMNS": "200"})


def version() -> int | None:
    with reading() as session:
        return qualifying.in_force(session).version


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.toml"
    file.write_text(MEDDIC.read_text().replace('must = ["pain"]', 'must = ["soon\\u001b[2J"]'))
    return file


def test_questions_are_checked_without_being_kept(committed: Engine) -> None:
    checked = run("check", str(MEDDIC))
    assert checked.exit_code == 0
    assert "reads well" in checked.output
    assert version() is None


def test_imported_questions_are_asked_and_their_text_again_is_no_new_version(committed: Engine) -> None:
    first, again = run("import", str(MEDDIC)), run("import", str(MEDDIC))
    assert f"Version {version()} is in force." in first.output
    assert "already" in again.output
    assert run("versions").output.count("in force") == 1


def test_a_bad_file_is_refused_with_the_place_of_the_mistake_and_changes_nothing(committed: Engine, bad: Path) -> None:
    run("import", str(MEDDIC))
    before = version()
    for command in ("check", "import"):
        refused = run(command, str(bad))
        assert refused.exit_code == 1
        assert "verdict.must[0]: 'soon" in refused.output
        assert "\x1b" not in refused.output
    assert version() == before


def test_what_is_asked_is_shown_in_words_and_as_the_file(committed: Engine) -> None:
    built_in = run("show").output
    assert "The built-in questions are in force" in built_in
    assert (
        "BANT: an SQL has a yes to each 'must', 2 from the others (partly is half), and fewer than 3 noes." in built_in
    )
    run("import", str(MEDDIC))
    assert "Economic buyer" in run("show").output
    assert run("show", "--text").output == MEDDIC.read_text(encoding="utf-8")


def test_an_older_version_can_be_looked_at_and_one_that_never_was_cannot(committed: Engine) -> None:
    run("import", str(MEDDIC))
    older = version()
    run("import", str(ROOT / "docs" / "examples" / "qualification.toml"))
    assert run("show", str(older), "--text").output == MEDDIC.read_text(encoding="utf-8")
    assert run("show", "99").exit_code != 0
