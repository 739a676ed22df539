"""From the SQL to the deal that is won, over the wire: Salesforce is told and asked, and what it says no to is read by the rep."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.preferences import Preferences
from domain.tables import Cursor, Handoff, Lead, Opportunity, OpportunityStage, Rep, SystemLink, TouchRow
from domain.verbs import deciding, qualifying, staffing, telling
from handlers.draining import drain_again
from handlers.jobs import reading, send, transaction
from handlers.sending import Job
from handlers.sync_settings import sync_settings
from handlers.sync_turns import read_opportunities_again
from integrations import registry
from kit import db
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    SAM,
    Outside,
    everything,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    work_off,
)

__all__ = ["everything", "sandbox_process"]  # fixtures

SAMS_USER = "005Hd0000000007"
SAID = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "yes", "notes": ""}
TELLING = (Job.TELL_CRM, Job.OPEN_CRM_OPPORTUNITY)


@dataclass
class Org:
    """People at the customer's, at work in Salesforce themselves."""

    outside: Outside
    channel: str

    def set_up(self, **how: Any) -> None:
        self.outside.page.post("/salesforce/_org", json=how).raise_for_status()

    def change(self, which: str, **fields: Any) -> None:
        self.outside.page.post(f"/salesforce/_by_hand/Opportunity/{which}", json=fields).raise_for_status()

    def delete(self, which: str) -> None:
        self.outside.page.delete(f"/salesforce/_by_hand/Opportunity/{which}").raise_for_status()

    def fail(self, kind: str, path: str) -> None:
        self.outside.page.post("/_faults/salesforce", json={"kind": kind, "path": path}).raise_for_status()

    def the(self, what: str) -> dict[str, Any]:
        """The one record of this kind that there is."""
        (one,) = self.outside.state("salesforce")[what].values()
        return dict(one)

    def none(self, what: str) -> bool:
        return not self.outside.state("salesforce")[what]

    def thread(self) -> str:
        (card,) = self.outside.messages(self.channel)
        where = {"channel": self.channel, "thread_ts": card["ts"]}
        return json.dumps(self.outside.page.get(f"/_api/as/{SAM}/messages", params=where).json(), ensure_ascii=False)

    def card(self) -> str:
        work_off(Job.SHOW_CARD)
        (card,) = self.outside.messages(self.channel)
        return json.dumps(card["blocks"], ensure_ascii=False)


@pytest.fixture
def org(everything: Outside) -> Iterator[Org]:
    sync_settings.cache_clear()
    made = Org(everything, everything.new_channel())
    made.set_up(empty=True)
    yield made
    made.set_up(empty=True)
    sync_settings.cache_clear()


@pytest.fixture
def team(org: Org) -> Team:
    """Sam is known in Salesforce, and may be disturbed at any time."""
    team = make_staff(org.channel)
    with transaction() as session:
        session.execute(update(Rep).where(Rep.id == team.sam.id).values(crm_user_id=SAMS_USER))
        staffing.set_preferences(session, session.get_one(Rep, team.sam.id), Preferences(quiet=(0, 0)), utcnow())
    return team


def an_sql() -> int:
    """Sam has accepted a lead, its card stands, and a call has settled it; returns the handoff's id."""
    handoff_id, sam = offer_a_lead(), rep_in_slack(SAM)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=session.merge(sam, load=False), now=utcnow())
    work_off(Job.SHOW_CARD)
    with transaction() as session:
        by = session.merge(sam, load=False)
        qualifying.qualify(session, handoff_id, version=3, by=by, said=SAID, now=utcnow())
    return handoff_id


def read_on() -> None:
    with transaction() as session:
        send(session, read_opportunities_again())
    work_off(Job.READ_OPPORTUNITIES)


def here() -> tuple[Lead, Handoff, Opportunity]:
    with reading() as session:
        (found,) = session.execute(
            select(Lead, Handoff, Opportunity)
            .join(Opportunity, Opportunity.lead_id == Lead.id)
            .join(Handoff, Handoff.id == Opportunity.handoff_id)
        )
        return found[0], found[1], found[2]


def test_an_sql_becomes_an_opportunity_that_is_moved_and_won_and_its_card_says_so(org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING, Job.LOG_CRM_TASK)
    lead, opportunity = org.the("leads"), org.the("opportunities")
    assert (lead["OwnerId"], lead["Status"], org.the("tasks")["WhoId"]) == (SAMS_USER, "Qualified", lead["Id"])
    assert (opportunity["OwnerId"], org.the("contacts")["Email"]) == (SAMS_USER, "kim@buyer.example.com")
    org.change(opportunity["Id"], StageName="Negotiation/Review", Amount=12500.5)
    read_on()
    ours, handoff, deal = here()
    assert (deal.stage, deal.amount, deal.currency, deal.probability) == ("Negotiation/Review", 1_250_050, "USD", 0.9)
    assert (ours.stage, handoff.status, deal.won) == (Stage.OPPORTUNITY, HandoffStatus.CONVERTED, None)
    assert "Negotiation/Review" in org.card()
    org.change(opportunity["Id"], StageName="Closed Won")
    read_on()
    ours, _, deal = here()
    assert (ours.stage, deal.won, deal.closed_at is not None) == (Stage.WON, True, True)
    assert "won" in org.card().casefold()


def test_reading_the_same_again_keeps_one_word_of_each_stage(org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING)
    which = org.the("opportunities")["Id"]
    for stage in ("Needs Analysis", "Closed Lost"):
        org.change(which, StageName=stage)
        read_on()
        read_on()
    with reading() as session:
        stages = session.scalars(select(OpportunityStage.stage).order_by(OpportunityStage.id)).all()
    assert stages == ["Prospecting", "Needs Analysis", "Closed Lost"][-len(stages) :]
    assert here()[0].stage is Stage.LOST


