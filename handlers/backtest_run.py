"""A backtest spread over processes that read one and the same snapshot of the database, and write nothing."""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from multiprocessing import get_context, parent_process
from typing import NamedTuple

from sqlalchemy import URL, text
from sqlalchemy.orm import Session

from domain.backtest.comparing import Comparison, compare
from domain.backtest.history import Window
from domain.backtest.reading import BATCH, Range, ranges, sellers, territories
from domain.backtest.sharing import Sellers
from domain.backtest.tally import Tally
from domain.rules.scoring import read_model
from handlers.jobs import reading
from kit import db

WORTH_A_PROCESS = 8
"""Ranges. For fewer a process of its own takes longer to start than to be done without."""

MOST_PROCESSES = 8

Told = Callable[[int, int], None]
"""Is told how many leads are done, and of how many."""


class Task(NamedTuple):
    """What a process must know. Models travel as their text."""

    url: URL
    snapshot: str
    window: Window
    old: str
    new: str


def processors() -> int:
    """How many cores this process may use."""
    with suppress(AttributeError):  # not every system can say it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def replay(old: str, new: str, window: Window, processes: int, told: Told, batch: int = BATCH) -> tuple[Tally, Sellers]:
    """Replay the window through both models (TOML). The outcome is the same for any number of processes.

    Raises ModelError.
    """
    with reading() as session:
        hold_still(session)
        snapshot = session.scalars(text("select pg_export_snapshot()")).one()
        task = Task(db.database_url(), snapshot, window, old, new)
        pieces = ranges(session, window, batch)
        tally, total = Tally(), sum(piece.size for piece in pieces)
        told(0, total)
        processes = min(processes, len(pieces) // WORTH_A_PROCESS)
        with closing(_here(session, task, pieces) if processes < 2 else _spread(task, pieces, processes)) as parts:
            for part in parts:
                tally.add(part)
                told(tally.leads, total)
        return tally, sellers(session)


def hold_still(session: Session, snapshot: str | None = None) -> None:
    """One view of the database, its own or that of a snapshot, for as long as it takes, however long that is: between two
    pieces a process may score for minutes.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
    if snapshot is not None:
        session.execute(text(f"set transaction snapshot '{snapshot}'"))
    session.execute(text("set local statement_timeout = 0"))
    session.execute(text("set local idle_in_transaction_session_timeout = 0"))


def _comparison(session: Session, task: Task) -> Comparison:
    return Comparison(read_model(task.old), read_model(task.new), task.window, territories(session))


def _here(session: Session, task: Task, pieces: Sequence[Range]) -> Generator[Tally, None, None]:
    comparison = _comparison(session, task)
    for piece in pieces:
        yield compare(session, comparison, piece)


def _spread(task: Task, pieces: Sequence[Range], processes: int) -> Generator[Tally, None, None]:
    """The tallies in the order of the pieces, whoever makes them."""
    # Spawned, not forked: a connection must not be shared, and a fork would copy the threads' locks.
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as pool:
        with _interrupts_held():
            parts = pool.map(partial(_replay, task), pieces)
        try:
            yield from parts
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes that start meanwhile never hear Ctrl-C; ours hears it afterwards, and ends them in order."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """However the parent ends, no process stays behind with an open transaction."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _replay(task: Task, piece: Range) -> Tally:
    session, comparison = _opened(task)
    return compare(session, comparison, piece)


@cache
def _opened(task: Task) -> tuple[Session, Comparison]:
    """The one session of this process, which ends with it."""
    session = Session(db.make_engine(task.url, 1))
    hold_still(session, task.snapshot)
    return session, _comparison(session, task)
