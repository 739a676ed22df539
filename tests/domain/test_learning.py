"""Learning a draft: what it finds, what it leaves alone, when it refuses; and that a draft is a model like any other."""

import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from domain.learning import learn, measure_again
from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.learning import Example, Goal, Learnt, NotYet
from domain.rules.scoring import Model, default_model_toml, read_model, score
from domain.rules.tiers import Tier
from domain.science import teaching
from domain.science.drafting import START_ID
from domain.science.fitting import STAY, Hold
from tests.conftest import EXAMPLES, LAW, NOON

ROOT = Path(__file__).resolve().parents[2]
BASE = """
# The points that somebody guessed
name = "guessed"
version = 3
expected_conversion = { mql = 0.4, hql = 0.6 }

[thresholds]
mel = 20
mql = 40
hql = 60

[[fit.rules]]
id = "software"
label = "Sells software"  # our own words
points = 20
when = { attribute = "industry", equals = "software" }

[[intent.rules]]
id = "minutes"
label = "Spent ten minutes or more on the site"
points = 20
when = { attribute = "minutes", at_least = 10 }

[[intent.rules]]
id = "webinar"
label = "Attended a webinar"
points = 10
half_life_days = 30
cap = 30
when = { touch = "webinar" }

[[negative.rules]]
id = "free-mail"
label = "Private e-mail address"
points = -10
when = { attribute = "free_mail", equals = true }

[[negative.rules]]
id = "competitor"
label = "Works for a competitor"
disqualify = true
when = { attribute = "competitor", equals = true }
"""
INDUSTRIES = ("software", "retail", "machines", "schools")
Truth = Callable[[Mapping[str, Value], int], float]
"""Attributes and webinars -> the chance."""


def leads(truth: Truth, size: int, seed: int = 7) -> list[Example]:
    """Invented leads, one an hour."""
    dice, made = random.Random(seed), []
    for number in range(size):
        said: dict[str, Value] = {
            "industry": dice.choice(INDUSTRIES),
            "minutes": dice.randint(0, 30),
            "free_mail": dice.random() < 0.3,
            "source": "website",
        }
        if dice.random() < 0.2:
            del said["minutes"]
        at = NOON + timedelta(hours=number)
        webinars = dice.choice((0, 0, 1, 2))
        touches = [Touch("webinar", at - timedelta(days=dice.randint(1, 40))) for _ in range(webinars)]
        won = dice.random() < truth(said, webinars)
        made.append(Example(LeadFacts(said, sorted(touches, key=lambda one: one.occurred_at)), at, won))
    return made


def nothing_matters(said: Mapping[str, Value], webinars: int) -> float:
    return 0.3


def schools_buy(said: Mapping[str, Value], webinars: int) -> float:
    """What the guessed points do not know: schools buy, and who stays long; webinars and software mean nothing."""
    minutes = said.get("minutes", 0)
    assert isinstance(minutes, int)
    return (0.75 if said["industry"] == "schools" else 0.15) + (0.15 if minutes >= 20 else 0)


def taught(examples: list[Example], toml: str = BASE, **others: object) -> Learnt | NotYet:
    now = examples[-1].at
    return learn(read_model(toml), toml, examples, now=now, name="learnt", goal=Goal.SQL, **others)  # type: ignore[arg-type]  # as its own tests give them


def draft_of(answer: Learnt | NotYet) -> Model:
    assert isinstance(answer, Learnt), answer
    return read_model(answer.toml)


def points(model: Model) -> dict[str, float]:
    return {rule.id: rule.points for rule in model.rules}


# What is measured here are a hundred fits to hundreds of leads, each of them scored several times: a second or two each, more
# when the machine is busy.


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    answer = taught(leads(schools_buy, 900))
    assert isinstance(answer, Learnt), answer
    return answer


def test_too_few_of_the_rarer_outcome_are_not_learnt_from() -> None:
    answer = taught(leads(nothing_matters, 100))
    assert isinstance(answer, NotYet)
    wins = answer.data["successes"]
    assert answer.verdict == "not_enough"
    assert answer.said == f"Not enough data yet: {wins} of about 60 SQLs."
    mostly = taught([Example(one.facts, one.at, not one.outcome) for one in leads(nothing_matters, 100)])
    assert isinstance(mostly, NotYet)
    assert mostly.said == f"Not enough data yet: {wins} of about 60 leads without an SQL."


def test_who_is_disqualified_teaches_nothing_about_points() -> None:
    examples = leads(schools_buy, 300)
    out = [Example(LeadFacts({**one.facts.attributes, "competitor": True}), one.at, one.outcome) for one in examples]
    answer = taught(out)
    assert isinstance(answer, NotYet)
    assert (answer.verdict, answer.data["outcomes"]) == ("not_enough", 0)


