"""The window of a qualification: one select a question, with what is known by now already chosen."""

from collections.abc import Mapping

from bot.blocks import Block, chosen, context, escape, option, plain, select, text_input
from bot.ids import Submission
from bot.modals import View, about, modal
from domain.rules.cleaning import free_text
from domain.rules.qualification import UNKNOWN, Answer, Framework, Question
from domain.rules.reasons import NOTE_LIMIT
from domain.views import CardView

FIELD = "q."
"""With this the input block of a question begins; its key follows."""


def qualify_modal(view: CardView, framework: Framework) -> View:
    """Ask the questions of the framework. Answers that were given before are where they were."""
    known = {answer.key: answer for answer in view.qualification.answers} if view.qualification else {}
    questions = [_question(question, known.get(question.key)) for question in framework.questions]
    blocks = [about(view), context(_rule(framework)), *questions]
    return modal(Submission.QUALIFY, plain(f"Qualify: {framework.name}", 24), "Save", view, blocks)


def said_in(values: Mapping[str, str]) -> dict[str, str]:
    """The answers in what a window sent: question -> choice or text."""
    return {block.removeprefix(FIELD): said for block, said in values.items() if block.startswith(FIELD)}


def _question(question: Question, known: Answer | None) -> Block:
    block_id = f"{FIELD}{question.key}"
    if not question.choices:
        written = text_input(
            block_id, question.label, plain(question.hint or "In your own words", 150), max_length=NOTE_LIMIT
        )
        return _with_text(written, free_text(known.words, NOTE_LIMIT) if known else "")
    choices = [*question.choices, UNKNOWN]
    block = select(block_id, question.label, "Choose one", [option(one.label, one.key) for one in choices])
    was = known.choice if known and any(one.key == known.choice for one in choices) else UNKNOWN.key
    return chosen(block, was, question.hint)


def _with_text(block: Block, text: str) -> Block:
    return {**block, "element": {**block["element"], "initial_value": text}} if text else block


def _rule(framework: Framework) -> str:
    """What it takes, in one line."""
    labels = {question.key: question.label for question in framework.questions}
    must = [f"*{escape(labels[key])}*" for key in labels if key in framework.must]
    needs = [f"a yes to {' and '.join(must)}"] if must else []
    if framework.points:
        needs.append(
            f"{framework.points:g} of the other answers (partly is half)"
            if must
            else f"{framework.points:g} yes (partly is half)"
        )
    return f"An SQL has {', and '.join(needs)}."
