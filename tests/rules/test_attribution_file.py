"""The attribution file: what it may say, what is built in, and mistakes said with their place."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.rules.attribution import AttributionModel
from domain.rules.attribution_file import DEFAULT, MOST_GROUPS, read_practice
from domain.rules.model_table import ModelError

FILE = Path(__file__).parents[2] / "docs" / "examples" / "attribution.toml"


def test_an_empty_file_is_the_built_in_practice() -> None:
    assert read_practice("") == DEFAULT


def test_the_example_says_what_is_built_in_and_names_groups() -> None:
    read = read_practice(FILE.read_text(encoding="utf-8"))
    assert read.group_of("linkedin") == read.group_of("google-ads") == "Paid"
    assert read.group_of("a trade fair") == "a trade fair"
    bare = FILE.read_text(encoding="utf-8").split("[groups]")[0]
    assert read_practice(bare) == DEFAULT


def test_all_of_it_can_be_said() -> None:
    read = read_practice(
        'look_back_days = 90\nhalf_life_days = 7.5\nbase = "KWD"\naccount_touches = false\nleft_out = []\n'
        'headline = "markov"\n[learnt]\norder = 3\ndeals = 2\nnew_deals = 1\ndays = 30\nquiet_days = 1\n'
    )
    assert (read.look_back, read.half_life, read.base) == (timedelta(days=90), timedelta(days=7.5), "KWD")
    assert (read.account_touches, read.left_out, read.headline) == (False, frozenset(), AttributionModel.MARKOV)
    assert (read.order, read.least_deals, read.new_deals, read.days, read.quiet_days) == (3, 2, 1, 30, 1)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("look_back_days = 0", "look_back_days: 0 must be greater than 0"),
        ("half_life_day = 3", "did you mean 'half_life_days'?"),
        ("half_life_days = 10000", "half_life_days: 10000 must be at most 365"),
        ('base = "euro"', "base: 'euro' must be a currency's three capital letters"),
        ('headline = "best"', "headline: 'best' must be one of first, last"),
        ('left_out = "call"', "left_out: 'call' must be a list"),
        ("left_out = [3]", "left_out[0]: 3 must be text"),
        ('account_touches = "yes"', "must be true or false"),
        ("[learnt]\norder = 4", "learnt.order: 4 must be at most 3"),
        ("[learnt]\norder = 1.5", "must be a whole number"),
        ('[groups]\nA = ["x"]\nB = ["y", "x"]', "groups.B[1]: 'x' stands in the group 'A' already"),
        ("[groups]\nA = []", "groups.A: an empty list must hold at least one entry"),
        ("groups = 3", "groups: 3 must be a table"),
        ("[groups]\n" + "\n".join(f'g{n} = ["c{n}"]' for n in range(MOST_GROUPS + 1)), "more than 50 groups"),
        ("base =", "is no TOML"),
    ],
)
def test_a_mistake_is_said_with_its_place(toml: str, why: str) -> None:
    with pytest.raises(ModelError) as refused:
        read_practice(toml)
    assert why in str(refused.value)
