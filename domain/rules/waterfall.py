"""Which provider is asked next about a lead, if any. What a provider costs, knows and remembers, it says itself.

Asked is only for what is missing. Of the providers who might know some of it the cheapest is asked; between equally cheap
ones trust decides. So a dear provider is paid only for what the cheaper ones left open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias

from domain.rules.merging import FIRMOGRAPHIC, FORM, REP, Sourced


class Outcome(StrEnum):
    """How a question ended. A client says one of the first three."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    PENDING = "pending"  # still searching
    NO_ANSWER = "no_answer"  # it failed, or it searched for longer than anybody waits


MAIL_DOMAIN = "mail_domain"
GONE = "gone"
"""Of a mail domain: there is none of that name."""
WANTED = frozenset(
    {"first_name", "last_name", "title", "phone", "company", "industry", "employees", "country", MAIL_DOMAIN}
)
"""What it is worth to ask for."""
NO_ANSWER_KEPT_FOR = timedelta(days=1)
"""How long a provider that did not answer is left alone about this lead, but for the retries of the question itself."""
MOST_TRIES = 6
"""How often a provider may say that it is still searching."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's terms. Prices in cents for one question; no cap: None."""

    name: str
    provides: frozenset[str]
    keeps_for: timedelta  # how long its answer is believed
    keeps_no_match_for: timedelta  # how long it is not asked again after it knew nobody
    cost_cents: int = 0
    daily_cap_cents: int | None = None

    def affords(self, spent_cents: int) -> bool:
        """Whether one more question fits into a day on which so much is spent."""
        return self.daily_cap_cents is None or spent_cents + self.cost_cents <= self.daily_cap_cents


@dataclass(frozen=True, slots=True)
class Answer:
    """How the last question about a lead ended. `again_at`: when it is put again, if the provider is still searching."""

    outcome: str
    at: datetime
    again_at: datetime | None = None


class Why(StrEnum):
    NOTHING_MISSING = "nothing is missing"
    NOBODY_LEFT = "nobody is left to ask"
    SEARCHING = "a provider is still searching"
    CAP = "the budget of the day is spent"


@dataclass(frozen=True, slots=True)
class Ask:
    provider: str


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Done:
    why: Why


Step: TypeAlias = Ask | Wait | Done


def next_question(
    missing: frozenset[str],
    providers: Sequence[Provider],
    answers: Mapping[str, Answer],
    spent: Mapping[str, int],
    now: datetime,
) -> Step:
    """`providers`: the most trusted first. `spent`: cents of today (UTC) by provider, reserved ones included."""
    useful = [one for one in providers if one.provides & missing]
    unasked = [one for one in useful if not is_fresh(answers.get(one.name), one, now)]
    payable = [one for one in unasked if one.affords(spent.get(one.name, 0))]
    if payable:
        return Ask(min(payable, key=lambda one: one.cost_cents).name)
    again = [answers[one.name].again_at for one in useful if one.name in answers]
    if searching := [at for at in again if at is not None]:
        return Wait(min(searching), Why.SEARCHING)
    if any(one.affords(0) for one in unasked):
        return Wait(next_day(now), Why.CAP)
    return Done(Why.NOBODY_LEFT if missing else Why.NOTHING_MISSING)


def is_fresh(answer: Answer | None, provider: Provider, now: datetime) -> bool:
    """Whether the provider is not to be asked again: it answered not long ago, or its question is under way."""
    if answer is None:
        return False
    kept = {Outcome.MATCHED.value: provider.keeps_for, Outcome.NO_MATCH.value: provider.keeps_no_match_for}
    return now < answer.at + kept.get(answer.outcome, NO_ANSWER_KEPT_FOR)


def is_settled(answer: Answer | None, provider: Provider, now: datetime) -> bool:
    """Whether the provider has said what it knows, and that not long ago."""
    said = answer is not None and answer.outcome in {Outcome.MATCHED, Outcome.NO_MATCH}
    return said and is_fresh(answer, provider, now)


def missing_of(
    known: Mapping[str, Sourced], providers: Sequence[Provider], now: datetime, *, throwaway: bool
) -> frozenset[str]:
    """What it is worth to ask for. Of a throw-away address, and of one whose domain does not exist, nobody is paid to
    know more: a flood of them must not eat the day's budget.
    """
    trusted = {one.name: one.keeps_for for one in providers}
    sure = {field for field, said in known.items() if _is_sure(field, said, trusted, now)}
    if throwaway or (MAIL_DOMAIN in sure and known[MAIL_DOMAIN].value == GONE):
        return frozenset({MAIL_DOMAIN} - sure)
    return WANTED - sure


def _is_sure(field: str, said: Sourced, trusted: Mapping[str, timedelta], now: datetime) -> bool:
    if said.source == REP:
        return True
    if said.source == FORM:
        return field not in FIRMOGRAPHIC
    return said.source in trusted and now < said.at + trusted[said.source]


def next_day(now: datetime) -> datetime:
    """The next midnight, UTC: budgets count from there."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
