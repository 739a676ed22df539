"""The waterfall through its jobs: real clients, and the twins of the providers on a real socket."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Engine, func, or_, select, text, update
from sqlalchemy.orm import Session

from domain.rules.health import State
from domain.rules.lifecycle import Stage
from domain.tables import Company, JobRow, Lead, ProfileRow, ProviderDay
from domain.verbs import capturing
from domain.verbs.capturing import Delivery
from handlers import health, ledger, moments
from handlers.jobs import execute, reading, send, transaction
from handlers.quotas import SharedGate
from handlers.sending import Job, Priority, Sending
from integrations import registry
from kit import db
from kit.clock import utcnow
from kit.quota import OPEN
from tests.domain.making import make_arrival
from tests.handlers.making import ROOT, jobs
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "sandbox", "stage"]  # fixtures
assert moments  # all jobs have their functions

DOMAIN = "alder-works.example.com"
WITHOUT_FIRM: dict[str, Any] = {
    "first_name": "Kim",
    "last_name": "Sample",
    "title": "VP Sales",
    "phone": "+49 30 901820",
    "company": "Alder Works",
    "country": "Germany",
}
"""Everything that is wanted but for what only providers are believed about."""


@pytest.fixture(autouse=True)
def providers(configured: Sandbox, committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """ZoomInfo for 40 cents and Clearbit for 10; no DNS unless a test asks for it, no CRM, no marketing automation."""
    for switch in ("DNS_CHECK", "SALESFORCE_CLIENT_ID", "HUBSPOT_ACCESS_TOKEN"):
        monkeypatch.delenv(switch)
    monkeypatch.setenv("ZOOMINFO_COST_CENTS", "40")
    monkeypatch.setenv("CLEARBIT_COST_CENTS", "10")
    registry.forget()
    yield
    registry.forget()


def capture(local: str, *, domain: str = DOMAIN, bulk: bool = False, **said: object) -> int:
    with transaction() as session:
        delivery = Delivery({"email": f"{local}@{domain}", **said}, "form_submission", utcnow())
        return capturing.receive(session, make_arrival(session), "website", delivery, utcnow(), bulk=bulk).id


def do(*names: str) -> list[JobRow]:
    """Do the jobs that are due, and those that follow and are due at once; returns what waits for its time.

    What fails meanwhile is not tried again, however long all this takes.
    """
    wanted = names or ("enrich", "ask_provider")
    due = claim(wanted)
    while due:
        for job in due:
            run(job)
        due = claim(wanted, JobRow.failures > 0)
    return jobs()


def claim(names: Sequence[str], *but: ColumnElement[bool], window: int = 50) -> list[ledger.Claimed]:
    with db.new_session() as session, session.begin():
        not_now = or_(JobRow.name.not_in(names), *but)
        hidden = update(JobRow).where(not_now, JobRow.run_at <= func.now())
        session.execute(hidden.values(run_at=func.now() + timedelta(seconds=1)))
        return ledger.claim(session, "tests", lease=timedelta(seconds=30), window=window)


def run(job: ledger.Claimed) -> None:
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


def let_come(name: str) -> None:
    """The time of these jobs has come."""
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).where(JobRow.name == name).values(run_at=func.now()))


def enrich_again(lead_id: int) -> None:
    with transaction() as session:
        send(session, Sending(Job.ENRICH, {"lead_id": lead_id}))
    do()


def lead(lead_id: int) -> Lead:
    with reading() as session:
        return session.get_one(Lead, lead_id)


def outcomes(lead_id: int) -> dict[str, str]:
    with reading() as session:
        rows = session.execute(select(ProfileRow.provider, ProfileRow.outcome).where(ProfileRow.lead_id == lead_id))
        return dict(rows.all())


def days() -> dict[str, tuple[int, int, int]]:
    """Asked, matched, cents, by provider."""
    with reading() as session:
        return {row.provider: (row.asked, row.matched, row.cost_cents) for row in session.scalars(select(ProviderDay))}


def asked(sandbox: Sandbox, system: str) -> int:
    return len(sandbox.calls(system, "enrich" if system == "zoominfo" else ""))


def scored_at_once(waiting: list[JobRow]) -> bool:
    (score,) = [job for job in waiting if job.name == "score"]
    return score.run_at < utcnow() + timedelta(seconds=5)


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


# ---- several leads by one call --------------------------------------------------------------------------------------------


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
