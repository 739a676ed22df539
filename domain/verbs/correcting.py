"""A colleague puts right what is known of a lead. Their word is believed before all others, and can be taken back."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import covers
from domain.rules.corrections import FIELDS, as_shown, read_corrections
from domain.rules.lifecycle import LIVE
from domain.rules.merging import REP, Sourced, merge_fields
from domain.rules.refusals import NoLongerOffered, NotFound, NotYours
from domain.tables import Handoff, Happened, Lead, LeadEvent, Rep, Role
from domain.verbs.companies import match_companies
from domain.verbs.describing import describe, note_attributes, sourced_fields
from domain.verbs.record import happened, locked_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty

MAY_CORRECT_ANY = frozenset({Role.MANAGER, Role.MARKETING})


def may_correct(session: Session, handoff_id: int, by: Rep, now: datetime) -> Handoff:
    """The handoff, if `by` may put its lead right now; raises what `correct` would refuse. Changes nothing."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    theirs = by.id == handoff.rep_id or by.role in MAY_CORRECT_ANY
    if not theirs and handoff.rep_id not in covers(session, by.id, now):
        raise NotYours(rep_id=handoff.rep_id or 0)
    if handoff.status not in LIVE:
        raise NoLongerOffered(status=handoff.status.value)
    return handoff


def correct(
    session: Session,
    handoff_id: int,
    *,
    said: Mapping[str, str],
    shown: Mapping[str, str],
    by: Rep,
    now: datetime,
    key: str | None = None,
) -> Lead:
    """Write what was changed in the window: `said` against `shown`, which is what stood there when it opened.

    A field that was cleared is what it was before it was corrected; if nobody had corrected it, it is not known any more.
    A `key` that was used before changes nothing. Raises `corrections.NotReadable`.
    """
    handoff = may_correct(session, handoff_id, by, now)
    lead = locked_lead(session, handoff.lead_id)
    session.refresh(handoff)
    handoff = may_correct(session, handoff_id, by, now)
    if key is not None and _was_sent(session, lead, key):
        return lead
    before, known = lead.attributes, sourced_fields(lead)
    merged = _corrected(known, said, shown, now)
    changed = sorted(field for field in FIELDS if known.get(field) != merged.get(field))
    if not changed:
        return lead
    describe(lead, merged, {})
    match_companies(session, [lead])
    note_attributes(session, lead, before, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(
        session, Happened.LEAD_CORRECTED, now, lead=lead, handoff=handoff, rep_id=by.id, fields=changed, window=key
    )
    return lead


def _corrected(
    known: Mapping[str, Sourced], said: Mapping[str, str], shown: Mapping[str, str], now: datetime
) -> dict[str, Sourced]:
    values = {field: sourced.value for field, sourced in known.items()}
    stood = {**as_shown(values), **shown}
    changed = {field: said[field] for field in FIELDS if field in said and said[field].strip() != stood[field].strip()}
    read = read_corrections(changed, str(values.get("country", "")))
    merged = dict(known)
    for field, value in read.items():
        if value == "":
            _take_back(merged, field)
        elif value != values.get(field):
            merged = merge_fields(merged, {field: value}, REP, now, ())
    return merged


def _take_back(merged: dict[str, Sourced], field: str) -> None:
    taken = merged.pop(field, None)
    if taken is not None and taken.source == REP and taken.below is not None:
        merged[field] = taken.below


def _was_sent(session: Session, lead: Lead, key: str) -> bool:
    sent = select(LeadEvent.id).where(
        LeadEvent.lead_id == lead.id,
        LeadEvent.kind == Happened.LEAD_CORRECTED,
        LeadEvent.data["window"].as_string() == key,
    )
    return session.scalars(sent.limit(1)).first() is not None
