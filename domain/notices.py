"""What people are told beside the card: who hears it, what is newest about it, whose digest is due."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import finding, watching
from domain.availability import calendars
from domain.deal_news import DEAL_ALERTS, deal_news, in_a_line
from domain.loops.told import LOOP_ALERTS
from domain.loops.told import in_a_line as loop_line
from domain.reviewing import is_mel
from domain.rules import preferences as rules
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import GONE, LIVE, HandoffStatus, Stage
from domain.rules.preferences import Alert
from domain.rules.reviewing import NEAR
from domain.rules.tiers import Tier
from domain.tables import CardPlace, Check, Handoff, Lead, Notice, Rep, SlaClock
from domain.tables.notices import WAITS
from domain.verbs.modelling import active_model

READ = 200
"""How many held notices of one digest are read anew; more fit no message."""
TOLD_AGAIN_AFTER = timedelta(hours=24)
"""An installation that stays unwell is said again after this."""
FAILED = "failed"


def digests_due(session: Session, now: datetime) -> list[Rep]:
    """Who has something held whose time has come. It reads the few people for whom something is held."""
    since = dict(session.execute(select(Notice.rep_id, func.min(Notice.at)).where(WAITS).group_by(Notice.rep_id)).all())
    if not since:
        return []
    reps = session.scalars(
        select(Rep).where(Rep.id.in_(since), Rep.active, Rep.slack_dm_id.is_not(None)).order_by(Rep.id)
    ).all()
    known = calendars(session, since, now)
    return [
        rep for rep in reps if rules.digest_is_due(rules.from_json(rep.preferences), known[rep.id], since[rep.id], now)
    ]


def failing(session: Session, now: datetime) -> list[tuple[Rep, str]]:
    """The checks that fail, by name, and the admins who were not told of it lately."""
    checks = session.scalars(select(Check.name).where(Check.state == FAILED).order_by(Check.name)).all()
    if not checks:
        return []
    admins = session.scalars(
        select(Rep).where(Rep.admin, Rep.active, Rep.slack_dm_id.is_not(None)).order_by(Rep.id)
    ).all()
    lately = session.execute(
        select(Notice.rep_id, Notice.data["check"].astext).where(
            Notice.kind == Alert.HEALTH, Notice.at > now - TOLD_AGAIN_AFTER
        )
    )
    told = {(rep_id, check) for rep_id, check in lately}
    return [(rep, check) for check in checks for rep in admins if (rep.id, check) not in told]


def with_whom(session: Session, lead_id: int) -> tuple[Handoff, Rep] | None:
    """The lead's live handoff whose card stands in Slack, and whose it is."""
    found = session.execute(
        select(Handoff, Rep)
        .join(Rep, Rep.id == Handoff.rep_id)
        .join(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(Handoff.lead_id == lead_id, Handoff.status.in_(LIVE), CardPlace.ts.is_not(None))
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One line of a digest, with what is newest about it. All texts are from outside."""

    kind: Alert
    at: datetime
    """When it would have been said."""
    lead: str | None = None
    company: str | None = None
    tier: Tier | None = None
    score: int | None = None
    before: int | None = None
    """Of a jump: from which score."""
    rep: str | None = None
    """Whose the lead is."""
    status: HandoffStatus | None = None
    clock: ClockKind | None = None
    due_at: datetime | None = None
    text: str | None = None
    """Of a pool its name, of a check what was found, of a review its numbers."""
    count: int = 1
    """Of missed SLAs how many at once, of a short pool how many leads wait."""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """`settled`: the notices of which there is nothing to say any more."""

    items: Sequence[DigestItem]
    settled: frozenset[int]


def digest_of(session: Session, notices: Sequence[Notice]) -> Digest:
    """What the record says by now about these: the newest of each lead and kind, without what is settled."""
    items: dict[tuple[Alert, int | None, str], DigestItem] = {}
    settled = set()
    for notice in notices[-READ:]:
        item = _item(session, notice)
        if item is None:
            settled.add(notice.id)
        else:
            items[notice.kind, notice.lead_id, _about(notice)] = item
    return Digest(sorted(items.values(), key=lambda item: item.at), frozenset(settled))


def _about(notice: Notice) -> str:
    """What else than the lead tells two words of one kind apart."""
    if notice.kind in DEAL_ALERTS:
        return str(notice.data.get("deal") or notice.data.get("opportunity") or notice.id)
    if notice.lead_id is not None:
        return ""
    return str(notice.data.get("pool_id") or notice.data.get("check") or notice.id)


def _item(session: Session, notice: Notice) -> DigestItem | None:
    if notice.kind in _OF_NO_LEAD:
        return _OF_NO_LEAD[notice.kind](session, notice)
    if notice.kind in DEAL_ALERTS:
        return _deal(session, notice)
    if notice.kind is Alert.JUMP and notice.handoff_id is None:
        return _jump(session, notice)
    if "many" in notice.data:
        late = _still_late(session, notice)
        return DigestItem(notice.kind, notice.at, count=late) if late else None
    return _of_handoff(session, notice)


def _deal(session: Session, notice: Notice) -> DigestItem | None:
    news = deal_news(session, notice, notice.at)
    if news is None:
        return None
    return DigestItem(notice.kind, notice.at, news.lead, news.company, text=in_a_line(notice.kind, news))


def _shortage(session: Session, notice: Notice) -> DigestItem | None:
    shortage = finding.pool_shortage(session, int(notice.data["pool_id"]))
    return DigestItem(notice.kind, notice.at, text=shortage[0], count=shortage[1]) if shortage else None


def _health(session: Session, notice: Notice) -> DigestItem | None:
    check = session.get(Check, str(notice.data["check"]))
    unwell = check is not None and check.state == FAILED
    return DigestItem(notice.kind, notice.at, text=check.found) if check is not None and unwell else None


def _review(session: Session, notice: Notice) -> DigestItem | None:
    mels, near = mels_of(session)
    return DigestItem(notice.kind, notice.at, text=f"{mels} MELs in nurture, {near} of them near to MQL")


def _proposal(session: Session, notice: Notice) -> DigestItem | None:
    words = watching.WORDS[str(notice.data["why"])]
    return DigestItem(notice.kind, notice.at, text=words) if watching.still_asks(session, notice.data) else None


def _loop(session: Session, notice: Notice) -> DigestItem:
    return DigestItem(notice.kind, notice.at, text=loop_line(session, notice))


_OF_NO_LEAD: Mapping[Alert, Callable[[Session, Notice], DigestItem | None]] = {
    Alert.POOL_SHORT: _shortage,
    Alert.HEALTH: _health,
    Alert.REVIEW: _review,
    Alert.PROPOSAL: _proposal,
    **dict.fromkeys(LOOP_ALERTS, _loop),
}


def _jump(session: Session, notice: Notice) -> DigestItem | None:
    lead = session.get_one(Lead, notice.lead_id)
    if lead.stage in GONE or lead.stage is Stage.DISQUALIFIED or lead.score is None:
        return None
    return DigestItem(
        notice.kind,
        notice.at,
        finding.name_of(lead),
        lead.company_name,
        lead.tier,
        lead.score,
        int(notice.data["before"]),
    )


def _still_late(session: Session, notice: Notice) -> int:
    """How many of a storm of missed deadlines nobody has seen to."""
    many = {(int(one["handoff_id"]), ClockKind(one["clock"])) for one in notice.data["many"]}
    rows = session.execute(
        select(Handoff, SlaClock)
        .join(SlaClock, SlaClock.handoff_id == Handoff.id)
        .where(Handoff.id.in_({handoff_id for handoff_id, _ in many}))
    )
    return sum(
        (handoff.id, clock.kind) in many and not is_settled(handoff, clock, notice.kind) for handoff, clock in rows
    )


def _of_handoff(session: Session, notice: Notice) -> DigestItem | None:
    handoff, lead, rep, place = session.execute(
        select(Handoff, Lead, Rep.name, CardPlace.permalink)
        .join(Lead, Lead.id == Handoff.lead_id)
        .outerjoin(Rep, Rep.id == Handoff.rep_id)
        .outerjoin(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(Handoff.id == notice.handoff_id)
    ).one()
    clock = clock_of(session, handoff.id, str(notice.data["clock"])) if "clock" in notice.data else None
    if is_settled(handoff, clock, notice.kind):
        return None
    return DigestItem(
        notice.kind,
        notice.at,
        finding.name_of(lead),
        lead.company_name,
        lead.tier or handoff.tier,
        lead.score,
        int(notice.data["before"]) if "before" in notice.data else None,
        rep,
        handoff.status,
        clock.kind if clock is not None else None,
        clock.due_at if clock is not None else None,
        link=place,
    )


def clock_of(session: Session, handoff_id: int, kind: str) -> SlaClock | None:
    return session.scalars(
        select(SlaClock).where(SlaClock.handoff_id == handoff_id, SlaClock.kind == ClockKind(kind))
    ).one_or_none()


def is_settled(handoff: Handoff, clock: SlaClock | None, kind: Alert) -> bool:
    """Whether nobody need act on it any more: it ended, was put aside, or what had to be done has been done.

    What was handed on is not: who looks after the team hears of it.
    """
    if kind is Alert.SLA_MISSED and handoff.status is HandoffStatus.EXPIRED:
        return False
    if handoff.status not in LIVE or (clock is not None and clock.stopped_at is not None):
        return True
    return kind is Alert.WOKEN and handoff.snoozed_until is not None


def mels_of(session: Session) -> tuple[int, int]:
    """How many MELs there are in nurture, and how many of them are a few points below MQL."""
    near = Lead.score >= active_model(session)[1].thresholds.mql - NEAR
    mels, of_them = session.execute(select(func.count(), func.count().filter(near)).where(is_mel())).one()
    return mels, of_them


def checks_to_mend(session: Session) -> Iterator[Check]:
    """What is wrong with the installation, the worst first."""
    yield from session.scalars(
        select(Check).where(Check.state.in_([FAILED, "warning"])).order_by(Check.state, Check.name)
    )
