"""Stage 1: ask the providers about a new lead, one after the other, for what is missing.

Scoring does not wait for them longer than 30 s (`flow.ENRICHMENT_PATIENCE`); it comes at once when nobody is left to ask.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain import finding
from domain.rules.waterfall import Ask, Outcome, Wait, Why
from domain.verbs import budget, enriching
from domain.verbs.budget import Reserved
from domain.verbs.enriching import Onward, Said
from handlers.flow import Job, Priority, Sending
from handlers.jobs import Running, finishing, job, reading, send, transaction
from integrations import registry
from integrations.ports import Enricher, Person, Profile
from kit.clock import utcnow
from kit.outside import Refused, TryLater


@dataclass(frozen=True, slots=True)
class Answered:
    """A provider's answer, and what was reserved for it."""

    profile: Profile
    reserved: Reserved


@job(Job.ENRICH)
def enrich(running: Running, lead_id: int, postponed: int = 0) -> None:
    """Decide whom to ask first; with nobody, the lead is as enriched as it gets. `postponed`: 1 on the day after."""
    with finishing(running) as session:
        _go_on(session, lead_id, None, postponed)


@job(Job.ASK_PROVIDER)
def ask_provider(running: Running, lead_id: int, provider: str, postponed: int = 0) -> None:
    """One provider, one lead; then the next. One that does not answer holds up nobody: it is tried again beside the others."""
    enrichers = {one.name: one for one in registry.enrichers()}
    terms = [one.terms for one in enrichers.values()]
    with reading() as session:
        wanted = enriching.is_wanted(session, lead_id, provider, terms, utcnow())
        person = person_of(session, lead_id)
    try:
        answered = question(enrichers[provider], person) if wanted else None
    except (TryLater, Refused):
        with transaction() as session:
            if enriching.fell_silent(session, lead_id, provider, utcnow()):
                _go_on(session, lead_id, None, postponed)
        raise
    with finishing(running) as session:
        _go_on(session, lead_id, said_by(answered.profile) if answered else None, postponed)
        if answered:
            settle(session, answered)


def question(enricher: Enricher, person: Person) -> Answered | None:
    """Ask, with the price reserved before; None: the budget of the day has no room for it.

    Raises what the provider raises; its price is given back then.
    """
    with transaction() as session:
        reserved = budget.reserve(session, enricher.terms, utcnow())
    if reserved is None:
        return None
    try:
        return Answered(enricher.look_up(person), reserved)
    except (TryLater, Refused):
        with transaction() as session:
            budget.give_back(session, reserved)
        raise


def settle(session: Session, answered: Answered) -> None:
    """Count the answer with what it cost. "Still searching" is none yet."""
    if answered.profile.outcome is Outcome.PENDING:
        budget.give_back(session, answered.reserved)
    else:
        matched = answered.profile.outcome is Outcome.MATCHED
        budget.settle(session, answered.reserved, answered.profile.cost_cents, matched=matched)


def person_of(session: Session, lead_id: int) -> Person:
    asked = finding.identity_of(session, lead_id)
    return Person(asked.email, asked.first_name, asked.last_name, asked.company, asked.domain)


def said_by(profile: Profile) -> Said:
    after = None if profile.again_after is None else timedelta(seconds=profile.again_after)
    return Said(profile.provider, profile.outcome.value, dict(profile.fields), profile.cost_cents, after)


def _go_on(session: Session, lead_id: int, said: Said | None, postponed: int) -> None:
    now = utcnow()
    onward = enriching.go_on(session, lead_id, said, [one.terms for one in registry.enrichers()], now)
    follow(session, lead_id, onward, said, now, postponed)


def follow(
    session: Session, lead_id: int, onward: Onward, said: Said | None, now: datetime, postponed: int = 0
) -> None:
    """Send the next question, or nothing."""
    priority = Priority.BULK if onward.bulk else Priority.LIVE
    if said is not None and onward.again_after is not None:
        send(session, asking(lead_id, said.provider, priority, after=onward.again_after))
    if isinstance(onward.step, Ask):
        send(session, asking(lead_id, onward.step.provider, priority, postponed=postponed))
    elif isinstance(onward.step, Wait) and onward.step.why is Why.CAP and not postponed:
        # Once: with a backlog that no day's budget pays for, all of it would come again every midnight.
        args: dict[str, int | str] = {"lead_id": lead_id, "postponed": 1}
        send(session, Sending(Job.ENRICH, args, str(lead_id), priority=priority, after=onward.step.until - now))


def asking(
    lead_id: int, provider: str, priority: Priority, *, after: timedelta = timedelta(0), postponed: int = 0
) -> Sending:
    args: dict[str, int | str] = {"lead_id": lead_id, "provider": provider, "postponed": postponed}
    return Sending(Job.ASK_PROVIDER, args, f"{lead_id}:{provider}", priority=priority, after=after)
