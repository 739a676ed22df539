"""One way to speak HTTP to the outside: time-outs always, a few quick retries of safe requests, errors of two kinds."""

from collections.abc import Mapping

import httpx
import stamina

from kit.outside import Refused, TryLater

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
RETRY_AFTER_LIMIT = 3600.0


def client(base_url: str, *, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client for one outside system. It never follows redirects: a token must not travel to another host."""
    return httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT, follow_redirects=False, trust_env=False)


def send(to: httpx.Client, request: httpx.Request, *, attempts: int = 3) -> httpx.Response:
    """Send `request`; connection failures are tried again at once for idempotent methods, then become `TryLater`.

    Answers are returned whatever their status; `raise_for_answer` reads the ones that a vendor's client does not.
    """
    attempts = attempts if request.method in {"GET", "HEAD", "PUT", "DELETE"} else 1
    try:
        for attempt in stamina.retry_context(
            on=httpx.TransportError, attempts=attempts, wait_initial=0.05, wait_max=0.5
        ):
            with attempt:
                return to.send(request)
    except httpx.TransportError as gone:
        raise TryLater(f"{request.url.host} did not answer ({type(gone).__name__})") from gone
    raise AssertionError  # pragma: no cover  (retry_context returns or raises)


def raise_for_answer(answer: httpx.Response, whose: str) -> None:
    """Turn an HTTP error into `TryLater` (408, 425, 429, 5xx) or `Refused` (any other 4xx or a redirect)."""
    status = answer.status_code
    if status < 300:
        return
    if status in {408, 425, 429} or status >= 500:
        raise TryLater(f"{whose} answered {status}", after=retry_after(answer))
    raise Refused(f"{whose} refused the request with status {status}")


def retry_after(answer: httpx.Response) -> float | None:
    """The Retry-After header in seconds, if the answer has one that can be read; never more than an hour."""
    try:
        return min(max(float(answer.headers.get("Retry-After", "")), 0.0), RETRY_AFTER_LIMIT)
    except ValueError:
        return None
