"""Signing in, quotas, fields, campaigns, and what we say of our own metadata, at Salesforce's stand-in."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from domain.rules.field_maps import FieldType, Theirs
from integrations import salesforce_deals, salesforce_fields
from integrations.crm_ports import CrmLead, CrmTask
from integrations.ports import Quota
from integrations.salesforce import Salesforce, Settings
from kit.outside import Refused, TryLater
from kit.quota import Account, Open
from sandbox.salesforce import INTEGRATION_USER
from tests.integrations.conftest import Sandbox
from tests.integrations.test_salesforce_deals import Org, deal_of, org

__all__ = ["org"]  # fixture

LEAD = CrmLead("lead-1", "ada@example.com", last_name="Lovelace", company="Acme", score=83, tier="HQL")
SHIPPED = Path(__file__).resolve().parents[2] / "docs" / "salesforce" / "src"
METADATA = "{http://soap.sforce.com/2006/04/metadata}"


@pytest.fixture
def salesforce(configured: Sandbox) -> Iterator[Salesforce]:
    client = Salesforce(Settings())
    yield client
    client.close()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@pytest.fixture
def by_jwt(org: Org, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is deposited, and there is no client secret."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    org.set_up(public_key=key.public_key().public_bytes(*form).decode())
    monkeypatch.delenv("SALESFORCE_CLIENT_SECRET")
    monkeypatch.setenv("SALESFORCE_USERNAME", INTEGRATION_USER)
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY", pem(key).replace("\n", "\\n"))


def push() -> str:
    client = Salesforce(Settings())
    try:
        return str(client.upsert_leads([LEAD])[0].external_id)
    finally:
        client.close()


# ---- signing in ------------------------------------------------------------------------------------------------------


def test_a_signed_assertion_signs_in_without_a_secret(by_jwt: None, configured: Sandbox) -> None:
    assert push().startswith("00Q")
    assert len(configured.calls("salesforce", "token")) == 1


def test_the_key_may_lie_in_a_file(
    by_jwt: None, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SALESFORCE_PRIVATE_KEY")
    (tmp_path / "handoff.key").write_text(pem(key))
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY_FILE", str(tmp_path / "handoff.key"))
    assert push().startswith("00Q")


def test_a_key_whose_certificate_is_another_is_refused(by_jwt: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY", pem(rsa.generate_private_key(65537, 2048)))
    with pytest.raises(Refused, match="invalid_grant"):
        push()


def test_a_user_whom_nobody_has_admitted_is_refused_and_not_named(
    by_jwt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_USERNAME", "somebody@example.com")
    with pytest.raises(Refused, match="invalid_grant") as raised:
        push()
    assert "somebody" not in raised.value.why


@pytest.mark.parametrize(
    "broken", ["no key at all", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_a_matter_for_an_admin(
    by_jwt: None, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY", broken)
    with pytest.raises(Refused, match="PEM of an RSA key"):
        push()


def test_a_key_file_that_is_not_there_is_said(by_jwt: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SALESFORCE_PRIVATE_KEY_FILE", str(tmp_path / "gone.key"))
    with pytest.raises(Refused, match="PRIVATE_KEY_FILE"):
        push()


@pytest.mark.parametrize(
    ("domain", "audience"),
    [("acme.my", "login"), ("acme--dev.sandbox.my", "test"), ("acme.sandbox.my.salesforce.com", "test")],
)
def test_a_sandbox_is_signed_in_to_as_one(configured: Sandbox, domain: str, audience: str) -> None:
    assert Settings(domain=domain).audience == audience
    assert Settings(domain=domain, login="login").audience == "login"


def test_a_session_that_ends_over_and_over_is_given_up(configured: Sandbox, salesforce: Salesforce) -> None:
    salesforce.upsert_leads([LEAD])
    configured.fault("salesforce", "expired_token", path="composite", count=5)
    with pytest.raises(Refused, match="ended the session"):
        salesforce.upsert_leads([LEAD])
    assert len(configured.calls("salesforce", "token")) == 2


# ---- what is left ----------------------------------------------------------------------------------------------------


class Noting(Open):
    """A gate that keeps what is noted."""

    def __init__(self) -> None:
        self.noted: list[tuple[int, int]] = []
        self.account: Account | None = None

    def note(self, account: Account, used: int, of: int) -> None:
        self.account = account
        self.noted.append((used, of))


def test_what_salesforce_says_of_its_allowance_is_noted_with_every_answer(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_DAILY_CALLS", "9000")
    gate = Noting()
    client = Salesforce(Settings(), gate)
    client.upsert_leads([LEAD])
    client.find_owner("rep@example.com")
    assert client.quota() == Quota(3, 15_000)
    client.close()
    assert gate.noted == [(1, 15_000), (2, 15_000), (3, 15_000)]
    assert gate.account is not None
    assert [(limit.name, limit.calls) for limit in gate.account.limits] == [("day", 9000)]


def test_who_answers_is_said_and_no_person_is_named(salesforce: Salesforce) -> None:
    assert salesforce.check() == "Salesforce answers: the sandbox Handoff Sandbox."


# ---- fields ----------------------------------------------------------------------------------------------------------


def test_what_a_field_map_adds_is_written_as_its_type_wants_it(configured: Sandbox, salesforce: Salesforce) -> None:
    fields = {"NumberOfEmployees": "250", "HasOptedOutOfEmail": "true", "Industry": "Pumps"}
    (answer,) = salesforce.upsert_leads([CrmLead("lead-2", "grace@example.com", fields=fields)])
    assert answer.problem is None
    lead = configured.state("salesforce")["leads"]["lead-2"]
    assert (lead["NumberOfEmployees"], lead["HasOptedOutOfEmail"], lead["Industry"]) == (250, True, "Pumps")


def test_fields_are_described_with_type_rights_and_entries(salesforce: Salesforce) -> None:
    known = {one.name: one for one in salesforce.fields()}
    assert (known["NumberOfEmployees"].type, known["Email"].type) == (FieldType.NUMBER, FieldType.TEXT)
    assert (known["IsConverted"].writable, known["Email"].writable) == (False, True)
    assert "Qualified" in known["Status"].options


def test_what_stands_there_is_read_back_of_what_only_we_write(
    configured: Sandbox, salesforce: Salesforce, org: Org
) -> None:
    (made,) = salesforce.upsert_leads([LEAD])
    sent = salesforce.as_sent(LEAD)
    assert sorted(sent) == ["Handoff_Key__c", "Handoff_Score__c", "Handoff_Tier__c"]
    assert salesforce.read_back([str(made.external_id)], [*sent]) == {made.external_id: sent}
    org.change("Lead", str(made.external_id), Handoff_Score__c=12)
    there = salesforce.read_back([str(made.external_id), "00QHd0000099999AAA"], [*sent])
    assert there == {made.external_id: {**sent, "Handoff_Score__c": "12"}}


def test_many_are_read_back_in_questions_that_fit_an_address(configured: Sandbox, salesforce: Salesforce) -> None:
    leads = [CrmLead(f"lead-{at}", f"person{at}@example.com") for at in range(450)]
    ids = [str(one.external_id) for one in salesforce.upsert_leads(leads)]
    assert len(salesforce.read_back(ids, ["Handoff_Key__c"])) == 450
    assert len(configured.calls("salesforce", "query")) == 3


def test_nothing_is_to_be_deployed_where_nothing_lacks(salesforce: Salesforce) -> None:
    assert salesforce.to_deploy([]) == ""


def test_what_lacks_is_printed_as_it_is_deployed(salesforce: Salesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Theirs("Fit__c", FieldType.NUMBER, "Handoff <fit>")
    with pytest.raises(Refused, match="admin"):
        salesforce.create_field(wanted)
    assert [one.text for one in named(salesforce.to_deploy([wanted]))] == ["Fit__c"]
    monkeypatch.setenv("SALESFORCE_PREFIX", "Acme")
    client = Salesforce(Settings())
    printed = client.to_deploy([])
    client.close()
    assert printed.count("<fullName>Acme_Key__c</fullName>") == 5
    assert "objects/Activity.object" in printed


def named(xml: str) -> list[ET.Element]:
    # What is parsed is our own.
    return list(ET.fromstring(xml).iter(f"{METADATA}fullName"))  # noqa: S314


def test_the_deployment_that_is_shipped_has_what_the_client_writes() -> None:
    for sobject in salesforce_fields.OURS:
        name = salesforce_fields.METADATA_OBJECT.get(sobject, sobject)
        shipped = (SHIPPED / "objects" / f"{name}.object").read_text()
        assert shipped.endswith(salesforce_fields.ours_of("Handoff", sobject))
    listed = (SHIPPED / "package.xml").read_text()
    allowed = (SHIPPED / "permissionsets" / "Handoff.permissionset").read_text()
    for sobject, names in salesforce_fields.OURS.items():
        for name in names:
            assert f"{salesforce_fields.METADATA_OBJECT.get(sobject, sobject)}.Handoff_{name}__c</members>" in listed
            assert f"<field>{sobject}.Handoff_{name}__c</field>" in allowed
    assert (
        f"urlMapping='/{salesforce_deals.CONVERT_AT}'" in (SHIPPED / "classes" / "HandoffConvertLead.cls").read_text()
    )


def test_every_name_that_goes_to_salesforce_is_in_the_vendors_contract(
    configured: Sandbox, salesforce: Salesforce, org: Org
) -> None:
    """What we send is looked at, not what we say we send; names of ours and of Salesforce's setup are left out."""
    if "HANDOFF_SHARED" not in os.environ:
        pytest.skip("the vendors' contracts are not on this machine")
    contract = Path(os.environ["HANDOFF_SHARED"]) / "contracts" / "salesforce" / "salesforce-subset.raw.json"
    schemas = json.loads(contract.read_text())["components"]["schemas"]
    campaign = org.enter("Campaign", Name="Spring")
    lead = CrmLead(
        "lead-1",
        "ada@example.com",
        "Ada",
        "Lovelace",
        "Acme",
        "CTO",
        "+1",
        "GB",
        owner_id="005Hd0000000007",
        tier="MQL",
    )
    deal = deal_of(salesforce, lead)
    salesforce.log_task(CrmTask("task-1", deal.lead_id, None, "Call", description="Today"))
    salesforce.open_opportunity(deal)
    salesforce.opportunities("2026-01-01T00:00:00+00:00")
    salesforce.join_campaigns(deal.lead_id, [campaign])
    written = {pair for call in configured.calls("salesforce", "sobjects") for pair in names_in(call)}
    assert {sobject for sobject, _ in written} == {
        "Lead",
        "Task",
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityContactRole",
        "CampaignMember",
    }
    read = {("Opportunity", name) for name in (*salesforce_deals.READ.split(), "LastStageChangeDate")} | {
        ("Lead", name) for name in f"{salesforce_deals.WHO}, {salesforce_deals.BECAME}".split(", ")
    }
    unknown = {
        (sobject, name)
        for sobject, name in written | read
        if name not in schemas[f"{sobject}SObject"]["properties"] and not name.startswith("Handoff_")
    }
    assert unknown == set()


