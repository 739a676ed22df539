"""Reading what vendors send: it may be torn, of another shape than promised, or written by somebody hostile."""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import httpx

from kit.clock import utcnow
from kit.http import RETRY_AFTER_LIMIT, send
from kit.outside import TryLater

TEXT_LIMIT = 255
SENTENCE_LIMIT = 300


def ask(client: httpx.Client, request: httpx.Request, whose: str) -> httpx.Response:
    """`kit.http.send`, once: whoever counts our calls counts each try, and the job comes again anyway. Answers that break off
    or cannot be decompressed are `TryLater` as well.
    """
    try:
        return send(client, request, attempts=1)
    except httpx.HTTPError as broken:
        raise TryLater(f"{whose} sent an answer that broke off ({type(broken).__name__})") from None


def json_object(answer: httpx.Response, whose: str) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise unreadable(whose)
    return body


def unreadable(whose: str) -> TryLater:
    return TryLater(f"{whose} sent an answer that cannot be read")


def dig(body: object, *path: str) -> Any:
    """The value at `path`, or None where something on the way is missing or of another type."""
    for step in path:
        body = body.get(step) if isinstance(body, Mapping) else None
    return body


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """One line of text without control or direction-changing characters, cut to `limit`; None if there is none."""
    if not isinstance(value, str):
        return None
    plain = "".join(char for char in value if unicodedata.category(char) not in {"Cc", "Cf"} or char.isspace())
    return " ".join(plain.split())[:limit].strip() or None


def count(value: object) -> int | None:
    """A positive whole number that fits a database column; None for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 < value < 2**31 else None


def known(fields: Mapping[str, str | int | None]) -> dict[str, str | int]:
    """Only what the provider really knew."""
    return {name: value for name, value in fields.items() if value is not None}


def sentence(message: object, otherwise: str) -> str:
    """The vendor's own words as one short line."""
    return text(message, SENTENCE_LIMIT) or otherwise


def seconds_until(reset: str) -> float | None:
    """The wait that an x-ratelimit-reset header asks for: it is a moment in Unix time, and a small number can only be seconds."""
    try:
        at = float(reset)
    except ValueError:
        return None
    if not math.isfinite(at):
        return None
    return min(max(at - utcnow().timestamp() if at > 1e9 else at, 1.0), RETRY_AFTER_LIMIT)
