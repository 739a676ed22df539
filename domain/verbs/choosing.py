"""Who of sales a lead goes to: whose it is already, else its territory's pool in rotation, else the overflow pool. It changes nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.candidates import Load, Verdicts, history_of, owners_of, verdicts
from domain.rules.fairness import Member, after_turn, rotation, shares
from domain.rules.routing import ABOUT_THE_LEAD, Rule, Territory, choose_territory
from domain.tables import Lead, Pool, PoolMember, Rep, Role, RoutingFile, TerritoryRow

SHOWN_TURNS = 5

Place = tuple[PoolMember, Rep]


@dataclass(frozen=True, slots=True)
class Choice:
    """`turns` are the next of those who may be asked, in order; `skipped` says who may not, and why (rep id -> code)."""

    pool: Pool | None
    """Whose rotation it is; None: no territory fits."""
    territory: int | None = None
    """The place of the rule that led to the pool, counted from 1."""
    territory_name: str | None = None
    home: Pool | None = None
    """The territory's pool. It is not `pool` when that is the overflow, or an owner's."""
    rule: Rule | None = None
    """What decided; None: nobody can be asked."""
    owner: Rep | None = None
    """Who is asked outside of the rotation."""
    turns: Sequence[Place] = ()
    skipped: Mapping[int, str] = field(default_factory=dict)
    passed_owners: Sequence[tuple[Rule, int, str]] = ()
    """Whose lead it would have been: rule, rep id, and why they are not asked."""
    candidates: Sequence[PoolMember] = ()
    """All members of `pool` who may be asked."""
    standing: Sequence[PoolMember] = ()
    """Those of `pool` who take no turns now: they must not save them up."""
    loads: Mapping[int, Load] = field(default_factory=dict)
    routing_file: int | None = None

    @property
    def rep(self) -> Rep | None:
        """Who is to be asked."""
        return self.owner or (self.turns[0][1] if self.turns else None)

    @property
    def asked(self) -> Sequence[Rep]:
        """Who is to be asked, and who would be after them."""
        following = [rep for _, rep in self.turns]
        if self.owner is None:
            return following
        return [self.owner, *(rep for rep in following if rep.id != self.owner.id)]

    @property
    def trace(self) -> dict[str, Any]:
        """What is kept with the handoff, in ids and codes."""
        if self.pool is None:
            return {"no_pool": True}
        return {
            "rule": self.rule.value if self.rule else None,
            "pool": self.pool.id,
            "home": self.home.id if self.home else None,
            "territory": self.territory,
            "territory_name": self.territory_name,
            "routing_file": self.routing_file,
            "asked": [rep.id for rep in self.asked],
            "skipped": {str(rep_id): why for rep_id, why in self.skipped.items()},
            "owners": [{"rule": rule.value, "rep": rep_id, "why": why} for rule, rep_id, why in self.passed_owners],
            "candidates": _as_traced(self.candidates),
        }


def _as_traced(members: Sequence[PoolMember]) -> list[dict[str, Any]]:
    """Each candidate's place in the rotation, and their due of this lead: what fairness is measured by."""
    places = [as_member(member) for member in members]
    dues = shares(places) if places else {}
    return [
        {
            "rep": one.rep_id,
            "weight": one.weight,
            "time": one.virtual_time,
            "finish": after_turn(one),
            "share": dues[one.rep_id],
        }
        for one in places
    ]


def choose(
    session: Session,
    lead: Lead,
    role: Role,
    now: datetime,
    *,
    lock: bool,
    not_to: Collection[int] = (),
) -> Choice:
    """With `lock` the rows of the pools are locked, which makes the whole choice one step: arrivals at the same moment take
    their turns one after another. Without, it is what the choice would be now. `not_to`: who has given this lead back.
    """
    found = _territory(session, lead, role)
    if found is None:
        return Choice(None)
    place, row = found
    route = route_of(session, row.pool_id, lock=lock)
    members = members_of(session, route)
    history = history_of(session, lead)
    owners = owners_of(session, lead, role, history)
    reps = {rep.id: rep for _, rep in owners} | {rep.id: rep for places in members.values() for _, rep in places}
    found_out = verdicts(session, reps.values(), now, history=history, not_to=not_to, lock=lock)
    pool, skipped = _first_with_somebody(route, members, found_out)
    rule, owner, passed = _owner(owners, role, found_out)
    if owner is not None:
        pool = _pool_of_owner(session, owner, role, route, members) or route[0]
    free = [(member, rep) for member, rep in members.get(pool.id, ()) if rep.id not in found_out.codes]
    return Choice(
        pool=pool,
        territory=place + 1,
        territory_name=row.name,
        home=route[0],
        rule=rule or _rule(pool, route, free),
        owner=owner,
        turns=in_order(free),
        skipped=skipped,
        passed_owners=passed,
        candidates=[member for member, _ in free],
        standing=_standing(members.get(pool.id, ()), found_out),
        loads=found_out.loads,
        routing_file=routing_file(session),
    )


