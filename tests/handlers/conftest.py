"""What the tests of the edge share: transactions of their own, and a job that leaves one visible trace."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from domain.tables import Happened, JobRow, LeadEvent
from domain.verbs.record import happened
from handlers import jobs
from handlers.jobs import Running, finishing
from kit import db
from tests.conftest import NOON

TRACE = "leave_a_trace"
"""The name of a job of the tests alone: its effect is one event that nothing follows."""


def leave_a_trace(running: Running, n: int) -> None:
    with finishing(running) as session:
        happened(session, Happened.MODEL_ACTIVATED, NOON, n=n)


@pytest.fixture
def traces(committed: Engine) -> Iterator[Callable[[], list[int]]]:
    """The numbers that jobs named TRACE have left, sorted; doubled if one was done twice."""

    def left() -> list[int]:
        with Session(committed) as session:
            found = session.scalars(select(LeadEvent.data["n"].as_integer()).where(LeadEvent.data.has_key("n")))
            return sorted(found)

    jobs.ACTORS[TRACE] = leave_a_trace
    yield left
    del jobs.ACTORS[TRACE]


@contextmanager
def _work() -> Iterator[Session]:
    with db.new_session() as session, session.begin():
        yield session


Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def work(committed: Engine) -> Work:
    """A transaction that commits, without what the edge adds to one."""
    return _work


def add_traces(session: Session, numbers: range, lane: str | None = None) -> None:
    """Jobs named TRACE, due at once."""
    rows = [{"name": TRACE, "args": {"n": n}, "lane": lane, "priority": 20} for n in numbers]
    session.execute(insert(JobRow), rows)
