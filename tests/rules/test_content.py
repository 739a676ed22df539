"""Which content is recommended: what moved similar leads, never twice, and small numbers stay small."""

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.content import (
    ENOUGH,
    EXPLORING,
    NEW,
    Item,
    Measured,
    Reader,
    Result,
    Why,
    best_content,
    cautious,
    choose_content,
)
from domain.rules.tiers import Tier
from tests.conftest import HEAVY_LAW

PERSONAS = ("decision_maker", "influencer", "")
KEYS = [f"content-{number}" for number in range(6)]
CATALOGUE = [Item(key, key.title()) for key in KEYS]


def reader(
    lead_id: int = 4, *, tier: Tier = Tier.MEL, persona: str = "influencer", used: tuple[str, ...] = ()
) -> Reader:
    """Lead 4's first draw is none for new contents; lead 17's is."""
    return Reader(lead_id, tier, persona, used)


def mel(content: str, seen: int, moved: int, persona: str = "influencer") -> Result:
    return Result(content, Tier.MEL, persona, seen, moved)


@st.composite
def results(draw: st.DrawFn) -> list[Result]:
    cells = st.tuples(st.sampled_from([*KEYS, "elsewhere"]), st.sampled_from(Tier), st.sampled_from(PERSONAS))
    found = []
    for content, tier, persona in draw(st.lists(cells, unique=True, max_size=12)):
        seen = draw(st.integers(1, 400))
        found.append(Result(content, tier, persona, seen, draw(st.integers(0, seen))))
    return found


readers = st.builds(
    Reader,
    st.integers(1, 10**6),
    st.sampled_from(Tier),
    st.sampled_from(PERSONAS),
    st.frozensets(st.sampled_from(KEYS)),
    st.integers(0, 50),
)


def test_what_moved_more_of_the_leads_of_its_tier_is_recommended() -> None:
    choice = choose_content(reader(), CATALOGUE, [mel(KEYS[0], 100, 10), mel(KEYS[3], 100, 40), mel(KEYS[1], 100, 20)])
    assert choice is not None
    assert (choice.item.key, choice.why, choice.seen, choice.moved) == (KEYS[3], Why.MEASURED, 100, 40)
    assert choice.in_words(Tier.MEL) == "40 of 100 MEL leads that met it moved up within 30 days; of all contents, 24%"


