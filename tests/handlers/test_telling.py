"""Telling the CRM and marketing automation, over the wire: what they refuse or put off never piles up and never spins."""

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from domain import finding
from domain.tables import JobRow, SystemLink
from domain.verbs import deciding, qualifying
from domain.verbs.undoing import undo
from handlers import ledger, upkeep
from handlers.jobs import execute, reading, transaction
from handlers.sending import Job
from integrations import registry
from kit import db
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    SAM,
    Outside,
    clear_jobs,
    everything,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    work_off,
)

__all__ = ["everything", "sandbox_process"]  # fixtures


@pytest.fixture
def team(everything: Outside) -> Team:
    return make_staff(everything.new_channel())


def test_a_wrong_token_leaves_one_dead_job_however_often_it_is_tried(
    everything: Outside, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "wrong")
    registry.forget()
    offer_a_lead()
    clear_jobs()
    for _ in range(3):
        upkeep.round_of()
        work_off(Job.TELL_MARKETING)
    (dead,) = [job for job in jobs() if job.name == Job.TELL_MARKETING]
    assert dead.dead_at is not None
    assert "does not accept the access token" in str(dead.problem)


def fail(outside: Outside, system: str, kind: str, count: int = 1) -> None:
    outside.page.post(f"/_faults/{system}", json={"kind": kind, "count": count}).raise_for_status()


def test_what_the_crm_puts_off_lets_others_go_first_and_is_told_with_the_next_round(
    everything: Outside, team: Team
) -> None:
    offer_a_lead()
    offer_a_lead(email="lee@buyer.example.com")
    clear_jobs()
    with db.new_session() as session, session.begin():
        session.execute(update(SystemLink).values(dirty_since=utcnow() - timedelta(hours=1)))
    fail(everything, "salesforce", "lock")
    upkeep.round_of()
    assert work_off(Job.TELL_CRM) == [Job.TELL_CRM]
    with reading() as session:
        first, second = (session.get_one(SystemLink, (lead_id, "crm")) for lead_id in (1, 2))
    assert (first.external_id, second.dirty_since) == (None, None)
    assert first.dirty_since is not None
    assert first.dirty_since > utcnow() - timedelta(minutes=1)
    upkeep.round_of()
    work_off(Job.TELL_CRM)
    with reading() as session:
        assert session.get_one(SystemLink, (1, "crm")).external_id is not None


def look_once(name: Job) -> None:
    """Run the one job of this name now, whenever it is due."""
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).values(run_at=func.now() + timedelta(hours=1)))
        session.execute(update(JobRow).where(JobRow.name == name).values(run_at=func.now()))
        (job,) = ledger.claim(session, "tests", lease=timedelta(seconds=30), window=10)
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


def test_no_task_is_made_for_a_lead_that_was_given_back_meanwhile(everything: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=rep_in_slack(SAM), now=utcnow())
    with transaction() as session:
        rep = rep_in_slack(SAM)
        deciding.reject(session, handoff_id, version=3, by=rep, reason="bad_timing", note=None, now=utcnow())
    work_off(Job.TELL_CRM)
    look_once(Job.LOG_CRM_TASK)
    assert Job.LOG_CRM_TASK not in {job.name for job in jobs()}
    assert everything.state("salesforce")["tasks"] == {}


def given_back(handoff_id: int, version: int) -> None:
    """By mistake; what had waited for the CRM finds a lead that is nobody's, and ends."""
    with transaction() as session:
        by = rep_in_slack(SAM)
        deciding.reject(session, handoff_id, version=version, by=by, reason="bad_timing", note=None, now=utcnow())
    work_off(Job.TELL_CRM, Job.LOG_CRM_TASK, Job.OPEN_CRM_OPPORTUNITY)


def taken_back(handoff_id: int, version: int) -> None:
    with transaction() as session:
        undo(session, handoff_id, version=version, by=rep_in_slack(SAM), now=utcnow())
    work_off(Job.TELL_CRM, Job.LOG_CRM_TASK, Job.OPEN_CRM_OPPORTUNITY)


def test_a_lead_that_was_given_back_by_mistake_gets_its_task_after_all(everything: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=rep_in_slack(SAM), now=utcnow())
    before = len(everything.state("salesforce")["tasks"])
    given_back(handoff_id, 3)
    assert len(everything.state("salesforce")["tasks"]) == before
    taken_back(handoff_id, 4)
    assert len(everything.state("salesforce")["tasks"]) == before + 1


def test_the_task_of_a_lead_that_is_given_back_is_closed_and_open_again_if_that_is_taken_back(
    everything: Outside, team: Team
) -> None:
    def state() -> str:
        with reading() as session:
            key = f"{finding.installation(session)}-handoff-{handoff_id}-call"
        return str(everything.state("salesforce")["tasks"][key]["Status"])

    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=rep_in_slack(SAM), now=utcnow())
    work_off(Job.TELL_CRM)
    work_off(Job.LOG_CRM_TASK)
    assert state() == "Not Started"
    given_back(handoff_id, 3)
    assert state() == "Completed"
    taken_back(handoff_id, 4)
    assert state() == "Not Started"


def test_an_sql_that_was_given_back_by_mistake_gets_its_opportunity_after_all(everything: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    answers = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "yes", "notes": ""}
    with transaction() as session:
        by = rep_in_slack(SAM)
        deciding.accept(session, handoff_id, version=2, by=by, now=utcnow())
        qualifying.qualify(session, handoff_id, version=3, by=by, said=answers, now=utcnow())
    before = len(everything.state("salesforce")["opportunities"])
    given_back(handoff_id, 4)
    assert len(everything.state("salesforce")["opportunities"]) == before
    taken_back(handoff_id, 5)
    assert len(everything.state("salesforce")["opportunities"]) == before + 1


def test_a_task_waits_ever_longer_for_a_crm_that_does_not_have_the_lead(everything: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=rep_in_slack(SAM), now=utcnow())
    for tries in range(1, 8):
        look_once(Job.LOG_CRM_TASK)
        (task,) = [job for job in jobs() if job.name == Job.LOG_CRM_TASK]
        assert (task.claims, task.failures, task.dead_at) == (tries, 0, None)
    assert task.run_at > utcnow() + timedelta(seconds=25)
    work_off(Job.TELL_CRM)
    look_once(Job.LOG_CRM_TASK)
    assert Job.LOG_CRM_TASK not in {job.name for job in jobs()}
    with reading() as session:
        installation = finding.installation(session)
    assert f"{installation}-handoff-{handoff_id}-call" in everything.state("salesforce")["tasks"]
