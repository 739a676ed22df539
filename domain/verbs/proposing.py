"""What was learnt becomes a question; a manager's answer becomes the model in force, or not. Nothing changes by itself.

Every move is one conditional UPDATE on (id, version, status), with the lock on models held: whoever comes second is told so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.rules.model_diff import diff
from domain.rules.point_moves import only_chances
from domain.rules.proposals import WAITS, ProposalKind, ProposalMove, ProposalStatus, proposal_step
from domain.rules.refusals_proposals import NoSuchProposal, ProposalDecided, ProposalsForManagers
from domain.tables import Happened, Learning, ModelStatus, Proposal, Rep, Role, ScoringModel
from domain.verbs import modelling
from domain.verbs.record import happened
from domain.verbs.superseding import supersede

NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What a run of learning came to. `verdict`: proposed, not_enough, no_better, failed; `toml` None: there is no draft.

    `base_id`: the model that it was compared with.
    """

    kind: ProposalKind
    base_id: int
    verdict: str
    said: str
    data: Mapping[str, Any]
    toml: str | None = None
    evidence: Mapping[str, Any] | None = None


def keep(session: Session, found: Found, watched: Mapping[str, Any], now: datetime) -> Learning:
    """Note what came of it, and ask about the draft if there is one; an unanswered question of the same kind gives way.

    `watched`: how the model in force does, if it came from a proposal.
    """
    proposal = None
    verdict, said = found.verdict, found.said
    if found.toml is not None:
        modelling.one_at_a_time(session)
        proposal = _make(session, found, now)
        if proposal is None:
            verdict, said = "waiting", "Another model came into force, or is being tried in shadow: nothing was asked."
    row = Learning(
        kind=found.kind,
        at=now,
        base_id=found.base_id,
        verdict=verdict,
        said=said,
        data={**found.data, **watched},
        proposal_id=proposal.id if proposal is not None else None,
    )
    session.add(row)
    session.flush()
    happened(session, Happened.MODEL_LEARNT, now, learning_id=row.id, learning=found.kind.value, verdict=verdict)
    return row


def _make(session: Session, found: Found, now: datetime) -> Proposal | None:
    """None: what it was compared with is in force no more, or a model is being tried in shadow."""
    asked = session.scalars(select(Proposal).where(Proposal.status.in_(WAITS)).with_for_update()).all()
    active, _ = modelling.active_model(session)
    if active.id != found.base_id or any(one.status is ProposalStatus.SHADOW for one in asked):
        return None
    waiting = next((one for one in asked if one.kind is found.kind), None)
    draft, _ = modelling.draft(session, found.toml or "", now)
    if waiting is not None and waiting.model_id == draft.id:
        return waiting
    if draft.status is ModelStatus.ACTIVE:
        return None
    if waiting is not None:
        supersede(session, waiting, now)
        session.flush()
    row = Proposal(
        kind=found.kind,
        status=ProposalStatus.OPEN,
        version=1,
        model_id=draft.id,
        base_id=found.base_id,
        evidence=dict(found.evidence or {}),
        made_at=now,
    )
    session.add(row)
    session.flush()
    happened(session, Happened.PROPOSAL_MADE, now, proposal_id=row.id, model_id=draft.id, about=found.kind.value)
    return row


# ---- what people decide ----------------------------------------------------------------------------------------------


def approve(
    session: Session, proposal_id: int, *, version: int, by: Rep | None, now: datetime, shadow: timedelta
) -> Proposal:
    """Try it in shadow for so long, or put it in force at once if that is no time at all, or if no score would differ in shadow.

    `by` None: who runs the command line.

    Raises TooManyInShadow, and what every move here raises: ProposalDecided, ProposalsForManagers, NoSuchProposal.
    """
    if shadow <= timedelta(0) or _scores_alike(session, find_proposal(session, proposal_id)):
        return activate(session, proposal_id, version=version, by=by, now=now)
    row = _move(
        session, proposal_id, ProposalMove.SHADOW, version, by, now, shadow_since=now, shadow_until=now + shadow
    )
    modelling.start_shadow(session, session.get_one(ScoringModel, row.model_id), now)
    _happened(session, Happened.PROPOSAL_SHADOWED, row, by, now)
    return row


def _scores_alike(session: Session, row: Proposal) -> bool:
    old, new = (modelling.parsed(session.get_one(ScoringModel, one)) for one in (row.base_id, row.model_id))
    return only_chances(diff(old, new))


def activate(session: Session, proposal_id: int, *, version: int, by: Rep | None, now: datetime) -> Proposal:
    """Put it in force: all leads are scored with it from now on, and anew."""
    row = _move(session, proposal_id, ProposalMove.ACTIVATE, version, by, now, activated_at=now)
    modelling.activate(session, session.get_one(ScoringModel, row.model_id), now)
    _happened(session, Happened.PROPOSAL_ACTIVATED, row, by, now)
    return row


