from pathlib import Path

import pytest

from domain.rules.model_remarks import remarks
from domain.rules.scoring import default_model_toml, read_model

DEFAULT = default_model_toml()


def told(old: str, new: str) -> list[str]:
    """What there is to say when this text of the default model is another."""
    assert old in DEFAULT
    return remarks(read_model(DEFAULT.replace(old, new, 1)))


def test_there_is_nothing_to_say_about_the_model_we_ship() -> None:
    assert remarks(read_model(DEFAULT)) == []


@pytest.mark.parametrize(
    ("old", "new", "remark"),
    [
        (
            "intent = 55",
            "intent = 30",
            "thresholds.hql: no lead can reach HQL (80 points): the rules and their caps bring 75 at most",
        ),
        ("[caps]", "[caps]\ntotal = 79", "thresholds.hql: no lead can reach HQL (80 points)"),
        ("hql = 0.6", "", "expected_conversion.hql: is missing"),
        ("hql = 0.6", "hql = 0.3", "expected_conversion.hql: 0.3 is less than you expect of an MQL (0.4)"),
        (
            'touch = "webinar"',
            'touch = "webniar"',
            "intent.webinar: webniar is no kind of touch that we have a word for",
        ),
        ("email_open = 1", "seminar = 1", "caps.per_kind_per_day.seminar: no rule counts touches of this kind"),
        (
            'attribute = "persona"',
            'attribute = "persna"',
            "fit.decision-maker: persna is none of the attributes that every lead has; did you mean persona?",
        ),
        (
            'attribute = "persona"',
            'attribute = "visits"',
            "fit.decision-maker: visits is none of the attributes that every lead has; do you import it?",
        ),
        (
            'attribute = "persona", equals = "decision_maker"',
            'attribute = "employees", at_least = 1000, at_most = 200',
            "fit.decision-maker: employees is never both at least 1000 and at most 200",
        ),
        (
            'equals = "decision_maker"',
            'equals = "decision-maker"',
            "fit.decision-maker: persona is never decision-maker; did you mean decision_maker?",
        ),
        (
            'attribute = "data_quality", equals = "C"',
            'attribute = "data_quality", equals = "E"',
            "negative.",
        ),
        ("cap = 36", "cap = 20", "intent.demo-request: the cap (20) is less than one touch brings (32)"),
        ("cap = 36", "within_days = 30", "intent.demo-request: touches leave the window (30 days) before half"),
        ("negative = 60", "negative = 30", "caps.negative: 30 is less than one of its rules brings (40)"),
    ],
)
def test_what_is_allowed_but_hardly_meant_is_remarked(old: str, new: str, remark: str) -> None:
    assert [one for one in told(old, new) if one.startswith(remark)], told(old, new)


def test_an_attribute_is_remarked_once() -> None:
    olist = (Path(__file__).parents[2] / "docs" / "examples" / "olist" / "model.toml").read_text(encoding="utf-8")
    assert len([one for one in remarks(read_model(olist)) if "landing_page" in one]) == 1
