"""Stage 1: ask the providers about a new lead, one after the other, for what is missing.

Scoring does not wait for them longer than 30 s (`flow.ENRICHMENT_PATIENCE`); it comes at once when nobody is left to ask.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain import finding
from domain.rules.waterfall import Ask, Outcome, Wait, Why
from domain.verbs import budget, enriching
from domain.verbs.budget import Reserved
from domain.verbs.enriching import Onward, Said
from handlers import ledger
from handlers.jobs import Running, finishing, job, lease, reading, send, set_back, transaction
from handlers.ledger import Setback, TakenOver
from handlers.sending import Job, Priority, Sending
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
    """One provider, one lead, and those that wait for it as well, if it takes several by one call; then the next provider.
    One that does not answer holds up nobody: it is tried again beside the others.
    """
    enrichers = {one.name: one for one in registry.enrichers()}
    first = Waiting(running, lead_id, postponed)
    terms = [one.terms for one in enrichers.values()]
    with reading() as session:
        wanted = enriching.is_wanted(session, lead_id, provider, terms, utcnow())
    try:
        answers = _ask(enrichers[provider], first) if wanted else {first: None}
    except (TryLater, Refused):
        _fell_silent(first, provider)
        raise
    for waiting, answer in answers.items():
        if waiting is not first:
            with suppress(TakenOver):
                _conclude(waiting, provider, answer)
    _conclude(first, provider, answers[first])


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A lead's question to a provider, and the job that is for it."""

    running: Running
    lead_id: int
    postponed: int


def _ask(enricher: Enricher, first: Waiting) -> dict[Waiting, Answered | TryLater | None]:
    """What the provider says of `first` and of those that wait beside it. If it refuses them together, one of the others may be
    why: then it is asked about `first` alone.
    """
    others = _waiting_beside(enricher, first)
    try:
        return _questions(enricher, [first, *others])
    except (TryLater, Refused) as no:
        with transaction() as session:
            ledger.give_back_unsent(session, [other.running.claimed for other in others])
        if isinstance(no, TryLater) or not others:
            raise
        return _questions(enricher, [first])


def _waiting_beside(enricher: Enricher, first: Waiting) -> list[Waiting]:
    if enricher.batch_size == 1:
        return []
    with transaction() as session:
        about, most = {"provider": enricher.name}, enricher.batch_size - 1
        claimed = ledger.claim_alike(session, first.running.claimed, about, lease=lease(), most=most)
    return [Waiting(Running(one), one.args["lead_id"], one.args.get("postponed", 0)) for one in claimed]


def _questions(enricher: Enricher, waiting: Sequence[Waiting]) -> dict[Waiting, Answered | TryLater | None]:
    """None: nothing is wanted of this provider any more, or the budget of the day has no room for it."""
    terms = [one.terms for one in registry.enrichers()]
    with reading() as session:
        wanted = [one for one in waiting if enriching.is_wanted(session, one.lead_id, enricher.name, terms, utcnow())]
        persons = [person_of(session, one.lead_id) for one in wanted]
    return dict.fromkeys(waiting) | dict(zip(wanted, questions(enricher, persons), strict=True))


def _conclude(waiting: Waiting, provider: str, answer: Answered | TryLater | None) -> None:
    """End the job of one question: with its answer, or by putting it off."""
    if isinstance(answer, TryLater):
        _fell_silent(waiting, provider)
        after = None if answer.after is None else timedelta(seconds=answer.after)
        set_back(waiting.running, Setback(answer.why, after))
        waiting.running.finished = True
        return
    with finishing(waiting.running) as session:
        _go_on(session, waiting.lead_id, said_by(answer.profile) if answer else None, waiting.postponed)
        if answer:
            settle(session, answer)


def _fell_silent(waiting: Waiting, provider: str) -> None:
    with transaction() as session:
        if enriching.fell_silent(session, waiting.lead_id, provider, utcnow()):
            _go_on(session, waiting.lead_id, None, waiting.postponed)


def question(enricher: Enricher, person: Person) -> Answered | None:
    """Ask about one. Raises what the provider raises."""
    (answer,) = questions(enricher, [person])
    if isinstance(answer, TryLater):
        raise answer
    return answer


def questions(enricher: Enricher, persons: Sequence[Person]) -> list[Answered | TryLater | None]:
    """Ask, with the prices reserved before; None: the budget of the day has no room for this one.

    Raises what the provider raises. Whom it does not answer has the price given back.
    """
    with transaction() as session:
        reserved = [budget.reserve(session, enricher.terms, utcnow()) for _ in persons]
    asked = [person for person, one in zip(persons, reserved, strict=True) if one is not None]
    try:
        answers = iter(enricher.look_up_many(asked) if asked else ())
    except (TryLater, Refused):
        _give_back(reserved)
        raise
    said = [None if one is None else (one, next(answers)) for one in reserved]
    _give_back([one[0] for one in said if one is not None and isinstance(one[1], TryLater)])
    return [_answered(*one) if one is not None else None for one in said]


def _answered(reserved: Reserved, answer: Profile | TryLater) -> Answered | TryLater:
    return answer if isinstance(answer, TryLater) else Answered(answer, reserved)


def _give_back(reserved: Sequence[Reserved | None]) -> None:
    given = [one for one in reserved if one is not None]
    if given:
        with transaction() as session:
            for one in given:
                budget.give_back(session, one)


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
