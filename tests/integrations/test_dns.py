import pytest
from pydantic import ValidationError

from domain.rules.waterfall import Outcome
from integrations import registry
from integrations.dns import Dns, Settings
from integrations.ports import Person
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox


def look_up(domain: str) -> tuple[Outcome, object]:
    profile = Dns(Settings()).look_up(Person(f"kim@{domain}"))
    return profile.outcome, profile.fields.get("mail_domain")


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("alder.example.com", "receives"),
        ("amx.example.com", "receives"),  # no MX: mail goes to the domain's own address
        ("nomail.example.com", "no_mail"),
        ("nullmx.example.com", "no_mail"),
        ("gone.example.com", "gone"),
    ],
)
def test_dns_says_whether_mail_arrives(configured: Sandbox, domain: str, said: str) -> None:
    assert look_up(domain) == (Outcome.MATCHED, said)


@pytest.mark.parametrize("domain", ["a" * 64 + ".example.com", ".".join(["label"] * 60), "two..dots.example.com"])
def test_what_cannot_be_a_domain_is_none_and_nobody_is_asked(configured: Sandbox, domain: str) -> None:
    assert look_up(domain) == (Outcome.MATCHED, "gone")
    assert configured.calls("dns") == []


def test_a_domain_whose_own_servers_are_broken_is_looked_up_again_later(configured: Sandbox) -> None:
    profile = Dns(Settings()).look_up(Person("kim@broken.example.com"))
    assert (profile.outcome, profile.again_after) == (Outcome.PENDING, 300.0)


def test_a_server_that_keeps_silent_is_tried_later_and_no_person_is_named(configured: Sandbox) -> None:
    with pytest.raises(TryLater) as raised:
        look_up("silent.example.com")
    assert raised.value.why == "DNS did not answer in time"


def test_a_server_that_wants_no_questions_of_ours_is_a_refusal(configured: Sandbox) -> None:
    configured.fault("dns", "429")
    with pytest.raises(Refused, match="refuses to answer"):
        look_up("alder.example.com")


@pytest.mark.parametrize("switch", ["0", "false", ""])
def test_dns_is_asked_only_where_it_is_switched_on(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("DNS_CHECK", switch)
    assert [one.name for one in registry.enrichers()] == ["zoominfo", "clearbit"]


def test_the_server_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(server="[::1]:5353").server == "[::1]:5353"
    assert Settings(server="192.0.2.1").server == "192.0.2.1"
    with pytest.raises(ValidationError):
        Settings(server="ns.example.com:53")


def test_a_look_up_costs_nothing_unless_somebody_says_so(configured: Sandbox) -> None:
    terms = Dns(Settings()).terms
    assert (terms.provides, terms.cost_cents, terms.daily_cap_cents) == (frozenset({"mail_domain"}), 0, None)
