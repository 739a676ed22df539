"""Opportunities in Salesforce: opened once whatever happens in between, and read back as they change, once each."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from domain.rules.money import smallest_units
from integrations.crm_ports import CrmLead, CrmOpportunity, Deal
from integrations.ports import Page
from integrations.salesforce import Salesforce, Settings
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox

LEAD = CrmLead(
    "lead-1", "ada@example.com", first_name="Ada", last_name="Lovelace", company="Acme Pumps", source="Webinar"
)
OWNER = "005Hd0000000007"


class Org:
    """People at the customer's, at work in Salesforce themselves."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self._http = http

    def enter(self, sobject: str, **fields: Any) -> str:
        return str(self._http.post(f"/_by_hand/{sobject}", json=fields).raise_for_status().json()["id"])

    def change(self, sobject: str, which: str, **fields: Any) -> None:
        self._http.post(f"/_by_hand/{sobject}/{which}", json=fields).raise_for_status()

    def delete(self, sobject: str, which: str) -> None:
        self._http.delete(f"/_by_hand/{sobject}/{which}").raise_for_status()

    def set_up(self, **how: Any) -> None:
        self._http.post("/_org", json=how).raise_for_status()

    def all(self, what: str) -> list[dict[str, Any]]:
        return list(self.sandbox.state("salesforce")[what].values())

    def opportunity(self, **fields: Any) -> str:
        return self.enter(
            "Opportunity", **{"Name": "Pumps", "StageName": "Prospecting", "CloseDate": "2027-01-31"} | fields
        )


@pytest.fixture
def org(configured: Sandbox) -> Iterator[Org]:
    with httpx.Client(base_url=f"{configured.url}/salesforce", headers={"X-Sandbox": "page"}) as http:
        yield Org(configured, http)


@pytest.fixture
def salesforce(configured: Sandbox) -> Iterator[Salesforce]:
    client = Salesforce(Settings())
    yield client
    client.close()


@pytest.fixture
def converting(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesforce]:
    monkeypatch.setenv("SALESFORCE_OPENING", "convert")
    client = Salesforce(Settings())
    yield client
    client.close()


def deal_of(salesforce: Salesforce, lead: CrmLead = LEAD) -> Deal:
    (upserted,) = salesforce.upsert_leads([lead])
    return Deal("inst-handoff-7", str(upserted.external_id), "Acme Pumps (MQL)", OWNER, lead.company, source="Webinar")


def read_all(salesforce: Salesforce, cursor: str | None = None) -> tuple[list[CrmOpportunity], str]:
    """Everything since `cursor`, and the cursor from which to read on."""
    found: list[CrmOpportunity] = []
    page: Page[CrmOpportunity] = salesforce.opportunities(cursor)
    found += page.items
    while page.more:
        page = salesforce.opportunities(page.cursor)
        found += page.items
    return found, page.cursor


# ---- opened ----------------------------------------------------------------------------------------------------------


def test_an_opportunity_is_opened_with_its_contact_account_owner_and_role(salesforce: Salesforce, org: Org) -> None:
    opened = salesforce.open_opportunity(deal_of(salesforce))
    (opportunity,), (contact,), (account,), (role,) = map(org.all, ("opportunities", "contacts", "accounts", "roles"))
    assert (opened.external_id, opened.stage, opened.contact_id) == (opportunity["Id"], "Prospecting", contact["Id"])
    assert (opportunity["Handoff_Key__c"], opportunity["OwnerId"]) == ("inst-handoff-7", OWNER)
    assert (opportunity["AccountId"], contact["AccountId"], account["Name"]) == (
        account["Id"],
        account["Id"],
        "Acme Pumps",
    )
    assert (contact["Email"], contact["LastName"], contact["OwnerId"]) == ("ada@example.com", "Lovelace", OWNER)
    assert (role["OpportunityId"], role["ContactId"], role["IsPrimary"]) == (opportunity["Id"], contact["Id"], True)
    assert opportunity["CloseDate"] == (datetime.now(UTC) + timedelta(days=90)).date().isoformat()


