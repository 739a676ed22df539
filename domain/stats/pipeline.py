"""What is on its way, by what is known now, and how what has ended ended. docs/attribution.md defines each number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.exchange import Exchange
from domain.journeys import Journey, journeys
from domain.rules.attribution import AttributionModel, split
from domain.rules.attribution_file import Practice
from domain.rules.lifecycle import GONE
from domain.rules.periods import Period
from domain.sharing import Fits, newest_fits, shares_of, shown_model
from domain.stats.revenue import By
from domain.stats.share import Share
from domain.tables import Lead, Opportunity
from domain.verbs.practices import in_force

AT_ONCE = 1_000
"""Deals whose touches are read in one query."""
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Coming:
    """A channel, campaign or group: its part of the open deals. `weighted`: by the probability that the CRM gives each."""

    name: str
    deals: float = 0.0
    amount: int = 0
    weighted: int = 0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Money is in the smallest unit of the base currency."""

    by: By
    model: AttributionModel
    base: str
    lines: Sequence[Coming]
    deals: int
    unrated: int
    """Counted as 0: their currency has no rate."""
    unsaid: int
    """Counted as 0: they have no amount yet."""
    unlikely: int
    """Weighted as 0: the CRM gives no probability."""

    @property
    def whole(self) -> Coming:
        sums = (sum(getattr(line, name) for line in self.lines) for name in ("deals", "amount", "weighted"))
        return Coming("total", *sums)


@dataclass(frozen=True, slots=True)
class _Open:
    """An open deal in the base currency."""

    deal: Opportunity
    amount: int | None

    @property
    def weighted(self) -> int:
        return round((self.amount or 0) * (self.deal.probability or 0.0))


def pipeline(session: Session, now: datetime, by: By = By.CHANNEL) -> Pipeline:
    """All deals that are open now by the headline model, the most valuable line first. Nothing of it is frozen; a rate is that of today.

    Of somebody who was erased nothing is heard any more: nobody knows whether their deal is still open.
    """
    practice, fits = in_force(session).practice, newest_fits(session)
    model, exchange = shown_model(practice, fits), Exchange(session, practice.base)
    wanted = select(Opportunity).join(Lead, Lead.id == Opportunity.lead_id)
    still = (Opportunity.closed_at.is_(None), Lead.stage.not_in(GONE))
    deals = session.scalars(wanted.where(*still).order_by(Opportunity.id)).all()
    today = now.astimezone(UTC).date()
    found = [
        _Open(one, exchange.value(one.amount, one.currency, today) if one.amount is not None else None) for one in deals
    ]
    lines: dict[str, Coming] = {}
    for start in range(0, len(found), AT_ONCE):
        some = {one.deal.id: one for one in found[start : start + AT_ONCE]}
        for deal_id, journey in journeys(session, some, practice, now).items():
            for part in _parts(journey, some[deal_id], by, model, practice, fits):
                lines[part.name] = _plus(lines.get(part.name, Coming(part.name)), part)
    return Pipeline(
        by=by,
        model=model,
        base=practice.base,
        lines=sorted(lines.values(), key=lambda line: (-line.amount, -line.deals, line.name)),
        deals=len(found),
        unrated=sum(one.amount is None and one.deal.amount is not None for one in found),
        unsaid=sum(one.deal.amount is None for one in found),
        unlikely=sum(one.deal.probability is None for one in found),
    )


def _parts(
    journey: Journey, one: _Open, by: By, model: AttributionModel, practice: Practice, fits: Fits
) -> Iterator[Coming]:
    """Of one deal. Without a touch it is nobody's whom we know."""
    shares = shares_of(journey, model, practice, fits) or [1.0]
    names = [by.part(step.campaign, step.channel, practice) for step in journey.steps] or [
        by.part(None, None, practice)
    ]
    amounts, weighted = split(one.amount or 0, shares), split(one.weighted, shares)
    yield from map(Coming, names, shares, amounts, weighted)


def _plus(line: Coming, part: Coming) -> Coming:
    return replace(
        line,
        deals=line.deals + part.deals,
        amount=line.amount + part.amount,
        weighted=line.weighted + part.weighted,
    )


# ---- what has ended -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Closings:
    """Deals that were closed in a period; an open one is in none. `days`: from opening to winning, in the mean; None without one."""

    won: int
    lost: int
    days: float | None

    @property
    def win_rate(self) -> Share:
        return Share(self.won, self.won + self.lost)


def closings(session: Session, period: Period) -> Closings:
    lasting = func.avg(func.extract("epoch", Opportunity.closed_at - Opportunity.opened_at))
    wanted = select(
        func.count().filter(Opportunity.won.is_(True)),
        func.count().filter(Opportunity.won.is_(False)),
        lasting.filter(Opportunity.won.is_(True)),
    ).where(Opportunity.closed_at >= period.since, Opportunity.closed_at < period.until)
    won, lost, seconds = session.execute(wanted).one()
    return Closings(won, lost, float(seconds) / SECONDS_OF_A_DAY if seconds is not None else None)
