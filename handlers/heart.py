"""That a process of ours lives: each says so in the database every few seconds, so that `handoff doctor` misses who fell silent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from domain.verbs import health
from handlers.jobs import relay_name, transaction
from kit.clock import utcnow

EVERY_SECONDS = 15.0


class Heart:
    """One process. `beat()` writes when the last beat is long enough ago, and waits for no database that is away."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.process = f"{kind}@{relay_name()}"
        self.started_at = utcnow()
        self._last: datetime | None = None

    def beat(self) -> None:
        now = utcnow()
        if self._last is not None and (now - self._last).total_seconds() < EVERY_SECONDS:
            return
        with suppress(SQLAlchemyError), transaction() as session:
            health.beat(session, self.process, self.kind, self.started_at, now)
        self._last = now

    def stop(self) -> None:
        with suppress(SQLAlchemyError), transaction() as session:
            health.end(session, self.process)


@contextmanager
def beating(kind: str) -> Iterator[None]:
    """While this lasts, a thread says that the process lives."""
    heart, stopped = Heart(kind), threading.Event()

    def beat() -> None:
        heart.beat()
        while not stopped.wait(EVERY_SECONDS):
            heart.beat()

    thread = threading.Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        heart.stop()
