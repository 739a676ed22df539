"""Providers say what they know of a lead; it is merged field by field, and then the next of them is asked, if one is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.facts import Attribute
from domain.rules.lifecycle import GONE, LeadMove
from domain.rules.merging import merge_fields
from domain.rules.waterfall import (
    MOST_TRIES,
    Answer,
    Ask,
    Done,
    Outcome,
    Provider,
    Step,
    Why,
    is_settled,
    missing_of,
    next_question,
)
from domain.tables import Happened, Lead, ProfileRow
from domain.verbs import knowing_companies
from domain.verbs.budget import spent_on
from domain.verbs.companies import match_companies
from domain.verbs.describing import describe, note_attributes, sourced_fields
from domain.verbs.record import happened, locked_lead, move_lead


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider said. `outcome`: one of `waterfall.Outcome`; `again_after`, if it is still searching."""

    provider: str
    outcome: str
    fields: Mapping[str, str | int]
    cost_cents: int
    again_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Onward:
    """How it goes on with a lead: the next step, and when the provider that was asked is asked again, if it is."""

    step: Step
    again_after: timedelta | None = None
    bulk: bool = False


def go_on(session: Session, lead_id: int, said: Said | None, providers: Sequence[Provider], now: datetime) -> Onward:
    """Learn what a provider said (None: nothing new), and say what comes next. `providers`: the most trusted first.

    The lead is to be scored when nobody can be asked at once; if it was scored before, when something new is known.
    """
    lead = locked_lead(session, lead_id)
    if lead.stage in GONE:
        return Onward(Done(Why.NOBODY_LEFT))
    order = [one.name for one in providers]
    before, again_after = lead.attributes, None
    knowing_companies.reuse(session, lead, order)
    if said is not None:
        again_after = _keep_profile(session, lead, said, now)
        _take_in(session, lead, said, now, order)
    note_attributes(session, lead, before, now)
    step = next_question(
        _missing(lead, providers, now), providers, _answers(session, lead_id), spent_on(session, now), now
    )
    changed, ended = lead.attributes != before, not isinstance(step, Ask)
    answered = said is not None and said.outcome in {Outcome.MATCHED, Outcome.NO_MATCH}
    if answered or changed or (ended and (lead.scored_at is None or lead.enriched_at is None)):
        _tell(session, lead, said if answered else None, now, news=ended if lead.scored_at is None else changed)
    return Onward(step, again_after, lead.bulk)


def is_wanted(session: Session, lead_id: int, provider: str, providers: Sequence[Provider], now: datetime) -> bool:
    """Whether the provider's answer is still needed: by the time of a retry others may have answered."""
    lead = session.get_one(Lead, lead_id)
    terms = {one.name: one for one in providers}
    if lead.stage in GONE or provider not in terms:
        return False
    if is_settled(_answers(session, lead_id).get(provider), terms[provider], now):
        return False
    return bool(terms[provider].provides & _missing(lead, providers, now))


def fell_silent(session: Session, lead_id: int, provider: str, now: datetime) -> bool:
    """Note that the provider did not answer, so that others are asked meanwhile. False if that is known already, or if
    another worker had its answer after all.
    """
    if locked_lead(session, lead_id).stage in GONE:
        return False
    known = _answers(session, lead_id).get(provider)
    if known is not None and known.outcome != Outcome.PENDING and known.at > now - SILENCE:
        return False
    _write_profile(session, lead_id, Said(provider, Outcome.NO_ANSWER, {}, 0), now, tries=0, again_at=None)
    return True


SILENCE = timedelta(hours=1)
"""The retries of one question take no longer, unless the provider itself asks for more time."""


def _keep_profile(session: Session, lead: Lead, said: Said, now: datetime) -> timedelta | None:
    """Remember the answer. If the provider is still searching: how long to wait until it is asked again, unless it has
    been asked often enough.
    """
    tries, after = 0, None
    if said.outcome == Outcome.PENDING:
        tries = 1 + (session.scalar(select(ProfileRow.tries).where(*_of(lead.id, said.provider))) or 0)
        after = said.again_after if tries < MOST_TRIES else None
    _write_profile(session, lead.id, said, now, tries=tries, again_at=None if after is None else now + after)
    return after


def _write_profile(
    session: Session, lead_id: int, said: Said, now: datetime, *, tries: int, again_at: datetime | None
) -> None:
    gave_up = said.outcome == Outcome.PENDING and again_at is None
    values = {
        "outcome": Outcome.NO_ANSWER.value if gave_up else str(said.outcome),
        "fields": dict(said.fields),
        "cost_cents": said.cost_cents,
        "asked_at": now,
        "tries": tries,
        "again_at": again_at,
    }
    session.execute(
        upsert(ProfileRow)
        .values(lead_id=lead_id, provider=said.provider, **values)
        .on_conflict_do_update(index_elements=["lead_id", "provider"], set_=values)
    )


def _take_in(session: Session, lead: Lead, said: Said, now: datetime, order: Sequence[str]) -> None:
    of_person = {name: value for name, value in said.fields.items() if name not in knowing_companies.OF_COMPANY_ALONE}
    if of_person:
        describe(lead, merge_fields(sourced_fields(lead), of_person, said.provider, now, order), {})
    knowing_companies.note(session, lead, said.fields, said.provider, now, order)
    # A provider may know the company of somebody who wrote from free mail.
    match_companies(session, [lead])


def _tell(session: Session, lead: Lead, said: Said | None, now: datetime, *, news: bool) -> None:
    move_lead(lead, LeadMove.LEARN)
    lead.enriched_at = now
    happened(session, Happened.LEAD_ENRICHED, now, lead=lead, provider=said.provider if said else None, news=news)


def _missing(lead: Lead, providers: Sequence[Provider], now: datetime) -> frozenset[str]:
    throwaway = lead.attributes.get(Attribute.DISPOSABLE_MAIL) is True
    return missing_of(sourced_fields(lead), providers, now, throwaway=throwaway)


def _answers(session: Session, lead_id: int) -> dict[str, Answer]:
    """The last answer of each provider about the lead."""
    rows = session.execute(
        select(ProfileRow.provider, ProfileRow.outcome, ProfileRow.asked_at, ProfileRow.again_at).where(
            ProfileRow.lead_id == lead_id
        )
    )
    return {row.provider: Answer(row.outcome, row.asked_at, row.again_at) for row in rows}


def _of(lead_id: int, provider: str) -> tuple[ColumnElement[bool], ...]:
    return ProfileRow.lead_id == lead_id, ProfileRow.provider == provider
