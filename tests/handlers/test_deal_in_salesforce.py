"""Whose a deal is, written to Salesforce through the real client: what it takes, and what it refuses."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from domain.tables import JobRow, Opportunity, Rep
from domain.verbs import deal_decisions, staffing
from handlers import ledger
from handlers.jobs import reading, send, transaction
from handlers.sending import Job
from handlers.sync_turns import read_opportunities_again
from kit import db
from kit.clock import utcnow
from tests.handlers.making import (
    ADA,
    Outside,
    everything,
    jobs,
    make_staff,
    sandbox_process,
    work_off,
)
from tests.handlers.making_deals import an_opportunity, newest, said_to, the_deal, undisturbed, words_of

__all__ = ["everything", "sandbox_process"]  # fixtures


@pytest.fixture
def org(everything: Outside) -> Iterator[Outside]:
    everything.page.post("/salesforce/_org", json={"empty": True}).raise_for_status()
    yield everything
    everything.page.post("/salesforce/_org", json={"empty": True}).raise_for_status()


ADAS_USER = "005Hd0000000009"


@pytest.fixture
def sold(org: Outside) -> Outside:
    """Ada is known in Salesforce, and has accepted a deal that stands there."""
    team = undisturbed(make_staff(org.new_channel()))
    by_hand = {"Name": "Sample", "StageName": "Prospecting", "CloseDate": "2027-01-31"}
    made = org.page.post("/salesforce/_by_hand/Opportunity", json=by_hand).json()["id"]
    with transaction() as session:
        staffing.know_in_crm(session, team.ada.id, ADAS_USER)
    an_opportunity(made)
    work_off(Job.HAND_DEAL, Job.SHOW_DEAL)
    with transaction() as session:
        ada = session.get_one(Rep, team.ada.id)
        deal_decisions.accept_deal(session, newest().id, version=1, by=ada, now=utcnow())
    return org


def in_salesforce(org: Outside) -> dict[str, Any]:
    (one,) = org.state("salesforce")["opportunities"].values()
    return dict(one)


def test_who_accepts_is_the_owner_in_salesforce(sold: Outside) -> None:
    work_off(Job.TELL_CRM_OWNER)
    assert in_salesforce(sold)["OwnerId"] == ADAS_USER
    with reading() as session:
        assert session.scalars(select(Opportunity.crm_owner_id)).one() == ADAS_USER


def test_while_salesforce_is_read_no_owner_is_written_there(sold: Outside) -> None:
    """Else what was read just before would come in after it, and take the deal from the AE again."""
    with transaction() as session:
        send(session, read_opportunities_again())
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).values(run_at=func.now()))
        reads = update(JobRow).where(JobRow.name == Job.READ_OPPORTUNITIES)
        session.execute(reads.values(run_at=func.now() - timedelta(minutes=1)))
        claimed = {job.name for job in ledger.claim(session, "tests", lease=timedelta(seconds=30), window=50)}
    assert Job.READ_OPPORTUNITIES in claimed
    assert Job.TELL_CRM_OWNER in {job.name for job in jobs()} - claimed


def test_what_salesforce_refuses_the_ae_reads_in_its_own_words(sold: Outside) -> None:
    fault = {"kind": "rule", "path": "/Opportunity/"}
    sold.page.post("/_faults/salesforce", json=fault).raise_for_status()
    work_off(Job.TELL_CRM_OWNER, Job.SHOW_DEAL, Job.TELL_NOTICE)
    assert "An opportunity needs a next step." in words_of(the_deal(sold))
    assert any("the CRM keeps the old owner" in words_of(one) for one in said_to(sold, ADA))
    (dead,) = [job for job in jobs() if job.name == Job.TELL_CRM_OWNER]
    assert dead.dead_at is not None
