"""The engine and its sessions. Nobody but the edge (`handlers/jobs.py`) commits one."""

import atexit
import threading
import time
from functools import cache
from pathlib import Path

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from kit import embedded_postgres
from kit.settings import settings

OLDEST_POSTGRES = 14
FRESH_SECONDS = 1.0
"""A connection that lay idle for longer is asked whether it still lives before it is used again."""


class UnsuitableDatabase(Exception):
    """The database cannot be used; the text says why and what to do."""


@cache
def database_url() -> URL:
    """DATABASE_URL, in whatever spelling a hosting service gives it; unset, the embedded Postgres, started if need be."""
    configured = settings().database_url
    if configured is None:
        server = embedded_postgres.start()
        atexit.register(server.stop)
        return make_url(server.url)
    return as_psycopg(configured.get_secret_value())


def as_psycopg(text: str) -> URL:
    """`postgres://`, `postgresql://` and `postgresql+psycopg://` all mean psycopg 3 here."""
    url = make_url(text)
    if url.get_backend_name() not in {"postgres", "postgresql"}:
        raise UnsuitableDatabase(f"DATABASE_URL names a {url.get_backend_name()} database; Handoff needs Postgres.")
    return url.set(drivername="postgresql+psycopg")


def first_words(no: SQLAlchemyError) -> str:
    """The first line of what Postgres said: the lines after it may quote a row."""
    said = getattr(no, "orig", None)
    return (str(said or "").strip().splitlines() or [type(said or no).__name__])[0]


def trouble(no: ArgumentError | DBAPIError) -> str:
    """What is wrong with the database, in a sentence, with the first line of what Postgres said; neither holds a password."""
    if isinstance(no, DBAPIError) and isinstance(no.orig, UndefinedTable | UndefinedColumn):
        return "The database is not laid out for this version: run `handoff migrate` first."
    if isinstance(no, DBAPIError):
        return f"The Postgres of DATABASE_URL cannot be used: {first_words(no)}"
    return (
        "DATABASE_URL is no database address. Write postgresql://user:password@host/name, "
        "or leave it out: then Handoff starts a Postgres of its own."
    )


_one_at_a_time = threading.Lock()


def engine() -> Engine:
    """The process's one pool of connections. Threads that ask for it at the same moment get the same one."""
    with _one_at_a_time:
        return _engine()


@cache
def _engine() -> Engine:
    return make_engine(database_url(), settings().database_connections)


def make_engine(url: URL, connections: int = 5) -> Engine:
    made = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        # An error's text ends in logs; the values of a statement are people's.
        hide_parameters=True,
        connect_args={
            "options": "-c timezone=UTC -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000"
        },
    )
    event.listen(made, "checkin", _note_use)
    event.listen(made, "checkout", _ask_the_idle)
    with made.connect() as connection:
        version = connection.dialect.server_version_info or (0,)
    if int(version[0]) < OLDEST_POSTGRES:
        made.dispose()
        raise UnsuitableDatabase(f"This Postgres is version {version[0]}; Handoff needs {OLDEST_POSTGRES} or later.")
    return made


def _note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ask_the_idle(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Whether it still lives, unless it was used a moment ago: the question costs as much as a statement."""
    used = record.info.get("used")
    if used is None or time.monotonic() - used < FRESH_SECONDS:
        return
    try:
        connection.cursor().execute("select 1")
        connection.rollback()
    except psycopg.Error as gone:
        # The others of the pool are no better.
        raise InvalidatePoolError from gone


def new_session() -> Session:
    """A session that forgets nothing on commit: what a verb returned may still be read after it."""
    return Session(engine(), expire_on_commit=False)


def migrations_folder() -> Path:
    return Path(__file__).resolve().parent.parent / "migrations"


def forget() -> None:
    """Drop the process's engine, so that the next call reads the settings anew."""
    with _one_at_a_time:
        if _engine.cache_info().currsize:
            _engine().dispose()
        _engine.cache_clear()
        database_url.cache_clear()