def test_an_opportunity_opened_twice_is_one_and_stays_where_sales_has_moved_it(
    salesforce: Salesforce, org: Org
) -> None:
    deal = deal_of(salesforce)
    first = salesforce.open_opportunity(deal)
    org.change("Opportunity", first.external_id, StageName="Needs Analysis")
    again = salesforce.open_opportunity(deal)
    assert (again.external_id, again.stage) == (first.external_id, "Needs Analysis")
    assert [len(org.all(what)) for what in ("opportunities", "contacts", "accounts", "roles")] == [1, 1, 1, 1]


@pytest.mark.parametrize("written", ["/Account/", "/Contact/", "/Opportunity/", "/OpportunityContactRole"])
def test_wherever_it_breaks_off_the_next_try_ends_with_one_of_each(
    configured: Sandbox, salesforce: Salesforce, org: Org, written: str
) -> None:
    """It was written, and the answer that says so never came."""
    deal = deal_of(salesforce)
    configured.fault("salesforce", "torn", path=written)
    with pytest.raises(TryLater):
        salesforce.open_opportunity(deal)
    salesforce.open_opportunity(deal)
    assert [len(org.all(what)) for what in ("opportunities", "contacts", "accounts", "roles")] == [1, 1, 1, 1]


def test_the_persons_own_contact_and_the_companys_own_account_are_taken(salesforce: Salesforce, org: Org) -> None:
    account = org.enter("Account", Name="ACME", Website="https://www.acme-pumps.example/")
    deal = deal_of(salesforce)
    with_domain = Deal(deal.key, deal.lead_id, deal.name, company="Acme Pumps", domain="acme-pumps.example")
    salesforce.open_opportunity(with_domain)
    ((contact,), (opportunity,)) = org.all("contacts"), org.all("opportunities")
    assert (contact["AccountId"], opportunity["AccountId"]) == (account, account)


def test_a_contact_that_is_there_is_not_made_again(salesforce: Salesforce, org: Org) -> None:
    account = org.enter("Account", Name="Old Acme")
    contact = org.enter("Contact", LastName="Lovelace", Email="ADA@example.com", AccountId=account)
    opened = salesforce.open_opportunity(deal_of(salesforce))
    assert (opened.contact_id, len(org.all("contacts")), len(org.all("accounts"))) == (contact, 1, 1)


def test_a_lead_is_converted_by_the_apex_class_and_its_opportunity_carries_our_key(
    converting: Salesforce, org: Org
) -> None:
    deal = deal_of(converting)
    opened = converting.open_opportunity(deal)
    ((lead,), (opportunity,), (role,)) = org.all("leads"), org.all("opportunities"), org.all("roles")
    assert (lead["IsConverted"], lead["ConvertedOpportunityId"]) == (True, opened.external_id)
    assert (opportunity["Handoff_Key__c"], opportunity["OwnerId"], role["ContactId"]) == (
        deal.key,
        OWNER,
        opened.contact_id,
    )
    assert converting.open_opportunity(deal) == opened
    assert [len(org.all(what)) for what in ("opportunities", "contacts", "accounts", "roles")] == [1, 1, 1, 1]


def test_an_answer_lost_after_the_conversion_converts_nothing_twice(
    configured: Sandbox, converting: Salesforce, org: Org
) -> None:
    deal = deal_of(converting)
    configured.fault("salesforce", "torn", path="apexrest")
    with pytest.raises(TryLater):
        converting.open_opportunity(deal)
    assert converting.open_opportunity(deal).external_id == org.all("leads")[0]["ConvertedOpportunityId"]
    assert len(org.all("opportunities")) == 1


def test_without_the_apex_class_an_admin_is_told_what_to_do(converting: Salesforce, org: Org) -> None:
    org.set_up(apex=False)
    with pytest.raises(Refused, match="docs/salesforce"):
        converting.open_opportunity(deal_of(converting))


def test_a_lead_that_sales_has_converted_itself_gets_no_second_opportunity(
    salesforce: Salesforce, converting: Salesforce, org: Org
) -> None:
    deal = deal_of(salesforce)
    by_sales = converting.open_opportunity(Deal("theirs", deal.lead_id, "By hand"))
    assert salesforce.open_opportunity(deal) == by_sales
    assert len(org.all("opportunities")) == 1


