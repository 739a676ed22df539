"""Whether a lead is an SQL: the answers of a call, what they come to, and the questions in force."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffMove, HandoffStatus, handoff_step
from domain.rules.qualification import (
    BANT,
    Framework,
    Verdict,
    answers_to_json,
    read_answers,
    verdict,
)
from domain.rules.qualification_file import read_framework
from domain.tables import (
    AttemptOutcome,
    ClockOutcome,
    ContactAttempt,
    Handoff,
    Happened,
    Lead,
    Qualification,
    QualificationFile,
    Rep,
)
from domain.verbs.clocks import stop_clock
from domain.verbs.deciding import note_contact
from domain.verbs.file_versions import keep, newest
from domain.verbs.moving import check_person, locked_handoff, wake, why_not
from domain.verbs.record import happened
from domain.verbs.telling import CRM, MARKETING, mark_dirty


def qualify(
    session: Session,
    handoff_id: int,
    *,
    version: int,
    by: Rep,
    said: Mapping[str, str],
    now: datetime,
    key: str | None = None,
) -> Qualification:
    """Keep the answers (`said`: question -> choice or text) and do what they come to: with a yes the lead is an SQL, once.
    Who has answers has spoken with the lead: that is the first contact, if there was none.

    A `key` that was used before changes nothing. Raises QuestionsChanged, NothingAnswered.
    """
    lead, handoff = locked_handoff(session, handoff_id)
    check_person(session, handoff, by, HandoffMove.QUALIFY, now)
    if key is not None and (sent := _sent_before(session, key)) is not None:
        return sent
    if handoff.version != version or handoff_step(handoff.status, HandoffMove.QUALIFY) is None:
        raise why_not(handoff)
    framework = in_force(session).framework
    answers = read_answers(framework, said)
    row = Qualification(
        handoff_id=handoff.id,
        rep_id=by.id,
        at=now,
        framework=framework.key,
        answers=answers_to_json(answers),
        verdict=verdict(framework, answers),
        key=key,
    )
    session.add(row)
    _move(session, lead, handoff, row.verdict, by, now)
    return row


def _move(session: Session, lead: Lead, handoff: Handoff, came_to: Verdict, by: Rep, now: datetime) -> None:
    wake(session, handoff, now)
    if handoff.contacted_at is None:
        session.add(ContactAttempt(handoff_id=handoff.id, rep_id=by.id, at=now, outcome=AttemptOutcome.SPOKE))
        handoff.status = HandoffStatus.CONTACTED
        note_contact(session, lead, handoff, now)
    kind = Happened.HANDOFF_ANSWERED
    if came_to is Verdict.QUALIFIED and handoff.qualified_at is None:
        # Later answers never take it back: what turned out otherwise is given back with a reason.
        handoff.status, handoff.version = HandoffStatus.QUALIFIED, handoff.version + 1
        handoff.qualified_at, handoff.qualified_by = now, by.id
        stop_clock(session, handoff.id, ClockKind.QUALIFICATION, now, ClockOutcome.MET)
        mark_dirty(session, lead, now, CRM, MARKETING)
        kind = Happened.HANDOFF_QUALIFIED
    happened(session, kind, now, lead=lead, handoff=handoff, rep_id=by.id, verdict=came_to.value)


def _sent_before(session: Session, key: str) -> Qualification | None:
    return session.scalars(select(Qualification).where(Qualification.key == key)).one_or_none()


def sql_dates(session: Session, lead_ids: Sequence[int]) -> dict[int, date]:
    """When each lead became an SQL last (a day in UTC); the others are left out."""
    rows = session.execute(
        select(Handoff.lead_id, func.max(Handoff.qualified_at))
        .where(Handoff.lead_id.in_(lead_ids), Handoff.qualified_at.is_not(None))
        .group_by(Handoff.lead_id)
    )
    return {lead_id: at.date() for lead_id, at in rows if at is not None}


class InForce(NamedTuple):
    """`version` None: nobody has imported questions, and BANT counts."""

    version: int | None
    framework: Framework


def in_force(session: Session) -> InForce:
    row = newest(session, QualificationFile)
    return InForce(None, BANT) if row is None else InForce(row.id, _parsed(row.text))


def put_in_force(session: Session, toml: str, now: datetime) -> tuple[QualificationFile, bool]:
    """Keep the text as the newest version, if it is new. Raises `ModelError`, which names the key that is wrong; then what
    was in force stays.
    """
    read_framework(toml)
    return keep(session, QualificationFile, toml, Happened.QUALIFICATION_IMPORTED, now)


@lru_cache(maxsize=4)
def _parsed(toml: str) -> Framework:
    """Read once in a process."""
    return read_framework(toml)
