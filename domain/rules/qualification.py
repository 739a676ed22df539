"""What makes an MQL an SQL: a set of questions (BANT, unless configured otherwise) and the rule that reads a verdict from the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.rules.cleaning import free_text
from domain.rules.reasons import NOTE_LIMIT
from domain.rules.refusals import NothingAnswered, QuestionsChanged


class Verdict(StrEnum):
    """What a qualification call came to."""

    QUALIFIED = "qualified"  # an SQL
    NOT_YET = "not_yet"  # something is still open: sales stays with it
    NOT_QUALIFIED = "not_qualified"  # it will not become one: to be given back with a reason


class Counts(StrEnum):
    """What an answer says, whatever its words."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"


POINTS: Mapping[Counts, float] = {Counts.YES: 1.0, Counts.PARTLY: 0.5, Counts.NO: 0.0, Counts.UNKNOWN: 0.0}


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that can be chosen."""

    key: str
    label: str
    counts: Counts


UNKNOWN = Choice("unknown", "Not known yet", Counts.UNKNOWN)
"""Stands under every question that is chosen from: nobody has to guess."""


@dataclass(frozen=True, slots=True)
class Question:
    """Without `choices`, it is answered in one's own words, which count for nothing."""

    key: str
    label: str
    hint: str
    choices: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class Framework:
    """The questions, and the rule. An SQL is whoever has a yes to each of `must`, and `points` from the other questions (a
    yes is one, a partly half). Whoever has a no to one of `never`, or `noes` of them in all, will not become one.
    """

    key: str
    name: str
    questions: Sequence[Question]
    must: frozenset[str]
    points: float
    never: frozenset[str]
    noes: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, readable without the questions as they were then. Without a choice, `words` are the rep's own."""

    key: str
    question: str
    words: str
    choice: str = ""
    counts: Counts | None = None


def read_answers(framework: Framework, said: Mapping[str, str]) -> list[Answer]:
    """What came back from the window: question -> choice or text. Raises QuestionsChanged if these are the answers to other
    questions, NothingAnswered if nothing is known after them.
    """
    if set(said) != {question.key for question in framework.questions}:
        raise QuestionsChanged
    answers = [answer for one in framework.questions if (answer := _answer(one, said[one.key])) is not None]
    if all(answer.counts is Counts.UNKNOWN for answer in answers):
        raise NothingAnswered
    return answers


def _answer(question: Question, said: str) -> Answer | None:
    if not question.choices:
        words = free_text(said, NOTE_LIMIT)
        return Answer(question.key, question.label, words) if words else None
    for choice in (*question.choices, UNKNOWN):
        if choice.key == (said or UNKNOWN.key):
            return Answer(question.key, question.label, choice.label, choice.key, choice.counts)
    raise QuestionsChanged


def verdict(framework: Framework, answers: Sequence[Answer]) -> Verdict:
    """What the answers come to. A no that rules the lead out weighs more than any yes."""
    counts = {answer.key: answer.counts for answer in answers if answer.counts is not None}
    noes = [key for key, one in counts.items() if one is Counts.NO]
    if not framework.never.isdisjoint(noes) or (framework.noes is not None and len(noes) >= framework.noes):
        return Verdict.NOT_QUALIFIED
    rest = sum(POINTS[one] for key, one in counts.items() if key not in framework.must)
    musts = all(counts.get(key) is Counts.YES for key in framework.must)
    return Verdict.QUALIFIED if musts and rest >= framework.points else Verdict.NOT_YET


def answers_to_json(answers: Sequence[Answer]) -> dict[str, Any]:
    """As they are kept: question -> its place, its words then, and what was answered."""
    return {
        answer.key: {"place": place, "question": answer.question, "words": answer.words}
        | ({"choice": answer.choice, "counts": answer.counts.value} if answer.counts is not None else {})
        for place, answer in enumerate(answers)
    }


def answers_from_json(stored: Mapping[str, Any]) -> list[Answer]:
    """In the order in which they were asked."""
    return [
        Answer(
            key,
            one["question"],
            one["words"],
            one.get("choice", ""),
            Counts(one["counts"]) if "counts" in one else None,
        )
        for key, one in sorted(stored.items(), key=lambda item: int(item[1]["place"]))
    ]


def _question(key: str, label: str, hint: str, yes: str, partly: str, no: str) -> Question:
    choices = (Choice("yes", yes, Counts.YES), Choice("partly", partly, Counts.PARTLY), Choice("no", no, Counts.NO))
    return Question(key, label, hint, choices)


BANT = Framework(
    key="bant",
    name="BANT",
    questions=(
        _question(
            "budget",
            "Budget",
            "Is there money for this?",
            "Yes, it is set aside",
            "It has to be asked for",
            "No, and none to come",
        ),
        _question(
            "authority",
            "Authority",
            "Who decides?",
            "They decide",
            "They have a say in it",
            "Somebody else, whom we do not know",
        ),
        _question(
            "need",
            "Need",
            "Is there a problem that we solve?",
            "Yes, and it presses",
            "Yes, but it can wait",
            "No",
        ),
        _question(
            "timeline",
            "Timeline",
            "When do they want to have it?",
            "This quarter or the next",
            "Within a year",
            "Later, or never",
        ),
        Question("notes", "Notes", "What else was said?"),
    ),
    must=frozenset({"need"}),
    points=2.0,
    never=frozenset({"need"}),
    noes=3,
)
"""The questions, if nobody has imported others."""
