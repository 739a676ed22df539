"""How fast one may call, and how often each method was called."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack import limits
from sandbox.slack.shapes import JSON


@dataclass
class Bucket:
    """A token bucket: `per_minute` calls on average, `limits.BURST` at once."""

    per_minute: int
    at: float
    tokens: float = limits.BURST

    def take(self, now: float) -> int:
        """0, or the seconds to wait; a refused call takes nothing."""
        per_second = self.per_minute / 60
        self.tokens = min(limits.BURST, self.tokens + (now - self.at) * per_second)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0
        return math.ceil((1 - self.tokens) / per_second)


@dataclass
class Pace:
    """Slack's rate limits; `on` is a setting, so that a benchmark may measure our side alone and say so."""

    now: Callable[[], float]
    on: bool = True
    buckets: dict[str, Bucket] = field(default_factory=dict)
    posted: dict[tuple[str, str], float] = field(default_factory=dict)

    def call(self, method: str, per_minute: int) -> int:
        """Seconds to wait before `method` may be called, or 0 and it counts as called."""
        if not self.on:
            return 0
        now = self.now()
        return self.buckets.setdefault(method, Bucket(per_minute, now)).take(now)

    def post(self, method: str, channel: str) -> int:
        """Seconds to wait before `method` may write to `channel`, or 0 and it counts as written."""
        if not self.on:
            return 0
        now = self.now()
        if now - self.posted.get((method, channel), -math.inf) < limits.POST_EVERY:
            return math.ceil(limits.POST_EVERY)
        self.posted[method, channel] = now
        return 0


@dataclass
class Counts:
    """What was asked of the Web API, per method."""

    ok: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    errors: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def as_json(self) -> JSON:
        methods = sorted({*self.ok, *self.limited, *self.errors})
        return {
            "posts": self.ok["chat.postMessage"],
            "ephemerals": self.ok["chat.postEphemeral"],
            "updates": self.ok["chat.update"],
            "deletes": self.ok["chat.delete"],
            "ratelimited": self.limited.total(),
            "errors": sum(codes.total() for codes in self.errors.values()),
            "methods": {
                name: {
                    "ok": self.ok[name],
                    "ratelimited": self.limited[name],
                    "errors": dict(self.errors.get(name, {})),
                }
                for name in methods
            },
        }
