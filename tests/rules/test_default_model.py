from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.rules.facts import Attribute, LeadFacts, Touch, Value
from domain.rules.scoring import default_model_toml, read_model, score, top_reasons
from domain.rules.tiers import Tier, tier_of

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DEFAULT = read_model(default_model_toml())
FITTING: dict[str, Value] = {"industry": "software", "company_size": "201-1000", "company_present": True}
IN_OUR_FIELD: dict[str, Value] = {"function": "sales", "country": "DE", "technologies": frozenset({"Salesforce"})}


def ago(days: float, kind: str, page: str | None = None) -> Touch:
    return Touch(kind, NOW - timedelta(days=days), page=page)


def tier(attributes: dict[str, Value], *touches: Touch) -> Tier:
    return tier_of(score(DEFAULT, LeadFacts(attributes, touches), NOW).total, DEFAULT.thresholds)


@pytest.mark.parametrize("more", [{}, IN_OUR_FIELD])
def test_a_decision_maker_who_asked_for_a_demo_and_saw_the_prices_is_an_hql(more: dict[str, Value]) -> None:
    lead = FITTING | {"persona": "decision_maker", "seniority": "director"} | more
    assert tier(lead, ago(1, "demo_request"), ago(2, "pricing_view", page="/pricing")) is Tier.HQL


@pytest.mark.parametrize("persona", ["practitioner", "influencer"])
@pytest.mark.parametrize("more", [{}, IN_OUR_FIELD])
def test_someone_below_director_with_a_download_and_a_webinar_is_an_mql(persona: str, more: dict[str, Value]) -> None:
    lead = FITTING | {"persona": persona} | more
    assert tier(lead, ago(1, "content_download"), ago(3, "webinar")) is Tier.MQL


@pytest.mark.parametrize("persona", ["practitioner", "influencer", "decision_maker"])
def test_nobody_is_an_mql_for_being_who_they_are(persona: str) -> None:
    assert tier(FITTING | {"persona": persona}) in {Tier.COLD, Tier.MEL}
    assert tier(FITTING | IN_OUR_FIELD | {"persona": persona}) is Tier.MEL


def test_nobody_is_an_mql_for_what_they_did_when_we_know_nothing_of_them() -> None:
    kinds = [
        "demo_request",
        "pricing_view",
        "webinar",
        "event_attendance",
        "content_download",
        "chat",
        "form_submission",
    ]
    assert tier({}, *(ago(day, kind) for kind in kinds for day in (0, 1, 2))) is Tier.MEL


def test_a_student_with_free_mail_stays_cold_in_spite_of_a_demo_request() -> None:
    student: dict[str, Value] = {
        "seniority": "student",
        "persona": "other",
        "free_mail": True,
        "company_present": False,
    }
    assert tier(student, ago(0, "demo_request"), ago(0, "pricing_view"), ago(1, "webinar")) is Tier.COLD


@pytest.mark.parametrize(("attribute", "by"), [("competitor", "competitor"), ("unsubscribed", "opted-out")])
def test_a_competitor_and_who_opted_out_are_disqualified(attribute: str, by: str) -> None:
    lead = LeadFacts(FITTING | {"persona": "decision_maker", attribute: True}, [ago(0, "demo_request")])
    result = score(DEFAULT, lead, NOW)
    assert (result.total, result.disqualified_by) == (0, by)
    assert top_reasons(result)[-1].rule == by


def test_what_a_machine_sent_is_disqualified() -> None:
    lead = LeadFacts(FITTING | {"quality_notes": frozenset({"honeypot"})}, [ago(0, "demo_request")])
    assert score(DEFAULT, lead, NOW).disqualified_by == "honeypot"


def test_the_worse_the_data_the_lower_the_score() -> None:
    keen = [ago(0, "demo_request"), ago(1, "pricing_view")]
    totals = [
        score(DEFAULT, LeadFacts(FITTING | {"data_quality": grade}, keen), NOW).total for grade in ("A", "B", "C", "D")
    ]
    assert totals[0] == totals[1] > totals[2] > totals[3]
    gone = score(DEFAULT, LeadFacts(FITTING | {"mail_domain": "gone"}, keen), NOW).total
    assert gone == totals[0] - 40


def test_a_form_on_a_demo_page_is_worth_a_demo_request() -> None:
    form = score(DEFAULT, LeadFacts({}, [ago(0, "form_submission", page="https://www.example.com/book-a-demo")]), NOW)
    request = score(DEFAULT, LeadFacts({}, [ago(0, "demo_request")]), NOW)
    assert form.intent == request.intent == 32


def test_the_model_we_ship_reads_only_attributes_that_every_lead_has() -> None:
    read = {name for rule in DEFAULT.rules for name in rule.when.names}
    assert read <= set(Attribute)


def test_the_expectation_of_the_model_we_ship_rises_with_the_tier() -> None:
    assert DEFAULT.expected_conversion[Tier.MQL] == 0.4
    assert DEFAULT.expected_conversion[Tier.HQL] == 0.6


def test_the_worked_example_in_the_documentation_is_what_the_code_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text("utf-8")
    model_text = page.split("```toml\n# The example's model\n")[1].split("```")[0]
    told = page.split("<!-- the ledger, checked by a test -->\n")[1].split("\n\n")[0]
    lead = LeadFacts(
        {"persona": "decision_maker", "employees": 350, "free_mail": True},
        [
            Touch("webinar", datetime(2026, 10, 21, 9, 30, tzinfo=UTC), content="Forecasting in spring"),
            *(
                Touch("page_view", datetime(2026, 11, 20, 9, minute, tzinfo=UTC), page="/pricing")
                for minute in (1, 2, 3, 4)
            ),
            Touch("demo_request", datetime(2026, 11, 19, 9, 30, tzinfo=UTC)),
        ],
    )
    result = score(read_model(model_text), lead, NOW)
    rows = [
        f"| {row.group} | {row.label} | {row.seen} | {row.raw:g} | {row.decay:.2f} | {row.cap_cut:.1f} | {row.points} |"
        for row in result.ledger
    ]
    assert told.splitlines()[2:] == [
        *rows,
        f"| | **Score** | {tier_of(result.total, read_model(model_text).thresholds).label()} | | | | **{result.total}** |",
    ]


def test_the_documentation_names_every_attribute_that_a_model_may_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text("utf-8")
    listed = page.split("Every lead has these attributes when they are known: ")[1].split(". ")[0]
    assert set(listed.replace("\n", " ").split(", ")) == set(Attribute)
