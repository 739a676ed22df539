"""Errors over HTTP are problem documents (RFC 9457). What breaks unexpectedly is logged by its place, never by its text."""

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