def test_a_rule_of_the_organisation_is_refused_in_its_own_words(
    configured: Sandbox, salesforce: Salesforce, org: Org
) -> None:
    deal = deal_of(salesforce)
    configured.fault("salesforce", "rule", path="/Opportunity/")
    with pytest.raises(Refused) as raised:
        salesforce.open_opportunity(deal)
    assert raised.value.why == "An opportunity needs a next step."


def test_a_rule_that_refuses_the_conversion_is_told_in_its_own_words(
    configured: Sandbox, converting: Salesforce
) -> None:
    deal = deal_of(converting)
    configured.fault("salesforce", "rule", path="apexrest")
    with pytest.raises(Refused, match=r"^An opportunity needs a next step\.$"):
        converting.open_opportunity(deal)


def test_a_locked_account_is_tried_later(configured: Sandbox, salesforce: Salesforce) -> None:
    deal = deal_of(salesforce)
    configured.fault("salesforce", "lock", path="/Account/")
    with pytest.raises(TryLater, match="changing the same record"):
        salesforce.open_opportunity(deal)


def test_a_lead_that_is_gone_is_refused_with_a_sentence(salesforce: Salesforce, org: Org) -> None:
    deal = deal_of(salesforce)
    org.delete("Lead", deal.lead_id)
    with pytest.raises(Refused, match="gone in Salesforce"):
        salesforce.open_opportunity(deal)


def test_a_converted_lead_takes_no_more_and_says_so(converting: Salesforce) -> None:
    converting.open_opportunity(deal_of(converting))
    (answer,) = converting.upsert_leads([LEAD])
    assert answer.problem == "cannot reference converted lead"


def test_several_currencies_are_written_as_the_deal_says(salesforce: Salesforce, org: Org) -> None:
    org.set_up(multi_currency=True)
    deal = deal_of(salesforce)
    salesforce.open_opportunity(Deal(deal.key, deal.lead_id, deal.name, amount=1_250_050, currency="EUR"))
    (opportunity,) = org.all("opportunities")
    assert (opportunity["Amount"], opportunity["CurrencyIsoCode"]) == (12500.5, "EUR")


# ---- read ------------------------------------------------------------------------------------------------------------


def test_an_opportunity_is_read_with_its_money_stage_and_people(salesforce: Salesforce, org: Org) -> None:
    opened = salesforce.open_opportunity(deal_of(salesforce))
    org.change("Opportunity", opened.external_id, StageName="Negotiation/Review", Amount=12500.29)
    (one,), _ = read_all(salesforce)
    assert (one.external_id, one.key, one.stage) == (opened.external_id, "inst-handoff-7", "Negotiation/Review")
    assert (one.amount, one.currency, one.probability) == (1_250_029, "USD", 0.9)
    assert (one.is_closed, one.is_won, one.closed_at, one.owner_id) == (False, False, None, OWNER)
    assert one.emails == ("ada@example.com",)
    assert isinstance(one.expected_on, date)


def test_from_the_first_time_on_only_what_changes_is_read(salesforce: Salesforce, org: Org) -> None:
    open_one, closed = org.opportunity(), org.opportunity(StageName="Closed Lost")
    first, cursor = read_all(salesforce)
    assert [one.external_id for one in first] == [open_one]
    org.change("Opportunity", open_one, StageName="Closed Won")
    later, _ = read_all(salesforce, cursor)
    # What was closed just before the first time is within the overlap.
    assert [(one.external_id, one.is_won) for one in later] == [(open_one, True), (closed, False)]
    assert later[0].closed_at is not None


def test_what_is_older_than_the_overlap_is_not_read_again(salesforce: Salesforce, org: Org) -> None:
    org.opportunity()
    ahead = (datetime.now(UTC) + timedelta(minutes=11)).replace(microsecond=0).isoformat()
    page = salesforce.opportunities(ahead)
    assert (page.items, page.cursor, page.more) == ([], ahead, False)


def test_more_than_a_page_of_the_same_second_comes_whole_and_once(salesforce: Salesforce, org: Org) -> None:
    made = {org.opportunity(Name=f"Deal {number}") for number in range(450)}
    for cursor in (None, "2026-01-01T00:00:00+00:00"):
        found, _ = read_all(salesforce, cursor)
        ids = [one.external_id for one in found]
        assert len(ids) == 450
        assert set(ids) == made


