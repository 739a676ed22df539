"""The opportunity's record: opened here or by sales in the CRM, and moved by nothing but the CRM's own words.

Words may come late, twice and out of order: the newest holds, each is kept once in the history, and what depends on the
history (since when, closed when, where the lead stands) is worked out from all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.lifecycle import GONE, LIVE, HandoffMove, HandoffStatus, LeadMove, Stage, handoff_step, lead_step
from domain.rules.refusals import NoSuchLead
from domain.tables import Handoff, Happened, Lead, Opportunity, OpportunityStage, Rep, SystemLink
from domain.verbs.clocks import cancel_clocks
from domain.verbs.deal_owners import follow_owner
from domain.verbs.dealing import deal_happened, end_offer, live_deal
from domain.verbs.moving import wake
from domain.verbs.nurturing import leave_programme
from domain.verbs.offering import live_handoff
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty

NOT_READ_YET = "opened"
"""The stage of an opportunity that the CRM has not said anything of yet."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a CRM says of one of its opportunities. Money is in the smallest unit of its currency.

    `handoff_id`: the attempt for which we opened it, if we did. `lead_ids` and `emails`: whom it is about, in the CRM's words.
    """

    system: str
    external_id: str
    name: str = field(repr=False)
    stage: str
    modified_at: datetime
    is_closed: bool = False
    is_won: bool = False
    created_at: datetime | None = None
    closed_at: datetime | None = None
    handoff_id: int | None = None
    amount: int | None = None
    currency: str | None = None
    probability: float | None = None
    expected_on: date | None = None
    lost_reason: str | None = None
    owner_id: str | None = None
    lead_ids: Sequence[str] = ()
    emails: Sequence[str] = field(default=(), repr=False)


def to_open(session: Session, handoff_id: int) -> tuple[Lead, Handoff, Rep | None] | None:
    """The lead for which an opportunity has to be opened in the CRM; None: it is no SQL (any more), or has one already."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None or handoff.status is not HandoffStatus.QUALIFIED:
        return None
    theirs = select(Opportunity.id).where(Opportunity.lead_id == handoff.lead_id, Opportunity.closed_at.is_(None))
    if session.scalar(theirs.limit(1)) is not None:
        return None
    rep = session.get(Rep, handoff.rep_id) if handoff.rep_id is not None else None
    return session.get_one(Lead, handoff.lead_id), handoff, rep


def open_opportunity(
    session: Session, handoff_id: int, *, system: str, external_id: str, name: str, stage: str, now: datetime
) -> Opportunity:
    """We have opened it in the CRM. Whoever heard of it from there in the meantime has opened it here already."""
    lead = locked_lead(session, session.get_one(Handoff, handoff_id).lead_id)
    known = _known(session, external_id)
    if known is not None:
        return known
    made = Opportunity(
        lead_id=lead.id, system=system, external_id=external_id, name=name, stage=stage, stage_since=now, opened_at=now
    )
    _open(session, lead, made, handoff_id, now)
    return made


def say_why_not(session: Session, handoff_id: int, why: str, now: datetime) -> None:
    """The CRM refused to open it: its sentence stands on the lead's link, where people look for it."""
    handoff = session.get_one(Handoff, handoff_id)
    link = session.get(SystemLink, (handoff.lead_id, CRM))
    if link is not None:
        link.problem, link.told_at = why, now


def hear(session: Session, word: Word, now: datetime) -> Opportunity | None:
    """Take in one word of the CRM. None: the opportunity is about nobody whom we know."""
    lead = _lead_of(session, word)
    if lead is None:
        return None
    # Who else heard of it first has made it by now: the lead's lock was theirs.
    known = _known(session, word.external_id)
    if known is None:
        known = Opportunity(
            lead_id=lead.id,
            system=word.system,
            external_id=word.external_id,
            name=word.name,
            stage=word.stage,
            stage_since=word.modified_at,
            opened_at=word.created_at or word.modified_at,
        )
        _open(session, lead, known, word.handoff_id, now)
    _take_in(session, lead, known, word, now)
    return known


