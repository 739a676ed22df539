"""What each model gives to each touch of a journey."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from domain.journeys import Journey
from domain.rules.attribution import LEARNT, AttributionModel, shares
from domain.rules.attribution_file import Practice
from domain.tables import AttributionFit

Fits = Mapping[AttributionModel, AttributionFit]


def newest_fits(session: Session) -> Fits:
    """What was learnt last, per model; nothing of one that was never learnt."""
    newest = (AttributionFit.model, AttributionFit.fitted_at.desc(), AttributionFit.id.desc())
    rows = session.scalars(select(AttributionFit).ext(distinct_on(AttributionFit.model)).order_by(*newest))
    return {fit.model: fit for fit in rows}


def shares_of(journey: Journey, model: AttributionModel, practice: Practice, fits: Fits) -> list[float] | None:
    """One share per step, together 1; None of a model that is not learnt yet."""
    if model in LEARNT and model not in fits:
        return None
    return shares(
        model,
        journey.points,
        marks=journey.marks,
        half_life=practice.half_life,
        closed_at=journey.closed_at,
        effects=fits[model].data["effects"] if model in LEARNT else None,
    )


def shown_model(practice: Practice, fits: Fits) -> AttributionModel:
    """The headline model, or the built-in one as long as that is not learnt."""
    model = practice.headline
    return AttributionModel.W_SHAPED if model in LEARNT and model not in fits else model