@HEAVY_LAW
@given(st.integers(0, 700), st.integers(0, 1000))
def test_one_success_of_one_does_not_beat_thirty_of_sixty_where_half_is_not_below_usual(moved: int, seen: int) -> None:
    others = [mel("elsewhere", seen, min(moved, seen // 2))]
    choice = choose_content(reader(), CATALOGUE[:2], [mel(KEYS[0], 1, 1), mel(KEYS[1], 60, 30), *others])
    assert choice is not None
    assert choice.item.key == KEYS[1]


def test_what_is_known_of_the_persona_counts_before_what_is_known_of_the_tier() -> None:
    known = [
        mel(KEYS[0], 200, 20, "influencer"),
        mel(KEYS[0], 400, 240, "decision_maker"),
        mel(KEYS[1], 200, 80, "influencer"),
        mel(KEYS[1], 400, 120, "decision_maker"),
    ]
    for persona, best in (("influencer", KEYS[1]), ("decision_maker", KEYS[0]), ("practitioner", KEYS[0])):
        choice = choose_content(reader(persona=persona), CATALOGUE[:2], known)
        assert choice is not None
        assert choice.item.key == best


def test_other_tiers_say_nothing() -> None:
    other = [Result(KEYS[5], Tier.COLD, "influencer", 1000, 900)]
    choice = choose_content(reader(), CATALOGUE, [*other, mel(KEYS[2], 40, 10)])
    assert choice is not None
    assert (choice.item.key, choice.why) == (KEYS[2], Why.MEASURED)


def test_with_too_little_measured_the_catalogues_order_holds_and_says_so() -> None:
    choice = choose_content(reader(used=(KEYS[0],)), CATALOGUE, [mel(KEYS[4], ENOUGH - 1, ENOUGH - 1)])
    assert choice is not None
    assert (choice.item.key, choice.why) == (KEYS[1], Why.CATALOGUE)
    assert "not enough is measured yet" in choice.in_words(Tier.MEL)
    assert best_content(CATALOGUE, [mel(KEYS[4], ENOUGH - 1, ENOUGH - 1)], Tier.MEL) is None


def test_what_a_programme_prefers_comes_first_until_it_is_used() -> None:
    known = [mel(KEYS[0], 100, 90), mel(KEYS[1], 100, 10), mel(KEYS[2], 100, 20)]
    first = (KEYS[1], KEYS[2])
    order = []
    used: tuple[str, ...] = ()
    for _ in range(3):
        choice = choose_content(reader(used=used), CATALOGUE[:3], known, first)
        assert choice is not None
        order.append(choice.item.key)
        used = (*used, choice.item.key)
    assert order == [KEYS[2], KEYS[1], KEYS[0]]


def test_a_share_of_the_recommendations_goes_to_new_contents() -> None:
    known = [mel(key, 100, 30) for key in KEYS[:5]] + [mel(KEYS[5], NEW - 1, 0)]
    choices = [choose_content(reader(lead_id), CATALOGUE, known) for lead_id in range(4000)]
    explored = [choice for choice in choices if choice and choice.why is Why.NEW]
    assert {choice.item.key for choice in explored} == {KEYS[5]}
    assert 0.8 * EXPLORING / 100 < len(explored) / 4000 < 1.2 * EXPLORING / 100


@HEAVY_LAW
@given(readers, results())
def test_nothing_is_recommended_twice_and_nothing_outside_the_catalogue(who: Reader, known: list[Result]) -> None:
    choice = choose_content(who, CATALOGUE, known)
    if choice is None:
        assert set(who.used) == set(KEYS)
    else:
        assert choice.item in CATALOGUE
        assert choice.item.key not in who.used


@HEAVY_LAW
@given(readers, st.data())
def test_the_order_of_the_results_plays_no_part(who: Reader, data: st.DataObject) -> None:
    known = data.draw(results())
    assert choose_content(who, CATALOGUE, known) == choose_content(who, CATALOGUE, data.draw(st.permutations(known)))


@HEAVY_LAW
@given(results(), st.sampled_from(Tier), st.sampled_from(PERSONAS), st.data())
def test_one_more_lead_that_moved_never_costs_a_content_its_place(
    known: list[Result], tier: Tier, persona: str, data: st.DataObject
) -> None:
    rises = [at for at, one in enumerate(known) if one.moved < one.seen]
    if not rises:
        return
    at = data.draw(st.sampled_from(rises))
    one = known[at]
    more = [*known[:at], Result(one.content, one.tier, one.persona, one.seen, one.moved + 1), *known[at + 1 :]]
    before, after = Measured(known, tier, persona), Measured(more, tier, persona)
    for other in KEYS:
        if before.worth(one.content) >= before.worth(other):
            assert after.worth(one.content) >= after.worth(other) - 1e-12


@HEAVY_LAW
@given(results(), st.sampled_from(Tier), st.sampled_from(PERSONAS), st.sampled_from(KEYS))
def test_an_estimate_is_a_share(known: list[Result], tier: Tier, persona: str, key: str) -> None:
    assert 0 <= Measured(known, tier, persona).worth(key) <= 1


@HEAVY_LAW
@given(st.floats(0, 1), st.floats(0, 1), st.floats(20, 10_000), st.floats(20, 10_000))
def test_the_cautious_estimate_rises_with_the_rate_and_with_what_stands_behind_it(
    rate: float, other: float, weight: float, more: float
) -> None:
    low, high = sorted((rate, other))
    light, heavy = sorted((weight, more))
    assert cautious(low, weight) <= cautious(high, weight) + 1e-12
    assert cautious(rate, light) <= cautious(rate, heavy) + 1e-12
    assert cautious(rate, weight) <= rate + 1e-12
