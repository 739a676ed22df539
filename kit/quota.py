"""How often a system may be called: its limits as data, the sums of a window, and the gate through which every call goes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")

SLICES = 20
"""A sliding window is counted in so many slices: what it forgets, it forgets a slice at a time."""
MARGIN = 1
"""Slices that a sliding window is longer than the vendor's: a call is counted when it leaves, and the vendor counts it later."""


class Kind(StrEnum):
    SLIDING = "sliding"
    """No stretch of this length holds more. Whatever windows the other side counts in, it finds no more in any of them."""
    FIXED = "fixed"
    """From its first call on, then anew."""
    DAY = "day"
    """From midnight to midnight in `zone`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many `calls` in so many `seconds`. `name` is what people read: 10s, day."""

    name: str
    seconds: float
    calls: int
    kind: Kind = Kind.SLIDING
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose quota it is. `name` is the same in every process that uses the same key, and holds no secret."""

    name: str
    limits: Sequence[Limit] = ()
    at_once: int | None = None
    """Calls that may be under way at the same moment; None: any number."""
    lease_seconds: float = 60.0
    """With `at_once`: how long a call may take. The place of a process that died is free again after that."""

    @property
    def system(self) -> str:
        return self.name.partition(":")[0]


def account_of(system: str, identity: str, limits: Sequence[Limit] = (), at_once: int | None = None) -> Account:
    """The account that `identity` (a token, a client id with its host) belongs to."""
    return Account(f"{system}:{sha256(identity.encode()).hexdigest()[:12]}", limits, at_once)


class Gate(Protocol):
    """What a client of an outside system puts every call through."""

    def call(self, account: Account, what: Callable[[], T]) -> T:
        """Do `what`, one call to the outside. Raises what it raises, and TryLater where the account may not call now."""
        ...

    def note(self, account: Account, used: int, of: int) -> None:
        """What the system itself said of its quota, in the answer to a call."""
        ...


class Open:
    """A gate that lets everything pass: for a client that is used alone."""

    def call(self, account: Account, what: Callable[[], T]) -> T:  # noqa: ARG002  (nobody counts here)
        return what()

    def note(self, account: Account, used: int, of: int) -> None:
        """Nobody keeps it."""


OPEN: Gate = Open()


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account has used of one limit. `slices` (of a sliding window): number of the slice -> calls in it."""

    began_at: datetime
    used: int = 0
    slices: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """No call now."""

    seconds: float
    why: str


def take(limits: Sequence[Limit], spent: Mapping[str, Spent], now: datetime) -> Mapping[str, Spent] | Wait:
    """One more call: what is spent of each limit then (by its name), or how long to wait. All of them, or none."""
    after = {limit.name: _take(limit, spent.get(limit.name), now) for limit in limits}
    waits = [one for one in after.values() if isinstance(one, Wait)]
    if waits:
        return max(waits, key=lambda wait: wait.seconds)
    return {name: one for name, one in after.items() if isinstance(one, Spent)}


def _take(limit: Limit, spent: Spent | None, now: datetime) -> Spent | Wait:
    if limit.kind is Kind.SLIDING:
        return _take_sliding(limit, spent, now)
    began_at = _midnight(now, limit.zone) if limit.kind is Kind.DAY else now
    over = spent is None or spent.began_at > now or _turns(limit, spent) <= now
    if spent is None or over:
        return Spent(began_at, 1)
    if spent.used < limit.calls:
        return replace(spent, used=spent.used + 1)
    return _used_up(limit, (_turns(limit, spent) - now).total_seconds())


def _turns(limit: Limit, spent: Spent) -> datetime:
    """When the window ends that the account is in."""
    if limit.kind is not Kind.DAY:
        return spent.began_at + timedelta(seconds=limit.seconds)
    # A day may have 23 or 25 hours: noon of the next one is in it in any case.
    local = spent.began_at.astimezone(ZoneInfo(limit.zone))
    return _midnight(local + timedelta(hours=36), limit.zone)


def _midnight(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _take_sliding(limit: Limit, spent: Spent | None, now: datetime) -> Spent | Wait:
    length = limit.seconds / SLICES
    here = int(now.timestamp() / length)
    # A slice counts until all of it is longer ago than the window.
    counted = SLICES + 1 + MARGIN
    known = spent.slices if spent is not None and spent.slices is not None else {}
    slices = {number: calls for number, calls in known.items() if number > here - counted}
    if sum(slices.values()) >= limit.calls:
        return _used_up(limit, (min(slices) + counted) * length - now.timestamp())
    slices[here] = slices.get(here, 0) + 1
    began_at = spent.began_at if spent is not None and len(slices) > 1 else now
    return Spent(began_at, sum(slices.values()), slices)


def _used_up(limit: Limit, seconds: float) -> Wait:
    return Wait(max(seconds, 0.01), f"the {limit.calls:,} calls of its limit ({limit.name}) are used up")