def _known(session: Session, external_id: str) -> Opportunity | None:
    wanted = select(Opportunity).where(Opportunity.external_id == external_id)
    return session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def _lead_of(session: Session, word: Word) -> Lead | None:
    """The lead that the word is about, locked: of what we know already, by our own key, by the CRM's id, by e-mail."""
    lead_id = session.scalar(select(Opportunity.lead_id).where(Opportunity.external_id == word.external_id))
    if lead_id is None and word.handoff_id is not None:
        lead_id = session.scalar(select(Handoff.lead_id).where(Handoff.id == word.handoff_id))
    lead_id = lead_id or _by_link(session, word.lead_ids) or _by_email(session, word.emails)
    while lead_id is not None:
        lead = locked_lead(session, lead_id)
        if lead.merged_into is None:
            return None if lead.stage in GONE else lead
        lead_id = lead.merged_into
    return None


def _by_link(session: Session, lead_ids: Sequence[str]) -> int | None:
    wanted = select(SystemLink.external_id, SystemLink.lead_id).where(
        SystemLink.external_id.in_(lead_ids), SystemLink.system == CRM
    )
    found = dict(session.execute(wanted).all()) if lead_ids else {}
    return next((found[one] for one in lead_ids if one in found), None)


def _by_email(session: Session, emails: Sequence[str]) -> int | None:
    for email in emails:
        try:
            return finding.lead_by_email(session, email).id
        except NoSuchLead:
            continue
    return None


def _open(session: Session, lead: Lead, made: Opportunity, handoff_id: int | None, now: datetime) -> None:
    """What opening one changes, whoever opened it: the handoff has led to it, the lead is in nobody's programme any more."""
    handoff = _handoff_of(session, lead, handoff_id)
    made.handoff_id, made.company_id = handoff.id if handoff else None, lead.company_id
    made.owner_id = handoff.rep_id if handoff else None
    session.add(made)
    session.flush()
    _bring(session, lead, Stage.OPPORTUNITY, now)
    if handoff is not None:
        _convert(session, lead, handoff, now)
    happened(session, Happened.OPPORTUNITY_OPENED, now, lead=lead, handoff=handoff, opportunity_id=made.id)


def _handoff_of(session: Session, lead: Lead, handoff_id: int | None) -> Handoff | None:
    """The attempt that led to it: the one we opened it for, else the live one. One leads to one opportunity."""
    handoff = session.get(Handoff, handoff_id) if handoff_id is not None else None
    if handoff is None or handoff.lead_id != lead.id:
        handoff = live_handoff(session, lead)
    if handoff is None:
        return None
    taken = session.scalar(select(Opportunity.id).where(Opportunity.handoff_id == handoff.id))
    return None if taken is not None else handoff


def _convert(session: Session, lead: Lead, handoff: Handoff, now: datetime) -> None:
    step = handoff_step(handoff.status, HandoffMove.CONVERT)
    if step is None or handoff.status not in LIVE:
        return
    # While it is live: who acts on a lead that is put aside takes it up again.
    wake(session, handoff, now)
    cancel_clocks(session, handoff.id, now)
    handoff.status, handoff.version, handoff.converted_at = step.to, handoff.version + 1, now
    lead.owner_id = lead.owner_id or handoff.rep_id
    happened(session, Happened.HANDOFF_CONVERTED, now, lead=lead, handoff=handoff)


def _take_in(session: Session, lead: Lead, known: Opportunity, word: Word, now: datetime) -> None:
    before = _Before(known.stage, known.won, known.closed_at, known.amount, known.currency)
    if not _is_new(session, known, word):
        return
    # Its lead may have been merged into this one.
    known.lead_id, known.seen_at = lead.id, now
    # What the CRM has said of its closing is not worked out from its stages.
    undated = known.closed_at == known.stage_since
    if known.modified_at is None or word.modified_at >= known.modified_at:
        _believe(session, lead, known, word, now)
        undated = word.closed_at is None
    _date(session, known, undated=undated)
    if word.created_at is None:
        known.opened_at = min(known.opened_at, word.modified_at)
    _bring(session, lead, _where(session, lead), now)
    if known.closed_at is not None:
        end_offer(session, lead, known, now)
    _tell(session, lead, known, before, now)


def _is_new(session: Session, known: Opportunity, word: Word) -> bool:
    """Keep the word in the history, unless it is the same word, read once more. A CRM's moments may be whole seconds: what it
    says otherwise of the same one has changed since.
    """
    rows = session.scalars(
        select(OpportunityStage).where(
            OpportunityStage.opportunity_id == known.id, OpportunityStage.at == word.modified_at
        )
    ).all()
    worth = (word.stage, word.amount, word.probability)
    if worth in [(row.stage, row.amount, row.probability) for row in rows]:
        return known.modified_at == word.modified_at and _differs(known, word)
    session.add(
        OpportunityStage(
            opportunity_id=known.id,
            stage=word.stage,
            at=word.modified_at,
            amount=word.amount,
            probability=word.probability,
        )
    )
    session.flush()
    return True


