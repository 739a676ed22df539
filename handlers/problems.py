"""Errors over HTTP are problem documents (RFC 9457). What breaks unexpectedly is logged by its place, never by its text."""

import traceback
from pathlib import Path
from typing import Any

from fastapi.responses import JSONResponse


class Problem(Exception):
    """An answer that is no: `kind` is a code for programs, `detail` a sentence for people."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        super().__init__(kind)
        self.status, self.kind, self.detail, self.more = status, kind, detail, more

    def answer(self) -> JSONResponse:
        return problem(self.status, self.kind, self.detail, **self.more)


def problem(status: int, kind: str, detail: str, **more: Any) -> JSONResponse:
    body = {"type": f"urn:handoff:problem:{kind}", "title": kind.replace("_", " "), "status": status, "detail": detail}
    return JSONResponse(body | more, status_code=status, media_type="application/problem+json")


def where_it_broke(error: BaseException) -> str:
    """The error's type and the way to it. Its text is left out, and so are the lines: they may hold a person's data."""
    way = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    return f"{type(error).__name__} at {' > '.join(way)}"
