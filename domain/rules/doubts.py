"""Text that somebody typed only to fill a field: words that say "nothing here", runs along the keyboard, repeated keys."""

import re

from domain.rules.cleaning import folded

_ROWS = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm"),  # English
    *("qwertzuiop", "yxcvbnm"),  # German
    *("azertyuiop", "qsdfghjklm", "wxcvbn"),  # French
    *("1234567890", "0123456789"),
    *("qazwsxedc", "1qaz2wsx3edc", "1q2w3e4r5t"),  # columns
)
_RUNS = "|".join([*_ROWS, *(row[::-1] for row in _ROWS)])
_SHORTEST_RUN = 4
_REAL = frozenset({"wert", "ertz", "trew", "azer", "zert", "reza", "trez", "erty"})
"""Runs of four keys that are people's names, or parts of companies'."""
_STUTTER = re.compile(r"^(?:(.)\1{3,}|(..)\2{2,}|(...)\3{2,})$")

_SAYS_NOTHING = (
    "n a|na|none|nil|null|nothing|not given|not applicable|not available|unknown|undefined|no company|keine"
    "|kein|nicht angegeben|unbekannt|keine angabe|k a|entfallt|aucun|aucune|neant|inconnu|sans objet|ninguno"
    "|ninguna|desconocido|nessuno|nessuna|sconosciuto|geen|onbekend|nvt|n v t|nenhum|nenhuma|brak|ingen|inget"
    "|okand|tbd|tba|please select|bitte wahlen|choisir|select one|private|privat|x|xx"
)
_NOTHING = frozenset(_SAYS_NOTHING.split("|"))
_TESTS = frozenset(
    {"test", "tests", "testing", "test test", "testtest", "test user", "test company", "test lead", "xxx", "foobar"}
)
_TESTS_BUT_SURNAMES = _TESTS | {"tester", "foo bar", "foo", "dummy", "aaa"}
_MAY_BE_NAMES = frozenset(
    {"na", "null", "x", "xx", "privat", "private", "nil", "brak", "geen", "none", "kein", "keine"}
)
"""Nothing in a company's name, but people are called so."""


def is_placeholder(text: str, *, of_person: bool) -> bool:
    """Whether a field holds only what means that it holds nothing. `of_person`: it is the name of somebody."""
    words = folded(text.replace("/", " ").replace(".", " "))
    if not words:
        return bool(text.strip())
    return words in _NOTHING and not (of_person and words in _MAY_BE_NAMES)


def is_test_word(text: str, *, surname: bool = False) -> bool:
    """Whether somebody tried the form out. `surname`: there are people called Tester and Foo."""
    return folded(text) in (_TESTS if surname else _TESTS_BUT_SURNAMES)


def typed_at_random(text: str) -> bool:
    """Whether a word of it runs along a row of keys (asdf, qwertz), or all of it repeats the same keys (xxxx, 1111, lalala)."""
    words = re.findall(r"[^\W\d_]+|\d+", folded(text))
    if any(_is_run(word) for word in words if not word.isdecimal()):
        return True
    return bool(words) and all(_is_run(word) or _STUTTER.match(word) for word in words)


def _is_run(word: str) -> bool:
    if len(word) < _SHORTEST_RUN or word in _REAL:
        return False
    half = word[: (len(word) + 1) // 2]
    return word in _RUNS or (len(half) >= 3 and word == half * 2 and half in _RUNS)
