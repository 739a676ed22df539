"""Text from outside, made fit to be stored and shown: nothing in it but what a person can see."""

import re
import unicodedata

# Control characters but for tab and line feed (Postgres takes no NUL), half characters (UTF-8 cannot hold them), marks
# that turn the direction of writing round (they can make a name read as another one), and marks without a width.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def one_line(text: str, most: int) -> str:
    """At most `most` characters in one line; every run of white space becomes one blank."""
    return " ".join(_seen(text, most).split())[:most].strip()


def free_text(text: str, most: int) -> str:
    """At most `most` characters; lines stay lines."""
    return _seen(re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text[: 4 * most]), most).strip()[:most].strip()


def _seen(text: str, most: int) -> str:
    """Four times the limit is read: enough for what shrinks, and little enough for a text of a megabyte."""
    return unicodedata.normalize("NFC", _UNSEEN.sub(_blank_or_nothing, text[: 4 * most]))


def _blank_or_nothing(match: re.Match[str]) -> str:
    """White space that is a control character still parts two words."""
    return " " if match.group().isspace() else ""


_NO_ACCENT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not take apart."""


def folded(text: str | None, most: int = 200) -> str:
    """Words to compare by: small letters without accents and dots; what separates words is one blank."""
    bare = unicodedata.normalize("NFKD", (text or "")[:most]).casefold().translate(_NO_ACCENT)
    bare = "".join(character for character in bare if not unicodedata.combining(character)).replace(".", "")
    return " ".join(re.sub(r"[^\w&+]+|_", " ", bare).split())
