"""What all tests stand on: a real Postgres, migrated by Alembic, thrown away afterwards."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, delete, exists, literal, select, text, union_all
from sqlalchemy.orm import Session

from domain.rules.scoring import default_model_toml
from domain.tables import Base, Installation
from domain.verbs import modelling
from kit import db, embedded_postgres, migrating
from kit.settings import settings

# pytest-xdist tells its workers a width, and a console that is made at import would keep it, whatever a test says.
os.environ.pop("COLUMNS", None)
# As `kit/heavy.py` has it: tests that ask `domain.science` itself load numpy before that could say so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COUNT_FROM_ONE = """
    select setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) from pg_sequences
    where schemaname = current_schema() and last_value is not null
"""

LONGEST = ("story", "browser")
"""The folders whose tests start the whole system."""

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
"""A Tuesday, for rules and verbs that are given the time."""

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "100"))
"""How many examples a law is tried on: `make test LAW_EXAMPLES=10000` tries more; `.ci/run` says how many it takes."""
LAW = hypothesis_settings(max_examples=EXAMPLES, deadline=None)
"""`@LAW` above `@given`: what must hold without an exception."""
TEXT_LAW = hypothesis_settings(LAW, max_examples=EXAMPLES * 10)
"""The same for what takes any text from outside: an example costs next to nothing, and the odd ones are rare."""
HEAVY_LAW = hypothesis_settings(LAW, max_examples=max(EXAMPLES // 5, 100))
"""The same for laws whose one example is thousands of steps: else they alone would take the tests' time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, or one process would be at it alone in the end."""
    items.sort(key=lambda item: next((at for at, one in enumerate(LONGEST) if one in item.path.parts), len(LONGEST)))


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """DATABASE_URL of a server of this test process alone; with HANDOFF_TEST_DATABASE_URL, that one (it will be emptied)."""
    given = os.environ.get("HANDOFF_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with embedded_postgres.scratch() as server:
        yield server.url


@pytest.fixture(scope="session")
def migrated(database_url: str) -> Iterator[Engine]:
    """The engine that all of our code uses, on the newest schema. No setting of this machine reaches the tests."""
    os.environ["DATABASE_URL"] = database_url
    settings.cache_clear()
    db.forget()
    migrating.upgrade()
    yield db.engine()
    db.forget()


@pytest.fixture
def session(migrated: Engine) -> Iterator[Session]:
    """A session that is rolled back: verbs are tested in it."""
    with migrated.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as made:
            modelling.ensure_model(made, default_model_toml(), NOON)
            yield made
        outer.rollback()


@pytest.fixture
def committed(migrated: Engine) -> Iterator[Engine]:
    """An empty database with the default model, for doors and jobs that commit. Emptied again afterwards."""
    # Not `migrated` itself: a test that starts processes of its own makes our code take a new engine.
    engine = db.engine()
    assert engine.url == migrated.url
    _empty(engine)
    with Session(engine) as made, made.begin():
        modelling.ensure_model(made, default_model_toml(), NOON)
    yield engine
    _empty(engine)


def _empty(engine: Engine) -> None:
    """All but the installation's name, which a migration made. TRUNCATE of every table takes twenty times as long."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != Installation.__tablename__]
    filled = union_all(*(select(literal(one.name)).where(exists(select(1).select_from(one))) for one in tables))
    with engine.begin() as connection:
        # A thread of the last test may still be about to write: what it writes then comes after all of this.
        connection.execute(text(f"lock table {', '.join(table.name for table in tables)} in exclusive mode"))
        names = set(connection.scalars(filled))
        for table in reversed(tables):
            if table.name in names:
                connection.execute(delete(table))
        connection.execute(text(COUNT_FROM_ONE))
    if names:
        # Or plans are kept that were made for a table of a page or two, and the next test has thousands of leads.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"vacuum {', '.join(names)}"))


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Real data and contracts, where HANDOFF_SHARED says."""
    named = os.environ.get("HANDOFF_SHARED")
    if not named:
        pytest.skip("HANDOFF_SHARED is not set: no real data to run on")
    return Path(named)
