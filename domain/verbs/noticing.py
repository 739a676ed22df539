"""A person is told something beside the card: whether now, in their digest or not at all; and whether it led to anything."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from domain.availability import calendars
from domain.rules import preferences as rules
from domain.rules.preferences import Alert, Held, Preferences
from domain.rules.tiers import Tier
from domain.tables import Handoff, Notice, Rep
from domain.tables.notices import WAITS


def notify(
    session: Session,
    rep: Rep,
    kind: Alert,
    now: datetime,
    *,
    direct: bool,
    lead_id: int | None = None,
    handoff_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> Notice:
    """Note that `rep` is to hear of it. `held` of what it returns says whether it is sent at once (None).

    `direct`: by direct message, of which a person has a budget; else in the thread of the handoff's card.
    """
    # One after another: two words at the same moment must not both be the last one of the budget. And by what they want
    # now: what they have muted a moment ago must not wait for their digest.
    session.refresh(rep, ["preferences"], with_for_update={"key_share": True})
    handoff = session.get(Handoff, handoff_id) if handoff_id is not None else None
    urgent = rules.is_urgent(kind, hql=handoff is not None and handoff.tier is Tier.HQL)
    notice = Notice(
        rep_id=rep.id,
        kind=kind,
        at=now,
        lead_id=handoff.lead_id if handoff is not None else lead_id,
        handoff_id=handoff_id,
        data=data or {},
        direct=direct,
        held=_why_held(session, rep, kind, urgent=urgent, direct=direct, now=now),
    )
    session.add(notice)
    session.flush()
    return notice


def _why_held(session: Session, rep: Rep, kind: Alert, *, urgent: bool, direct: bool, now: datetime) -> Held | None:
    wanted: Preferences = rules.from_json(rep.preferences)
    calendar = calendars(session, [rep.id], now)[rep.id]
    return rules.why_held(
        kind,
        wanted,
        urgent=urgent,
        quiet=rules.is_quiet(wanted, calendar, now),
        direct=direct,
        sent_today=_sent_since(session, rep.id, rules.start_of_day(calendar.zone, now)) if direct else 0,
    )


def _sent_since(session: Session, rep_id: int, since: datetime) -> int:
    """How many direct messages the person had, or is about to have. A digest is none of them."""
    sent = select(func.count()).where(Notice.rep_id == rep_id, Notice.at >= since, Notice.direct, Notice.held.is_(None))
    return session.scalar(sent) or 0


def claim(session: Session, notice_id: int, now: datetime) -> datetime | None:
    """Say that the notice is about to be posted. Returns when that was said before: then it may stand there already."""
    notice = session.get_one(Notice, notice_id, with_for_update=True)
    before = notice.claimed_at
    notice.claimed_at = before or now
    return before


def claim_digest(session: Session, rep_id: int, now: datetime) -> tuple[Sequence[Notice], datetime | None]:
    """What is to be in the person's next digest, oldest first, and when it was claimed before.

    What an earlier try has claimed is one digest, whatever has come since.
    """
    session.execute(select(Rep.id).where(Rep.id == rep_id).with_for_update(key_share=True))
    waiting = session.scalars(select(Notice).where(Notice.rep_id == rep_id, WAITS).order_by(Notice.id)).all()
    claimed = [notice for notice in waiting if notice.claimed_at is not None]
    if claimed:
        return claimed, claimed[0].claimed_at
    for notice in waiting:
        notice.claimed_at = now
    return waiting, None


def note_sent(session: Session, notice_ids: Collection[int], now: datetime) -> None:
    session.execute(update(Notice).where(Notice.id.in_(notice_ids)).values(sent_at=now))


def settle(session: Session, notice_ids: Collection[int]) -> None:
    """There is nothing to be said of these any more."""
    session.execute(update(Notice).where(Notice.id.in_(notice_ids)).values(held=Held.SETTLED))


def mute(session: Session, rep_id: int, kinds: Collection[Alert]) -> None:
    """They do not want to hear of these kinds any more, nor of what is held. What a digest on its way has claimed is said."""
    session.execute(
        update(Notice)
        .where(Notice.rep_id == rep_id, WAITS, Notice.kind.in_(kinds), Notice.claimed_at.is_(None))
        .values(held=Held.MUTED)
    )


ACTS_WITHIN = timedelta(hours=24)
"""What is done later than this was not done because of the word."""


# Every decision runs it, most of them for nothing: it is written out, and asks for no flush. Each half has an index.
_ACTED = text("""
update notices set acted_at = :now
where rep_id = :rep_id and acted_at is null and sent_at >= :since
  and (lead_id = :lead_id or data ? 'leads' and data -> 'leads' @> to_jsonb(cast(:lead_id as bigint)))
""")


def acted(session: Session, lead_id: int, rep_id: int, now: datetime) -> None:
    """Somebody has decided something about the lead: what they were told of it before led to that."""
    given = {"lead_id": lead_id, "rep_id": rep_id, "now": now, "since": now - ACTS_WITHIN}
    session.connection().execute(_ACTED, given)
