"""Opportunities for tests that are handed to an AE, and what the AE and the CRM say of them."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from domain.tables import DealHandoff, Opportunity, Rep
from domain.verbs import deal_decisions, dealing, deciding, selling
from domain.verbs.selling import Word
from tests.conftest import NOON
from tests.domain.making import Team, make_offer

LATER = NOON + timedelta(hours=1)


def an_opportunity(
    session: Session, team: Team, email: str = "kim@buyer.example.com", key: str = "006A"
) -> Opportunity:
    """Sam's or Dana's lead has become an opportunity that we opened."""
    handoff = make_offer(session, email=email)
    by = session.get_one(Rep, handoff.rep_id)
    deciding.accept(session, handoff.id, version=handoff.version, by=by, now=NOON)
    made = selling.open_opportunity(
        session, handoff.id, system="salesforce", external_id=key, name="Sample", stage="New", now=NOON
    )
    session.flush()
    return made


def offered(session: Session, team: Team, **which: Any) -> DealHandoff:
    deal = dealing.hand_deal(session, an_opportunity(session, team, **which).id, NOON)
    assert deal is not None
    return deal


def word(stage: str = "Proposal", *, hours: float = 2, **more: Any) -> Word:
    closed = stage.startswith("Closed")
    at = NOON + timedelta(hours=hours)
    said: dict[str, Any] = {
        "system": "salesforce",
        "external_id": "006A",
        "name": "Sample",
        "stage": stage,
        "modified_at": at,
        "is_closed": closed,
        "is_won": stage == "Closed Won",
    }
    return Word(**said | more)


def ae_of(session: Session, deal: DealHandoff) -> Rep:
    return session.get_one(Rep, deal.rep_id)


def accept(session: Session, deal: DealHandoff, by: Rep | None = None) -> DealHandoff:
    who = by or ae_of(session, deal)
    return deal_decisions.accept_deal(session, deal.id, version=deal.version, by=who, now=LATER)


def live(session: Session, opportunity_id: int) -> DealHandoff | None:
    session.flush()
    return dealing.live_deal(session, opportunity_id)


def opportunity_of(session: Session, deal: DealHandoff) -> Opportunity:
    return session.get_one(Opportunity, deal.opportunity_id)
