"""Assignment asks the CRM whose account a lead's company is, and goes on without an answer."""

import httpx
import pytest
from sqlalchemy import select

from domain.tables import Company, Handoff
from domain.verbs import staffing
from handlers.jobs import reading, transaction
from handlers.sending import Job
from integrations import registry
from kit.clock import utcnow
from tests.domain.making import DIRECTOR, MQL, Team, make_lead
from tests.handlers.making import Outside, clear_jobs, everything, jobs, make_staff, sandbox_process, work_off

__all__ = ["everything", "sandbox_process"]  # fixtures


@pytest.fixture
def team(everything: Outside) -> Team:
    team = make_staff(everything.new_channel())
    crm = registry.crm()
    assert crm is not None
    with transaction() as session:
        staffing.know_in_crm(session, team.dana.id, str(crm.find_owner("dana.demo@example.com")))
    return team


def account(outside: Outside, website: str) -> None:
    """What the customer's sales have in Salesforce: an account of Dana's."""
    settings = outside.environment
    at = f"{settings['SALESFORCE_URL']}/services"
    pair = (settings["SALESFORCE_CLIENT_ID"], settings["SALESFORCE_CLIENT_SECRET"])
    crm = registry.crm()
    assert crm is not None
    with httpx.Client(trust_env=False) as client:
        said = client.post(f"{at}/oauth2/token", data={"grant_type": "client_credentials"}, auth=pair).json()
        client.post(
            f"{at}/data/v59.0/sobjects/Account",
            json={"Name": "Sample", "Website": website, "OwnerId": crm.find_owner("dana.demo@example.com")},
            headers={"Authorization": f"Bearer {said['access_token']}"},
        ).raise_for_status()


def assigned(email: str) -> Handoff:
    """The lead after its job ran. The job follows from its score."""
    clear_jobs()
    with transaction() as session:
        lead_id = make_lead(session, MQL, email, now=utcnow(), person=DIRECTOR).id
    assert Job.ASSIGN in work_off(Job.ASSIGN)
    with reading() as session:
        return session.scalars(select(Handoff).where(Handoff.lead_id == lead_id)).one()


def test_a_lead_of_an_account_goes_to_its_owner(everything: Outside, team: Team) -> None:
    account(everything, "https://www.owned-by-dana.com")
    handoff = assigned("kim@owned-by-dana.com")
    assert (handoff.rep_id, handoff.trace["rule"]) == (team.dana.id, "account_owner")


def test_a_lead_of_nobodys_account_goes_to_the_rotation(everything: Outside, team: Team) -> None:
    handoff = assigned("kim@owned-by-nobody.com")
    assert (handoff.rep_id, handoff.trace["rule"]) == (team.sam.id, "rotation")
    with reading() as session:
        company = session.scalars(select(Company).where(Company.domain == "owned-by-nobody.com")).one()
        assert company.owner_id is None
        assert company.owner_asked_at is not None


@pytest.mark.parametrize("fault", ["500", "limit", "torn"])
def test_a_crm_that_does_not_answer_holds_up_nobody(everything: Outside, team: Team, fault: str) -> None:
    everything.page.post("/_faults/salesforce", json={"kind": fault, "path": "/query/"}).raise_for_status()
    handoff = assigned("kim@owned-by-nobody.com")
    assert handoff.trace["rule"] == "rotation"
    assert [job for job in jobs() if job.name == Job.ASSIGN] == []
    with reading() as session:
        assert session.scalars(select(Company.owner_asked_at)).all() == [None]
    # For a minute it is not asked again: of many leads not each waits for it.
    account(everything, f"rests-after-{fault}.com")
    assert assigned(f"kim@rests-after-{fault}.com").trace["rule"] == "rotation"
