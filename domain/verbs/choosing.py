"""Who of sales a lead would go to: its territory, the pool's rotation, who is passed over and why. It changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.fairness import Member, rotation
from domain.rules.lifecycle import HandoffStatus
from domain.rules.routing import Candidate, Territory, choose_territory, skip_reason
from domain.tables import Handoff, Lead, Pool, PoolMember, Rep, Role, TerritoryRow

SHOWN_TURNS = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """`turns` are the next of those who may be asked, in order; `skipped` says who may not, and why (rep id -> code)."""

    pool: Pool | None
    territory: int | None = None
    """The place of the rule that led to the pool, counted from 1."""
    turns: Sequence[tuple[PoolMember, Rep]] = ()
    skipped: dict[int, str] = field(default_factory=dict)

    @property
    def trace(self) -> dict[str, Any]:
        """What is kept with the handoff, in ids and codes."""
        if self.pool is None:
            return {"no_pool": True}
        return {
            "pool": self.pool.id,
            "territory": self.territory,
            "asked": [rep.id for _, rep in self.turns],
            "skipped": {str(rep_id): why for rep_id, why in self.skipped.items()},
        }


def choose(session: Session, lead: Lead, role: Role, *, lock: bool) -> Choice:
    """With `lock` the pool's row is locked, which makes the whole choice one step: arrivals at the same moment take their
    turns one after another. Without, it is what the choice would be now.
    """
    rows = session.scalars(
        select(TerritoryRow).where(TerritoryRow.role == role).order_by(TerritoryRow.position, TerritoryRow.id)
    )
    attributes = {**lead.attributes, "source": lead.source}
    found = choose_territory([Territory(row.pool_id, row.when) for row in rows], attributes)
    if found is None:
        return Choice(None)
    place, territory = found
    wanted = select(Pool).where(Pool.id == territory.pool_id).execution_options(populate_existing=True)
    pool = session.scalars(wanted.with_for_update() if lock else wanted).one()
    members = _members(session, pool)
    skipped = _skipped(session, lead, [rep for _, rep in members])
    by_id = {rep.id: (member, rep) for member, rep in members if rep.id not in skipped}
    turns = [by_id[one.rep_id] for one in rotation([as_member(member) for member, _ in by_id.values()], SHOWN_TURNS)]
    return Choice(pool, place + 1, turns, skipped)


def _members(session: Session, pool: Pool) -> Sequence[tuple[PoolMember, Rep]]:
    rows = session.execute(
        select(PoolMember, Rep)
        .join(Rep, Rep.id == PoolMember.rep_id)
        .where(PoolMember.pool_id == pool.id)
        .order_by(PoolMember.rep_id)
        .execution_options(populate_existing=True)
    )
    return [(member, rep) for member, rep in rows]


def _skipped(session: Session, lead: Lead, reps: Sequence[Rep]) -> dict[int, str]:
    rejected = set(
        session.scalars(
            select(Handoff.rep_id).where(Handoff.lead_id == lead.id, Handoff.status == HandoffStatus.REJECTED)
        )
    )
    candidates = [
        Candidate(
            rep.id, available=rep.available, reachable=rep.slack_user_id is not None, rejected_before=rep.id in rejected
        )
        for rep in reps
    ]
    return {candidate.rep_id: why for candidate in candidates if (why := skip_reason(candidate))}


def as_member(member: PoolMember) -> Member:
    return Member(member.rep_id, member.weight, member.virtual_time, member.last_turn_at)
