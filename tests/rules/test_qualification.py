"""What makes an SQL: the rule of the verdict, and the file in which an installation writes its own."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.model_table import ModelError
from domain.rules.qualification import (
    BANT,
    UNKNOWN,
    Answer,
    Counts,
    Framework,
    Verdict,
    answers_from_json,
    answers_to_json,
    read_answers,
    verdict,
)
from domain.rules.qualification_file import read_framework
from domain.rules.reasons import NOTE_LIMIT
from domain.rules.refusals import NothingAnswered, QuestionsChanged
from tests.conftest import LAW

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
MEDDIC = read_framework((EXAMPLES / "meddic.toml").read_text(encoding="utf-8"))
WHOLE = """
key = "own"
name = "Our own"
[[questions]]
key = "pain"
label = "Pain"
hint = "What hurts?"
choices = [{ key = "much", label = "It hurts", counts = "yes" }, { key = "none", label = "Nothing", counts = "no" }]
[[questions]]
key = "size"
label = "Big enough?"
[[questions]]
key = "notes"
label = "Notes"
kind = "text"
[verdict]
must = ["pain"]
points = 0.5
never = ["size"]
noes = 2
"""


def bant(budget: str, authority: str, need: str, timeline: str) -> Verdict:
    said = {"budget": budget, "authority": authority, "need": need, "timeline": timeline, "notes": "A note."}
    return verdict(BANT, read_answers(BANT, said))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("yes", "yes", "yes", "yes"), Verdict.QUALIFIED),
        (("yes", "yes", "yes", ""), Verdict.QUALIFIED),
        (("partly", "partly", "yes", "yes"), Verdict.QUALIFIED),
        (("no", "yes", "yes", "yes"), Verdict.QUALIFIED),
        (("partly", "partly", "yes", "partly"), Verdict.NOT_YET),
        (("yes", "yes", "partly", "yes"), Verdict.NOT_YET),
        (("yes", "", "yes", ""), Verdict.NOT_YET),
        (("no", "no", "yes", "yes"), Verdict.NOT_YET),
        (("no", "no", "partly", "no"), Verdict.NOT_QUALIFIED),
        (("yes", "yes", "no", "yes"), Verdict.NOT_QUALIFIED),
    ],
)
def test_bant_wants_a_need_that_presses_and_two_of_the_other_three(
    answers: tuple[str, str, str, str], expected: Verdict
) -> None:
    assert bant(*answers) is expected


RISING = {Verdict.NOT_QUALIFIED: 0, Verdict.NOT_YET: 1, Verdict.QUALIFIED: 2}
BETTER = [Counts.NO, Counts.UNKNOWN, Counts.PARTLY, Counts.YES]
FRAMEWORKS = st.sampled_from([BANT, MEDDIC, read_framework(WHOLE)])


@LAW
@given(FRAMEWORKS, st.data())
def test_a_better_answer_never_makes_the_verdict_worse(framework: Framework, data: st.DataObject) -> None:
    keys = [question.key for question in framework.questions if question.choices]
    given_ = {key: data.draw(st.sampled_from(BETTER)) for key in keys}
    improved = data.draw(st.sampled_from(keys))
    better = {**given_, improved: data.draw(st.sampled_from(BETTER[BETTER.index(given_[improved]) :]))}
    before, after = (
        verdict(framework, [Answer(key, "", "", "", counts) for key, counts in one.items()]) for one in (given_, better)
    )
    assert RISING[after] >= RISING[before]


@LAW
@given(FRAMEWORKS, st.text(max_size=200), st.data())
def test_whatever_was_answered_comes_back_as_it_was_kept(framework: Framework, note: str, data: st.DataObject) -> None:
    said = {
        question.key: data.draw(st.sampled_from([choice.key for choice in (*question.choices, UNKNOWN)]))
        if question.choices
        else note
        for question in framework.questions
    }
    try:
        answers = read_answers(framework, said)
    except NothingAnswered:
        return
    assert answers_from_json(json.loads(json.dumps(answers_to_json(answers)))) == answers


@LAW
@given(st.dictionaries(st.sampled_from([*"abc", *(one.key for one in BANT.questions)]), st.text(max_size=20)))
def test_what_no_window_of_ours_sends_is_read_or_refused_in_a_sentence(said: dict[str, str]) -> None:
    known = set(said) == {question.key for question in BANT.questions}
    with suppress(NothingAnswered, QuestionsChanged):
        assert len(read_answers(BANT, said)) >= 4
        assert known


def test_ones_own_words_are_cut_and_count_for_nothing() -> None:
    (answer,) = [
        one
        for one in read_answers(
            BANT, dict.fromkeys(["budget", "authority", "need", "timeline"], "") | {"notes": "x" * 5000}
        )
        if one.key == "notes"
    ]
    assert (len(answer.words), answer.counts) == (NOTE_LIMIT, None)
    assert verdict(BANT, [answer]) is Verdict.NOT_YET


def test_the_example_says_what_is_built_in() -> None:
    assert read_framework((EXAMPLES / "qualification.toml").read_text(encoding="utf-8")) == BANT


def test_meddic_is_another_set_of_questions() -> None:
    assert [question.key for question in MEDDIC.questions if question.choices] == [
        "metrics",
        "economic_buyer",
        "decision_criteria",
        "decision_process",
        "pain",
        "champion",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "own"', 'key = "Own!"', "key: 'Own!' must be small letters, digits and underscores, at most 40"),
        ('name = "Our own"', 'name = "A name that is too long"', "name: 'A name that is too long' must be at most 15"),
        ('key = "size"', 'key = "pain"', "questions[1].key: 'pain' stands there twice"),
        ('kind = "text"', 'kind = "number"', "questions[2].kind: 'number' must be 'choice' or 'text'"),
        ('kind = "text"', 'kind = "text"\nchoices = []', "questions[2].choices: an empty list means nothing here"),
        ('hint = "What hurts?"', 'hnt = ""', "questions[0].hnt: '' stands under an unknown key; did you mean 'hint'?"),
        (
            'counts = "yes"',
            'counts = "perhaps"',
            "questions[0].choices[0].counts: 'perhaps' must be one of yes, partly, no",
        ),
        ('key = "none"', 'key = "unknown"', "questions[0].choices[1].key: 'unknown' is taken"),
        ('key = "none"', 'key = "much"', "questions[0].choices[1].key: 'much' stands there twice"),
        ('must = ["pain"]', 'must = ["notes"]', "verdict.must[0]: 'notes' is no question that is chosen from"),
        ('must = ["pain"]', 'must = "pain"', "verdict.must: 'pain' must be a list"),
        ('counts = "yes"', 'counts = "partly"', "verdict.must[0]: 'pain' has no choice that counts as 'yes'"),
        ("points = 0.5", "points = 2", "verdict.points: 2 must be at most 1"),
        ("noes = 2", "noes = 3", "verdict.noes: 3 must be at most 2"),
        ("noes = 2", "noes = 1.5", "verdict.noes: 1.5 must be a whole number"),
        ('must = ["pain"]\npoints = 0.5', "", "verdict.must: names no question, and no points are asked for"),
        ("[verdict]", "[verdicts]", "verdicts: a table stands under an unknown key; did you mean 'verdict'?"),
        ("[verdict]", "[[", "file: is no TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place_its_value_and_the_reason(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ModelError) as wrong:
        read_framework(WHOLE.replace(old, new, 1))
    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize(
    "toml", ["", 'key = "a"\nname = "A"', 'key = "a"\nname = "A"\n[[questions]]\nkey = "b"\nlabel = "B"']
)
def test_a_file_without_questions_or_a_verdict_is_refused(toml: str) -> None:
    with pytest.raises(ModelError):
        read_framework(toml)
