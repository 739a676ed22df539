"""The file in which an installation writes its own qualification: the questions, their choices, and the rule of the verdict."""

import re
import tomllib
from collections.abc import Sequence

from domain.rules.model_table import ModelError, Table, text_at
from domain.rules.qualification import UNKNOWN, Choice, Counts, Framework, Question

MOST_QUESTIONS, MOST_CHOICES = 12, 10
LONGEST_KEY, LONGEST_NAME, LONGEST_LABEL, LONGEST_CHOICE, LONGEST_HINT = 40, 15, 60, 75, 150
"""In characters: what a window of Slack's shows without cutting it."""

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_WEIGHTS = [counts.value for counts in Counts if counts is not Counts.UNKNOWN]
_YES_PARTLY_NO = tuple(Choice(word, word.capitalize(), Counts(word)) for word in _WEIGHTS)
"""What is chosen from where the file does not say."""


def read_framework(toml: str) -> Framework:
    """The framework of a `qualification.toml`. Raises ModelError with the key's path, the value and the reason."""
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ModelError("file", None, f"is no TOML: {wrong}") from None
    whole = Table(data)
    whole.only("key", "name", "questions", "verdict")
    key, name = _key(whole), _short(whole, "name", LONGEST_NAME)
    questions = _questions(whole)
    whole.read("verdict")
    return _with_verdict(key, name, questions, whole.table("verdict"))


def _key(table: Table, key: str = "key") -> str:
    word = table.text(key)
    if _KEY.fullmatch(word) is None or len(word) > LONGEST_KEY:
        raise table.wrong(key, f"must be small letters, digits and underscores, at most {LONGEST_KEY}")
    return word


def _short(table: Table, key: str, most: int) -> str:
    text = table.text(key)
    if len(text) > most:
        raise table.wrong(key, f"must be at most {most} characters long: a window of Slack's shows no more")
    return text


def _questions(whole: Table) -> list[Question]:
    tables = whole.tables("questions")
    if not 1 <= len(tables) <= MOST_QUESTIONS:
        raise whole.wrong("questions", f"must hold one to {MOST_QUESTIONS} questions")
    questions: list[Question] = []
    for table in tables:
        question = _question(table)
        if any(question.key == known.key for known in questions):
            raise table.wrong("key", "stands there twice")
        questions.append(question)
    return questions


def _question(table: Table) -> Question:
    table.only("key", "label", "hint", "kind", "choices")
    kind = table.text("kind") if "kind" in table else "choice"
    if kind not in {"choice", "text"}:
        raise table.wrong("kind", "must be 'choice' or 'text'")
    if kind == "text" and "choices" in table:
        raise table.wrong("choices", "means nothing here: a question of the kind 'text' is answered in words")
    choices = _choices(table) if "choices" in table else _YES_PARTLY_NO
    hint = _short(table, "hint", LONGEST_HINT) if "hint" in table else ""
    return Question(_key(table), _short(table, "label", LONGEST_LABEL), hint, choices if kind == "choice" else ())


def _choices(question: Table) -> Sequence[Choice]:
    tables = question.tables("choices")
    if not 2 <= len(tables) <= MOST_CHOICES:
        raise question.wrong("choices", f"must hold two to {MOST_CHOICES} choices")
    choices: list[Choice] = []
    for table in tables:
        choice = _choice(table)
        if choice.key == UNKNOWN.key:
            raise table.wrong("key", f"is taken: '{UNKNOWN.label}' stands under every question already")
        if any(choice.key == known.key for known in choices):
            raise table.wrong("key", "stands there twice")
        choices.append(choice)
    return tuple(choices)


def _choice(table: Table) -> Choice:
    table.only("key", "label", "counts")
    weight = table.text("counts")
    if weight not in _WEIGHTS:
        raise table.wrong("counts", f"must be one of {', '.join(_WEIGHTS)}")
    return Choice(_key(table), _short(table, "label", LONGEST_CHOICE), Counts(weight))


def _with_verdict(key: str, name: str, questions: Sequence[Question], table: Table) -> Framework:
    table.only("must", "points", "never", "noes")
    chosen = [question for question in questions if question.choices]
    must, never = _named(table, "must", chosen, Counts.YES), _named(table, "never", chosen, Counts.NO)
    rest = len(chosen) - len(must)
    points = float(table.number("points", at_least=0, at_most=rest)) if "points" in table else 0.0
    if not must and points == 0:
        raise table.wrong("must", "names no question, and no points are asked for: everybody would be an SQL")
    noes = table.whole("noes", at_least=1, at_most=len(chosen)) if "noes" in table else None
    return Framework(key, name, tuple(questions), must, points, never, noes)


def _named(table: Table, key: str, questions: Sequence[Question], needed: Counts) -> frozenset[str]:
    """The questions that the rule names. Each must have a choice that counts as what is looked for."""
    if key not in table:
        return frozenset()
    named = set()
    for place, value in enumerate(table.some(key)):
        path = f"{table.at(key)}[{place}]"
        word = text_at(path, value)
        question = next((one for one in questions if one.key == word), None)
        if question is None:
            known = ", ".join(one.key for one in questions)
            raise ModelError(path, word, f"is no question that is chosen from; known here are {known}")
        if all(choice.counts is not needed for choice in question.choices):
            raise ModelError(path, word, f"has no choice that counts as '{needed.value}'")
        named.add(word)
    return frozenset(named)
