"""Deals for tests: touches on the way to them, and what the CRM says of them. Days are counted from NOON."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from domain.tables import Lead, Opportunity
from domain.verbs import capturing, selling
from domain.verbs.capturing import Delivery
from domain.verbs.selling import Word
from tests.conftest import NOON
from tests.domain.making import DIRECTOR, make_arrival

KIM, LEE = "kim@buyer.example.com", "lee@buyer.example.com"


def touch(
    session: Session,
    day: float,
    channel: str | None,
    campaign: str | None = None,
    *,
    email: str = KIM,
    kind: str = "webinar",
    person: Mapping[str, object] = DIRECTOR,
) -> Lead:
    """One touch, heard of as it happened."""
    at = NOON + timedelta(days=day)
    delivery = Delivery({"email": email, **person}, kind, at, campaign=campaign, channel=channel)
    return capturing.receive(session, make_arrival(session, now=at), "website", delivery, at)


def say(session: Session, stage: str, day: float, *, key: str = "006A", email: str = KIM, **more: Any) -> Opportunity:
    """What the CRM says of a deal; `Closed Won` and `Closed Lost` close it."""
    at, closed = NOON + timedelta(days=day), stage.startswith("Closed")
    said: dict[str, Any] = {"is_closed": closed, "is_won": stage == "Closed Won", "modified_at": at, "emails": (email,)}
    word = Word(**{"system": "salesforce", "external_id": key, "name": "Sample deal", "stage": stage} | said | more)
    heard = selling.hear(session, word, at)
    assert heard is not None
    session.flush()
    return heard


def win(
    session: Session, day: float, amount: int | None = 100_000, currency: str | None = "EUR", **more: Any
) -> Opportunity:
    return say(session, "Closed Won", day, amount=amount, currency=currency, **more)
