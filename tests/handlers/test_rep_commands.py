"""`handoff reps ...` as an operator types it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from domain.tables import Absence, Rep
from handlers.jobs import reading
from handlers.rep_commands import app
from tests.handlers.test_staff_file import CALENDARS


def reps(*arguments: str, ends: int = 0) -> str:
    """What `handoff reps` says, on one line."""
    answer = CliRunner(env={"COLUMNS": "250"}).invoke(app, list(arguments))
    assert answer.exit_code == ends, answer.output
    return " ".join(answer.output.split())


@pytest.fixture
def file(committed: Engine, tmp_path: Path) -> Path:
    del committed
    path = tmp_path / "reps.toml"
    path.write_text(CALENDARS, encoding="utf-8")
    return path


def the_absence() -> Absence:
    with reading() as session:
        return session.scalars(select(Absence)).one()


def test_an_import_says_who_is_new_and_a_second_time_that_nothing_is(file: Path) -> None:
    said = reps("import", str(file))
    assert "+ rep sam@example.com" in said
    assert "Version 1: 3 reps and 3 pools are in force." in said
    assert reps("import", str(file)).startswith("Nothing new in the file: 3 reps")


def test_versions_are_listed_and_printed_as_they_were(file: Path) -> None:
    reps("import", str(file))
    file.write_text(CALENDARS + "# later\n", encoding="utf-8")
    reps("import", str(file))
    assert reps("versions").count("UTC") == 2
    assert CliRunner().invoke(app, ["export", "1"]).output == CALENDARS
    assert "There is no version 9" in reps("export", "9", ends=1)


def test_the_list_says_when_people_work_who_is_away_and_who_is_not_found(file: Path) -> None:
    reps("import", str(file))
    reps("away", "sam@example.com", "--until", "2100-01-31", "--from", "2100-01-01")
    reps("away", "dana@example.com")
    said = reps("list")
    assert "mon-fri 09:00-17:00 (holidays DE)" in said
    assert "America/New_York" in said
    assert "Not found in Slack: ada@example.com, dana@example.com, sam@example.com." in said
    assert "the CRM" not in said


def test_who_is_not_found_in_the_crm_is_said_where_there_is_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "x")
    reps("import", str(file))
    assert "Not found in the CRM: ada@example.com, dana@example.com, sam@example.com." in reps("list")


def test_the_last_day_of_an_absence_is_a_whole_day_of_the_reps_own(file: Path) -> None:
    reps("import", str(file))
    assert "Dana Demo is away from 2100-01-30 until 2100-01-31." in reps(
        "away", "dana@example.com", "--from", "2100-01-30", "--until", "2100-01-31", "--cover", "SAM@example.com"
    )
    absence = the_absence()
    assert absence.since == datetime(2100, 1, 30, 5, tzinfo=UTC)
    assert absence.until == datetime(2100, 2, 1, 5, tzinfo=UTC)
    with reading() as session:
        assert session.get_one(Rep, absence.cover_id).email == "sam@example.com"


def test_who_comes_back_is_back_from_pause_and_leave(file: Path) -> None:
    reps("import", str(file))
    reps("away", "sam@example.com", "--until", "2001-11-01T12:00:00+00:00", ends=1)
    reps("away", "sam@example.com")
    assert "Sam Sample is back." in reps("back", "sam@example.com")
    with reading() as session:
        assert session.scalars(select(Rep.available).where(Rep.email == "sam@example.com")).one()


def test_the_last_day_is_over_at_its_end_however_it_is_written(file: Path) -> None:
    reps("import", str(file))
    reps("away", "sam@example.com", "--from", "21000101", "--until", "21000131")
    with reading() as session:
        absence = session.scalars(select(Absence)).one()
        assert absence.until - absence.since == timedelta(days=31)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--until", "soon"), "neither a day"),
        (("--until", "9999-12-31"), "neither a day"),
        (("--cover", "dana@example.com"), "needs an end"),
        (("--from", "2100-01-01"), "needs an end"),
    ],
)
def test_an_absence_that_cannot_be_read_is_refused(file: Path, arguments: tuple[str, ...], sentence: str) -> None:
    reps("import", str(file))
    assert sentence in reps("away", "sam@example.com", *arguments, ends=2)
