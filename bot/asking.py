"""What was typed behind a slash command, read in one way by all of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_MAIL = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<https?://([^|>/]+)[^>]*>")
_WORD_OR_QUOTED = re.compile(r'"[^"]+"|\S+')
_SPAN = re.compile(r"\d{1,3}d|quarter|\d{4}-?q[1-4]|\S+\.\.\S+", re.IGNORECASE)


def words(text: str) -> list[str]:
    """The words as they were meant: Slack turns an address, a person and a domain into links."""
    return _meant(text).split()


def _meant(text: str) -> str:
    return _LINK.sub(r"\1", _MAIL.sub(r"\1", _MENTION.sub(r"\1", text.translate(_QUOTES))))


_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2019": "'"})


def address(text: str) -> str | None:
    """The one e-mail address that was typed; None if it is anything else."""
    found = words(text)
    return found[0] if len(found) == 1 and "@" in found[0] else None


def days(word: str, longest: int) -> int | None:
    """`30d`: how many days; None if it is no such span, or a longer one."""
    found = re.fullmatch(r"(\d{1,3})d", word.casefold())
    return int(found[1]) if found and 0 < int(found[1]) <= longest else None


VIEWS = frozenset({"trend", "score", "calls", "won"})
"""What one may ask to see instead of the five metrics. Only the first word is one: a campaign may be called Trend Report."""
NAMED = frozenset({"rep", "pool", "channel", "campaign", "persona", "model"})
"""What stands before a name."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, whose, and of when, in words. `kind`: me, team, one of NAMED, or empty if nothing was said; `view`: one
    of VIEWS, or empty: the five metrics.
    """

    kind: str
    name: str
    span: str
    view: str = ""


def question(text: str, usual: str) -> Question | None:
    """`me 7d`, `30d campaign Spring Fair`, `score team quarter`; None if it is no question. `usual`: the span if none is said.

    What begins with `channel` or `campaign` goes on to the span or the end: names have spaces. What is quoted is no span.
    """
    said = _WORD_OR_QUOTED.findall(_meant(text))
    view = said.pop(0).casefold() if said and said[0].casefold() in VIEWS else ""
    spans = [word for word in said if _SPAN.fullmatch(word)]
    rest = [word for word in said if not _SPAN.fullmatch(word)]
    # A trend is of quarters, whatever else one says.
    if len(spans) > (0 if view == "trend" else 1):
        return None
    kind, name = _whose(rest)
    if kind in NAMED and not name:
        return None
    return Question(kind, name, spans[0] if spans else usual, view)


def revenue_question(text: str, usual: str) -> tuple[str, str] | None:
    """`revenue by campaign 2026-Q3`: by what (empty: not said) and of when; None if it is no such question.

    Only the first word is `revenue`. What cannot be understood after it stands in the first part, whole.
    """
    said = _WORD_OR_QUOTED.findall(_meant(text).casefold())
    if not said or said.pop(0) != "revenue":
        return None
    spans = [word for word in said if _SPAN.fullmatch(word)]
    rest = [word for word in said if not _SPAN.fullmatch(word)] + spans[1:]
    return " ".join(rest).removeprefix("by ").strip(), spans[0] if spans else usual


def _whose(rest: Sequence[str]) -> tuple[str, str]:
    if not rest:
        return "", ""
    first = rest[0].casefold()
    if first in {"me", "team"}:
        return (first, "") if len(rest) == 1 else ("rep", " ".join(rest))
    if first in NAMED:
        return first, " ".join(rest[1:]).strip("\"'")
    return "rep", " ".join(rest).strip("\"'@")
