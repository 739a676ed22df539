"""The relay: claims what is due in the ledger and gives it to the courier. One thread in each worker process."""

import threading
import time
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from handlers import ledger
from handlers.jobs import hand_to_workers, lease, on_commit, relay_name
from handlers.ledger import Claimed
from kit import db

log = structlog.get_logger()

POLL_SECONDS = 0.02
"""A job written by another process waits this long at most; what this process writes is seen at once."""
QUIET_POLL_SECONDS = 0.1
QUIET_AFTER_SECONDS = 1.0
"""Without a job for so long, looks are rarer: each costs two milliseconds of CPU, a tenth of a core at fifty a second."""
SWEEP_SECONDS = 1.0
RECONNECT_SECONDS = 0.5


class Relay(threading.Thread):
    """Runs until `stop()`. When Postgres goes away it waits, and comes back with it."""

    def __init__(self, window: int) -> None:
        super().__init__(name="relay", daemon=True)
        self.me = relay_name()
        self.window = window
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._sweep_at = 0.0
        self._moved_at = 0.0

    def run(self) -> None:
        with on_commit(self._wake.set):
            while not self._stopped.is_set():
                try:
                    moved = self.look()
                except SQLAlchemyError as gone:
                    log.warning(
                        "relay.database_gone",
                        error=type(gone).__name__,
                        why=db.first_words(gone),
                    )
                    self._stopped.wait(RECONNECT_SECONDS)
                    continue
                if moved:
                    self._moved_at = time.monotonic()
                    continue
                quiet = time.monotonic() - self._moved_at > QUIET_AFTER_SECONDS
                self._wake.wait(QUIET_POLL_SECONDS if quiet else POLL_SECONDS)
                self._wake.clear()

    def look(self) -> int:
        """Claim once and enqueue; returns how many jobs were moved."""
        with db.new_session() as session, session.begin():
            if time.monotonic() >= self._sweep_at:
                self._sweep_at = time.monotonic() + SWEEP_SECONDS
                ledger.give_back_expired(session)
            claimed = ledger.claim(session, self.me, lease=lease(), window=self.window)
        for number, job in enumerate(claimed):
            try:
                hand_to_workers(job)
            except Exception as gone:  # noqa: BLE001  (each courier raises its own; none may end the relay)
                log.warning("relay.broker_gone", error=type(gone).__name__)
                self._take_back(claimed[number:])
                return number
        return len(claimed)

    def _take_back(self, unsent: Sequence[Claimed]) -> None:
        with db.new_session() as session, session.begin():
            ledger.give_back_unsent(session, unsent)
        self._stopped.wait(RECONNECT_SECONDS)

    def stop(self) -> None:
        """Stop after the look under way. What is leased and not run comes back when its lease ends."""
        self._stopped.set()
        self._wake.set()
        self.join(timeout=5)