def test_where_nothing_matters_nothing_is_proposed() -> None:
    answer = taught(leads(nothing_matters, 800))
    assert isinstance(answer, NotYet)
    assert answer.verdict == "no_better"
    assert answer.said.startswith(("Nothing found", "No points to move", "No better"))
    assert answer.data["judged"]["better_than_share"]["low"] <= 0


@pytest.mark.parametrize("toml", [BASE, default_model_toml()], ids=["small", "default"])
def test_where_nothing_is_to_be_moved_every_rule_is_written_as_it_was(toml: str) -> None:
    base, examples = read_model(toml), leads(nothing_matters, 300)
    school = teaching._school(base, toml, examples, base.name, {})
    everything = slice(0, len(examples))
    model = school.read(school.changes(school.fitted(everything, STAY), everything))
    assert [rule for rule in model.rules if rule.id != START_ID] == list(base.rules)
    assert model.caps.per_kind_per_day == base.caps.per_kind_per_day


def test_few_leads_move_points_less_than_many_do() -> None:
    examples, base = leads(schools_buy, 900), read_model(BASE)
    moved = []
    for size in (60, 240, 900):
        school = teaching._school(base, BASE, examples[:size], "learnt", {})
        weights = school.fitted(slice(0, size), Hold(64.0, 30.0))
        moved.append(float(abs(weights.of - school.problem.back @ school.problem.prior).sum()) / len(weights.of))
    assert moved == sorted(moved)
    assert moved[0] < moved[-1] / 2


def test_what_leads_do_is_found_and_what_means_nothing_loses_its_points(learnt: Learnt) -> None:
    model = read_model(learnt.toml)
    found = points(model)
    at = NOON + timedelta(days=100)
    school, software = (
        score(model, LeadFacts({"industry": one, "free_mail": False, "source": "website"}), at).total
        for one in ("schools", "software")
    )
    assert found["learnt-industry-schools"] > 15
    assert school > software + 15
    assert abs(found.get("webinar", 0)) < 5
    assert model.probability is not None
    assert model.probability.chance(school).share > 0.5
    assert model.probability.chance(0).share < 0.3


def test_the_evidence_says_how_it_did_on_later_leads(learnt: Learnt) -> None:
    judged = learnt.evidence["judged"]
    assert judged["draft"]["auc"] > judged["in_force"]["auc"]
    assert 0 < judged["better"]["low"] < judged["better"]["by"] < judged["better"]["high"]
    assert judged["outcomes"] == 600
    assert learnt.evidence["drift"]["score"] < 0.1
    assert abs(learnt.evidence["drift"]["expected"] - learnt.evidence["drift"]["observed"]) < 0.1


def test_the_file_keeps_its_words_its_order_and_who_is_out(learnt: Learnt) -> None:
    assert "# The points that somebody guessed" in learnt.toml
    model = read_model(learnt.toml)
    assert (model.name, model.version, model.disqualifiers) == ("learnt", 3, frozenset({"competitor"}))
    kept = [rule.id for rule in model.rules if not rule.id.startswith("learnt-")]
    assert kept == [rule.id for rule in read_model(BASE).rules if rule.id in kept]


def test_as_many_leads_go_to_sales_as_before() -> None:
    examples = leads(schools_buy, 900)
    base, model = read_model(BASE), draft_of(taught(examples))
    for tier in ("mel", "mql", "hql"):
        before, after = (
            sum(score(one, example.facts, example.at).total >= getattr(one.thresholds, tier) for example in examples)
            for one in (base, model)
        )
        assert abs(before - after) < 45, tier


def test_the_same_examples_give_the_same_draft_in_whatever_order_they_come() -> None:
    examples = leads(schools_buy, 400)
    shuffled = random.Random(1).sample(examples, len(examples))
    answer = learn(read_model(BASE), BASE, shuffled, now=examples[-1].at, name="learnt", goal=Goal.SQL)
    assert answer == taught(examples)


def test_what_was_learnt_is_learnt_anew_and_does_not_pile_up(learnt: Learnt) -> None:
    again = learn(
        read_model(learnt.toml),
        learnt.toml,
        leads(schools_buy, 600, seed=8),
        now=NOON + timedelta(days=90),
        name="learnt",
        goal=Goal.SQL,
    )
    toml = again.toml if isinstance(again, Learnt) else learnt.toml
    ids = [rule.id for rule in read_model(toml).rules]
    assert len([one for one in ids if one.startswith("learnt-industry-schools")]) == 1


