"""`handoff backtest`: what it prints, the page it writes, how it spreads, how it is stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from domain.backtest.history import Window
from domain.backtest.intervals import Share
from domain.backtest.report import Pair, make_report
from domain.rules.refusals import NoSuchModel
from domain.rules.scoring import default_model_toml
from domain.tables import Pool, ScoringModel
from handlers import backtest_words as words
from handlers.backtest_page import page
from handlers.backtest_run import hold_still, replay
from handlers.cli import app
from handlers.jobs import reading
from kit.clock import utcnow
from tests.conftest import NOON
from tests.domain.making import make_lead, make_team

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)
STRICT = default_model_toml().replace("mql = 60\n", "mql = 79\n", 1).replace('"default"', '"strict"', 1)
HOSTILE = "<script>alert(1)</script>\x1b[31m[red]"

Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    file = tmp_path / "candidate.toml"
    file.write_text(STRICT, encoding="utf-8")
    return file


def some_past(work: Work, leads: int) -> None:
    """MQLs of the last days, and a pool with a hostile name."""
    now = utcnow()
    with work() as session:
        team = make_team(session)
        session.get_one(Pool, team.sdrs.id).name = HOSTILE
        for number in range(leads):
            make_lead(session, email=f"lead{number}@buyer.example.com", now=now - (1 + number % 30) * DAY)


def invoked(*said: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["backtest", *said], env={"COLUMNS": "200"})
    if isinstance(result.exception, Exception):
        raise result.exception
    return result.exit_code, result.output


def test_it_says_what_would_change_and_changes_nothing(work: Work, candidate: Path) -> None:
    some_past(work, 3)
    with work() as session:
        before = session.execute(text("select count(*), max(id) from lead_events")).one()
    code, said = invoked(str(candidate))
    assert code == 0
    assert "strict (candidate.toml) against default@1" in said
    assert "0 leads to sales instead of 3 (-100 %)" in said
    assert "too few to say" in said or "none yet" in said
    assert "lead0@buyer.example.com" in said
    assert "\x1b" not in said
    with work() as session:
        assert session.execute(text("select count(*), max(id) from lead_events")).one() == before
        assert session.scalar(select(func.count()).select_from(ScoringModel)) == 1


def test_without_any_past_it_says_so_without_dividing_by_it(committed: Engine, candidate: Path, tmp_path: Path) -> None:
    code, said = invoked(str(candidate), "--html", str(tmp_path / "empty.html"))
    assert code == 0
    assert "0 leads to sales instead of 0 (no change)" in said


def test_in_a_terminal_of_80_characters_what_became_of_them_stands_in_whole_words(work: Work, candidate: Path) -> None:
    some_past(work, 3)
    said = CliRunner().invoke(app, ["backtest", str(candidate)], env={"COLUMNS": "80"}).output
    said = said[said.index("Handed over") : said.index("Biggest losses")]
    assert all(word in said for word in ("Gained: new only", "in reality not", "accepted", "opportunity"))
    assert "…" not in said


def test_a_page_for_its_owner_alone_in_which_no_name_is_markup(work: Work, candidate: Path, tmp_path: Path) -> None:
    some_past(work, 2)
    html = tmp_path / "report.html"
    code, _ = invoked(str(candidate), "--html", str(html))
    text_of_it = html.read_text(encoding="utf-8")
    assert code == 0
    assert html.stat().st_mode & 0o077 == 0
    assert "&lt;script&gt;" in text_of_it
    assert "<script" not in text_of_it
    assert "lead1@buyer.example.com" in text_of_it
    assert not any(word in text_of_it for word in ("http://", "https://", "src=", "@import", "url("))


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        (STRICT.replace("points = 32", "points = 0", 1), "must be greater than 0"),
        (STRICT.replace("[thresholds]", "[thresholds", 1), "line"),
        ("\x00", "line"),
    ],
)
def test_a_mistake_in_the_model_is_said_with_the_file_and_the_place(
    committed: Engine, tmp_path: Path, toml: str, why: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(toml, encoding="utf-8")
    code, said = invoked(str(file))
    assert code == 1
    assert said.startswith(f"{file}: ")
    assert why in said


def test_a_place_where_no_report_can_be_written_is_said_before_the_work(committed: Engine, candidate: Path) -> None:
    code, said = invoked(str(candidate), "--html", "/nowhere/report.html")
    assert (code, "/nowhere/report.html: there is no folder /nowhere" in said) == (1, True)


def test_a_model_that_is_not_there_is_said(committed: Engine, candidate: Path) -> None:
    with pytest.raises(NoSuchModel):
        invoked(str(candidate), "--against", "default@99")


def test_another_model_than_the_active_one_can_be_compared_with(committed: Engine, candidate: Path) -> None:
    assert "against default@1," in invoked(str(candidate), "--against", "default@1")[1]


def test_no_limit_of_time_ends_a_process_that_scores_for_minutes_between_two_readings(committed: Engine) -> None:
    with reading() as session, reading() as another:
        hold_still(session)
        hold_still(another, session.scalars(text("select pg_export_snapshot()")).one())
        for one in (session, another):
            limits = [
                one.scalar(text(f"show {limit}_timeout")) for limit in ("statement", "idle_in_transaction_session")
            ]
            assert limits == ["0", "0"]


# About three seconds: processes of their own are what is proven.
def test_any_number_of_processes_says_the_same(work: Work) -> None:
    some_past(work, 48)
    window = Window(utcnow() - 90 * DAY, utcnow())
    heard: list[tuple[int, int]] = []
    one, sellers = replay(default_model_toml(), STRICT, window, 1, lambda *far: heard.append(far), batch=3)
    two, _ = replay(default_model_toml(), STRICT, window, 2, lambda *far: heard.append(far), batch=3)
    assert one == two
    assert one.leads == 48
    assert heard == 2 * [(done, 48) for done in range(0, 49, 3)]
    assert page(make_report(one, sellers, window, "a", "b")) == page(make_report(two, sellers, window, "a", "b"))


# About six seconds: a command in a process of its own with its two, and enough leads that it needs them.
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_however_it_is_ended_no_process_of_it_stays(
    work: Work, candidate: Path, database_url: str, how: signal.Signals
) -> None:
    with work() as session:
        session.execute(text(MANY_LEADS))
        session.execute(
            text("insert into touches (lead_id, kind, occurred_at) select id, 'webinar', captured_at from leads")
        )
    command = subprocess.Popen(
        [sys.executable, "-m", "handlers", "backtest", str(candidate), "--processes", "2"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with command:
        wait_for_snapshots(work, 3)
        children = psutil.Process(command.pid).children(recursive=True)
        if how is signal.SIGINT:
            os.killpg(command.pid, how)  # as a terminal does: the whole group hears it
        else:
            command.kill()
        _, said = command.communicate(timeout=30)
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=20)[1] == []
    if how is signal.SIGINT:
        assert (command.returncode, said) == (130, "Stopped. Nothing was changed.\n")


MANY_LEADS = """
insert into leads (email, identity, source, fields, attributes, notes, captured_at)
select email, email, 'website', '{}', '{}', '[]', now() - interval '80 days'
from (select 'lead' || n || '@example.com' as email from generate_series(1, 9000) n) as made
"""


def wait_for_snapshots(work: Work, count: int) -> None:
    """Until so many processes read."""
    reading = (
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        " and xact_start is not null"
    )
    for _ in range(3_000):
        with work() as session:
            session.execute(text("select pg_sleep(0.01)"))
            if (session.scalar(text(reading)) or 0) >= count:
                return
    raise AssertionError("it never began")


@pytest.mark.parametrize(
    ("old", "new", "said"), [(0, 0, "no change"), (0, 3, "+3"), (4, 5, "+25 %"), (4, 3, "-25 %"), (5, 5, "no change")]
)
def test_a_change_is_said_as_a_share_where_there_is_one(old: int, new: int, said: str) -> None:
    assert words.change(Pair("", old, new)) == said


def test_a_share_is_said_with_its_interval_or_not_at_all() -> None:
    assert words.share(Share(81, 263)) == "31 % (26-37)"
    assert words.share(Share(5, 7)) == "too few to say (n=7)"
    assert words.share(Share(0, 0)) == "none yet"


def test_the_window_is_named_by_its_days() -> None:
    window = Window(NOON - 90 * DAY, NOON)
    assert [end.day for end in window.month_ends()] == [31, 31, 28]
