"""What campaigns and channels cost in a period: a cost that reaches beyond it counts for the part of its time that lies within."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exchange import Exchange
from domain.rules.periods import Period
from domain.tables import Campaign, Cost


@dataclass(frozen=True, slots=True)
class Spent:
    """Of a campaign, or of a channel without one. `amount`: in the smallest unit of the base currency; None without a rate."""

    campaign: str | None
    channel: str | None
    amount: int | None


def costs(session: Session, period: Period, exchange: Exchange) -> Sequence[Spent]:
    """At the rate of the first day of each cost. Days begin at midnight where those of the period do."""
    first, last = period.since.date(), period.until.date()
    wanted = (
        select(Cost, Campaign.name, Campaign.channel)
        .join_from(Cost, Campaign, isouter=True)
        .where(Cost.until >= first, Cost.since <= last)
        .order_by(Cost.id)
    )
    found = []
    for cost, campaign, its_channel in session.execute(wanted):
        part = _within(cost, period)
        value = exchange.value(cost.amount, cost.currency, cost.since)
        if part > 0:
            found.append(Spent(campaign, cost.channel or its_channel, None if value is None else round(value * part)))
    return found


def _within(cost: Cost, period: Period) -> float:
    """The part of a cost's days that the period holds; of a running day the part that has gone."""
    zone = period.since.tzinfo
    begin = datetime.combine(cost.since, time(), zone)
    end = datetime.combine(cost.until + timedelta(days=1), time(), zone)
    return (min(end, period.until) - max(begin, period.since)) / (end - begin)
