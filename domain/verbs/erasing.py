"""A person asks to be forgotten: what is personal goes, the row and its numbers stay for the statistics.

Two steps, since other systems know the person by their address: first everything but the address goes, and they are told
that nobody works on this lead any more; when they have been told, the address goes, too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.lifecycle import GONE, LIVE, HandoffMove, HandoffStatus, LeadMove, Stage, handoff_step
from domain.rules.preferences import Held
from domain.tables import (
    Arrival,
    Company,
    ContactAttempt,
    Handoff,
    Happened,
    Installation,
    Lead,
    LeadEvent,
    LeadMerge,
    Notice,
    Opportunity,
    ProfileRow,
    Qualification,
    Rep,
    ScoreRow,
    Suppression,
    SyncFinding,
    SystemLink,
    TouchRow,
)
from domain.tables.leads import AttributesRow
from domain.verbs import turns
from domain.verbs.capturing import refuse
from domain.verbs.clocks import cancel_clocks
from domain.verbs.dealing import forget_deals
from domain.verbs.nurturing import leave_programme
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty

ERASED = "erased"
PATIENCE = timedelta(days=1)
"""How long the address waits for a system that cannot be told now. Then it goes all the same."""
NOWHERE = "erased.invalid"
"""A domain that can never be anybody's."""


