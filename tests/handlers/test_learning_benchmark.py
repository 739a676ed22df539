"""The learning benchmark: what it may read, what it may know when, and what it says without its data."""

from pathlib import Path

import pytest

from benchmarks import _lessons as lessons
from benchmarks.learning import main
from domain.rules.scoring import read_model

ALLOWED = {
    "Lead Origin",
    "Lead Source",
    "Do Not Email",
    "TotalVisits",
    "Total Time Spent on Website",
    "Page Views Per Visit",
    "Country",
    "City",
    "Specialization",
    "How did you hear about X Education",
}
"""Known on arrival, or from the site. The other columns exist because sales had worked the lead already."""


def test_it_reads_only_what_was_known_on_arrival() -> None:
    assert {*lessons.WORDS, *lessons.NUMBERS, lessons.FLAG[0]} == ALLOWED


def test_the_guessed_points_are_models() -> None:
    for toml in (lessons.X_EDUCATION_GUESS, lessons.OLIST_GUESS, lessons.MAVEN_GUESS):
        assert read_model(toml).rules


def test_without_the_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_select_is_as_blank_as_nothing_and_the_newest_are_apart(shared_folder: Path) -> None:
    known, later = lessons.x_education(shared_folder / "data")
    assert (len(known), len(later)) == (4527, 1941)
    said = {value for one in [*known, *later] for value in one.facts.attributes.values()}
    assert not said & {"", "Select"}
    assert known[-1].at < later[0].at


def test_olist_begins_where_its_wins_are_whole(shared_folder: Path) -> None:
    leads, end = lessons.olist(shared_folder / "data")
    assert leads[0].at >= lessons.OLIST_SINCE
    assert end.date().isoformat() == "2018-03-29"
    assert {name for one in leads for name in one.facts.attributes} == {"origin", "landing_page"}
