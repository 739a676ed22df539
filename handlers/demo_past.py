"""The demo's past: the people of `demo_cast.py` go the whole road, each through the same verbs as everybody else, months ago.

Nobody is told of it today: no job follows, no deadline runs, no system has still to hear of it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.rules.periods import Period
from domain.rules.spending import CostSaid, RateSaid
from domain.rules.tiers import Tier
from domain.rules.validation import check
from domain.tables import AttemptOutcome, CaptureSource, Handoff, Lead, Rep, Role, SystemLink
from domain.verbs import (
    capturing,
    costing,
    crediting,
    deciding,
    enriching,
    nurturing,
    pulsing,
    qualifying,
    scoring,
    selling,
)
from domain.verbs.capturing import Delivery, Kept
from domain.verbs.offering import SELLER, hand_over
from domain.verbs.selling import Word
from domain.verbs.telling import Told, note_told
from handlers.demo_cast import AMERICAS, APAC, DAYS, SETTLED, Character, Step, cast
from handlers.jobs import laying_the_past
from kit.clock import utcnow

LEADS = 300
SPENT = (("webinar-series", "webinar", 240_000, "EUR"), ("spring-launch", "paid_search", 610_000, "USD"))
"""Campaign, channel, and what a month of it costs in the smallest unit."""
FELT = (5, 4, 4)
"""Of the last three months; a quarter before it was one less."""
YES = {"budget": "partly", "authority": "yes", "need": "yes", "timeline": "yes", "notes": ""}


def lay(now: datetime, leads: int = LEADS) -> None:
    """Lay the past that ends some days before `now`. The demo's people and sources are there already."""
    people = _people()
    _costs(now)
    for character in cast(now, leads):
        with laying_the_past() as session:
            lead = _arrive(session, character)
            _go_on(session, lead, character, people, now - SETTLED)
            _at_rest(session, lead, now)
    _pulses(now, {rep.id: rep for reps in people.values() for rep in reps}.values())


def _costs(now: datetime) -> None:
    """What the two campaigns cost month by month, in their own currencies, and what a dollar is worth."""
    first = now.date() - timedelta(days=DAYS + 38)
    spans = [(first + timedelta(days=30 * month), first + timedelta(days=30 * month + 29)) for month in range(10)]
    with laying_the_past() as session:
        costing.put_rates(session, [RateSaid("USD", "EUR", first, Decimal("0.92"))], now)
        costing.put_costs(
            session,
            [
                CostSaid(campaign, channel, since, until, amount, currency)
                for campaign, channel, amount, currency in SPENT
                for since, until in spans
            ],
            now,
        )


