"""An installation in small: it takes nothing of this machine's settings, and no database that is not its own."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from handlers.system import System, fresh_database


@pytest.fixture
def server(committed: Engine) -> Iterator[Connection]:
    with create_engine(committed.url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        yield connection


def databases(server: Connection) -> set[str]:
    return set(server.scalars(text("select datname from pg_database")))


def test_what_a_killed_run_left_is_dropped_and_a_database_of_another_name_is_not(server: Connection) -> None:
    for name in ("handoff_sample_1", "handoff_sample_emea"):
        server.execute(text(f"create database {name}"))
    try:
        with fresh_database("sample"):
            assert "handoff_sample_1" not in databases(server)
            assert "handoff_sample_emea" in databases(server)
    finally:
        server.execute(text("drop database handoff_sample_emea"))


def test_its_processes_start_where_no_file_of_settings_lies(committed: Engine, tmp_path: Path) -> None:
    """An `.env` beside the code may name real systems; a process reads the one of the folder in which it starts."""
    system = System(committed.url.render_as_string(hide_password=False), tmp_path)
    try:
        system.start_one("clock")
        log, deadline = tmp_path / "clock.log", time.monotonic() + 20
        while "clock.ready" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            threading.Event().wait(0.05)
        assert psutil.Process(system.pid("clock")).cwd() == str(tmp_path)
    finally:
        system.stop()
