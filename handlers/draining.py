"""What both drains share: what has to be sent, and what is noted of the answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256

from sqlalchemy.orm import Session

from domain.tables import SystemLink
from domain.verbs import telling
from handlers.flow import Job, Priority, Sending
from handlers.jobs import send
from integrations.ports import Contact, CrmLead, Upserted
from kit.clock import utcnow

Wanted = Sequence[tuple[SystemLink, Contact | CrmLead]]
"""The leads of one batch, each with what the system should know of it."""


def digest(record: Contact | CrmLead) -> str:
    """A hash of what would be sent: the same hash means there is nothing new to say."""
    return sha256(json.dumps(asdict(record), sort_keys=True).encode()).hexdigest()


def note_answers(
    session: Session, wanted: Wanted, answers: Mapping[int, Upserted], drain: Job, batch_size: int
) -> None:
    """Note what the system said, by lead. After a full batch the next one follows, unless nothing of this one got through."""
    now, got_through = utcnow(), False
    for link, record in wanted:
        answer = answers.get(link.lead_id)
        if answer is not None and answer.later:
            telling.put_off(session, link, now)
            continue
        got_through = True
        telling.note_told(
            session,
            link,
            now,
            external_id=answer.external_id if answer else None,
            sent_hash=digest(record),
            problem=answer.problem if answer else link.problem,
        )
    if got_through and len(wanted) == batch_size:
        send(session, drain_again(drain))


def drain_again(job: Job) -> Sending:
    """The next batch, at once."""
    return Sending(job, {}, key="all", lane=job.value, priority=Priority.LIVE)
