"""The waterfall through its jobs: real clients, and the twins of the providers on a real socket."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.tables import Company, Lead
from handlers import ledger
from handlers.jobs import transaction
from handlers.sending import Priority
from integrations import registry
from kit import db
from kit.clock import utcnow
from tests.handlers.making import ROOT, jobs
from tests.handlers.making_enrichment import (
    WITHOUT_FIRM,
    asked,
    capture,
    claim,
    days,
    do,
    enrich_again,
    lead,
    let_come,
    outcomes,
    providers,
    run,
    scored_at_once,
)
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "providers", "sandbox", "stage"]  # fixtures


def test_a_dear_provider_is_not_asked_for_what_a_cheap_one_has_said(configured: Sandbox) -> None:
    kim = capture("kim.sample")
    assert scored_at_once(do())
    assert (asked(configured, "clearbit"), asked(configured, "zoominfo")) == (1, 0)
    assert days() == {"clearbit": (1, 1, 10)}
    assert lead(kim).stage is Stage.ENRICHED
    assert lead(kim).fields["title"]["source"] == "clearbit"


def test_what_the_cheap_one_left_open_the_dear_one_is_asked(configured: Sandbox) -> None:
    nobody = capture("nobody")
    do()
    assert outcomes(nobody) == {"clearbit": "matched", "zoominfo": "matched"}
    assert lead(nobody).fields["industry"]["source"] == "zoominfo"  # asked later, believed more


def test_an_answer_that_is_remembered_is_not_paid_for_twice(configured: Sandbox) -> None:
    kim = capture("kim.sample")
    do()
    enrich_again(kim)
    with db.new_session() as session, session.begin():
        session.execute(text("""update leads set fields = fields - 'phone'"""))
    enrich_again(kim)
    assert asked(configured, "clearbit") == 1
    assert asked(configured, "zoominfo") == 1  # for the phone number, which is missing again


def test_that_nobody_knows_a_person_is_remembered_and_costs_nothing(configured: Sandbox) -> None:
    somebody = capture("nomatch.kim")
    do()
    enrich_again(somebody)
    assert outcomes(somebody) == {"clearbit": "no_match", "zoominfo": "no_match"}
    assert days() == {"clearbit": (1, 0, 0), "zoominfo": (1, 0, 0)}


def test_a_company_is_paid_for_once_for_all_its_people(configured: Sandbox) -> None:
    capture("kim.sample", **WITHOUT_FIRM)
    do()
    let_come("score")
    do("score")
    second = capture("ada.sample", **WITHOUT_FIRM)
    assert scored_at_once(do())
    assert (asked(configured, "clearbit"), asked(configured, "zoominfo")) == (1, 0)
    known = lead(second)
    assert (known.stage, known.fields["industry"]["source"]) == (Stage.ENRICHED, "clearbit")
    assert known.attributes["employees"] == lead(1).attributes["employees"]
    assert datetime.fromisoformat(known.fields["industry"]["at"]) < known.captured_at


def test_who_is_at_a_company_by_its_name_alone_gets_nothing_of_it(configured: Sandbox) -> None:
    capture("kim.sample", **WITHOUT_FIRM)
    do()
    private = capture("alex.sample", domain="gmail.com", **WITHOUT_FIRM)
    with transaction() as session:
        session.get_one(Lead, private).company_id = session.scalars(select(Company.id)).first()
    do()
    assert asked(configured, "clearbit") == 2


def test_a_provider_that_is_still_searching_holds_up_neither_the_next_one_nor_the_score(configured: Sandbox) -> None:
    pia = capture("pending.pia")
    waiting = do()
    assert outcomes(pia) == {"clearbit": "pending", "zoominfo": "matched"}
    assert scored_at_once(waiting)
    (again,) = [job for job in waiting if job.name == "ask_provider"]
    assert (again.failures, again.args["provider"]) == (0, "clearbit")
    assert timedelta(seconds=25) < again.run_at - utcnow() < timedelta(seconds=31)


def test_a_provider_that_was_searching_is_asked_again_and_heard(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    pia = capture("pending.pia")
    assert scored_at_once(do())
    let_come("score")
    do("score")
    assert lead(pia).scored_at is not None
    let_come("ask_provider")
    waiting = do()
    assert outcomes(pia) == {"clearbit": "matched"}
    assert scored_at_once(waiting), "what it said is news"
    assert days() == {"clearbit": (1, 1, 10)}
    assert not [job for job in waiting if job.name == "ask_provider"]


def test_what_other_providers_have_said_meanwhile_a_searching_one_is_not_asked_again(configured: Sandbox) -> None:
    capture("pending.pia")
    do()
    let_come("ask_provider")
    assert not [job for job in do() if job.name == "ask_provider"]
    assert asked(configured, "clearbit") == 1


@pytest.mark.parametrize("fault", ["500", "torn", "429"])
def test_while_a_provider_is_down_the_next_one_is_asked_and_the_lead_is_scored(configured: Sandbox, fault: str) -> None:
    configured.fault("clearbit", fault, count=50)
    kim = capture("kim.sample")
    waiting = do()
    assert outcomes(kim) == {"clearbit": "no_answer", "zoominfo": "matched"}
    assert scored_at_once(waiting)
    assert days() == {"clearbit": (0, 0, 0), "zoominfo": (1, 1, 40)}
    assert [job.args["provider"] for job in waiting if job.name == "ask_provider"] == ["clearbit"]
    # When its time comes, nothing is missing any more.
    let_come("ask_provider")
    assert not [job for job in do() if job.name == "ask_provider"]
    assert asked(configured, "clearbit") == 1


def test_a_provider_that_is_back_is_heard(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    configured.fault("clearbit", "500", count=2)
    kim = capture("kim.sample")
    assert scored_at_once(do())
    let_come("ask_provider")
    do()
    let_come("ask_provider")
    do()
    assert outcomes(kim) == {"clearbit": "matched"}
    assert days() == {"clearbit": (1, 1, 10)}


def test_a_key_that_is_wrong_is_seen_among_the_dead_jobs_and_the_next_provider_is_asked(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARBIT_API_KEY", "wrong")
    kim = capture("kim.sample")
    waiting = do()
    assert outcomes(kim) == {"clearbit": "no_answer", "zoominfo": "matched"}
    (dead,) = [job for job in waiting if job.dead_at]
    assert dead.problem == "Clearbit does not accept the API key"


def test_with_all_providers_down_the_lead_is_scored_with_what_is_known(configured: Sandbox) -> None:
    for system in ("clearbit", "zoominfo"):
        configured.fault(system, "500", count=50)
    kim = capture("kim.sample")
    assert scored_at_once(do())
    assert lead(kim).stage is Stage.ENRICHED


def test_without_a_provider_nothing_is_sent_but_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    monkeypatch.delenv("CLEARBIT_API_KEY")
    capture("kim.sample")
    waiting = do("enrich")
    assert [job.name for job in waiting] == ["score"]
    assert scored_at_once(waiting)


def test_when_the_budget_is_spent_leads_go_on_without_and_are_asked_about_once_more_on_the_next_day(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    monkeypatch.setenv("CLEARBIT_DAILY_CAP_CENTS", "25")
    leads = [capture("kim.sample", domain=f"firm-{n}.example.com") for n in range(6)]
    waiting = do()
    assert days() == {"clearbit": (2, 2, 20)}
    assert len([job for job in waiting if job.name == "score" and job.run_at < utcnow() + timedelta(seconds=5)]) == 6
    postponed = [job for job in waiting if job.name == "enrich"]
    assert [job.args["lead_id"] for job in postponed] == leads[2:]
    assert {job.run_at.timestamp() % 86_400 < 60 for job in postponed} == {True}  # just after midnight, UTC
    yesterday()
    let_come("enrich")
    assert not [job for job in do() if job.name == "enrich"], "nobody is postponed for ever"
    assert days()["clearbit"] == (2, 2, 20)


def yesterday() -> None:
    """What was spent today was spent yesterday."""
    with db.new_session() as session, session.begin():
        session.execute(text("update provider_days set day = day - 1"))


def test_with_eight_workers_at_once_the_cap_holds(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    monkeypatch.setenv("CLEARBIT_DAILY_CAP_CENTS", "50")
    registry.enrichers()
    for n in range(24):
        capture("kim.sample", domain=f"firm-{n}.example.com")
    claimed = claim(["enrich"])
    for job in claimed:
        run(job)
    questions = claim(["ask_provider"])
    assert len(questions) == 24, "when they were decided on, nothing was spent"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, questions))
    assert days() == {"clearbit": (5, 5, 50)}
    assert asked(configured, "clearbit") == 5


def test_a_worker_that_dies_between_reserving_and_hearing_loses_one_reservation_at_most(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, committed: Engine
) -> None:
    """A process of its own is killed while the provider thinks: its start takes a second or two."""
    monkeypatch.delenv("ZOOMINFO_CLIENT_ID")
    monkeypatch.setenv("CLEARBIT_TIMEOUT", "20")
    capture("kim.sample")
    for job in claim(["enrich"]):
        run(job)
    (question,) = claim(["ask_provider"])
    configured.fault("clearbit", "slow", seconds=8)
    doing = (
        "from handlers import moments; from handlers.jobs import execute; import time; "
        f"execute({question.id}, {question.name!r}, {question.args!r}, None, {question.token}, time.time())"
    )
    with subprocess.Popen([sys.executable, "-c", doing], cwd=ROOT, env=dict(os.environ)) as worker:
        until(lambda: not configured.twins["clearbit"].faults)  # the question has arrived
        assert days() == {"clearbit": (0, 0, 10)}
        worker.kill()
    with Session(committed) as session, session.begin():
        session.execute(text("update jobs set leased_until = now() - interval '1 second' where name = 'ask_provider'"))
        ledger.give_back_expired(session)
    let_come("ask_provider")
    do()
    assert days() == {"clearbit": (1, 1, 20)}


def until(done: Any) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline


def test_the_questions_about_a_bulk_import_stand_behind_those_about_live_leads(configured: Sandbox) -> None:
    capture("kim.sample", bulk=True)
    for job in claim(["enrich"]):
        run(job)
    (question,) = [job for job in jobs() if job.name == "ask_provider"]
    assert question.priority == Priority.BULK


def test_nobody_is_paid_to_know_more_of_an_address_whose_domain_does_not_exist(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNS_CHECK", "1")
    kim = capture("kim.sample", domain="gone.example.com")
    assert scored_at_once(do())
    assert outcomes(kim) == {"dns": "matched"}
    assert lead(kim).fields["mail_domain"]["value"] == "gone"


def test_dns_is_asked_first_because_it_is_free(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_CHECK", "1")
    kim = capture("kim.sample")
    do()
    assert outcomes(kim) == {"dns": "matched", "clearbit": "matched"}
    assert lead(kim).attributes["mail_domain"] == "receives"
