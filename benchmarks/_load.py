"""The load: threads with one kept connection each, at a fixed rate (open loop) or as fast as answers come (closed loop)."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from benchmarks._leads import BenchLead

MOST_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """How leads come: `rate` of them a second whatever the answers (open loop), or `concurrent` ones at a time (closed)."""

    rate: float | None
    concurrent: int

    def __str__(self) -> str:
        return f"open loop, {self.rate:g} leads/s" if self.rate else f"closed loop, {self.concurrent} at a time"

    @property
    def connections(self) -> int:
        return MOST_CONNECTIONS if self.rate else self.concurrent


@dataclass(frozen=True, slots=True)
class Posted:
    """One lead's posts. `at`: seconds since 1970 when it was due (open loop) or sent (closed); `seconds`: of each answer."""

    number: int
    at: float
    seconds: tuple[float, ...]
    statuses: tuple[int, ...]


class Door:
    """A kept connection to one URL."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)

    def post(self, body: bytes, delivery: str) -> int:
        """The status of the answer. A connection that the server closed meanwhile is opened anew: the key makes it safe."""
        try:
            return self._send(body, {**self._headers, "Idempotency-Key": delivery})
        except (HTTPException, ConnectionError):
            self.close()
            return self._send(body, {**self._headers, "Idempotency-Key": delivery})

    def _send(self, body: bytes, headers: Mapping[str, str]) -> int:
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def close(self) -> None:
        self._connection.close()


def post_all(url: str, key: str, leads: Sequence[BenchLead], shape: Shape) -> list[Posted]:
    """Post every lead, in the given shape. Raises what a thread met."""
    done: list[Posted] = []
    met: list[BaseException] = []
    due = _due(leads, shape.rate)
    turn = threading.Lock()

    def run() -> None:
        door = Door(url, key)
        try:
            while (mine := _next(due, turn)) is not None:
                done.append(_post(door, *mine))
        except BaseException as error:  # noqa: BLE001  (a thread's error is raised again by who waits for it)
            met.append(error)
        finally:
            door.close()

    _together(run, min(shape.connections, len(leads)))
    if met:
        raise met[0]
    return sorted(done, key=lambda posted: posted.number)


def _due(leads: Sequence[BenchLead], rate: float | None) -> Iterator[tuple[BenchLead, float | None]]:
    """Each lead with the moment at which it is due, on the monotonic clock."""
    start = time.monotonic() + 0.05
    for place in itertools.count():
        if place == len(leads):
            return
        yield leads[place], start + place / rate if rate else None


def _next(due: Iterator[tuple[BenchLead, float | None]], turn: threading.Lock) -> tuple[BenchLead, float | None] | None:
    with turn:
        return next(due, None)


def _post(door: Door, lead: BenchLead, due: float | None) -> Posted:
    if due is not None:
        time.sleep(max(0.0, due - time.monotonic()))
    # From the scheduled moment on: if all connections are busy, that wait is part of what a visitor would see.
    began = start = due if due is not None else time.monotonic()
    seconds, statuses = [], []
    for step, body in enumerate(lead.bodies):
        statuses.append(door.post(body, f"{lead.marker}-{step}"))
        seconds.append(time.monotonic() - start)
        start = time.monotonic()
    return Posted(lead.number, time.time() - (time.monotonic() - began), tuple(seconds), tuple(statuses))


def _together(run: Callable[[], None], threads: int) -> None:
    hands = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
