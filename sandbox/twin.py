"""What all twins of outside systems share: strict credentials, a record of what arrived, and faults on request."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

RECEIVED = 500
"""Requests remembered per twin."""
BODY_LIMIT = 4_000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
COMMON = frozenset({"429", "500", "slow", "torn", "moved", "expired_token"})
"""The faults that every twin knows."""
ELSEWHERE = "http://127.0.0.1:9/elsewhere"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Fault(BaseModel):
    """What shall go wrong, how often, and for which paths (a part of the path; empty: any)."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    count: int = Field(default=1, ge=1, le=10_000)
    seconds: float = Field(default=12.0, ge=0, le=600)
    path: str = ""


@dataclass(slots=True)
class Pace:
    """A sliding window: `limit` requests in `seconds`. It is the strictest kind: who keeps to it keeps to a fixed one, too."""

    limit: int
    seconds: float
    on: bool = True
    passed: int = 0
    refused: int = 0
    _taken: deque[float] = field(default_factory=deque, repr=False)

    def wait(self) -> float | None:
        """None if one more request may pass now, which is then counted; else the seconds until one may."""
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if self.on and len(self._taken) >= self.limit:
            self.refused += 1
            return self._taken[0] + self.seconds - now
        self._taken.append(now)
        self.passed += 1
        return None


class Twin(ABC):
    """One outside system in small. `router` carries its prefix; `in_demo` says whether the demo plugs it in."""

    name: ClassVar[str]
    in_demo: ClassVar[bool] = False
    faults_known: ClassVar[frozenset[str]] = COMMON

    def __init__(self, pace: Pace) -> None:
        self.prefix = f"/{self.name}"
        self.pace = pace
        self.received: deque[dict[str, Any]] = deque(maxlen=RECEIVED)
        self.faults: deque[Fault] = deque()
        self.chaos: Callable[[], Fault | None] | None = None
        """Asked before each request whether something goes wrong with it, and what."""
        self.router = APIRouter(prefix=self.prefix, route_class=_recording(self), include_in_schema=False)
        # Questions for the state are not the vendor's business: neither recorded nor made to fail.
        self.router.add_api_route("/_state", self._state, methods=["GET"], route_class_override=APIRoute)
        self.router.add_api_route("/_pace", self._pace, methods=["GET"], route_class_override=APIRoute)
        self.routes(self.router)
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self.router.add_api_route("/{rest:path}", self._no_such_path, methods=every)

    @abstractmethod
    def routes(self, router: APIRouter) -> None:
        """Add the vendor's paths."""

    @abstractmethod
    def credentials(self, base_url: str) -> dict[str, str]:
        """The environment that points Handoff at this twin, which is served at `base_url`."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What the twin holds now."""

    @abstractmethod
    def refusal(self, status: int, kind: str = "") -> Response:
        """The vendor's own answer with this status; `kind` is the fault that asked for it, if one did."""

    def open(self) -> None:  # noqa: B027  (most twins have nothing to open)
        """Listen, if it is asked over anything but our one HTTP address. To be closed again."""

    def close(self) -> None:  # noqa: B027  (most twins have nothing to open)
        """Undo `open`."""

    def expire(self) -> Response | None:
        """Make tokens expire. An answer returned stands for the one that an expired token gets."""
        return self.refusal(401, "expired_token")

    def fault_for(self, path: str, *, kinds: frozenset[str]) -> Fault | None:
        """Take one fault of these kinds that is due for `path`."""
        for fault in self.faults:
            if fault.kind in kinds and fault.path in path:
                fault.count -= 1
                if not fault.count:
                    self.faults.remove(fault)
                return fault.model_copy()
        return None

    def counts(self, request: Request) -> bool:  # noqa: ARG002  (most count everything)
        """Whether this request is one of those that are limited."""
        return True

    async def answer(self, request: Request, handler: Handler) -> Response:
        """The road of every request but questions for the state: fault, pace, the vendor's own code."""
        fault = self.fault_for(request.url.path, kinds=COMMON)
        kind = fault.kind if fault else ""
        if kind in {"429", "500"}:
            return self.refusal(int(kind), kind)
        if kind == "moved":
            return RedirectResponse(ELSEWHERE, 307)
        if kind == "expired_token" and (expired := self.expire()) is not None:
            return expired
        # A vendor counts a call when it comes, however long it takes over it.
        if self.counts(request) and (wait := self.pace.wait()) is not None:
            return self.refusal(429, f"pace {wait:.0f}")
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        answered = await handler(request)
        return _torn(answered) if kind == "torn" else answered

    async def _state(self, request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return self.refusal(404)
        return JSONResponse(self.state())

    async def _pace(self, request: Request) -> Response:
        """The limit that is kept here, its kind, and how many requests have passed it and not passed it."""
        if request.client is None or request.client.host not in LOOPBACK:
            return self.refusal(404)
        kept = {"kind": "sliding", "limit": self.pace.limit, "seconds": self.pace.seconds, "on": self.pace.on}
        return JSONResponse(kept | {"passed": self.pace.passed, "refused": self.pace.refused})

    async def _no_such_path(self) -> Response:
        return self.refusal(404)


def faults_router(twins: Sequence[Twin]) -> APIRouter:
    """`POST /_faults/{system}`: the sandbox's page and tests ask for a fault. The header keeps foreign pages out."""
    router = APIRouter(include_in_schema=False)
    by_name = {twin.name: twin for twin in twins}

    @router.post("/_faults/{system}", status_code=201)
    def ask_for_fault(request: Request, system: str, fault: Fault) -> dict[str, str]:
        if request.headers.get("x-sandbox") != "page":
            raise HTTPException(403, "the header X-Sandbox: page is missing")
        if system not in by_name:
            raise HTTPException(404, f"no system {system}; there are {', '.join(sorted(by_name))}")
        if fault.kind not in by_name[system].faults_known:
            raise HTTPException(422, f"{system} knows {', '.join(sorted(by_name[system].faults_known))}")
        by_name[system].faults.append(fault)
        return {"system": system, "kind": fault.kind}

    return router


def bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.casefold() == "bearer" else None


async def json_body(request: Request) -> Any:
    """The body as JSON, or None when it is none."""
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def _torn(answered: Response) -> Response:
    half = bytes(answered.body)[: len(answered.body) // 2]
    return Response(half, answered.status_code, media_type="application/json")


def _recording(twin: Twin) -> type[APIRoute]:
    class Recorded(APIRoute):
        def get_route_handler(self) -> Handler:
            handler = super().get_route_handler()

            async def answer(request: Request) -> Response:
                raw = await request.body()
                if twin.chaos is not None and (fault := twin.chaos()) is not None:
                    twin.faults.clear()  # what the last one had no use for
                    twin.faults.append(fault)
                answered = await twin.answer(request, handler)
                twin.received.append(_entry(request, raw, answered))
                return answered

            return answer

    return Recorded


def _entry(request: Request, raw: bytes, answered: Response) -> dict[str, Any]:
    path = request.url.path
    return {
        "at": time.time(),
        "method": request.method,
        "path": path,
        "status": answered.status_code,
        "summary": f"{request.method} {path} -> {answered.status_code}",
        "body": "(secret)" if "token" in path else raw[:BODY_LIMIT].decode(errors="replace"),
    }
