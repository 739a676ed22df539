"""What a recount would change, before anybody decides on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.reckoning import Reckoned, current_run, frozen_as, reckon
from domain.rules.attribution import AttributionModel
from domain.tables import Opportunity


@dataclass(frozen=True, slots=True)
class Change:
    """What one model gives to a campaign in a channel now, and would give. Money is in the smallest unit of `base`."""

    model: AttributionModel
    channel: str
    campaign: str
    base: str
    old: int = 0
    new: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.model, self.channel, self.campaign, self.base


def won_deals(session: Session, since: datetime | None) -> Sequence[int]:
    """Closed then or later; oldest first."""
    wanted = select(Opportunity.id).where(Opportunity.won.is_(True), Opportunity.closed_at.is_not(None))
    if since is not None:
        wanted = wanted.where(Opportunity.closed_at >= since)
    return session.scalars(wanted.order_by(Opportunity.closed_at, Opportunity.id)).all()


def changes_of(session: Session, opportunity_id: int, now: datetime) -> Sequence[Change] | None:
    """Of one deal, what is and what would be; None: it is not won, or nobody would get anything else."""
    deal = session.get(Opportunity, opportunity_id)
    if deal is None or not deal.won or deal.closed_at is None:
        return None
    run = current_run(session, deal.id)
    old, new = frozen_as(session, run) if run else None, reckon(session, deal, now)
    if old is not None and not new.says_otherwise(old):
        return None
    return summed([*(_changes(old, old=True) if old else ()), *_changes(new, old=False)])


def _changes(found: Reckoned, *, old: bool) -> list[Change]:
    return [
        Change(
            one.model,
            one.channel,
            one.campaign or "",
            found.base,
            old=one.value if old else 0,
            new=0 if old else one.value,
        )
        for one in found.given
    ]


def summed(changes: Sequence[Change]) -> Sequence[Change]:
    """One for each model, channel and campaign."""
    found: dict[tuple[str, str, str, str], Change] = {}
    for one in changes:
        so_far = found.get(one.key)
        old, new = (so_far.old, so_far.new) if so_far else (0, 0)
        found[one.key] = Change(one.model, one.channel, one.campaign, one.base, old + one.old, new + one.new)
    return list(found.values())
