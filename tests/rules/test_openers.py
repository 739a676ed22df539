"""The first line of talk: of one thing that the lead gave us knowingly, and never of what was only seen."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.facts import TouchKind
from domain.rules.openers import GOOD_FOR, Did, opener, spoken_title
from domain.rules.personas import Persona
from tests.conftest import NOON


def did(kind: str, days: float = 0.0, title: str | None = None) -> Did:
    return Did(kind, NOON - timedelta(days=days), title)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "You just asked us for a demo. What"),
        (4, "You asked us for a demo a few days ago. What"),
        (20, "You asked us for a demo a few weeks ago. What"),
        (50, "You asked us for a demo some time ago. What"),
    ],
)
def test_how_long_ago_it_was_is_said_in_words(days: int, said: str) -> None:
    assert opener([did("demo_request", days)], Persona.DECISION_MAKER, NOON).startswith(said)


@pytest.mark.parametrize("persona", Persona)
def test_each_persona_is_asked_a_question_of_their_own(persona: Persona) -> None:
    for deeds in ([did("demo_request")], [did("webinar")], []):
        others = {opener(deeds, other, NOON) for other in Persona if other is not persona}
        said = opener(deeds, persona, NOON)
        assert said.endswith("?")
        assert said not in others


def test_a_content_is_named_by_its_title() -> None:
    assert opener([did("content_download", 3, "The SLA guide")], None, NOON).startswith(
        "You got “The SLA guide” a few days ago."
    )
    assert opener([did("webinar", 0, "Speed to lead")], None, NOON).startswith(
        "You were in our webinar “Speed to lead”."
    )
    assert opener([did("content_download")], None, NOON).startswith("You just asked us for something to read.")


def test_what_they_asked_for_is_named_before_what_they_read() -> None:
    assert "demo" in opener([did("content_download", 0, "Guide"), did("demo_request", 30)], None, NOON)
    assert "New guide" in opener(
        [did("content_download", 5, "Old guide"), did("content_download", 1, "New guide")], None, NOON
    )


@pytest.mark.parametrize("kind", sorted(set(TouchKind) - set(GOOD_FOR)))
def test_what_was_only_seen_of_somebody_is_not_said_to_them(kind: str) -> None:
    assert opener([did(kind, 0, "Prices")], None, NOON) == opener([], None, NOON)


@pytest.mark.parametrize("kind", GOOD_FOR)
def test_what_is_long_ago_is_no_way_to_begin(kind: str) -> None:
    assert opener([did(kind, 90, "Guide")], None, NOON) == opener([], None, NOON)
    assert opener([did(kind, -1, "Guide")], None, NOON) == opener([], None, NOON)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("The SLA guide", "The SLA guide"),
        ("sla-guide", "sla guide"),
        ("speed_to_lead.pdf", "speed to lead"),
        ("https://example.com/guide", ""),
        ("4711", ""),
        ("x" * 61, ""),
        ("{just}{0} guide", "{just}{0} guide"),
        ("", ""),
        (None, ""),
        ("Webinar: Handing leads over in minutes", "Handing leads over in minutes"),
    ],
)
def test_a_title_is_said_as_words_or_not_at_all(title: str | None, said: str) -> None:
    assert spoken_title(title) == said


deeds = st.builds(Did, st.sampled_from(TouchKind), st.just(NOON), st.none() | st.text(max_size=90))


@given(st.lists(deeds, max_size=50), st.none() | st.text(max_size=9) | st.sampled_from(Persona))
def test_whatever_they_did_there_is_one_short_way_to_begin(done: list[Did], persona: str | None) -> None:
    said = opener(done, persona, NOON)
    assert said == opener(done, persona, NOON)
    assert 0 < len(said) <= 200
    assert said.count("“") - sum((one.title or "").count("“") for one in done) <= 1
