"""Several leads that wait for the same provider are asked about by one call."""

from datetime import timedelta

import pytest

from domain.rules.health import State
from domain.tables import JobRow
from handlers import health, ledger
from handlers.quotas import SharedGate
from integrations import registry
from kit import db
from kit.clock import utcnow
from kit.quota import OPEN
from tests.handlers.making import jobs
from tests.handlers.making_enrichment import asked, capture, claim, days, outcomes, providers, run
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "providers", "sandbox", "stage"]  # fixtures


@pytest.fixture
def only_zoominfo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARBIT_API_KEY")
    registry.forget()


def several_wait(*locals_: str) -> list[int]:
    """Leads whose questions to the provider are all due."""
    leads = [capture(local) for local in locals_]
    for one in claim(["enrich"]):
        run(one)
    return leads


def ask_first() -> list[JobRow]:
    """Do the first question that is due and has not failed before, and return the questions that are left."""
    for one in claim(["ask_provider"], JobRow.failures > 0, window=1):
        run(one)
    return [job for job in jobs() if job.name == "ask_provider"]


@pytest.mark.usefixtures("only_zoominfo")
def test_leads_that_wait_for_the_same_provider_are_asked_about_by_one_call(configured: Sandbox) -> None:
    leads = several_wait("kim.one", "kim.two", "nomatch.kim", "kim.four")
    assert ask_first() == []
    assert asked(configured, "zoominfo") == 1
    assert [outcomes(one)["zoominfo"] for one in leads] == ["matched", "matched", "no_match", "matched"]
    assert days() == {"zoominfo": (4, 3, 120)}


@pytest.mark.usefixtures("only_zoominfo")
def test_of_several_the_ones_without_an_answer_are_asked_about_again_and_cost_nothing(configured: Sandbox) -> None:
    leads = several_wait("kim.one", "kim.two", "kim.three")
    configured.fault("zoominfo", "partial")
    again = ask_first()
    assert [job.args["lead_id"] for job in again] == leads[1:]
    assert all(timedelta(minutes=59) < job.run_at - utcnow() < timedelta(minutes=61) for job in again)
    assert [outcomes(one)["zoominfo"] for one in leads] == ["matched", "no_answer", "no_answer"]
    assert days() == {"zoominfo": (1, 1, 40)}


@pytest.mark.usefixtures("only_zoominfo")
def test_a_provider_that_fails_for_several_fails_once_and_the_others_keep_their_place(configured: Sandbox) -> None:
    leads = several_wait("kim.one", "kim.two")
    configured.fault("zoominfo", "500")
    first, second = ask_first()
    assert (first.failures, second.failures, second.leased_until) == (1, 0, None)
    assert second.run_at <= utcnow()
    assert outcomes(leads[1]) == {}
    assert [job.id for job in ask_first()] == [first.id]
    assert outcomes(leads[1]) == {"zoominfo": "matched"}


@pytest.mark.usefixtures("only_zoominfo")
def test_one_that_spoils_the_question_for_several_is_alone_refused(configured: Sandbox) -> None:
    good, bad, last = several_wait("kim.one", "refused.kim", "kim.three")
    for _ in range(3):
        ask_first()
    assert outcomes(good) == outcomes(last) == {"zoominfo": "matched"}
    (dead,) = [job for job in jobs() if job.name == "ask_provider"]
    assert (dead.args["lead_id"], dead.dead_at is not None) == (bad, True)
    assert days() == {"zoominfo": (2, 2, 80)}


@pytest.mark.usefixtures("only_zoominfo")
def test_of_several_only_those_are_asked_about_that_the_budget_has_room_for(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOMINFO_DAILY_CAP_CENTS", "100")
    registry.forget()
    leads = several_wait("kim.one", "kim.two", "kim.three")
    assert ask_first() == []
    assert sorted(len(outcomes(one)) for one in leads) == [0, 1, 1]
    assert days() == {"zoominfo": (2, 2, 80)}


@pytest.mark.usefixtures("only_zoominfo")
def test_a_worker_that_dies_with_several_in_hand_gives_them_all_back(configured: Sandbox) -> None:
    several_wait("kim.one", "kim.two", "kim.three")
    with db.new_session() as session, session.begin():
        (first,) = ledger.claim(session, "tests", lease=timedelta(seconds=30), window=1)
        taken = ledger.claim_alike(session, first, {"provider": "zoominfo"}, lease=timedelta(seconds=-1), most=24)
        assert len(taken) == 2
    with db.new_session() as session, session.begin():
        assert ledger.give_back_expired(session) == 2
        assert len(ledger.claim_alike(session, first, {"provider": "clearbit"}, lease=timedelta(0), most=24)) == 0
        assert len(ledger.claim_alike(session, first, {"provider": "zoominfo"}, lease=timedelta(0), most=1)) == 1


@pytest.mark.usefixtures("only_zoominfo")
def test_when_credits_are_used_up_nobody_asks_and_admins_are_told(configured: Sandbox) -> None:
    registry.gate_by(SharedGate())
    try:
        leads = several_wait("kim.one", "kim.two", "kim.three")
        configured.fault("zoominfo", "credits", count=9)
        for _ in leads:
            ask_first()
        assert asked(configured, "zoominfo") == 1
        assert [outcomes(one)["zoominfo"] for one in leads] == ["no_answer"] * 3
        (finding,) = [one for one in health.look() if one.name == "vendor.zoominfo"]
        assert finding.state is State.WARNING
        assert "credits are used up" in finding.found
    finally:
        registry.gate_by(OPEN)
