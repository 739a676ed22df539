"""Who sells: reps join, step away and come back; pools and territories are laid out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from domain.availability import hours_of
from domain.rules.fairness import Member, on_return
from domain.rules.preferences import Alert, How, Preferences, from_json, to_json
from domain.rules.refusals import NoSuchRep
from domain.rules.working_hours import Week
from domain.tables import Absence, Happened, Pool, PoolMember, Rep, Role, RoutingFile, TerritoryRow
from domain.verbs import noticing
from domain.verbs.clocks import retime
from domain.verbs.record import happened


def save_rep(
    session: Session,
    now: datetime,
    *,
    name: str,
    email: str,
    role: Role,
    crm_user_id: str | None = None,
    admin: bool | None = None,
) -> Rep:
    """Add a rep, or correct the one with this e-mail (compared without regard to case). `admin` None: as it was.

    Who is not known in Slack or in the CRM yet is looked for (again) there.
    """
    email = email.strip().casefold()
    rep = session.scalars(select(Rep).where(Rep.email == email)).one_or_none()
    if rep is None:
        rep = Rep(
            email=email, name=name, role=role, crm_user_id=crm_user_id, available=True, admin=False, preferences={}
        )
        session.add(rep)
        session.flush()
    rep.name, rep.role, rep.crm_user_id, rep.active = name, role, crm_user_id or rep.crm_user_id, True
    rep.admin = rep.admin if admin is None else admin
    if rep.slack_user_id is None or rep.crm_user_id is None:
        happened(session, Happened.REP_JOINED, now, rep_id=rep.id)
    return rep


@dataclass(frozen=True, slots=True)
class Settings:
    """When a rep works and how much they can take. None of the hours: always; of the limits: no limit."""

    time_zone: str = "UTC"
    hours: Week | None = None
    holidays: str | None = None
    most_open: int | None = None
    most_a_day: int | None = None


def settings_of(rep: Rep) -> Settings:
    return Settings(rep.time_zone, hours_of(rep), rep.holidays, rep.most_open, rep.most_a_day)


def set_settings(session: Session, rep: Rep, settings: Settings, now: datetime) -> bool:
    """Make these the rep's; says whether anything changed. The values have been read already: they are sound."""
    if settings_of(rep) == settings:
        return False
    week = settings.hours
    rep.hours = None if week is None else {str(day): [list(block) for block in week[day]] for day in sorted(week)}
    rep.time_zone, rep.holidays = settings.time_zone, settings.holidays
    rep.most_open, rep.most_a_day = settings.most_open, settings.most_a_day
    retime(session, rep.id, now)
    happened(session, Happened.REP_SETTINGS, now, rep_id=rep.id)
    return True


def set_preferences(session: Session, rep: Rep, wanted: Preferences, now: datetime) -> bool:
    """What the rep wants to be told, and when; says whether anything changed. What is held already stays held for their
    digest, unless they do not want to hear of such things any more.
    """
    if from_json(rep.preferences) == wanted:
        return False
    rep.preferences = to_json(wanted)
    noticing.mute(session, rep.id, [alert for alert in Alert if wanted.how_of(alert) is How.OFF])
    happened(session, Happened.REP_SETTINGS, now, rep_id=rep.id)
    return True


def opened_home(session: Session, slack_user_id: str, now: datetime) -> None:
    """They look at their Home now: for a while it is kept fresh."""
    session.execute(update(Rep).where(Rep.slack_user_id == slack_user_id).values(home_opened_at=now))


def retire_others(session: Session, staying: Collection[int], now: datetime) -> int:
    """Who is not among `staying` (rep ids) has left: no lead is offered to them, and they may decide on none. Says how many."""
    leaving = session.scalars(select(Rep).where(Rep.active, Rep.id.not_in(staying)).order_by(Rep.id)).all()
    for rep in leaving:
        rep.active = False
        session.execute(delete(PoolMember).where(PoolMember.rep_id == rep.id))
        happened(session, Happened.REP_LEFT, now, rep_id=rep.id)
    return len(leaving)


def know_in_slack(session: Session, rep_id: int, slack_user_id: str, dm_id: str, now: datetime) -> None:
    """Note who the rep is in Slack. From now on cards can be addressed to them, and they take their turns."""
    rep = session.get_one(Rep, rep_id)
    new = rep.slack_user_id is None
    rep.slack_user_id, rep.slack_dm_id = slack_user_id, dm_id
    # The rep before their pools, as an import of the file writes them: else the two could wait for each other.
    session.flush()
    if new:
        catch_up(session, rep)
    happened(session, Happened.REP_RETURNED, now, rep_id=rep.id)


def know_in_crm(session: Session, rep_id: int, crm_user_id: str) -> None:
    """Note who the rep is in the CRM, so that leads there can have them as owner."""
    session.get_one(Rep, rep_id).crm_user_id = crm_user_id


def lock_pools(session: Session) -> None:
    """Before any of them or of their members is written: leads that are handed over meanwhile wait, in the same order."""
    session.scalars(select(Pool.id).order_by(Pool.id).with_for_update(key_share=True)).all()


def close_others(session: Session, staying: Collection[int]) -> None:
    """Pools that are not among `staying` (pool ids) are closed: nobody is in them, and nothing overflows from them."""
    session.execute(delete(PoolMember).where(PoolMember.pool_id.not_in(staying)))
    session.execute(update(Pool).where(Pool.id.not_in(staying)).values(overflow_id=None))