def test_a_deal_that_is_deleted_is_lost_with_that_as_its_reason(org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING, Job.READ_OPPORTUNITIES)
    org.delete(org.the("opportunities")["Id"])
    read_on()
    lead, _, deal = here()
    assert (lead.stage, deal.won, deal.lost_reason) == (Stage.LOST, False, "Deleted in Salesforce")


def test_an_sql_is_converted_where_the_settings_say_so(org: Org, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_OPENING", "convert")
    registry.forget()
    an_sql()
    work_off(*TELLING)
    lead = org.the("leads")
    # What is told of the lead goes before: a converted one takes no more.
    assert (lead["IsConverted"], lead["Handoff_Score__c"] > 0) == (True, True)
    assert here()[2].external_id == lead["ConvertedOpportunityId"]


def test_what_sales_opens_itself_is_followed(org: Org, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_OPPORTUNITIES", "sales")
    sync_settings.cache_clear()
    an_sql()
    work_off(*TELLING)
    assert org.none("opportunities")
    page = org.outside.page
    person = {"LastName": "Kim", "Email": org.the("leads")["Email"]}
    contact = page.post("/salesforce/_by_hand/Contact", json=person).json()["id"]
    by_hand = {"Name": "Opened by hand", "StageName": "Prospecting", "CloseDate": "2027-01-31"}
    made = page.post("/salesforce/_by_hand/Opportunity", json=by_hand).json()["id"]
    page.post("/salesforce/_by_hand/OpportunityContactRole", json={"OpportunityId": made, "ContactId": contact})
    read_on()
    lead, handoff, deal = here()
    assert (lead.stage, handoff.status, deal.external_id) == (Stage.OPPORTUNITY, HandoffStatus.CONVERTED, made)


def accept_a_lead_of_the_spring_campaign() -> int:
    handoff_id, sam = offer_a_lead(), rep_in_slack(SAM)
    with transaction() as session:
        for campaign, touch in zip(("Spring", "Nowhere"), session.scalars(select(TouchRow)), strict=False):
            touch.campaign = campaign
        deciding.accept(session, handoff_id, version=2, by=session.merge(sam, load=False), now=utcnow())
    return handoff_id


def campaigns_problem() -> str | None:
    with reading() as session:
        return session.get_one(Cursor, ("salesforce", "campaigns")).problem


def test_an_accepted_lead_joins_the_campaigns_that_have_touched_it(org: Org, team: Team) -> None:
    campaign = org.outside.page.post("/salesforce/_by_hand/Campaign", json={"Name": "Spring"}).json()["id"]
    accept_a_lead_of_the_spring_campaign()
    work_off(Job.TELL_CRM)
    work_off(Job.JOIN_CRM_CAMPAIGNS)
    member = org.the("members")
    assert (member["CampaignId"], member["LeadId"]) == (campaign, org.the("leads")["Id"])
    assert campaigns_problem() is None


def test_a_campaign_that_refuses_its_member_is_noted_and_not_tried_again(org: Org, team: Team) -> None:
    org.outside.page.post("/salesforce/_by_hand/Campaign", json={"Name": "Spring"})
    accept_a_lead_of_the_spring_campaign()
    work_off(Job.TELL_CRM)
    org.fail("partial", "composite")
    work_off(Job.JOIN_CRM_CAMPAIGNS)
    assert campaigns_problem() == "A lead needs a budget before it is touched again."
    assert not [job for job in jobs() if job.name == Job.JOIN_CRM_CAMPAIGNS]


def test_a_rule_that_refuses_the_opportunity_is_read_by_the_rep_in_salesforces_words(org: Org, team: Team) -> None:
    an_sql()
    work_off(Job.TELL_CRM)
    org.fail("rule", "/Opportunity/")
    work_off(*TELLING, Job.TELL_REP_CRM_SAID_NO, Job.TELL_NOTICE)
    assert "An opportunity needs a next step." in org.thread()
    (dead,) = [job for job in jobs() if job.name == Job.OPEN_CRM_OPPORTUNITY]
    assert dead.dead_at is not None
    with db.new_session() as session:
        (link,) = session.scalars(select(SystemLink).where(SystemLink.system == "crm"))
        assert link.problem == "An opportunity needs a next step."


def test_a_rule_that_refuses_the_lead_is_told_once_however_often_it_does(org: Org, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    org.fail("partial", "composite")
    work_off(Job.TELL_CRM, Job.TELL_REP_CRM_SAID_NO, Job.TELL_NOTICE)
    said = "A lead needs a budget before it is touched again."
    assert org.thread().count(said) == 1
    org.fail("partial", "composite")
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=rep_in_slack(SAM), now=utcnow())
    work_off(Job.TELL_CRM, Job.TELL_REP_CRM_SAID_NO, Job.TELL_NOTICE)
    assert org.thread().count(said) == 1


def test_nobody_is_told_of_a_lead_that_nobody_has(org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING)
    with transaction() as session:
        telling.tell_again(session, telling.CRM, utcnow())
        send(session, drain_again(Job.TELL_CRM))
    before = org.outside.posts()
    org.fail("partial", "composite")
    done = work_off(Job.TELL_CRM, Job.TELL_REP_CRM_SAID_NO, Job.TELL_NOTICE)
    assert done == [Job.TELL_CRM, Job.TELL_REP_CRM_SAID_NO]
    assert org.outside.posts() == before
