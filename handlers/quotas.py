"""The gate that all processes share: a vendor's limits hold however many workers there are, and who does not answer is left alone."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.verbs import quotas
from domain.verbs.quotas import Permit
from kit import db
from kit.clock import utcnow
from kit.outside import TryLater
from kit.quota import Account, Wait

T = TypeVar("T")

NOTE_SECONDS = 30.0
"""A process writes down no more often than this what a vendor says of its quota."""


class SharedGate:
    """Counts in Postgres. No transaction is open while the vendor is spoken to, and no thread waits for a window to turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}

    def call(self, account: Account, what: Callable[[], T]) -> T:
        permit = self._admit(account)
        try:
            answer = what()
        except TryLater as later:
            self._set_back(account, permit, later)
            raise
        except BaseException:
            # A no is an answer; and what broke on our side says nothing of the vendor.
            self._answered(account, permit)
            raise
        self._answered(account, permit)
        return answer

    def note(self, account: Account, used: int, of: int) -> None:
        with self._lock:
            if time.monotonic() - self._noted.get(account.name, -NOTE_SECONDS) < NOTE_SECONDS:
                return
            self._noted[account.name] = time.monotonic()
        with _books() as session:
            quotas.note_quota(session, account, used, of, utcnow())

    def _admit(self, account: Account) -> Permit:
        with _books() as session:
            permit = quotas.admit(session, account, secrets.token_hex(8), utcnow())
        if isinstance(permit, Wait):
            raise TryLater(f"{account.system} is not called now: {permit.why}", after=permit.seconds)
        return permit

    def _answered(self, account: Account, permit: Permit) -> None:
        if permit.news:
            with _books() as session:
                quotas.answered(session, account, permit)

    def _set_back(self, account: Account, permit: Permit, later: TryLater) -> None:
        now = utcnow()
        with _books() as session:
            if later.after is None:
                quotas.failed(session, account, permit, later.why, now)
            else:
                quotas.told_to_wait(session, account, permit, later.why, later.after, now)


@contextmanager
def _books() -> Iterator[Session]:
    """A transaction of the books alone. A crash of Postgres may forget the last half second of them: then the vendor says 429."""
    with db.new_session() as session, session.begin():
        session.execute(text("set local synchronous_commit = off"))
        yield session
