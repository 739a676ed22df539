"""Somebody is found by the beginnings of their names."""

import pytest

from domain.rules.name_search import named_like


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Sam Sample", ""),
        ("Sam Sample", "sam"),
        ("Sam Sample", "SAMP"),
        ("Sam Sample", "sample s"),
        ("Zoë Żak-Example", "zoe zak"),
        ("Zoë Żak-Example", "exam"),
    ],
)
def test_each_word_that_was_typed_begins_a_word_of_the_name(name: str, typed: str) -> None:
    assert named_like(name, typed)


@pytest.mark.parametrize(
    ("name", "typed"), [("Sam Sample", "ample"), ("Sam Sample", "sam x"), ("", "s"), ("Sam", "sam sam sample")]
)
def test_who_is_called_otherwise_is_not_found(name: str, typed: str) -> None:
    assert not named_like(name, typed)