def choose_person(session: Session, lead: Lead, role: Role, to: Rep) -> Choice:
    """A person has chosen: `to` gets it, whatever speaks against them. Their own pool, if they have one, else its territory's."""
    own = _pool_with(session, to, role)
    found = _territory(session, lead, role)
    pool = own or (session.get_one(Pool, found[1].pool_id) if found else None)
    return Choice(
        pool=pool,
        territory=found[0] + 1 if found else None,
        territory_name=found[1].name if found else None,
        home=pool,
        rule=Rule.GIVEN,
        owner=to,
        routing_file=routing_file(session),
    )


def _territory(session: Session, lead: Lead, role: Role) -> tuple[int, TerritoryRow] | None:
    rows = session.scalars(
        select(TerritoryRow).where(TerritoryRow.role == role).order_by(TerritoryRow.position, TerritoryRow.id)
    ).all()
    attributes = {**lead.attributes, "source": lead.source}
    found = choose_territory([Territory(row.pool_id, row.when) for row in rows], attributes)
    return (found[0], rows[found[0]]) if found else None


def route_of(session: Session, home_id: int, *, lock: bool = False) -> list[Pool]:
    """The pool and those that its leads overflow to, in order, each once. They are locked by id, all at once: whoever needs
    several of them asks for them in the same order, and nobody waits in a ring.
    """
    following = dict(session.execute(select(Pool.id, Pool.overflow_id)).all())
    chain: list[int] = []
    at: int | None = home_id
    while at is not None and at not in chain:
        chain.append(at)
        at = following[at]
    wanted = select(Pool).where(Pool.id.in_(chain)).order_by(Pool.id).execution_options(populate_existing=True)
    pools = {pool.id: pool for pool in session.scalars(wanted.with_for_update(key_share=True) if lock else wanted)}
    return [pools[pool_id] for pool_id in chain]


def members_of(session: Session, pools: Sequence[Pool]) -> dict[int, list[Place]]:
    """By the pool's id."""
    rows = session.execute(
        select(PoolMember, Rep)
        .join(Rep, Rep.id == PoolMember.rep_id)
        .where(PoolMember.pool_id.in_([pool.id for pool in pools]))
        .order_by(PoolMember.pool_id, PoolMember.rep_id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Place]] = {pool.id: [] for pool in pools}
    for member, rep in rows:
        found[member.pool_id].append((member, rep))
    return found


def _first_with_somebody(
    route: Sequence[Pool], members: Mapping[int, Sequence[Place]], found_out: Verdicts
) -> tuple[Pool, dict[int, str]]:
    """The first pool of which anybody can be asked, or the first one; and who was passed over on the way there."""
    skipped: dict[int, str] = {}
    for pool in route:
        there = [rep.id for _, rep in members[pool.id]]
        skipped |= {rep_id: found_out.codes[rep_id] for rep_id in there if rep_id in found_out.codes}
        if any(rep_id not in found_out.codes for rep_id in there):
            return pool, skipped
    return route[0], skipped


def _owner(
    owners: Sequence[tuple[Rule, Rep]], role: Role, found_out: Verdicts
) -> tuple[Rule | None, Rep | None, list[tuple[Rule, int, str]]]:
    """The first owner who may be asked and has the role for it; and those before who may not."""
    passed: list[tuple[Rule, int, str]] = []
    for rule, rep in owners:
        why = "other_role" if rep.role is not role else found_out.codes.get(rep.id)
        if why is None:
            return rule, rep, passed
        passed.append((rule, rep.id, why))
    return None, None, passed


def _pool_of_owner(
    session: Session, owner: Rep, role: Role, route: Sequence[Pool], members: Mapping[int, Sequence[Place]]
) -> Pool | None:
    """The pool in whose channel the owner is: one on the lead's own way if there is one."""
    on_the_way = (pool for pool in route if any(rep.id == owner.id for _, rep in members[pool.id]))
    return next(on_the_way, None) or _pool_with(session, owner, role)


def _pool_with(session: Session, rep: Rep, role: Role) -> Pool | None:
    theirs = select(Pool).join(PoolMember, PoolMember.pool_id == Pool.id).where(PoolMember.rep_id == rep.id)
    return session.scalars(theirs.where(Pool.role == role).order_by(Pool.id).limit(1)).first()


def _rule(pool: Pool, route: Sequence[Pool], free: Sequence[Place]) -> Rule | None:
    if not free:
        return None
    return Rule.ROTATION if pool is route[0] else Rule.OVERFLOW


def _standing(places: Sequence[Place], found_out: Verdicts) -> list[PoolMember]:
    return [member for member, rep in places if found_out.codes.get(rep.id, "") not in {"", *ABOUT_THE_LEAD}]


def in_order(free: Sequence[Place], most: int = SHOWN_TURNS) -> list[Place]:
    """The next `most` turns of those who may be asked."""
    by_id = {rep.id: (member, rep) for member, rep in free}
    return [by_id[one.rep_id] for one in rotation([as_member(member) for member, _ in free], most)]


def routing_file(session: Session) -> int | None:
    """The version of the file in force; None before the first import."""
    return session.scalar(select(func.max(RoutingFile.id)))


def as_member(member: PoolMember) -> Member:
    return Member(member.rep_id, member.weight, member.virtual_time, member.last_turn_at)
