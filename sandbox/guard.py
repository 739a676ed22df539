"""What every request passes: only this machine's names, only our own page, and headers that keep the browser strict."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def is_loopback(host: str) -> bool:
    """Whether a Host header (`name` or `name:port`) names this machine."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        why = refusal(scope["method"], scope["path"], Headers(scope=scope))
        answer = JSONResponse({"error": why}, 403) if why else self.app
        await answer(scope, receive, send_with_headers)


def refusal(method: str, path: str, headers: Headers) -> str | None:
    host = headers.get("host", "")
    if not is_loopback(host):
        # A foreign name that resolves to 127.0.0.1 is how a web page would reach into this machine.
        return "The sandbox answers only to 127.0.0.1, localhost and [::1]."
    if not path.startswith("/_api/") or method in SAFE_METHODS:
        return None
    if headers.get("x-sandbox") != "page":
        return "The header X-Sandbox: page is missing."
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "Only the sandbox's own page may do this."
    return None