def decline(session: Session, proposal_id: int, *, version: int, by: Rep | None, now: datetime, note: str) -> Proposal:
    """`note`: why, in the person's own words; it may be empty."""
    said = note.strip()[:NOTE_LIMIT] or None
    row = _move(session, proposal_id, ProposalMove.DECLINE, version, by, now, note=said)
    draft = session.get_one(ScoringModel, row.model_id)
    session.refresh(draft)
    # Without a trial of ours, somebody put it in shadow by hand.
    if draft.status is ModelStatus.SHADOW and row.shadow_until is not None:
        modelling.end_shadow(session, draft, now)
    _happened(session, Happened.PROPOSAL_DECLINED, row, by, now)
    return row


def roll_back(session: Session, proposal_id: int, *, version: int, by: Rep | None, now: datetime) -> Proposal:
    """Put the model in force again that was in force when it was proposed, and score all leads anew with it."""
    taken_back = {"rolled_back_at": now, "rolled_back_by": by.id if by else None}
    row = _move(session, proposal_id, ProposalMove.ROLL_BACK, version, by, now, **taken_back)
    modelling.activate(session, session.get_one(ScoringModel, row.base_id), now)
    _happened(session, Happened.PROPOSAL_ROLLED_BACK, row, by, now)
    return row


def may_decide(by: Rep | None) -> None:
    """Managers and admins. Raises ProposalsForManagers."""
    if by is not None and not (by.active and (by.admin or by.role is Role.MANAGER)):
        raise ProposalsForManagers


def find_proposal(session: Session, proposal_id: int) -> Proposal:
    """Raises NoSuchProposal."""
    row = session.get(Proposal, proposal_id, populate_existing=True)
    if row is None:
        raise NoSuchProposal(number=proposal_id)
    return row


def _move(
    session: Session,
    proposal_id: int,
    move: ProposalMove,
    version: int,
    by: Rep | None,
    now: datetime,
    **values: Any,
) -> Proposal:
    may_decide(by)
    modelling.one_at_a_time(session)
    row = find_proposal(session, proposal_id)
    to = proposal_step(row.status, move)
    if to is None or row.version != version:
        raise why_not(row)
    if move is not ProposalMove.ROLL_BACK:
        values |= {"decided_at": now, "decided_by": by.id if by else None}
    moved = session.connection().execute(
        update(Proposal)
        .where(Proposal.id == proposal_id, Proposal.version == version, Proposal.status == row.status)
        .values(status=to, version=version + 1, **values)
    )
    if moved.rowcount == 0:
        raise why_not(find_proposal(session, proposal_id))
    session.refresh(row)
    return row


def why_not(row: Proposal) -> ProposalDecided:
    """What to tell who comes too late."""
    at, who = (row.rolled_back_at, row.rolled_back_by) if row.rolled_back_at else (row.decided_at, row.decided_by)
    facts: dict[str, str | int] = {"status": row.status.value}
    if at is not None and who is not None and row.status is not ProposalStatus.SUPERSEDED:
        facts |= {"at": at.isoformat(), "rep_id": who}
    return ProposalDecided(**facts)


def _happened(session: Session, kind: Happened, row: Proposal, by: Rep | None, now: datetime) -> None:
    happened(session, kind, now, rep_id=by.id if by else None, proposal_id=row.id, model_id=row.model_id)


# ---- where its message stands ----------------------------------------------------------------------------------------


def claim(session: Session, proposal_id: int, channel: str, now: datetime) -> tuple[str, datetime | None]:
    """Say that its message is about to be posted; returns where, and when that was first said, if an earlier try did.

    The first claim stays, unless the place cannot be reached.
    """
    row = session.get_one(Proposal, proposal_id, with_for_update=True, populate_existing=True)
    earlier = row.claimed_at
    if row.channel is None or row.claimed_at is None:
        row.channel, row.claimed_at = channel, now
    return row.channel, earlier


def move_message(session: Session, proposal_id: int, channel: str, now: datetime) -> None:
    """It stands elsewhere from now on: it was deleted, or its channel cannot be reached."""
    session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id)
        .values(channel=channel, ts=None, drawn=None, claimed_at=func.coalesce(Proposal.claimed_at, now))
    )


def note_drawn(session: Session, proposal_id: int, ts: str, drawn: str) -> None:
    session.execute(update(Proposal).where(Proposal.id == proposal_id).values(ts=ts, drawn=drawn))


def distrust(session: Session, proposal_id: int) -> None:
    """Somebody saw it in an old state: whatever we believe to stand there, it is drawn again."""
    session.execute(update(Proposal).where(Proposal.id == proposal_id).values(drawn=None))