def erase(session: Session, lead_id: int, by: Rep | None, now: datetime) -> Lead:
    """Forget the person, with the leads that were merged into theirs. Erasing twice changes nothing."""
    lead = locked_lead(session, lead_id)
    if lead.stage is Stage.ERASED:
        return lead
    merged = session.scalars(select(Lead).where(Lead.merged_into == lead.id).order_by(Lead.id).with_for_update()).all()
    theirs = [lead, *merged]
    _suppress(session, [one.identity for one in theirs], now)
    _end_handoff(session, lead, by, now)
    forget_deals(session, lead, [one.id for one in theirs], now)
    leave_programme(session, lead, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    session.flush()
    _empty_what_hangs_on(session, [one.id for one in theirs])
    _empty_refused(session, [one.email for one in theirs])
    companies = {one.company_id for one in theirs if one.company_id is not None}
    move_lead(lead, LeadMove.ERASE)
    for one in theirs:
        _empty(one)
    session.flush()
    _forget_companies(session, companies)
    _say(session, lead, by, now)
    return lead


def _end_handoff(session: Session, lead: Lead, by: Rep | None, now: datetime) -> None:
    """Whoever has the lead has nothing to do any more. What was only offered costs nobody a turn."""
    live = select(Handoff).where(Handoff.lead_id == lead.id, Handoff.status.in_(LIVE))
    for handoff in session.scalars(live):
        step = handoff_step(handoff.status, HandoffMove.ERASE)
        if step is None:
            continue
        offered = handoff.status is HandoffStatus.OFFERED
        cancel_clocks(session, handoff.id, now)
        handoff.status, handoff.version, handoff.reason = step.to, handoff.version + 1, ERASED
        handoff.snoozed_until = handoff.snooze_score = None
        if offered:
            turns.credit(session, handoff, now)
        by_id = by.id if by else None
        happened(session, Happened.HANDOFF_WITHDRAWN, now, lead=lead, handoff=handoff, rep_id=by_id, why=ERASED)


def _empty(lead: Lead) -> None:
    """All but the address. Points, tier and times stay; so does the campaign that they came from."""
    lead.first_name = lead.last_name = lead.title = lead.company_name = None
    lead.company_id = lead.company_match = None
    lead.fields, lead.attributes, lead.notes = {}, {}, []
    lead.owner_id = None
    lead.recheck_at = lead.rests_until = None


def _forget_companies(session: Session, company_ids: Collection[int]) -> None:
    """Of a company that we know through them alone nothing is kept: it may bear their name."""
    others = exists().where(Lead.company_id == Company.id) | exists().where(Opportunity.company_id == Company.id)
    session.execute(delete(Company).where(Company.id.in_(company_ids), ~others))


def _empty_what_hangs_on(session: Session, lead_ids: Collection[int]) -> None:
    handoffs = select(Handoff.id).where(Handoff.lead_id.in_(lead_ids))
    change = session.execute
    change(update(TouchRow).where(TouchRow.lead_id.in_(lead_ids)).values(page=None))
    change(update(ProfileRow).where(ProfileRow.lead_id.in_(lead_ids)).values(fields={}))
    change(delete(AttributesRow).where(AttributesRow.lead_id.in_(lead_ids)))
    change(update(Handoff).where(Handoff.lead_id.in_(lead_ids)).values(note=None))
    change(update(ContactAttempt).where(ContactAttempt.handoff_id.in_(handoffs)).values(note=None, next_step=None))
    change(update(Qualification).where(Qualification.handoff_id.in_(handoffs)).values(answers={}))
    merges = LeadMerge.kept_id.in_(lead_ids) | LeadMerge.merged_id.in_(lead_ids)
    # Which event it was is what says later that it cannot be taken back.
    change(
        update(LeadMerge)
        .where(merges)
        .values(fields={}, moved=func.jsonb_build_object("event", LeadMerge.moved["event"]))
    )
    change(update(Notice).where(Notice.lead_id.in_(lead_ids)).values(data={}))
    change(update(Notice).where(Notice.lead_id.in_(lead_ids), Notice.sent_at.is_(None)).values(held=Held.SETTLED))
    change(update(Opportunity).where(Opportunity.lead_id.in_(lead_ids)).values(name=ERASED, lost_reason=None))
    change(update(SystemLink).where(SystemLink.lead_id.in_(lead_ids)).values(problem=None))
    arrivals = update(Arrival).where(Arrival.lead_id.in_(lead_ids))
    change(arrivals.values(body=b"", delivery_key=func.concat(f"{ERASED}-", Arrival.id)))
    _empty_ledgers(session, lead_ids)


def _empty_ledgers(session: Session, lead_ids: Collection[int]) -> None:
    """The points stay with their rules; what was seen of the person goes."""
    for score in session.scalars(select(ScoreRow).where(ScoreRow.lead_id.in_(lead_ids))):
        score.ledger = [{**row, "seen": ""} for row in score.ledger]


def _empty_refused(session: Session, emails: Sequence[str]) -> None:
    """Deliveries of theirs of which nothing was made: whose they are stands in them alone."""
    for email in emails:
        session.execute(_EMPTY_REFUSED, {"email": email.lower().encode(), "kept": f"{ERASED}-"})


# Few are refused, and the index of those is what is read.
_EMPTY_REFUSED = text("""
update arrivals set body = '', delivery_key = :kept || id
where state = 'refused' and position(cast(:email as bytea) in convert_to(lower(encode(body, 'escape')), 'UTF8')) > 0
""")


def _say(session: Session, lead: Lead, by: Rep | None, now: datetime) -> None:
    """Once for each card that stands somewhere, since each has to be drawn anew; without one, once all the same."""
    cards: list[Handoff | None] = [
        *session.scalars(select(Handoff).where(Handoff.lead_id == lead.id).order_by(Handoff.id))
    ]
    for handoff in cards or [None]:
        happened(session, Happened.LEAD_ERASED, now, lead=lead, handoff=handoff, rep_id=by.id if by else None)


# ---- the address ------------------------------------------------------------------------------------------------------


def waits_for(session: Session, lead_id: int, systems: Collection[str], now: datetime) -> bool:
    """Whether one of these has not been told yet, and may be within our patience."""
    since = session.scalar(
        select(func.min(LeadEvent.at)).where(LeadEvent.lead_id == lead_id, LeadEvent.kind == Happened.LEAD_ERASED)
    )
    untold = select(SystemLink.lead_id).where(
        SystemLink.lead_id == lead_id, SystemLink.system.in_(systems), SystemLink.dirty_since.is_not(None)
    )
    return since is not None and now - since < PATIENCE and session.scalar(untold.limit(1)) is not None


def forget_address(session: Session, lead_id: int) -> None:
    """The last trace of an erased lead, and where other systems have it: nobody will be told of it again."""
    lead = locked_lead(session, lead_id)
    if lead.stage is not Stage.ERASED:
        return
    merged = session.scalars(select(Lead).where(Lead.merged_into == lead.id)).all()
    _empty_refused(session, [one.email for one in (lead, *merged)])
    for one in (lead, *merged):
        one.email = one.identity = f"lead-{one.id}@{NOWHERE}"
    theirs = [lead.id, *(one.id for one in merged)]
    session.execute(delete(SystemLink).where(SystemLink.lead_id.in_(theirs)))
    session.execute(update(SyncFinding).where(SyncFinding.lead_id.in_(theirs)).values(external_id=None))


def drop(arrival: Arrival) -> None:
    """Keep that something came and why nothing was made of it, and nothing of what was in it."""
    arrival.body = b""
    refuse(arrival, "This person asked to be forgotten.")


# ---- who may not come back by an import ---------------------------------------------------------------------------------


def suppressed(session: Session, identities: Collection[str]) -> set[str]:
    """Those of them who asked to be forgotten, and have not come back by themselves since."""
    if not identities:
        return set()
    key = _installation(session)
    hashes = {_hash(key, identity): identity for identity in identities}
    known = session.scalars(select(Suppression.identity_hash).where(Suppression.identity_hash.in_(hashes)))
    gone = {hashes[one] for one in known}
    back = select(Lead.identity).where(Lead.identity.in_(gone), Lead.stage.not_in(GONE))
    return gone - {*session.scalars(back)} if gone else gone


def _suppress(session: Session, identities: Sequence[str], now: datetime) -> None:
    key = _installation(session)
    rows = [{"identity_hash": _hash(key, identity), "at": now} for identity in sorted(identities)]
    session.execute(upsert(Suppression).on_conflict_do_nothing(), rows)


def _installation(session: Session) -> str:
    return session.scalars(select(Installation.key)).one()


def _hash(installation: str, identity: str) -> str:
    """With the installation's name in it, so that no list of hashed addresses of elsewhere fits."""
    return sha256(f"{installation}:{identity}".encode()).hexdigest()