def test_what_is_deleted_is_lost_and_is_about_nobody(salesforce: Salesforce, org: Org) -> None:
    opened = salesforce.open_opportunity(deal_of(salesforce))
    _, cursor = read_all(salesforce)
    org.delete("Opportunity", opened.external_id)
    (one,), _ = read_all(salesforce, cursor)
    assert (one.is_closed, one.is_won, one.lost_reason) == (True, False, "Deleted in Salesforce")
    assert (one.key, one.emails, one.lead_ids) == (None, (), ())


def test_a_loss_has_the_reason_of_the_field_that_the_settings_name(
    configured: Sandbox, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.opportunity(StageName="Closed Lost", Loss_Reason__c="Price")
    monkeypatch.setenv("SALESFORCE_LOST_REASON_FIELD", "Loss_Reason__c")
    client = Salesforce(Settings())
    (one,), _ = read_all(client, "2026-01-01T00:00:00+00:00")
    client.close()
    assert (one.is_closed, one.lost_reason) == (True, "Price")


def test_currencies_without_cents_are_counted_as_they_are(
    configured: Sandbox, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.opportunity(Amount=5000)
    monkeypatch.setenv("SALESFORCE_CURRENCY", "JPY")
    client = Salesforce(Settings())
    (one,), _ = read_all(client)
    client.close()
    assert (one.amount, one.currency) == (5000, "JPY")


def test_the_leads_that_became_its_contacts_are_known(converting: Salesforce, org: Org) -> None:
    deal = deal_of(converting)
    opened = converting.open_opportunity(deal)
    another = org.opportunity()
    org.enter("OpportunityContactRole", OpportunityId=another, ContactId=opened.contact_id)
    found = {one.external_id: one.lead_ids for one in converting.some_opportunities([opened.external_id, another])}
    assert found == {opened.external_id: (deal.lead_id,), another: (deal.lead_id,)}


def test_some_are_read_by_their_ids_and_who_is_not_there_is_left_out(salesforce: Salesforce, org: Org) -> None:
    one, _ = org.opportunity(), org.opportunity()
    found = salesforce.some_opportunities([one, "006Hd0000099999AAA"])
    assert [each.external_id for each in found] == [one]
    assert salesforce.some_opportunities([]) == []


def test_an_answer_that_lacks_what_was_asked_for_is_no_answer(
    configured: Sandbox, salesforce: Salesforce, org: Org
) -> None:
    org.opportunity()
    salesforce.opportunities(None)
    configured.fault("salesforce", "torn", path="query")
    with pytest.raises(TryLater):
        salesforce.opportunities(None)


@pytest.mark.parametrize(
    ("said", "currency", "kept"), [("0.29", "USD", 29), ("1.005", "USD", 101), ("1.2345", "KWD", 1235)]
)
def test_no_cent_is_lost_between_decimal_and_smallest_units(said: str, currency: str, kept: int) -> None:
    assert smallest_units(Decimal(said), currency) == kept


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_a_person_moves_a_deal_on_the_stand_ins_own_page_and_no_other_page_may(org: Org, configured: Sandbox) -> None:
    which = org.opportunity(Name="<b>Pumps</b>")
    with httpx.Client(base_url=configured.url, follow_redirects=True) as browser:
        assert "&lt;b&gt;Pumps" in browser.get("/salesforce/_page").text
        form = {"StageName": "Closed Won", "Amount": "12500.50", "Loss_Reason__c": ""}
        at = f"/salesforce/_by_hand/Opportunity/{which}"
        assert browser.post(at, data=form, headers={"Origin": "http://elsewhere.example"}).status_code == 403
        shown = browser.post(at, data=form, headers={"Origin": configured.url})
    assert (shown.status_code, shown.url.path) == (200, "/salesforce/_page")
    (opportunity,) = org.all("opportunities")
    assert (opportunity["StageName"], opportunity["IsWon"], opportunity["Amount"]) == ("Closed Won", True, 12500.5)