def names_in(call: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Object and field of everything that a call writes."""
    if call["method"] == "GET":
        return
    body = json.loads(call["body"])
    of = re.search(r"/sobjects/(\w+)", call["path"])
    for record in body.get("records", [body]):
        sobject = record.get("attributes", {}).get("type") or (of[1] if of else "")
        yield from ((sobject, name) for name in record if name != "attributes")


# ---- campaigns -------------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody(salesforce: Salesforce) -> str:
    (told,) = salesforce.upsert_leads([CrmLead("lead-1", "person@example.com")])
    return str(told.external_id)


def test_a_lead_joins_campaigns_by_their_names_or_ids_once_and_those_that_are_not_there_are_passed_over(
    salesforce: Salesforce, org: Org, somebody: str
) -> None:
    spring, fair = (org.enter("Campaign", Name=name) for name in ("Spring", "Kim's Fair"))
    org.enter("Campaign", Name="Autumn")
    named = ["spring", fair, "Kim's Fair", "Nowhere", "701Hd0000000000", 99 * "x"]
    assert [salesforce.join_campaigns(somebody, named) for _ in range(2)] == [2, 2]
    assert sorted((one["CampaignId"], one["LeadId"]) for one in org.all("members")) == sorted(
        [(spring, somebody), (fair, somebody)]
    )


def test_without_a_campaign_that_is_there_nothing_is_written(
    configured: Sandbox, salesforce: Salesforce, somebody: str
) -> None:
    before = len(configured.calls("salesforce", "composite"))
    assert [salesforce.join_campaigns(somebody, named) for named in ([], ["Nowhere"], [99 * "x"])] == [0, 0, 0]
    assert len(configured.calls("salesforce", "composite")) == before


def test_a_campaign_that_cannot_be_joined_now_holds_up_no_other(
    configured: Sandbox, salesforce: Salesforce, org: Org, somebody: str
) -> None:
    for name in ("Spring", "Autumn"):
        org.enter("Campaign", Name=name)
    configured.fault("salesforce", "lock", path="composite")
    with pytest.raises(TryLater, match="changing the same campaign"):
        salesforce.join_campaigns(somebody, ["Spring", "Autumn"])
    assert len(org.all("members")) == 1
    assert salesforce.join_campaigns(somebody, ["Spring", "Autumn"]) == 2
    assert len(org.all("members")) == 2


def test_what_a_campaign_does_not_take_is_refused_in_salesforces_words(
    configured: Sandbox, salesforce: Salesforce, org: Org, somebody: str
) -> None:
    org.enter("Campaign", Name="Spring")
    configured.fault("salesforce", "partial", path="composite")
    with pytest.raises(Refused, match="needs a budget"):
        salesforce.join_campaigns(somebody, ["Spring"])