def _pulses(now: datetime, reps: Iterable[Rep]) -> None:
    """What they said of each month's leads on its last day: better from quarter to quarter."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for back in range(DAYS // 30):
        until, month = month, (month - timedelta(days=1)).replace(day=1)
        asked = until - timedelta(hours=8)
        with laying_the_past() as session:
            for place, rep in enumerate(reps):
                leads = pulsing.decided_leads(session, [rep.id], Period(month, until, "")).get(rep.id, 0)
                pulse = pulsing.ask(session, rep, f"{month:%Y-%m}", leads, asked) if leads else None
                if pulse is not None:
                    pulsing.feel(session, pulse.id, rep, FELT[(back + place) % 3] - back // 3, asked)


def _people() -> Mapping[str, Sequence[Rep]]:
    """Who sells where, by their first names in the example of the staff."""
    with laying_the_past() as session:
        reps = {
            rep.name.split()[0]: rep for rep in session.scalars(select(Rep).where(Rep.role.in_([Role.SDR, Role.AE])))
        }
        if session.scalar(select(CaptureSource.id).where(CaptureSource.name == "partners")) is None:
            capturing.add_source(session, "partners", None)
    return {
        "emea": (reps["Sam"], reps["Sam"], reps["Eli"]),
        "americas": (reps["Dana"], reps["Dana"], reps["Sam"]),
        "apac": (reps["Eli"],),
        "ae": (reps["Ada"], reps["Alex"]),
    }


def _arrive(session: Session, character: Character) -> Lead:
    """All that they did before the last touch was written down when it was: by then they are somebody."""
    source = session.scalars(select(CaptureSource).where(CaptureSource.name == character.source)).one()
    kept = [_kept(session, source, character, place, at, step) for place, (at, step) in enumerate(character.touches)]
    last = character.touches[-1][0]
    lead, _ = capturing.receive_all(session, source.name, kept, last)[0]
    enriching.go_on(session, lead.id, None, (), last)
    return lead


def _kept(session: Session, source: CaptureSource, character: Character, place: int, at: datetime, step: Step) -> Kept:
    kind, details = step
    body = json.dumps({**character.person, "kind": kind, **details}).encode()
    arrival, _ = capturing.keep(session, source.id, f"past-{character.number}-{place}", body, at)
    return Kept(arrival, Delivery(character.person, kind, at, **details), check(character.person))


def _go_on(
    session: Session, lead: Lead, character: Character, people: Mapping[str, Sequence[Rep]], until: datetime
) -> None:
    """From the score on: to nurture, or to sales and what sales makes of it."""
    at = character.touches[-1][0]
    scoring.score_lead(session, lead.id, at)
    if lead.tier not in SELLER:
        nurturing.enrol(session, lead.id, at)
        return
    rep = _whose(character, lead.tier, people)
    handoff = hand_over(session, lead.id, at, to=rep)
    if handoff is not None:
        _sell(session, handoff, rep, character, at, until)


def _whose(character: Character, tier: Tier, people: Mapping[str, Sequence[Rep]]) -> Rep:
    region = "americas" if character.country in AMERICAS else "apac" if character.country in APAC else "emea"
    among = people["ae" if tier is Tier.HQL else region]
    return among[int(character.luck * len(among))]


def _sell(
    session: Session, handoff: Handoff, rep: Rep, character: Character, offered: datetime, until: datetime
) -> None:
    """Sales decides: at once, or after the first call."""
    answered = offered + character.answered_after
    give_back = partial(
        deciding.reject, session, handoff.id, by=rep, reason=character.reason, note=None, detail=character.detail
    )
    if character.deal is None and character.reason in {"no_fit", "bad_data"}:
        give_back(version=handoff.version, now=answered)
        return
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=answered)
    called = answered + timedelta(minutes=10)
    tries = 3 if character.deal is None and character.reason == "unreachable" else 1
    for number in range(tries):
        outcome = AttemptOutcome.NO_ANSWER if tries > 1 else AttemptOutcome.SPOKE
        deciding.log_attempt(
            session, handoff.id, by=rep, outcome=outcome, note=None, now=called + timedelta(days=number)
        )
    decided = called + character.decided_after + timedelta(days=tries - 1)
    if character.deal is None:
        give_back(version=handoff.version, now=decided)
        return
    qualifying.qualify(session, handoff.id, version=handoff.version, by=rep, said=YES, now=decided)
    if character.thinks_again:
        later = decided + timedelta(days=1)
        deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason="no_budget", note=None, now=later)
        return
    _deal(session, handoff, character, decided + timedelta(hours=2), until)


def _deal(session: Session, handoff: Handoff, character: Character, opened: datetime, until: datetime) -> None:
    """As the CRM told it. What would be closed later than the past goes is still open."""
    deal = character.deal
    assert deal is not None  # noqa: S101  (who has none was given back)
    closed = opened + timedelta(days=deal.days)
    word = partial(
        Word,
        system="salesforce",
        external_id=f"past-{character.number}",
        name=f"{character.person['company']} {character.number}",
        created_at=opened,
        handoff_id=handoff.id,
        amount=deal.amount,
        currency=deal.currency,
    )
    selling.hear(session, word(stage="Prospecting", probability=0.1, modified_at=opened), opened)
    if closed > until:
        yesterday = until + SETTLED - timedelta(days=1)
        selling.hear(session, word(stage="Value Proposition", probability=0.5, modified_at=yesterday), yesterday)
        return
    halfway = opened + (closed - opened) / 2
    selling.hear(session, word(stage="Negotiation/Review", probability=0.9, modified_at=halfway), closed)
    stage = "Closed Won" if deal.won else "Closed Lost"
    said = word(stage=stage, modified_at=closed, is_closed=True, is_won=bool(deal.won), lost_reason=deal.lost_reason)
    won = selling.hear(session, said, closed)
    if won is not None:
        crediting.freeze(session, won.id, closed)


def _at_rest(session: Session, lead: Lead, now: datetime) -> None:
    """As it lies there today: looked at lately if it is in nurture, and known everywhere as it is."""
    if lead.stage is Stage.NURTURING:
        scoring.score_lead(session, lead.id, now - timedelta(hours=1))
    for link in session.scalars(select(SystemLink).where(SystemLink.lead_id == lead.id)):
        note_told(session, link.system, [Told(lead.id, link.dirty, sent_hash="")], now)


if __name__ == "__main__":
    lay(utcnow())
