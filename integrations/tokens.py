"""An access token that all threads of a client share: fetched when it is needed, and again when it is refused."""

import threading
import time
from collections.abc import Callable


class TokenEnded(Exception):
    """The vendor does not accept the token any more. The same call with a new one passes the gate by itself: the vendor counts it.

    Signing in comes before the gate: a call that waits for a token after it was counted would be counted later by the vendor.
    """


class Token:
    """`fetch` asks the vendor: a token, and for how many seconds it is good."""

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._value = ""
        self._until = 0.0

    def current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._renew()
            return self._value

    def renewed(self, refused: str) -> str:
        """A token fetched after `refused`; of several threads refused at once, one fetches it."""
        with self._lock:
            if self._value == refused:
                self._renew()
            return self._value

    def _renew(self) -> None:
        self._value, lives = self._fetch()
        self._until = time.monotonic() + lives
