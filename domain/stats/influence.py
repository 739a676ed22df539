"""What influenced one deal, and how much: by its headline model, as it stands now, or as it was frozen at its closing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.journeys import journey_of
from domain.sharing import newest_fits, shares_of, shown_model
from domain.tables import Credit, CreditRun
from domain.verbs.practices import in_force


@dataclass(frozen=True, slots=True)
class Influence:
    """A campaign, or a channel without one. `share`: of the deal, 0 to 1; those of a deal sum to 1."""

    name: str
    channel: str
    touches: int
    share: float
    newest: datetime


@dataclass(frozen=True, slots=True)
class _Part:
    campaign: str | None
    channel: str
    share: float
    at: datetime


def influence_of(session: Session, opportunity_id: int, now: datetime) -> Sequence[Influence]:
    """The greatest share first; empty if no touch is known that led to the deal."""
    practice = in_force(session).practice
    fits = newest_fits(session)
    model = shown_model(practice, fits)
    frozen = session.scalars(
        select(Credit)
        .join(CreditRun, CreditRun.id == Credit.run_id)
        .where(CreditRun.opportunity_id == opportunity_id, CreditRun.superseded_at.is_(None), Credit.model == model)
    ).all()
    if frozen:
        return _summed(_Part(one.campaign, one.channel, one.share, one.at) for one in frozen if one.at is not None)
    journey = journey_of(session, opportunity_id, practice, now)
    if journey is None:
        return []
    given = shares_of(journey, model, practice, fits) or []
    return _summed(
        _Part(step.campaign, step.channel, share, step.at) for step, share in zip(journey.steps, given, strict=True)
    )


def _summed(parts: Iterable[_Part]) -> Sequence[Influence]:
    by_name: dict[tuple[str, str], list[_Part]] = {}
    for part in parts:
        by_name.setdefault((part.campaign or part.channel, part.channel), []).append(part)
    found = [
        Influence(name, channel, len(some), sum(one.share for one in some), max(one.at for one in some))
        for (name, channel), some in by_name.items()
    ]
    return sorted(found, key=lambda one: (-one.share, -one.newest.timestamp(), one.name))
