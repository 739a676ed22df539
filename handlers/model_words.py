"""Models in words, for a terminal."""

import difflib
from collections.abc import Iterator


def changes(old: str, new: str) -> Iterator[str]:
    """What is different in the text of the new model, line by line."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm=""))[2:]
    yield from lines or ["Nothing is different."]
