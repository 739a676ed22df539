"""Two leads turn out to be one person: one goes on, with all that the other had; and the way back while nothing else happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.rules.facts import Attribute
from domain.rules.lifecycle import GONE, Stage
from domain.rules.merging import Contest, Sourced, claim, further, is_taken, merge_attributes, merge_people
from domain.rules.refusals import CannotMerge, CannotUnmerge, NotFound
from domain.succession import MERGED
from domain.tables import (
    Arrival,
    Handoff,
    Happened,
    Lead,
    LeadEvent,
    LeadMerge,
    Notice,
    Opportunity,
    ProfileRow,
    Recommendation,
    Rep,
    SystemLink,
    TouchRow,
)
from domain.verbs.companies import firmer_company, match_companies
from domain.verbs.describing import describe, note_attributes, sourced_fields
from domain.verbs.nurturing import leave_programme, look_after
from domain.verbs.offering import live_handoff, withdraw
from domain.verbs.record import happened
from domain.verbs.telling import mark_dirty

QUIET = frozenset(
    {
        Happened.LEAD_RESCORED,
        Happened.LEAD_TIER_CHANGED,
        Happened.LEAD_JUMPED,
        Happened.LEAD_TO_NURTURE,
        Happened.LEAD_NURTURED,
        Happened.LEAD_PROGRAMME_CHANGED,
        Happened.CONTENT_RECOMMENDED,
        Happened.HANDOFF_HEATED,
        Happened.HANDOFF_REMINDED,
        Happened.HANDOFF_BREACHED,
    }
)
"""What may happen after a merge without barring the way back: it follows from the merge, or belongs to a handoff as such."""


def merge_leads(
    session: Session, kept_id: int, other_id: int, *, by: Rep | None, now: datetime, order: Sequence[str] = ()
) -> LeadMerge:
    """Make the two one lead, the kept one; `order` names the providers, the most trusted first. Merging them again changes nothing.

    What arrives for the other one's address is from now on a touch of the kept one. Raises CannotMerge.
    """
    kept, other = _locked_pair(session, kept_id, other_id)
    if (done := _merge_of(session, kept, other)) is not None:
        return done
    _check(kept, other)
    before = {"kept": _columns(kept), "other": _columns(other)}
    live, withdrawn = _one_handoff(session, kept, other, now)
    session.flush()
    merge = LeadMerge(kept_id=kept.id, merged_id=other.id, at=now, rep_id=by.id if by else None, moved={})
    moved = _move(session, kept, other, now) | {"before": before, "withdrawn": withdrawn.id if withdrawn else None}
    contests = _become_one(session, kept, other, now, order)
    merge.fields = {field: {"won": _said(one.won), "lost": _said(one.lost)} for field, one in contests.items()}
    session.add(merge)
    session.flush()
    _mark_dirty(session, kept, other, now)
    event = happened(
        session,
        Happened.LEAD_MERGED,
        now,
        lead=kept,
        handoff=live,
        rep_id=merge.rep_id,
        merge_id=merge.id,
        merged=other.id,
    )
    session.flush()
    merge.moved = moved | {"event": event.id}
    return merge


def _locked_pair(session: Session, kept_id: int, other_id: int) -> tuple[Lead, Lead]:
    if kept_id == other_id:
        raise CannotMerge(why="itself")
    pair = select(Lead).where(Lead.id.in_({kept_id, other_id})).order_by(Lead.id).with_for_update()
    found = {lead.id: lead for lead in session.scalars(pair.execution_options(populate_existing=True))}
    if len(found) < 2:
        raise NotFound(what="lead")
    return found[kept_id], found[other_id]


def _merge_of(session: Session, kept: Lead, other: Lead) -> LeadMerge | None:
    if other.merged_into != kept.id:
        return None
    done = select(LeadMerge).where(LeadMerge.kept_id == kept.id, LeadMerge.merged_id == other.id)
    return session.scalars(done.where(LeadMerge.undone_at.is_(None)).order_by(LeadMerge.id.desc()).limit(1)).first()


def _check(kept: Lead, other: Lead) -> None:
    if other.merged_into == kept.id or kept.merged_into == other.id:
        raise CannotMerge(why="itself")
    if {kept.stage, other.stage} & GONE:
        raise CannotMerge(why="gone")


def _one_handoff(session: Session, kept: Lead, other: Lead, now: datetime) -> tuple[Handoff | None, Handoff | None]:
    """The live handoff that goes on, and the one that was withdrawn: of two, the one that is further along goes on."""
    ours, theirs = live_handoff(session, kept), live_handoff(session, other)
    our_claim = claim(kept.stage, ours.status if ours else None)
    their_claim = claim(other.stage, theirs.status if theirs else None)
    if is_taken(our_claim) and is_taken(their_claim):
        raise CannotMerge(why="both_taken")
    if not our_claim or not their_claim:
        return ours or theirs, None
    (lead, loser), winner = ((other, theirs), ours) if our_claim >= their_claim else ((kept, ours), theirs)
    if loser is not None:
        withdraw(session, lead, loser, now, MERGED)
    return winner, loser


def _move(session: Session, kept: Lead, other: Lead, now: datetime) -> dict[str, Any]:
    """All that hangs on the other lead comes to the kept one; returns what came, by table.

    Its scores, its attributes' history and its events stay with it: they say what was known of that lead then.
    """
    touches = select(TouchRow.id, TouchRow.recorded_at).where(TouchRow.lead_id == other.id)
    recorded = {str(row.id): row.recorded_at.isoformat() for row in session.execute(touches)}
    # A past score of the kept lead did not know these touches.
    session.execute(update(TouchRow).where(TouchRow.lead_id == other.id).values(lead_id=kept.id, recorded_at=now))
    cycles = session.scalar(select(func.coalesce(func.max(Handoff.cycle), 0)).where(Handoff.lead_id == kept.id)) or 0
    theirs = session.scalars(select(Handoff).where(Handoff.lead_id == other.id).order_by(Handoff.id)).all()
    for handoff in theirs:
        handoff.lead_id, handoff.cycle = kept.id, handoff.cycle + cycles
    asked = select(ProfileRow.provider).where(ProfileRow.lead_id == kept.id)
    recommended = select(Recommendation.content).where(Recommendation.lead_id == kept.id)
    return {
        "touches": recorded,
        "arrivals": _moved(session, Arrival, kept, Arrival.lead_id == other.id),
        "profiles": _moved(
            session, ProfileRow, kept, ProfileRow.lead_id == other.id, ProfileRow.provider.not_in(asked)
        ),
        "recommendations": _moved(
            session,
            Recommendation,
            kept,
            Recommendation.lead_id == other.id,
            Recommendation.content.not_in(recommended),
        ),
        "opportunities": _moved(session, Opportunity, kept, Opportunity.lead_id == other.id),
        "notices": _moved(session, Notice, kept, Notice.lead_id == other.id),
        "handoffs": [handoff.id for handoff in theirs],
        "cycles": cycles,
        # Whoever was merged into the other one before is the kept one now.
        "merged_before": list(
            session.scalars(
                update(Lead).where(Lead.merged_into == other.id).values(merged_into=kept.id).returning(Lead.id)
            )
        ),
    }


Hanging = type[Arrival | ProfileRow | Recommendation | Opportunity | Notice]
_HANGING: Mapping[str, Hanging] = {
    "arrivals": Arrival,
    "profiles": ProfileRow,
    "recommendations": Recommendation,
    "opportunities": Opportunity,
    "notices": Notice,
}
"""What goes back as it came: the name in `LeadMerge.moved`, and its table."""


def _moved(session: Session, table: Hanging, to: Lead, *where: Any) -> list[int]:
    return list(session.scalars(update(table).where(*where).values(lead_id=to.id).returning(table.id)))


def _become_one(
    session: Session, kept: Lead, other: Lead, now: datetime, order: Sequence[str]
) -> Mapping[str, Contest]:
    """Write what both leads were to the kept one, and let the other end; returns what won where they differed."""
    theirs = sourced_fields(other)
    # It is about an address to which nothing is sent any more.
    theirs.pop(Attribute.MAIL_DOMAIN, None)
    fields, contests = merge_people(sourced_fields(kept), theirs, order)
    attributes = kept.attributes
    told = merge_attributes(kept.attributes, other.attributes)
    firmer = firmer_company(kept, other)
    kept.company_id, kept.company_match = firmer.company_id, firmer.company_match
    _combine(kept, other)
    describe(kept, fields, told)
    match_companies(session, [kept])
    note_attributes(session, kept, attributes, now)
    other.stage, other.merged_into = Stage.MERGED, kept.id
    other.owner_id = other.recheck_at = None
    leave_programme(session, other, now)
    look_after(session, kept, now)
    return contests


def _combine(kept: Lead, other: Lead) -> None:
    """The columns that are no field: how far they are, since when, and who has them."""
    # The kept lead's source stays: its past scores have read it.
    kept.captured_at = min(kept.captured_at, other.captured_at)
    if other.owner_id is not None and (kept.owner_id is None or further(kept.stage, other.stage) is not kept.stage):
        kept.owner_id = other.owner_id
    if kept.score_id is None:
        for name in ("tier", "score", "fit", "intent", "negative", "score_id", "scored_at", "tier_since"):
            setattr(kept, name, getattr(other, name))
    kept.stage = further(kept.stage, other.stage)
    kept.became_sales_ready_at = kept.became_sales_ready_at or other.became_sales_ready_at
    kept.enriched_at = kept.enriched_at or other.enriched_at
    for name in ("nurtured_at", "rests_until", "alerted_at", "reviewed_at"):
        setattr(kept, name, max(filter(None, (getattr(kept, name), getattr(other, name))), default=None))
    kept.bulk = kept.bulk and other.bulk


def _mark_dirty(session: Session, kept: Lead, other: Lead, now: datetime) -> None:
    """Whoever knows one of the two hears of both: one of their records goes on, the other has ended."""
    known = select(SystemLink.lead_id, SystemLink.system).where(SystemLink.lead_id.in_([kept.id, other.id]))
    pairs = session.execute(known).all()
    theirs = {row.system for row in pairs if row.lead_id == other.id}
    for lead, systems in ((kept, {row.system for row in pairs}), (other, theirs)):
        if systems:
            mark_dirty(session, lead, now, *systems)


def unmerge(session: Session, merge_id: int, now: datetime, by: Rep | None = None) -> LeadMerge:
    """Take a merge back: both leads are what they were. An offer that was withdrawn for it is not made again: its lead is
    handed over anew if its score says so. Raises CannotUnmerge once anything else has happened.
    """
    merge = session.get(LeadMerge, merge_id)
    if merge is None:
        raise NotFound(what="merge")
    kept, other = _locked_pair(session, merge.kept_id, merge.merged_id)
    session.refresh(merge)
    if merge.undone_at is not None:
        raise CannotUnmerge(why="undone")
    if other.merged_into != kept.id or kept.stage is Stage.MERGED or _news(session, merge):
        raise CannotUnmerge(why="news")
    _move_back(session, merge)
    for lead, name in ((kept, "kept"), (other, "other")):
        attributes = lead.attributes
        _restore(session, lead, merge.moved["before"][name])
        live = live_handoff(session, lead)
        if lead.stage is Stage.IN_HANDOFF and live is None and merge.moved["withdrawn"]:
            lead.stage = Stage.NURTURING
        note_attributes(session, lead, attributes, now)
        happened(
            session,
            Happened.LEAD_UNMERGED,
            now,
            lead=lead,
            handoff=live,
            rep_id=by.id if by else None,
            merge_id=merge.id,
        )
    _mark_dirty(session, kept, other, now)
    merge.undone_at = now
    return merge


def _news(session: Session, merge: LeadMerge) -> bool:
    since = (LeadEvent.lead_id.in_([merge.kept_id, merge.merged_id]), LeadEvent.id > merge.moved["event"])
    return session.scalar(select(LeadEvent.id).where(*since, LeadEvent.kind.not_in(QUIET)).limit(1)) is not None


def _move_back(session: Session, merge: LeadMerge) -> None:
    moved, back = merge.moved, {"lead_id": merge.merged_id}
    recorded = moved["touches"].items()
    if recorded:
        session.execute(
            update(TouchRow),
            [{"id": int(touch), "recorded_at": datetime.fromisoformat(at), **back} for touch, at in recorded],
        )
    for name, table in _HANGING.items():
        # A merge of before has no list of what did not exist yet.
        session.execute(update(table).where(table.id.in_(moved.get(name, []))).values(back))
    for handoff_id in moved["handoffs"]:
        handoff = session.get_one(Handoff, handoff_id)
        handoff.lead_id, handoff.cycle = merge.merged_id, handoff.cycle - moved["cycles"]
    session.execute(update(Lead).where(Lead.id.in_(moved["merged_before"])).values(merged_into=merge.merged_id))


def _said(sourced: Sourced | None) -> dict[str, Any] | None:
    return {"value": sourced.value, "source": sourced.source, "at": sourced.at.isoformat()} if sourced else None


def _columns(lead: Lead) -> dict[str, Any]:
    """The lead as it is, as JSON."""
    return {column.key: _plain(getattr(lead, column.key)) for column in Lead.__mapper__.columns if column.key != "id"}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _restore(session: Session, lead: Lead, columns: Mapping[str, Any]) -> None:
    for column in Lead.__mapper__.columns:
        if column.key in columns:
            value, kind = columns[column.key], column.type.python_type
            setattr(lead, column.key, datetime.fromisoformat(value) if value and kind is datetime else value)
    session.flush()
    session.refresh(lead)
