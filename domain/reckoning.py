"""How a deal that was won is shared out, as it would be frozen now; and what is frozen of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exchange import Exchange
from domain.journeys import Journey, Step, journey_of
from domain.rules.attribution import AttributionModel, split
from domain.rules.attribution_file import NO_CHANNEL, Practice
from domain.rules.money import exchanged
from domain.sharing import Fits, newest_fits, shares_of
from domain.tables import Credit, CreditRun, Opportunity
from domain.verbs.practices import in_force


@dataclass(frozen=True, slots=True)
class Given:
    """What one model gives to one touch: a row of `credits`."""

    model: AttributionModel
    fit_id: int | None
    lead_id: int
    touch_id: int | None
    at: datetime | None
    campaign: str | None
    channel: str
    share: float
    value: int


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A row of `credit_runs` that is not written, with its credits."""

    closed_at: datetime
    file_id: int | None
    amount: int | None
    currency: str | None
    rate: Decimal | None
    base: str
    value: int
    touches: int
    given: Sequence[Given]

    def says_otherwise(self, other: "Reckoned") -> bool:
        """Whether anybody gets something else. Another version of the file that changes nothing is no news."""
        return replace(self, file_id=None, given=(), rate=None) != replace(
            other, file_id=None, given=(), rate=None
        ) or sorted(map(_rounded, self.given), key=str) != sorted(map(_rounded, other.given), key=str)


def _rounded(one: Given) -> tuple[object, ...]:
    """Without whose touch it was: leads that were merged since have their touches together, and nobody gets more by that."""
    return (one.model, one.touch_id, one.campaign, one.channel, round(one.share, 9), one.value)


def reckon(session: Session, deal: Opportunity, now: datetime) -> Reckoned:
    """By what is known now. The deal is closed."""
    if deal.closed_at is None:
        raise ValueError(f"deal {deal.id} is open: there is nothing to share out yet")
    version, practice = in_force(session)
    journey = journey_of(session, deal.id, practice, now)
    if journey is None:
        raise ValueError(f"there is no deal {deal.id}")
    rate, value = _worth(Exchange(session, practice.base), deal, deal.closed_at)
    return Reckoned(
        closed_at=deal.closed_at,
        file_id=version,
        amount=deal.amount,
        currency=deal.currency,
        rate=rate,
        base=practice.base,
        value=value,
        touches=len(journey.steps),
        given=share_out(journey, practice, newest_fits(session), value),
    )


def _worth(exchange: Exchange, deal: Opportunity, closed_at: datetime) -> tuple[Decimal | None, int]:
    """The rate of the day (UTC) of its closing, and its value; without a rate, or an amount, that is 0."""
    currency = deal.currency or exchange.base
    rate = exchange.rate(currency, closed_at.astimezone(UTC).date())
    if rate is None or deal.amount is None:
        return rate, 0
    return rate, exchanged(deal.amount, currency, rate, exchange.base)


def share_out(journey: Journey, practice: Practice, fits: Fits, value: int) -> list[Given]:
    """By all models that can say something. A touch that gets nothing has no row."""
    rows: list[Given] = []
    for model in AttributionModel:
        parts = shares_of(journey, model, practice, fits)
        if parts is None:
            continue
        fit_id = fits[model].id if model in fits else None
        if not parts:
            rows.append(Given(model, fit_id, journey.lead_id, None, None, None, NO_CHANNEL, 1.0, value))
        each = zip(journey.steps, parts, split(value, parts), strict=True) if parts else ()
        rows += [_row(model, fit_id, step, share, units) for step, share, units in each if share > 0]
    return rows


def _row(model: AttributionModel, fit_id: int | None, step: Step, share: float, units: int) -> Given:
    return Given(model, fit_id, step.lead_id, step.touch_id, step.at, step.campaign, step.channel, share, units)


def with_money(session: Session, frozen: Reckoned, deal: Opportunity) -> Reckoned:
    """The same sharing of another sum: whose work it was has not changed with the amount."""
    rate, value = _worth(Exchange(session, frozen.base), deal, frozen.closed_at)
    if deal.currency == frozen.currency and frozen.rate is not None and deal.amount is not None:
        rate, value = frozen.rate, exchanged(deal.amount, deal.currency or frozen.base, frozen.rate, frozen.base)
    given: list[Given] = []
    for some in _by_model(frozen.given).values():
        units = split(value, [one.share for one in some])
        given += [replace(one, value=its) for one, its in zip(some, units, strict=True)]
    return replace(frozen, amount=deal.amount, currency=deal.currency, rate=rate, value=value, given=given)


def _by_model(given: Sequence[Given]) -> Mapping[AttributionModel, list[Given]]:
    found: dict[AttributionModel, list[Given]] = {}
    for one in given:
        found.setdefault(one.model, []).append(one)
    return found


def current_run(session: Session, opportunity_id: int) -> CreditRun | None:
    return session.scalars(
        select(CreditRun).where(CreditRun.opportunity_id == opportunity_id, CreditRun.superseded_at.is_(None))
    ).one_or_none()


def frozen_as(session: Session, run: CreditRun) -> Reckoned:
    """A run that was written, as it was reckoned."""
    rows = session.scalars(select(Credit).where(Credit.run_id == run.id).order_by(Credit.id))
    given = [
        Given(
            one.model,
            one.fit_id,
            one.lead_id,
            one.touch_id,
            one.at,
            one.campaign,
            one.channel,
            one.share,
            one.value,
        )
        for one in rows
    ]
    return Reckoned(
        run.closed_at, run.file_id, run.amount, run.currency, run.rate, run.base, run.value, run.touches, given
    )
