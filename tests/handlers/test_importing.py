"""`handoff import`, from the command line to the record."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from domain.tables import (
    Arrival,
    ArrivalState,
    Base,
    CaptureSource,
    Happened,
    JobRow,
    Lead,
    LeadEvent,
    TouchRow,
)
from handlers.cli import app
from handlers.sending import Priority
from kit.clock import utcnow

MAP = """
source = "fair"
key = "{id}"
[fields]
email = "{mail}"
first_name = "{name}"
[touch]
occurred_at = "{day}"
channel = "{way}"
[attributes]
origin = "{way}"
"""
HEADER = "id,mail,name,day,way\n"
ANN = "1,ann@sample.example.com,Ann,2026-02-01,web\n"
BEN = "2,ben@sample.example.com,Ben,2026-02-03,fair\n"
BAD = "3,no-address,Cem,2026-02-03,=cmd\n"

Import = Callable[..., Result]


@pytest.fixture
def run(committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports this text from a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")

    def run(content: str | bytes, *options: str) -> Result:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "leads.csv").write_bytes(raw)
        return CliRunner().invoke(app, ["import", "leads.csv", "--map", "map.toml", *options])

    return run


@pytest.fixture
def counts(committed: Engine) -> Callable[[], tuple[int, ...]]:
    """How many arrivals, leads, touches, events and jobs there are."""

    def counted() -> tuple[int, ...]:
        with Session(committed) as session:
            tables = (Arrival, Lead, TouchRow, LeadEvent, JobRow)
            return tuple(session.scalars(select(func.count()).select_from(table)).one() for table in tables)

    return counted


def refused_rows(path: str = "refused-leads.csv") -> list[list[str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_each_row_becomes_a_lead_with_its_touch_and_stands_behind_live_leads(run: Import, committed: Engine) -> None:
    result = run(HEADER + ANN + BEN)
    assert result.exit_code == 0, result.output
    with Session(committed) as session:
        ann = session.scalars(select(Lead).where(Lead.email == "ann@sample.example.com")).one()
        touch = session.scalars(select(TouchRow).where(TouchRow.lead_id == ann.id)).one()
        source = session.scalars(select(CaptureSource)).one()
        arrival = session.get_one(Arrival, touch.arrival_id)
        jobs = session.scalars(select(JobRow)).all()
    assert (ann.first_name, ann.source, ann.attributes["origin"], ann.bulk) == ("Ann", "fair", "web", True)
    assert (touch.kind, touch.channel, touch.occurred_at) == (
        "form_submission",
        "web",
        datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert (source.name, source.key_hash) == ("fair", None)
    assert (arrival.delivery_key, json.loads(arrival.body)["mail"]) == ("1", "ann@sample.example.com")
    assert sorted(job.name for job in jobs) == ["enrich", "enrich", "score", "score"]
    assert {job.priority for job in jobs} == {Priority.BULK}


def test_a_second_import_of_the_same_file_adds_nothing(run: Import, counts: Callable[[], tuple[int, ...]]) -> None:
    first = run(HEADER + ANN + BEN + BAD)
    before = counts()
    second = run(HEADER + ANN + BEN + BAD)
    assert counts() == before == (3, 2, 2, 2 + 2, 4)
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert re.search(r"Imported rows.*already there\W+2\W", second.output, re.DOTALL)
    assert len(refused_rows()) == 1, "what is still wrong is said again"


def test_two_rows_of_one_person_are_one_lead_with_two_touches(
    run: Import, counts: Callable[[], tuple[int, ...]]
) -> None:
    result = run(HEADER + ANN + "2, ANN@Sample.Example.com ,Anna,2026-02-02,fair\n")
    assert (result.exit_code, counts()[:3]) == (0, (2, 1, 2))


def test_a_row_of_a_known_lead_is_a_touch(run: Import, committed: Engine) -> None:
    run(HEADER + ANN)
    run(HEADER + "9,ann@sample.example.com,,2026-02-05,fair\n")
    with Session(committed) as session:
        kinds = session.scalars(select(LeadEvent.kind).where(LeadEvent.lead_id.is_not(None)).order_by(LeadEvent.id))
        assert list(kinds) == [Happened.LEAD_CAPTURED, Happened.TOUCH_RECORDED]


def test_refused_rows_are_kept_with_their_reason_and_written_out_harmless(run: Import, committed: Engine) -> None:
    result = run(HEADER + ANN + BAD + "4,x@sample.example.com\n" + ",,,,\n" + "6,d@sample.example.com,D,soon,web\n")
    assert result.exit_code == 1
    assert "refused-leads.csv" in result.output
    rows = refused_rows()
    assert [row[0] for row in rows] == ["3", "4", "5", "6"]
    assert rows[0][2:] == ["3", "no-address", "Cem", "2026-02-03", "'=cmd"]
    with Session(committed) as session:
        kept = session.execute(select(Arrival.refusal, Arrival.body).where(Arrival.state == ArrivalState.REFUSED)).all()
        assert session.scalars(select(func.count()).select_from(Lead)).one() == 1
    assert sorted(row.refusal for row in kept) == sorted(row[1] for row in rows)
    assert b'["4","x@sample.example.com"]' in {row.body for row in kept}


def test_a_broken_row_between_good_ones_stops_nobody(run: Import, counts: Callable[[], tuple[int, ...]]) -> None:
    nul = "7,e\0@sample.example.com,E,2026-02-03,web\n"
    result = run(HEADER + ANN + '8,"f@sample.example.com,F,2026-02-03,web\n' + nul + BEN)
    assert (result.exit_code, counts()[:3]) == (1, (4, 2, 2))
    assert [row[0] for row in refused_rows()] == ["3", "4"]


def test_the_same_key_with_another_row_is_refused_and_kept(run: Import, committed: Engine) -> None:
    run(HEADER + ANN)
    for _ in range(2):
        result = run(HEADER + ANN.replace("web", "fair"))
        assert result.exit_code == 1
        assert "Another row with this key" in refused_rows()[0][1]
    with Session(committed) as session:
        states = session.execute(select(Arrival.delivery_key, Arrival.state).order_by(Arrival.id)).all()
        touches = session.scalars(select(func.count()).select_from(TouchRow)).one()
    assert [state for _, state in states] == [ArrivalState.TAKEN, ArrivalState.REFUSED]
    assert (states[0][0], touches) == ("1", 1)


def test_a_refused_row_that_comes_again_corrected_is_taken_once(
    run: Import, counts: Callable[[], tuple[int, ...]]
) -> None:
    run(HEADER + BAD)
    for _ in range(2):
        assert run(HEADER + BAD.replace("no-address", "cem@sample.example.com")).exit_code == 0
        assert counts()[:3] == (2, 1, 1)


def test_the_file_of_refused_rows_can_be_corrected_and_imported(
    run: Import, counts: Callable[[], tuple[int, ...]]
) -> None:
    run(HEADER + BAD)
    corrected = Path("refused-leads.csv").read_text(encoding="utf-8").replace("no-address", "cem@sample.example.com")
    assert run(corrected).exit_code == 0
    assert counts()[:3] == (2, 1, 1)


def test_a_refused_row_is_tried_again_when_the_map_has_been_mended(
    run: Import, committed: Engine, tmp_path: Path
) -> None:
    german = HEADER + ANN.replace("2026-02-01", "01.02.2026")
    assert run(german).exit_code == 1
    (tmp_path / "map.toml").write_text('date_format = "%d.%m.%Y"\n' + MAP, encoding="utf-8")
    assert run(german).exit_code == 0
    with Session(committed) as session:
        arrival = session.scalars(select(Arrival)).one()
    assert (arrival.state, arrival.refusal) == (ArrivalState.TAKEN, None)


def test_without_a_key_the_row_is_its_own_and_an_equal_one_counts_once(
    run: Import, counts: Callable[[], tuple[int, ...]], tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text(MAP.replace('key = "{id}"', ""), encoding="utf-8")
    assert run(HEADER + ANN + ANN + BEN).exit_code == 0
    assert counts()[:3] == (2, 2, 2)


@pytest.mark.parametrize("key", ["", "  ", "x" * 201])
def test_a_key_that_is_empty_or_too_long_is_a_refused_row(run: Import, key: str) -> None:
    assert run(HEADER + key + ANN[1:]).exit_code == 1
    assert "key" in refused_rows()[0][1]


@pytest.mark.parametrize(
    ("content", "options", "why"),
    [
        ("", [], "is empty"),
        ("id,id\n1,2\n", [], "names a column twice"),
        ("id,email\n1,2\n", [], "fields.email: the file has no column named mail"),
        (HEADER + ANN, ["--encoding", "klingon"], "no encoding named klingon"),
        (HEADER + ANN, ["--delimiter", "::"], "--delimiter is one character"),
        (HEADER + ANN, ["--refused", "leads.csv"], "is what is to be read"),
        (HEADER + ANN, ["--refused", "nowhere/refused.csv"], "no file can be made there"),
        (HEADER + ANN.replace("2026-02-01", "soon"), ["--shift-dates-to-today"], "no row has a date"),
    ],
)
def test_what_cannot_be_used_is_said_with_status_2_and_nothing_is_written(
    run: Import, counts: Callable[[], tuple[int, ...]], content: str, options: list[str], why: str
) -> None:
    result = run(content, *options)
    assert result.exit_code == 2
    assert why in result.output.replace("\n", " ")
    assert counts()[0] == 0
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["leads.csv", "map.toml"]


def test_a_header_without_rows_is_no_error(run: Import) -> None:
    result = run(HEADER)
    assert (result.exit_code, "no rows" in result.output) == (0, True)


def test_latin_1_is_read_and_said(run: Import, committed: Engine) -> None:
    result = run((HEADER + ANN.replace("Ann", "Zoë")).encode("latin-1"))
    assert "Latin-1" in result.output
    with Session(committed) as session:
        assert session.scalars(select(Lead.first_name)).one() == "Zoë"


def test_a_dry_run_says_everything_and_writes_nothing(run: Import, committed: Engine) -> None:
    result = run(HEADER + ANN + BAD, "--dry-run")
    assert result.exit_code == 1
    assert "Line 3: This is not a usable e-mail address" in result.output
    with Session(committed) as session:
        empty = {t.name for t in Base.metadata.sorted_tables if not session.scalar(select(func.count()).select_from(t))}
    assert {"capture_sources", "arrivals", "leads", "touches", "jobs"} <= empty
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["leads.csv", "map.toml"]


def test_shifted_dates_keep_their_gaps_and_the_newest_is_now(
    run: Import, committed: Engine, counts: Callable[[], tuple[int, ...]]
) -> None:
    started = utcnow()
    run(HEADER + ANN + BEN, "--shift-dates-to-today")
    with Session(committed) as session:
        ann, ben = session.scalars(select(TouchRow.occurred_at).order_by(TouchRow.occurred_at))
    assert ben - ann == timedelta(days=2)
    assert started <= ben <= utcnow()
    before = counts()
    assert run(HEADER + ANN + BEN, "--shift-dates-to-today").exit_code == 0
    assert counts() == before


def test_an_import_makes_way_for_who_holds_one_of_its_leads(run: Import, committed: Engine) -> None:
    """Takes a second, for the import waits half a second before it makes way."""
    run(HEADER + ANN)
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid <> pg_backend_pid()")
    results: list[Result] = []
    importer = Thread(target=lambda: results.append(run(HEADER + ANN.replace("1,", "9,", 1) + BEN)))
    with committed.connect() as watcher, Session(committed) as holder:
        holder.scalars(select(Lead).with_for_update()).one()
        importer.start()
        for anybody in (1, 0):
            while watcher.scalar(waiting) != anybody:
                watcher.rollback()
        holder.rollback()
    importer.join()
    assert results[0].exit_code == 0, results[0].output
    with Session(committed) as session:
        assert session.scalars(select(func.count()).select_from(TouchRow)).one() == 3


@pytest.mark.parametrize(("blow", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_an_import_that_was_stopped_is_simply_run_again(
    run: Import, tmp_path: Path, counts: Callable[[], tuple[int, ...]], blow: signal.Signals, status: int
) -> None:
    """Takes some seconds: a process of its own is started, killed between two batches, and its work finished."""
    content = HEADER + "".join(f"{n},p{n}@sample.example.com,P,2026-02-01,web\n" for n in range(600))
    (tmp_path / "leads.csv").write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "handlers", "import", "leads.csv", "--map", "map.toml"]
    folder = Path(__file__).parents[2]
    killed = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(folder)}, stdout=subprocess.DEVNULL)
    while counts()[0] == 0:
        assert killed.poll() is None, "it ended before it had stored anything"
    killed.send_signal(blow)
    assert killed.wait() == status
    assert 0 < counts()[0] < 600
    assert run(content).exit_code == 0
    assert counts() == (600, 600, 600, 600 + 2, 1_200)


def test_a_header_that_would_steer_the_terminal_is_quoted_without_what_does(run: Import) -> None:
    ended = run("id,mail,\x1b]0;owned\x07name,day\n" + ANN)
    assert ended.exit_code == 2
    assert "no column named" in ended.stderr
    assert "\x1b" not in ended.output
