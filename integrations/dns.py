"""DNS as a provider: whether mail can reach the domain at all. Free, and off unless DNS_CHECK says so."""

import ipaddress
from typing import NoReturn

from dns.exception import DNSException
from dns.name import EmptyLabel, LabelTooLong, Name, NameTooLong, from_text
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, LifetimeTimeout, NoAnswer, NoNameservers, Resolver
from pydantic import field_validator
from pydantic_settings import SettingsConfigDict

from domain.rules.waterfall import GONE, MAIL_DOMAIN, Outcome
from integrations.ports import Enricher, Person, Profile
from integrations.terms import TermsSettings
from kit.outside import Refused, TryLater
from kit.quota import Gate

RECEIVES, NO_MAIL = "receives", "no_mail"
AGAIN_AFTER = 300.0
"""Seconds until a domain is looked up again whose own servers do not work. Six such answers, and it is left alone."""
PORT = 53


class Settings(TermsSettings):
    model_config = SettingsConfigDict(env_prefix="DNS_", env_file=".env", extra="ignore")

    check: bool = False
    server: str = ""
    """host:port of the server to ask, the host as a number. Empty: the machine's own."""
    timeout: float = 3.0
    keep_days: int = 30

    @field_validator("server")
    @classmethod
    def _is_an_address(cls, server: str) -> str:
        if server:
            host, _ = _address(server)
            ipaddress.ip_address(host)
        return server

    def configured(self) -> bool:
        return self.check


class Dns(Enricher):
    name = "dns"

    def __init__(self, settings: Settings) -> None:
        self.terms = settings.terms(self.name, frozenset({MAIL_DOMAIN}))
        self._resolver = Resolver(configure=not settings.server)
        self._resolver.lifetime = settings.timeout
        if settings.server:
            host, port = _address(settings.server)
            self._resolver.nameservers, self._resolver.port = [host], port

    def look_up(self, person: Person) -> Profile:
        try:
            # The dot at the end: a name that does not exist must not be tried below the domain of this machine.
            domain = from_text(person.email.rpartition("@")[2] + ".")
            return self._said(self._mail_domain(domain))
        except (NXDOMAIN, LabelTooLong, NameTooLong, EmptyLabel):
            return self._said(GONE)
        except NoNameservers as failed:
            if Rcode.SERVFAIL in _codes(failed):
                return Profile(self.name, Outcome.PENDING, again_after=AGAIN_AFTER)
            _fail(failed)
        except LifetimeTimeout:
            raise TryLater("DNS did not answer in time") from None
        except (DNSException, OSError) as broken:
            raise TryLater(f"DNS did not work ({type(broken).__name__})") from None

    def _mail_domain(self, domain: Name) -> str:
        """RFC 5321: mail goes to the MX hosts, without any to the domain's own address. RFC 7505: an MX of "." is a no."""
        try:
            hosts = [answer.exchange for answer in self._resolver.resolve(domain, RdataType.MX)]
        except NoAnswer:
            return RECEIVES if self._has(domain, RdataType.A) or self._has(domain, RdataType.AAAA) else NO_MAIL
        return RECEIVES if any(len(host.labels) > 1 for host in hosts) else NO_MAIL

    def _has(self, domain: Name, kind: RdataType) -> bool:
        return self._resolver.resolve(domain, kind, raise_on_no_answer=False).rrset is not None

    def _said(self, mail_domain: str) -> Profile:
        return Profile(self.name, Outcome.MATCHED, {MAIL_DOMAIN: mail_domain}, cost_cents=self.terms.cost_cents)

    def close(self) -> None:
        """Nothing is kept open: each question has a socket of its own."""


def build(settings: Settings, gate: Gate) -> Dns:  # noqa: ARG001  (nobody counts questions to DNS)
    return Dns(settings)


def _address(server: str) -> tuple[str, int]:
    host, separator, port = server.rpartition(":")
    return (host.strip("[]"), int(port)) if separator and port.isdecimal() else (server, PORT)


def _codes(failed: NoNameservers) -> set[Rcode]:
    """What the servers that were asked answered, as far as they did."""
    return {response.rcode() for *_, response in failed.kwargs["errors"] if response is not None}


def _fail(failed: NoNameservers) -> NoReturn:
    if Rcode.REFUSED in _codes(failed):
        raise Refused("The DNS server refuses to answer us") from None
    raise TryLater("DNS sent an answer that cannot be read") from None