def save_pool(session: Session, *, name: str, role: Role, slack_channel: str | None, manager: Rep | None) -> Pool:
    pool = session.scalars(select(Pool).where(Pool.name == name)).one_or_none()
    if pool is None:
        pool = Pool(name=name, role=role)
        session.add(pool)
    pool.role, pool.slack_channel, pool.manager_id = role, slack_channel, manager.id if manager else None
    session.flush()
    return pool


def set_overflow(session: Session, pool: Pool, overflow: Pool | None) -> None:
    """Whom to ask when nobody of the pool can be."""
    pool.overflow_id = overflow.id if overflow else None
    session.flush()


def set_members(session: Session, pool: Pool, weights: Mapping[int, int]) -> None:
    """Make `weights` (rep id -> weight) the pool's members. Who joins starts where those are who take their turns."""
    members = {
        member.rep_id: member for member in session.scalars(select(PoolMember).where(PoolMember.pool_id == pool.id))
    }
    for rep_id, member in members.items():
        if rep_id not in weights:
            session.delete(member)
    staying = [_as_member(member) for rep_id, member in members.items() if rep_id in weights]
    start = on_return(0.0, _active(session, pool.id, other_than=0) or staying)
    for rep_id, weight in weights.items():
        if rep_id in members:
            members[rep_id].weight = weight
        else:
            session.add(PoolMember(pool_id=pool.id, rep_id=rep_id, weight=weight, virtual_time=start))
    session.flush()


def set_territories(
    session: Session,
    role: Role,
    rules: Sequence[tuple[Mapping[str, Sequence[str]], int]],
    names: Sequence[str | None] = (),
) -> None:
    """Make `rules` (condition, pool id) the ordered territories of a role; `names` are theirs, in the same order."""
    session.execute(delete(TerritoryRow).where(TerritoryRow.role == role))
    for position, (when, pool_id) in enumerate(rules):
        name = names[position] if position < len(names) else None
        session.add(TerritoryRow(role=role, position=position, when=dict(when), pool_id=pool_id, name=name))
    session.flush()


def keep_version(session: Session, text: str, now: datetime) -> tuple[RoutingFile, bool]:
    """The version of the file that is in force from now on, and whether it is new: the same text again is none."""
    newest = newest_version(session)
    if newest is not None and newest.text == text:
        return newest, False
    version = RoutingFile(text=text, imported_at=now)
    session.add(version)
    session.flush()
    return version, True


def newest_version(session: Session) -> RoutingFile | None:
    return session.scalars(select(RoutingFile).order_by(RoutingFile.id.desc()).limit(1)).one_or_none()


def step_away(session: Session, email: str, now: datetime) -> Rep:
    """The rep is asked no more, until they come back."""
    rep = rep_by_email(session, email)
    if rep.available:
        rep.available = False
        happened(session, Happened.REP_LEFT, now, rep_id=rep.id)
    return rep


def come_back(session: Session, email: str, now: datetime) -> Rep:
    """The rep is asked again, from where the active ones are by now; what waits for their pools is offered."""
    rep = rep_by_email(session, email)
    if rep.available:
        return rep
    rep.available = True
    catch_up(session, rep)
    happened(session, Happened.REP_RETURNED, now, rep_id=rep.id)
    return rep


def catch_up(session: Session, rep: Rep) -> None:
    """Bring a rep who took no turns to where the others of their pools are now."""
    theirs = select(PoolMember).where(PoolMember.rep_id == rep.id).order_by(PoolMember.pool_id)
    # The pools first and in order, as whoever hands a lead over locks them: else the two could wait for each other.
    pools = select(Pool).where(Pool.id.in_(theirs.with_only_columns(PoolMember.pool_id).order_by(None)))
    locked = session.scalars(
        pools.order_by(Pool.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).all()
    for member in session.scalars(theirs.execution_options(populate_existing=True)):
        member.virtual_time = on_return(member.virtual_time, _active(session, member.pool_id, other_than=rep.id))
    for pool in locked:
        # The shortage is over: if the rep leaves again, the manager is told again.
        pool.short_since = None


def _active(session: Session, pool_id: int, *, other_than: int) -> list[Member]:
    """Those who take their turns. The virtual times of the others stand still, and say nothing."""
    members = session.scalars(
        select(PoolMember)
        .join(Rep, Rep.id == PoolMember.rep_id)
        .where(
            PoolMember.pool_id == pool_id,
            PoolMember.rep_id != other_than,
            Rep.available,
            Rep.slack_user_id.is_not(None),
            ~exists().where(
                Absence.rep_id == Rep.id,
                Absence.began_at.is_not(None),
                Absence.ended_at.is_(None),
                Absence.cancelled_at.is_(None),
            ),
        )
        .execution_options(populate_existing=True)
    )
    return [_as_member(member) for member in members]


def _as_member(member: PoolMember) -> Member:
    return Member(member.rep_id, member.weight, member.virtual_time)


def rep_by_email(session: Session, email: str) -> Rep:
    """Raises NoSuchRep."""
    rep = session.scalars(select(Rep).where(Rep.email == email.strip().casefold())).one_or_none()
    if rep is None:
        raise NoSuchRep(email=email)
    return rep
