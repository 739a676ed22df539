"""What holds for every vendor that is plugged in: the two errors, and nothing of a person or a secret in them."""

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from domain.rules.waterfall import Outcome
from integrations import registry
from integrations.crm_ports import CrmLead
from integrations.marketing_ports import Contact
from integrations.ports import Person, Upserted
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox

EMAIL = "ada.lovelace@acme-pumps.example.com"


@dataclass(frozen=True)
class Ask:
    """One ordinary question to one vendor."""

    system: str
    secret: str
    ask: Callable[[], Any]
    answered: Callable[[Any], bool]


def enrich(system: str) -> Callable[[], Any]:
    def look_up() -> Any:
        (enricher,) = [one for one in registry.enrichers() if one.name == system]
        return enricher.look_up(Person(EMAIL))

    return look_up


def push_lead() -> list[Upserted]:
    crm = registry.crm()
    assert crm is not None
    return crm.upsert_leads([CrmLead("lead-1", EMAIL)])


def push_contact(system: str, **properties: str) -> Callable[[], list[Upserted]]:
    def push() -> list[Upserted]:
        marketing = registry.marketing(system)
        assert marketing is not None
        return marketing.upsert_contacts([Contact(EMAIL, properties)])

    return push


def matched(profile: Any) -> bool:
    return bool(profile.outcome is Outcome.MATCHED)


def saved(upserted: Any) -> bool:
    return bool(upserted[0].external_id) and upserted[0].problem is None and not upserted[0].later


ASKS = {
    ask.system: ask
    for ask in (
        Ask("dns", "", enrich("dns"), matched),
        Ask("zoominfo", "ZOOMINFO_CLIENT_SECRET", enrich("zoominfo"), matched),
        Ask("clearbit", "CLEARBIT_API_KEY", enrich("clearbit"), matched),
        Ask("salesforce", "SALESFORCE_CLIENT_SECRET", push_lead, saved),
        Ask("hubspot", "HUBSPOT_ACCESS_TOKEN", push_contact("hubspot", handoff_score="71"), saved),
        Ask("marketo", "MARKETO_CLIENT_SECRET", push_contact("marketo", handoff_score="71"), saved),
        Ask("pardot", "PARDOT_CLIENT_SECRET", push_contact("pardot", handoff_score__c="71"), saved),
    )
}
PLUGS = [*registry.ENRICHERS, *registry.CRMS, *registry.MARKETING]


NAMES = [plug.module.rpartition(".")[2] for plug in PLUGS]
NOT_HTTP = {"dns"}
"""These have neither a secret nor a redirect, and say "busy" and "broken" in words of their own: their own tests tell."""


@pytest.fixture(params=NAMES)
def vendor(request: pytest.FixtureRequest) -> Ask:
    return ASKS[request.param]


@pytest.fixture(params=[name for name in NAMES if name not in NOT_HTTP])
def website(request: pytest.FixtureRequest) -> Ask:
    """A vendor that is spoken to over HTTP."""
    return ASKS[request.param]


def test_an_ordinary_question_is_answered(configured: Sandbox, vendor: Ask) -> None:
    assert vendor.answered(vendor.ask())


def test_a_busy_vendor_is_asked_again_after_the_time_it_named(configured: Sandbox, website: Ask) -> None:
    configured.fault(website.system, "429")
    with pytest.raises(TryLater):
        website.ask()
    assert website.answered(website.ask())


def test_a_broken_vendor_is_asked_again(configured: Sandbox, website: Ask) -> None:
    configured.fault(website.system, "500")
    with pytest.raises(TryLater) as raised:
        website.ask()
    assert raised.value.after is None
    assert website.answered(website.ask())


def test_half_an_answer_is_no_answer(configured: Sandbox, vendor: Ask) -> None:
    configured.fault(vendor.system, "torn")
    with pytest.raises(TryLater):
        vendor.ask()
    assert vendor.answered(vendor.ask())


def test_half_an_answer_after_signing_in_is_no_answer(configured: Sandbox, vendor: Ask) -> None:
    vendor.ask()
    configured.fault(vendor.system, "torn")
    with pytest.raises(TryLater):
        vendor.ask()
    assert vendor.answered(vendor.ask())


def test_a_redirect_is_not_followed_with_our_token(configured: Sandbox, website: Ask) -> None:
    website.ask()
    configured.fault(website.system, "moved")
    with pytest.raises(Refused):
        website.ask()


def test_a_vendor_that_keeps_silent_is_given_up(
    configured: Sandbox, vendor: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{vendor.system.upper()}_TIMEOUT", "0.2")
    configured.fault(vendor.system, "slow", seconds=0.6)
    with pytest.raises(TryLater, match="did not answer"):
        vendor.ask()


def test_a_vendor_that_is_not_there_is_tried_later(
    configured: Sandbox, vendor: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("URL", "TOKEN_URL"):
        monkeypatch.setenv(f"{vendor.system.upper()}_{setting}", "http://127.0.0.1:9")
    if vendor.system == "dns":
        monkeypatch.setenv("DNS_SERVER", "127.0.0.1:9")
        monkeypatch.setenv("DNS_TIMEOUT", "0.2")  # nobody says over UDP that nobody is there
    with pytest.raises(TryLater, match="did not answer"):
        vendor.ask()


def test_a_wrong_secret_is_refused_and_not_repeated_in_the_error(
    configured: Sandbox, website: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(website.secret, "wrong-secret-value")
    with pytest.raises(Refused) as raised:
        website.ask()
    assert "wrong-secret-value" not in "".join(traceback.format_exception(raised.value))
    assert "wrong-secret-value" not in raised.value.why


@pytest.mark.parametrize("fault", ["429", "500", "torn"])
def test_errors_name_no_person(configured: Sandbox, website: Ask, fault: str) -> None:
    website.ask()
    configured.fault(website.system, fault)
    with pytest.raises(TryLater) as raised:
        website.ask()
    assert "lovelace" not in f"{raised.value} {raised.value!r} {raised.value.__cause__!r}"


def test_a_client_shows_neither_secret_nor_person(configured: Sandbox, vendor: Ask) -> None:
    clients = [*registry.enrichers(), registry.crm(), *registry.automations()]
    secrets = [
        value for twin in configured.twins.values() for value in twin.credentials("").values() if len(value) > 30
    ]
    assert secrets
    assert not [secret for secret in secrets if secret in repr(clients)]
    assert "lovelace" not in repr(vendor.ask())


def test_eight_threads_share_one_client(configured: Sandbox, vendor: Ask) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: vendor.ask(), range(24)))
    assert all(vendor.answered(answer) for answer in answers)
    assert len(configured.calls(vendor.system, "token")) <= 1


def test_an_expired_token_costs_at_most_one_renewal(configured: Sandbox, website: Ask) -> None:
    website.ask()
    configured.fault(website.system, "expired_token")
    if website.system in {"clearbit", "hubspot"}:  # keys that cannot be renewed
        with pytest.raises(Refused):
            website.ask()
    else:
        assert website.answered(website.ask())
        assert len(configured.calls(website.system, "token")) == 2
