"""Which programme a lead belongs in, and what is said of a file that cannot be used."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.model_table import ModelError
from domain.rules.programmes import NurtureProgramme, choose_programme, read_programmes
from domain.rules.tiers import Tier
from tests.conftest import HEAVY_LAW

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "docs" / "examples" / "nurture.toml"
GERMAN = NurtureProgramme("German", {"country": ["DE", "AT"]})
NEARLY = NurtureProgramme("Nearly", {"tier": ["mel"]})
LATER = NurtureProgramme("Later", {"rejection": ["bad_timing"]})
EVERYBODY = NurtureProgramme("Everybody")


def chosen(
    *programmes: NurtureProgramme, tier: Tier = Tier.COLD, rejection: str | None = None, **known: str
) -> str | None:
    found = choose_programme(programmes, known, tier, rejection)
    return found.name if found else None


def test_the_first_programme_that_fits_is_the_leads() -> None:
    assert chosen(GERMAN, EVERYBODY, country="at") == "German"
    assert chosen(GERMAN, EVERYBODY, country="US") == "Everybody"
    assert chosen(EVERYBODY, GERMAN, country="DE") == "Everybody"


def test_a_programme_may_ask_for_the_tier_and_for_the_last_rejection() -> None:
    assert chosen(NEARLY, tier=Tier.MEL) == "Nearly"
    assert chosen(NEARLY, tier=Tier.COLD) is None
    assert chosen(LATER, NEARLY, tier=Tier.MEL, rejection="bad_timing") == "Later"
    assert chosen(LATER, NEARLY, tier=Tier.MEL) == "Nearly"


def test_who_unsubscribed_is_in_no_programme() -> None:
    assert choose_programme([EVERYBODY], {"unsubscribed": True}, Tier.MEL, None) is None
    assert choose_programme([EVERYBODY], {"unsubscribed": False}, Tier.MEL, None) == EVERYBODY


def test_an_attribute_named_tier_does_not_stand_for_the_tier() -> None:
    assert choose_programme([NEARLY], {"tier": "mel"}, Tier.COLD, None) is None


def test_the_example_is_read_as_it_is_printed() -> None:
    first, nearly, _, last = read_programmes(EXAMPLE.read_text())
    assert (first.external_id, first.when) == ("202", {"rejection": ["bad_timing", "no_budget"]})
    assert nearly.contents == ["ROI calculator", "Customer stories"]
    assert last.when == {}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[programmes", "file: is no TOML"),
        ("", "programmes: is missing"),
        ("programmes = []", "programmes: an empty list must hold at least one entry"),
        ("programmes = 3", "programmes: 3 must be a list"),
        ("[[programmes]]\nname = 7", "programmes[0].name: 7 must be text"),
        ("[[programmes]]\nwhen = {}", "programmes[0].name: is missing"),
        (
            '[[programmes]]\nname = "A"\nwehn = {}',
            "programmes[0].wehn: a table stands under an unknown key; did you mean 'when'?",
        ),
        ('[[programmes]]\nname = "A"\nwhen = { country = "DE" }', "programmes[0].when.country: 'DE' must be a list"),
        (
            '[[programmes]]\nname = "A"\nwhen = { tier = ["cold", "mell"] }',
            "programmes[0].when.tier[1]: 'mell' must be one of cold, mel, mql, hql",
        ),
        (
            '[[programmes]]\nname = "A"\nwhen = { rejection = ["no_fit"] }',
            "programmes[0].when.rejection[0]: 'no_fit' must be one of bad_timing, no_budget",
        ),
        ('[[programmes]]\nname = "A"\n[[programmes]]\nname = "a"', "programmes[1].name: 'a' stands there twice"),
        ('[[programmes]]\nname = "A"\nexternal_id = 201', "programmes[0].external_id: 201 must be text"),
        ('[[programmes]]\nname = "A"\nexternal_id = "a\\u0000b"', "must hold no control characters"),
        ("[[programmes]]\nname = 'A'\n" * 201, "programmes: a list must be at most 200"),
    ],
)
def test_a_mistake_in_the_file_is_said_with_its_place(toml: str, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        read_programmes(toml)
    assert said in str(raised.value)


@HEAVY_LAW
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_in_another_way(toml: str) -> None:
    with suppress(ModelError):
        read_programmes(toml)