def test_marketing_may_say_that_more_of_something_is_never_worse() -> None:
    def middling(said: Mapping[str, Value], webinars: int) -> float:
        minutes = said.get("minutes", 0)
        assert isinstance(minutes, int)
        return 0.8 if 10 <= minutes < 20 else 0.2

    said = BASE + '\n[learning]\nmonotone = { minutes = "up" }\n'
    examples = leads(middling, 700)
    free, held = draft_of(taught(examples)), draft_of(taught(examples, said))

    def by_minutes(model: Model) -> list[int]:
        # Within the lead's other facts; the floor of 0 would hide a fall.
        facts = [LeadFacts({"industry": "software", "minutes": one, "source": "website"}) for one in range(31)]
        return [score(model, one, NOON).total for one in facts]

    assert by_minutes(held) == sorted(by_minutes(held))
    assert by_minutes(free) != sorted(by_minutes(free))
    assert max(by_minutes(held)) > min(by_minutes(held))


def test_a_draft_expects_no_less_of_a_tier_than_of_the_one_below(learnt: Learnt) -> None:
    expected = [share for _, share in sorted(read_model(learnt.toml).expected_conversion.items(), key=_rank)]
    assert len(expected) == 4
    assert expected == sorted(expected)
    assert 0 < expected[0] < expected[-1] < 1


def _rank(item: tuple[Tier, float]) -> int:
    return list(Tier).index(item[0])


def test_a_goal_of_wins_leaves_what_is_expected_of_sqls_alone() -> None:
    examples = leads(schools_buy, 500)
    answer = learn(read_model(BASE), BASE, examples, now=examples[-1].at, name="learnt", goal=Goal.WON)
    model = draft_of(answer)
    assert model.expected_conversion == read_model(BASE).expected_conversion
    assert model.probability is not None
    assert model.probability.of == "won"


def test_chances_can_be_measured_again_without_moving_a_point() -> None:
    examples = leads(schools_buy, 600)
    answer = measure_again(read_model(BASE), BASE, examples, name="guessed", goal=Goal.SQL)
    model = draft_of(answer)
    assert points(model) == points(read_model(BASE))
    assert model.probability is not None
    assert model.probability.outcomes == 600
    few = measure_again(read_model(BASE), BASE, examples[:20], name="guessed", goal=Goal.SQL)
    assert isinstance(few, NotYet)


def test_words_that_no_model_may_hold_are_not_learnt_from() -> None:
    examples = [
        Example(LeadFacts({**one.facts.attributes, "note": "tab\there" * 40}, one.facts.touches), one.at, one.outcome)
        for one in leads(schools_buy, 600)
    ]
    assert isinstance(taught(examples), Learnt)


def test_a_model_written_in_one_line_each_is_changed_as_well() -> None:
    inline = BASE.split("[[fit.rules]]", maxsplit=1)[0] + (
        '[fit]\nrules = [\n  { id = "software", label = "Software", points = 20, '
        'when = { attribute = "industry", equals = "software" } },\n]\n'
    )
    model = draft_of(taught(leads(schools_buy, 500), inline))
    assert "learnt-industry-schools" in points(model)


def test_the_model_that_comes_with_the_house_can_learn() -> None:
    model = draft_of(taught(leads(schools_buy, 500), default_model_toml()))
    assert "learnt-industry-schools" in points(model)


# Each of these is a hundred fits.
@hypothesis_settings(LAW, max_examples=EXAMPLES // 20 + 14)
@given(
    st.integers(0, 10**6),
    st.floats(0.1, 0.9),
    st.sampled_from(INDUSTRIES),
    st.lists(st.integers(-5, 60), min_size=1, max_size=30),
)
def test_the_ledger_of_a_draft_sums_to_its_score_on_every_lead(
    seed: int, chance: float, best: str, minutes: list[int]
) -> None:
    examples = leads(lambda said, _: chance if said["industry"] == best else chance / 4, 120, seed)
    assume(12 <= sum(one.outcome for one in examples) <= 108)
    answer = taught(examples, enough=10)
    if isinstance(answer, NotYet):
        answer = measure_again(read_model(BASE), BASE, examples, name="learnt", goal=Goal.SQL, enough=10)
    model = draft_of(answer)
    assert model.probability is not None
    for one in minutes:
        facts = LeadFacts({"industry": best, "minutes": one}, examples[0].facts.touches)
        result = score(model, facts, NOON + timedelta(days=9))
        assert sum(row.points for row in result.ledger) == result.total
        assert 0 <= result.total <= 100
        chance_of_it = model.probability.chance(result.total)
        assert chance_of_it.low <= chance_of_it.share <= chance_of_it.high


def test_neither_the_web_process_nor_a_score_loads_what_learning_needs() -> None:
    question = (
        "import sys, handlers.web, domain.learning\n"
        "from datetime import UTC, datetime\n"
        "from domain.rules.facts import LeadFacts\n"
        "from domain.rules.scoring import default_model_toml, read_model, score\n"
        "score(read_model(default_model_toml()), LeadFacts({'persona': 'decision_maker'}), datetime.now(UTC))\n"
        "sys.exit(bool({'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", question], cwd=ROOT, check=False).returncode == 0
