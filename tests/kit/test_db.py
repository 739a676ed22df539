"""The pool of connections: one that died while it lay idle is noticed before it is used."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from kit import db


def backend_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select pg_backend_pid()")) or 0)


@pytest.fixture
def engine(migrated: Engine) -> Engine:
    """One of its own: the connections of the other tests live on."""
    return db.make_engine(migrated.url, connections=1)


def end(migrated: Engine, backend: int) -> None:
    with migrated.connect() as other:
        other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": backend})


def test_a_connection_that_died_idle_is_replaced_unseen(
    migrated: Engine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 0.0)
    dead = backend_of(engine)
    end(migrated, dead)
    assert backend_of(engine) not in {dead, 0}
    engine.dispose()


def test_one_that_was_just_used_is_not_asked_and_its_end_costs_one_try(
    migrated: Engine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "FRESH_SECONDS", 60.0)
    dead = backend_of(engine)
    end(migrated, dead)
    with pytest.raises(OperationalError):
        backend_of(engine)
    assert backend_of(engine) not in {dead, 0}
    engine.dispose()
