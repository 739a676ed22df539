"""Learning from one provider after the other, verb by verb."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.rules.waterfall import MOST_TRIES, Ask, Done, Outcome, Provider, Wait, Why
from domain.stats.providers import Period, figures
from domain.tables import AttributesRow, Company, Happened, Lead, LeadEvent, ProfileRow, ProviderDay
from domain.verbs import budget, enriching
from domain.verbs.enriching import Said
from handlers.jobs import transaction
from tests.conftest import NOON
from tests.domain.making import events, take
from tests.domain.test_concurrency import THREADS, all_at_once

QUARTER, MONTH, SOON = timedelta(days=90), timedelta(days=30), timedelta(seconds=30)
FIELDS = frozenset({"title", "phone", "company", "industry", "employees", "country"})
GOOD = Provider("good", FIELDS, QUARTER, MONTH, cost_cents=50, daily_cap_cents=350)
FAIR = Provider("fair", FIELDS, QUARTER, MONTH, cost_cents=5)
BOTH = (GOOD, FAIR)
FIRM: dict[str, Any] = {
    "company": "Buyer",
    "domain": "buyer.example.com",
    "industry": "Software",
    "employees": 300,
    "company_country": "DE",
}


def said(provider: str, outcome: Outcome = Outcome.MATCHED, **fields: str | int) -> Said:
    return Said(provider, outcome.value, fields, 0, SOON if outcome is Outcome.PENDING else None)


def company_of(session: Session, lead: Lead) -> Company:
    company = session.get_one(Company, lead.company_id)
    session.refresh(company)
    return company


def news(session: Session, lead: Lead) -> list[bool]:
    wanted = select(LeadEvent).where(LeadEvent.lead_id == lead.id, LeadEvent.kind == Happened.LEAD_ENRICHED)
    return [event.data["news"] for event in session.scalars(wanted.order_by(LeadEvent.id))]


def test_in_the_middle_of_the_waterfall_the_lead_is_not_scored_yet_and_at_its_end_it_is(session: Session) -> None:
    lead = take(session, person={})
    assert enriching.go_on(session, lead.id, None, BOTH, NOON).step == Ask("fair")
    assert events(session, lead) == [Happened.LEAD_CAPTURED]
    assert enriching.go_on(session, lead.id, said("fair", title="Boss"), BOTH, NOON).step == Ask("good")
    assert enriching.go_on(session, lead.id, said("good", Outcome.NO_MATCH), BOTH, NOON).step == Done(Why.NOBODY_LEFT)
    assert news(session, lead) == [False, True]


def test_a_lead_that_is_scored_is_scored_again_only_if_what_rules_read_has_changed(session: Session) -> None:
    lead = take(session, person={})
    lead.scored_at = NOON
    enriching.go_on(session, lead.id, said("fair", phone="+1 202 555 0101"), BOTH, NOON)
    enriching.go_on(session, lead.id, said("good", title="VP Sales"), BOTH, NOON)
    assert news(session, lead) == [False, True]


def test_the_order_of_trust_decides_and_not_the_order_of_asking(session: Session) -> None:
    orders = [("fair", "good"), ("good", "fair"), ("good", "fair", "good", "fair")]
    titles = []
    for number, order in enumerate(orders):
        lead = take(session, f"kim{number}@buyer.example.com", person={})
        for second, name in enumerate(order):
            enriching.go_on(session, lead.id, said(name, title=f"{name} title"), BOTH, NOON + timedelta(seconds=second))
        titles.append((lead.title, lead.fields["title"]["source"]))
    assert titles == [("good title", "good")] * 3


def test_every_change_of_what_rules_read_is_kept_with_its_moment(session: Session) -> None:
    lead = take(session, person={})
    for minute, employees in enumerate((100, 100, 300), start=1):
        enriching.go_on(session, lead.id, said("good", employees=employees), BOTH, NOON + timedelta(minutes=minute))
    rows = session.scalars(select(AttributesRow).where(AttributesRow.lead_id == lead.id).order_by(AttributesRow.at))
    kept = [(row.at, row.attributes.get("employees")) for row in rows]
    assert kept == [(NOON, None), (NOON + timedelta(minutes=1), 100), (NOON + timedelta(minutes=3), 300)]


def test_a_provider_may_search_only_so_often(session: Session) -> None:
    lead = take(session, person={})
    searching = said("fair", Outcome.PENDING)
    steps = [enriching.go_on(session, lead.id, searching, [FAIR], NOON) for _ in range(MOST_TRIES)]
    assert [one.again_after for one in steps] == [SOON] * (MOST_TRIES - 1) + [None]
    assert [one.step for one in steps] == [Wait(NOON + SOON, Why.SEARCHING)] * (MOST_TRIES - 1) + [
        Done(Why.NOBODY_LEFT)
    ]
    assert session.scalars(select(ProfileRow.outcome)).one() == Outcome.NO_ANSWER
    assert not enriching.go_on(session, lead.id, None, [FAIR], NOON).again_after


def test_silence_is_noted_once_and_never_takes_an_answer_away(session: Session) -> None:
    lead = take(session, person={})
    assert [enriching.fell_silent(session, lead.id, "fair", NOON) for _ in range(2)] == [True, False]
    enriching.go_on(session, lead.id, said("fair", title="Boss"), BOTH, NOON)
    assert not enriching.fell_silent(session, lead.id, "fair", NOON)
    assert session.scalars(select(ProfileRow.outcome)).one() == Outcome.MATCHED


@pytest.mark.parametrize("stage", [Stage.ERASED, Stage.MERGED])
def test_about_a_lead_that_is_gone_nobody_is_asked(session: Session, stage: Stage) -> None:
    lead = take(session, person={})
    lead.stage = stage
    session.flush()
    assert not enriching.is_wanted(session, lead.id, "fair", BOTH, NOON)
    assert not enriching.fell_silent(session, lead.id, "fair", NOON)
    assert enriching.go_on(session, lead.id, said("fair", title="Boss"), BOTH, NOON).step == Done(Why.NOBODY_LEFT)
    assert session.scalars(select(ProfileRow)).all() == []


def test_a_question_is_wanted_until_it_is_answered_or_others_have_said_it(session: Session) -> None:
    lead = take(session, person={})
    assert enriching.is_wanted(session, lead.id, "fair", BOTH, NOON)
    assert not enriching.is_wanted(session, lead.id, "a former provider", BOTH, NOON)
    enriching.fell_silent(session, lead.id, "fair", NOON)
    assert enriching.is_wanted(session, lead.id, "fair", BOTH, NOON)
    everything = said("good", title="T", phone="1", company="C", industry="I", employees=1, country="DE")
    enriching.go_on(session, lead.id, everything, BOTH, NOON)
    assert not enriching.is_wanted(session, lead.id, "fair", BOTH, NOON)


def test_what_is_known_of_a_company_is_told_of_its_next_person_with_its_source_and_age(session: Session) -> None:
    first, later = take(session, person={}), NOON + timedelta(days=7)
    enriching.go_on(session, first.id, said("fair", **FIRM), BOTH, NOON)
    second = take(session, "ada@buyer.example.com", person={"company": "Byuer"}, now=later)
    enriching.go_on(session, second.id, None, BOTH, later)
    assert second.fields["industry"] == {"value": "Software", "source": "fair", "at": NOON.isoformat()}
    assert (second.fields["country"]["value"], second.company_name) == ("DE", "Byuer")
    enriching.go_on(session, second.id, None, BOTH, later)
    assert len(news(session, second)) == 1, "to be told again is no news"


def test_of_a_company_as_well_the_trusted_provider_is_believed(session: Session) -> None:
    lead = take(session, person={})
    for name, employees in (("good", 10), ("fair", 20)):
        enriching.go_on(session, lead.id, said(name, **FIRM | {"employees": employees}), BOTH, NOON)
    assert company_of(session, lead).fields["employees"]["value"] == 10


def test_what_is_said_of_another_company_is_not_kept_with_this_one(session: Session) -> None:
    lead = take(session, person={})
    enriching.go_on(session, lead.id, said("fair", **FIRM | {"domain": "former-employer.example.org"}), BOTH, NOON)
    assert lead.attributes["employees"] == 300
    assert company_of(session, lead).fields == {}


def test_the_country_of_a_person_is_not_taken_for_that_of_the_company(session: Session) -> None:
    lead = take(session, person={})
    enriching.go_on(session, lead.id, said("fair", **FIRM, country="FR"), BOTH, NOON)
    assert lead.fields["country"]["value"] == "FR"
    assert company_of(session, lead).fields["country"]["value"] == "DE"


def test_however_many_ask_at_once_the_cap_holds(committed: Engine) -> None:
    def ask() -> bool:
        with transaction() as session:
            return budget.reserve(session, GOOD, NOON) is not None

    assert sum(map(bool, all_at_once([ask] * 4 * THREADS))) == 7
    with Session(committed) as session:
        assert session.scalars(select(ProviderDay.cost_cents)).all() == [350]


def test_a_price_is_put_right_on_the_day_on_which_it_was_reserved(session: Session) -> None:
    almost_midnight = datetime(2026, 3, 3, 23, 59, 59, tzinfo=UTC)
    reserved = budget.reserve(session, GOOD, almost_midnight)
    assert reserved is not None
    assert budget.spent_on(session, almost_midnight) == {"good": 50}
    budget.settle(session, reserved, 0, matched=False)
    assert budget.spent_on(session, almost_midnight) == {"good": 0}
    assert budget.spent_on(session, almost_midnight + timedelta(seconds=1)) == {}


def test_a_price_above_the_cap_is_never_reserved(session: Session) -> None:
    dear = Provider("dear", FIELDS, QUARTER, MONTH, cost_cents=9, daily_cap_cents=8)
    assert budget.reserve(session, dear, NOON) is None
    assert session.scalars(select(ProviderDay)).all() == []


def test_figures_count_today_and_thirty_days_and_what_is_remembered(session: Session) -> None:
    for days, matched in ((0, True), (29, False), (30, True)):
        reserved = budget.reserve(session, GOOD, NOON - timedelta(days=days))
        assert reserved is not None
        budget.settle(session, reserved, 50 if matched else 0, matched=matched)
    for number, days in enumerate((1, 31)):
        lead = take(session, f"kim{number}@buyer.example.com", person={})
        enriching.go_on(session, lead.id, said("good", Outcome.NO_MATCH), BOTH, NOON - timedelta(days=days))
    found = figures(session, BOTH, NOON)
    assert (found["good"].today, found["good"].month) == (Period(1, 1, 50), Period(2, 1, 50))
    assert (found["good"].month.hit_rate, found["fair"].month.hit_rate) == (0.5, None)
    assert (found["good"].nobody_known, found["good"].searching) == (1, 0)
