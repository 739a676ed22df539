"""Salesforce tells us that opportunities have changed: a Flow's call or an outbound message. Which ones is all we take from it."""

import hashlib
import re
import secrets
from functools import cache
from hmac import compare_digest

from domain.verbs import syncing
from handlers.jobs import send, transaction
from handlers.problems import Problem
from handlers.sync_turns import read_opportunities_again, read_some_opportunities
from integrations.salesforce_settings import Settings
from kit.clock import utcnow

OPPORTUNITY_ID = re.compile(rb"(?<![A-Za-z0-9])006[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?(?![A-Za-z0-9])")
MOST = 200
ACKNOWLEDGED = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)
"""What an outbound message wants to hear; else it comes again for a day."""


@cache
def settings() -> Settings:
    return Settings()


def receive(secret: str, body: bytes) -> str | None:
    """Keep the delivery and have its opportunities read. Returns the XML to answer with, if it came as XML. Raises Problem.

    What the delivery says of an opportunity is not believed: deliveries come late, twice and out of order, and whoever knew the
    secret could win deals.
    """
    wanted = settings().webhook_secret.get_secret_value()
    if not wanted:
        raise Problem(404, "salesforce_not_set_up", "SALESFORCE_WEBHOOK_SECRET is not set.")
    if not compare_digest(hashlib.sha256(secret.encode()).digest(), hashlib.sha256(wanted.encode()).digest()):
        raise Problem(401, "wrong_secret", "Send the secret in the header X-Handoff-Secret.")
    ids = sorted({found.decode() for found in OPPORTUNITY_ID.findall(body)})
    with transaction() as session:
        # Two deliveries that say the same are two: each time something has changed.
        syncing.keep_events(session, "salesforce", {f"webhook-{secrets.token_hex(16)}": body}, utcnow())
        if ids:
            send(session, read_some_opportunities(ids) if len(ids) <= MOST else read_opportunities_again())
    return ACKNOWLEDGED if body.lstrip().startswith(b"<") else None