_SAID = ("name", "stage", "amount", "currency", "probability", "expected_on", "modified_at")


def _differs(known: Opportunity, word: Word) -> bool:
    won = word.is_won if word.is_closed else None
    return known.won != won or any(getattr(known, name) != getattr(word, name) for name in _SAID)


def _believe(session: Session, lead: Lead, known: Opportunity, word: Word, now: datetime) -> None:
    """It is the newest so far: the opportunity is what it says."""
    for name in _SAID:
        setattr(known, name, getattr(word, name))
    known.opened_at = word.created_at or known.opened_at
    known.won = word.is_won if word.is_closed else None
    known.lost_reason = word.lost_reason if word.is_closed and not word.is_won else None
    known.closed_at = (word.closed_at or word.modified_at) if word.is_closed else None
    follow_owner(session, lead, known, word.owner_id, now)


def _date(session: Session, known: Opportunity, *, undated: bool) -> None:
    """Since when it is in its stage, from the whole history: an older word may say that it came there earlier. Of a closed
    one that is when it was closed, if it is `undated`: the CRM does not say that itself.
    """
    rows = session.scalars(
        select(OpportunityStage)
        .where(OpportunityStage.opportunity_id == known.id)
        .order_by(OpportunityStage.at.desc(), OpportunityStage.id.desc())
    )
    for row in rows:
        if row.stage != known.stage:
            break
        known.stage_since = row.at
    if known.closed_at is not None and undated:
        known.closed_at = known.stage_since


def _where(session: Session, lead: Lead) -> Stage:
    """Where the lead stands by all of its opportunities: with an open one it is one, else one that was won counts."""
    won = session.execute(select(Opportunity.closed_at, Opportunity.won).where(Opportunity.lead_id == lead.id)).all()
    if any(closed_at is None for closed_at, _ in won):
        return Stage.OPPORTUNITY
    return Stage.WON if any(was_won for _, was_won in won) else Stage.LOST


_ON_TO = {Stage.WON: LeadMove.WIN, Stage.LOST: LeadMove.LOSE}


def _bring(session: Session, lead: Lead, to: Stage, now: datetime) -> None:
    """Take the lead where its opportunities say it stands, by the moves of the table."""
    if lead.stage is to:
        return
    for move in (LeadMove.REOPEN, LeadMove.OPEN_OPPORTUNITY):
        if lead.stage is not Stage.OPPORTUNITY and lead_step(lead.stage, move) is not None:
            move_lead(lead, move)
    if to in _ON_TO:
        move_lead(lead, _ON_TO[to])
    leave_programme(session, lead, now)
    mark_dirty(session, lead, now, MARKETING)


class _Before(NamedTuple):
    stage: str
    won: bool | None
    closed_at: datetime | None
    amount: int | None
    currency: str | None


def _tell(session: Session, lead: Lead, known: Opportunity, before: _Before, now: datetime) -> None:
    """One event for what the newest word changed, if it changed anything that anybody asks for."""
    closed, was_closed = known.closed_at is not None, before.closed_at is not None
    if closed and (not was_closed or before.won != known.won):
        kind = Happened.OPPORTUNITY_WON if known.won else Happened.OPPORTUNITY_LOST
    elif was_closed and not closed:
        kind = Happened.OPPORTUNITY_REOPENED
    elif closed and before[2:] != (known.closed_at, known.amount, known.currency):
        kind = Happened.OPPORTUNITY_CORRECTED
    elif before.stage != known.stage:
        kind = Happened.OPPORTUNITY_MOVED
    else:
        return
    handoff = session.get(Handoff, known.handoff_id) if known.handoff_id is not None else None
    if (live := live_deal(session, known.id)) is not None:
        # Its message to the AE shows this, too.
        deal_happened(session, kind, lead, live, now, stage=known.stage)
    else:
        happened(session, kind, now, lead=lead, handoff=handoff, opportunity_id=known.id, stage=known.stage)


def is_news(session: Session, external_id: str, modified_at: datetime) -> bool:
    """Whether we have not heard this word of an opportunity of ours yet."""
    return (
        session.scalar(
            select(OpportunityStage.id)
            .join(Opportunity, Opportunity.id == OpportunityStage.opportunity_id)
            .where(Opportunity.external_id == external_id, OpportunityStage.at == modified_at)
        )
        is None
    )
