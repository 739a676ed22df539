"""Who might be asked for a lead, what they have already, and what speaks against them. It only reads and locks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, and_, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from domain.availability import away_now
from domain.rules.lifecycle import LIVE, TAKEN, HandoffStatus
from domain.rules.routing import Candidate, Rule, skip_reason
from domain.succession import ran_out
from domain.tables import Company, Handoff, Lead, Opportunity, Rep, Role, Turn, TurnKind

HELD = (HandoffStatus.OFFERED, HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED)
"""What counts against `most_open`. A lead that is qualified is worked with by others."""

MOST_CLAIMS = 5
"""People with a deal of the same account that are asked for, those with an open one first."""

_CAPACITY_LOCKS = 0x4C << 48
"""Where our advisory locks of reps begin: one each, by the rep's id."""


@dataclass(frozen=True, slots=True)
class Load:
    """Leads that a rep has now, and that they were offered on their present day."""

    open: int = 0
    today: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What earlier attempts with this lead say, in rep ids."""

    rejected: frozenset[int] = frozenset()
    handed_on: frozenset[int] = frozenset()
    accepted: Sequence[int] = ()
    """Who has or had it, the newest first."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Why each may not be asked (rep id -> code of `routing.SKIPPED`); who may be is not in it."""

    codes: dict[int, str] = field(default_factory=dict)
    loads: dict[int, Load] = field(default_factory=dict)
    """Of those who were counted: who has a limit."""


def history_of(session: Session, lead: Lead) -> History:
    """From all handoffs of the lead. Who left it too long counts for as long as it goes from one to the next."""
    rows = session.execute(
        select(Handoff.rep_id, Handoff.status, Handoff.reason, Handoff.handed_on, Handoff.rejected_by)
        .where(Handoff.lead_id == lead.id)
        .order_by(Handoff.cycle.desc())
    ).all()
    times = rows[0].handed_on if rows and rows[0].status in LIVE else 0
    late = [row.rep_id for row in rows if ran_out(row.status, row.reason) and row.rep_id is not None]
    rejections = [row for row in rows if row.status is HandoffStatus.REJECTED]
    return History(
        # Who covers may have rejected it: neither they nor whose it was are asked again.
        frozenset(rep_id for row in rejections for rep_id in (row.rep_id, row.rejected_by) if rep_id is not None),
        frozenset(late[:times]),
        [row.rep_id for row in rows if row.status in TAKEN],
    )


def owners_of(session: Session, lead: Lead, role: Role, history: History) -> list[tuple[Rule, Rep]]:
    """Whose lead it is already, the strongest claim first: who of the role has a deal with its account, the account's owner in
    the CRM, who had accepted it before, who has a colleague of theirs now. Nobody is named twice.
    """
    claims: list[tuple[Rule, int | None]] = []
    if lead.company_id is not None:
        claims += [(Rule.DEALS_OWNER, rep_id) for rep_id in _deal_owners(session, lead.company_id, role)]
        company = select(Company.owner_id).where(Company.id == lead.company_id)
        claims.append((Rule.ACCOUNT_OWNER, session.scalar(company)))
    claims += [(Rule.EARLIER_SDR, rep_id) for rep_id in history.accepted]
    if lead.company_id is not None:
        claims.append((Rule.COLLEAGUES_OWNER, _colleagues_owner(session, lead)))
    first: dict[int, Rule] = {}
    for rule, rep_id in claims:
        if rep_id is not None:
            first.setdefault(rep_id, rule)
    reps = {rep.id: rep for rep in session.scalars(select(Rep).where(Rep.id.in_(first), Rep.active))} if first else {}
    return [(rule, reps[rep_id]) for rep_id, rule in first.items() if rep_id in reps]


def _deal_owners(session: Session, company_id: int, role: Role) -> list[int]:
    """Who has an open deal with the account, or has won one: the open ones first, then the newest."""
    theirs = (
        select(Opportunity.owner_id)
        .join(Rep, Rep.id == Opportunity.owner_id)
        .where(
            Opportunity.company_id == company_id,
            or_(Opportunity.closed_at.is_(None), Opportunity.won.is_(True)),
            Rep.role == role,
            Rep.active,
        )
        .group_by(Opportunity.owner_id)
        .order_by(func.bool_and(Opportunity.closed_at.is_not(None)), func.max(Opportunity.opened_at).desc())
        .order_by(Opportunity.owner_id)
        .limit(MOST_CLAIMS)
    )
    return [owner for owner in session.scalars(theirs) if owner is not None]


def _colleagues_owner(session: Session, lead: Lead) -> int | None:
    """Who has most lately accepted another lead of the same company, and has it still."""
    return session.scalar(
        select(Handoff.rep_id)
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(
            Lead.company_id == lead.company_id,
            Lead.id != lead.id,
            Handoff.status.in_(LIVE),
            Handoff.accepted_at.is_not(None),
        )
        .order_by(Handoff.accepted_at.desc(), Handoff.id.desc())
        .limit(1)
    )


def verdicts(
    session: Session,
    reps: Collection[Rep],
    now: datetime,
    *,
    history: History = History(),
    not_to: Collection[int] = (),
    lock: bool = False,
) -> Verdicts:
    """What speaks against each of them now. With `lock`, nobody else counts the leads of who has a limit until the
    transaction ends: two pools, or a rotation and an owner's claim, cannot fill the same last place.
    """
    limited = [rep for rep in reps if rep.most_open is not None or rep.most_a_day is not None]
    if lock and limited:
        keys = array([_CAPACITY_LOCKS + rep.id for rep in sorted(limited, key=lambda rep: rep.id)], type_=BigInteger)
        session.execute(select(func.pg_advisory_xact_lock(func.unnest(keys).column_valued("key"))))
    counted = loads(session, limited, now)
    away = away_now(session, [rep.id for rep in reps], now)
    candidates = [
        Candidate(
            rep.id,
            available=rep.available and rep.active,
            reachable=rep.slack_user_id is not None,
            rejected_before=rep.id in history.rejected,
            handed_on=rep.id in history.handed_on,
            gave_back=rep.id in not_to,
            on_leave=rep.id in away,
            open=counted.get(rep.id, Load()).open,
            most_open=rep.most_open,
            today=counted.get(rep.id, Load()).today,
            most_a_day=rep.most_a_day,
        )
        for rep in reps
    ]
    return Verdicts({one.rep_id: why for one in candidates if (why := skip_reason(one))}, counted)


def loads(session: Session, reps: Collection[Rep], now: datetime) -> dict[int, Load]:
    """What each of them has, by rep id."""
    if not reps:
        return {}
    held = (
        select(Handoff.rep_id, func.count())
        .where(Handoff.rep_id.in_([rep.id for rep in reps]), Handoff.status.in_(HELD))
        .group_by(Handoff.rep_id)
    )
    days = [and_(Turn.rep_id == rep.id, Turn.at >= day_begins(rep, now)) for rep in reps]
    offered = (
        select(Turn.rep_id, func.count(Turn.handoff_id.distinct()))
        .where(or_(*days), Turn.kind != TurnKind.CREDIT)
        .group_by(Turn.rep_id)
    )
    have, got = dict(session.execute(held).all()), dict(session.execute(offered).all())
    return {rep.id: Load(have.get(rep.id, 0), got.get(rep.id, 0)) for rep in reps}


def day_begins(rep: Rep, now: datetime) -> datetime:
    """When the rep's present day began."""
    zone = ZoneInfo(rep.time_zone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
