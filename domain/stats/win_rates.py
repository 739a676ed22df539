"""How many of the closed deals that a channel, a campaign or a group had touched were won. docs/metrics.md defines it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.journeys import Journey, journeys
from domain.rules.attribution_file import Practice
from domain.rules.periods import Period
from domain.stats.pipeline import AT_ONCE
from domain.stats.revenue import By
from domain.stats.share import Share
from domain.tables import Opportunity
from domain.verbs.practices import in_force

UNTOUCHED = "no campaign at all"
"""Deals that none had touched. Credits for touches without a campaign are another thing, and stand under another name."""


@dataclass(frozen=True, slots=True)
class WinRate:
    """`share`: of the deals that were closed after it had touched them, those that were won."""

    name: str
    share: Share


def win_rates(session: Session, period: Period, bys: Collection[By], now: datetime) -> Mapping[By, Sequence[WinRate]]:
    """Of the deals that were closed in the period, by what is known of their touches now; who touched most of them first.

    Not by what is frozen: that is of deals that were won alone, and touches heard of later would be of the lost ones only.
    """
    practice = in_force(session).practice
    closed = select(Opportunity.id, Opportunity.won).where(
        Opportunity.closed_at >= period.since, Opportunity.closed_at < period.until
    )
    deals = [(deal_id, won) for deal_id, won in session.execute(closed.order_by(Opportunity.id))]
    won, of = {by: Counter[str]() for by in bys}, {by: Counter[str]() for by in bys}
    for start in range(0, len(deals), AT_ONCE):
        some = dict(deals[start : start + AT_ONCE])
        for deal_id, journey in journeys(session, some, practice, now).items():
            for by in bys:
                names = _touched_by(journey, by, practice)
                of[by].update(names)
                won[by].update(names if some[deal_id] else ())
    return {by: _sorted(won[by], of[by]) for by in bys}


def _touched_by(journey: Journey, by: By, practice: Practice) -> Collection[str]:
    """Each once, however often."""
    if by is By.CAMPAIGN:
        return {step.campaign for step in journey.steps if step.campaign} or {UNTOUCHED}
    return {by.part(None, step.channel, practice) for step in journey.steps} or {by.part(None, None, practice)}


def _sorted(won: Counter[str], of: Counter[str]) -> list[WinRate]:
    return [WinRate(name, Share(won[name], of[name])) for name in sorted(of, key=lambda name: (-of[name], name))]
