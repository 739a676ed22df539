"""Stage 1: a lead or an activity arrives at our own door, as JSON with a key. It is stored before anything is made of it."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from domain.rules.refusals import ImportAgain
from domain.rules.validation import BadLead
from domain.succession import present_handoff
from domain.tables import Arrival, ArrivalState, CaptureSource, Lead
from domain.verbs import capturing
from domain.verbs.capturing import Delivery
from handlers.jobs import reading, transaction
from handlers.problems import Problem
from kit.clock import utcnow

LONGEST_KEY = 200
CLOCKS_DIFFER = timedelta(minutes=5)
MOST_ATTRIBUTES = 50

Text = Annotated[str, Field(max_length=20_000)]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
"""What every JSON reader takes for the same number."""
Scalar = bool | Whole | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=500)]


class Activity(BaseModel):
    """The body of a capture. Other keys than these are kept as attributes, which a scoring model may read."""

    model_config = ConfigDict(extra="allow", strict=True)

    email: Text
    kind: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")] = "form_submission"
    occurred_at: Annotated[datetime, Field(strict=False)] | None = None
    campaign: Text | None = None
    channel: Text | None = None
    content: Text | None = None
    page: Text | None = None
    attributes: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ ]{0,59}$")],
            Scalar | list[Annotated[str, Field(max_length=200)]],
        ],
        Field(max_length=MOST_ATTRIBUTES),
    ] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]


class Unusable(Exception):
    """Nothing can be made of this delivery. `why` is a sentence without personal data."""

    def __init__(self, status: int, kind: str, why: str) -> None:
        super().__init__(kind)
        self.status, self.kind, self.why = status, kind, why


def capture(source: str, authorization: str, idempotency_key: str | None, body: bytes) -> Answer:
    """One delivery, one transaction: kept in any case, received in a savepoint. Raises Problem."""
    if idempotency_key is not None and not 0 < len(idempotency_key) <= LONGEST_KEY:
        raise Problem(400, "bad_idempotency_key", f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    now = utcnow()
    with transaction() as session:
        known = _authenticated(session, source, authorization)
        arrival, new = capturing.keep(session, known.id, idempotency_key or f"none-{secrets.token_hex(16)}", body, now)
        unusable = _receive(session, arrival, known.name, now) if new else None
        answer = _answer(session, arrival, new=new)
    if not new and arrival.state is ArrivalState.REFUSED:
        raise Problem(422, "refused_before", arrival.refusal or "", arrival=arrival.id)
    if unusable is not None:
        raise Problem(unusable.status, unusable.kind, unusable.why, arrival=arrival.id)
    return answer


def replay(arrival_id: int) -> int | None:
    """Try a refused arrival again; returns the lead's id, or None if it is refused once more. Raises ImportAgain."""
    with transaction() as session:
        found = session.execute(
            select(Arrival, CaptureSource)
            .join(CaptureSource)
            .where(Arrival.id == arrival_id, Arrival.state == ArrivalState.REFUSED)
            .with_for_update(of=Arrival)
        ).one_or_none()
        if found is None:
            return None
        if found.CaptureSource.key_hash is None:
            raise ImportAgain
        _receive(session, found.Arrival, found.CaptureSource.name, utcnow())
        lead_id: int | None = found.Arrival.lead_id
    return lead_id


def what_became_of(source: str, authorization: str, arrival_id: int) -> dict[str, Any]:
    """For whoever sent it: how far the lead of a delivery of theirs has come. Raises Problem."""
    with reading() as session:
        known = _authenticated(session, source, authorization)
        arrival = session.get(Arrival, arrival_id)
        if arrival is None or arrival.source_id != known.id:
            raise Problem(404, "not_found", "This source has sent no such delivery.")
        return _answer(session, arrival, new=True).body


def _authenticated(session: Session, source: str, authorization: str) -> CaptureSource:
    """The source, if the key is its own. An unknown source costs the same and sounds the same as a wrong key."""
    # Postgres takes no NUL, so no source has one.
    wanted = select(CaptureSource).where(CaptureSource.name == source.replace("\0", "?"))
    known = session.scalars(wanted).one_or_none()
    key = authorization.removeprefix("Bearer ").strip()
    kept = known.key_hash if known is not None and known.key_hash else "0" * 64
    if not compare_digest(sha256(key.encode("utf-8", "surrogateescape")).hexdigest(), kept) or known is None:
        raise Problem(401, "wrong_key", "Send the source's key as `Authorization: Bearer KEY`.")
    return known


def _receive(session: Session, arrival: Arrival, source: str, now: datetime) -> Unusable | None:
    try:
        with session.begin_nested():
            capturing.receive(session, arrival, source, read(arrival.body, now), now)
    except Unusable as unusable:
        capturing.refuse(arrival, unusable.why)
        return unusable
    except BadLead as bad:
        capturing.refuse(arrival, bad.sentence)
        return Unusable(422, "bad_lead", f"{bad.field}: {bad.sentence}")
    except DataError:
        # Whatever Postgres cannot hold must not take the arrival with it.
        beyond = Unusable(422, "cannot_be_stored", "It holds a text or a number that cannot be stored.")
        capturing.refuse(arrival, beyond.why)
        return beyond
    return None


def read(body: bytes, now: datetime) -> Delivery:
    """The body as a delivery; raises Unusable with a sentence that quotes nothing of it."""
    try:
        raw = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as broken:
        where = f" (line {broken.lineno}, column {broken.colno})" if isinstance(broken, json.JSONDecodeError) else ""
        raise Unusable(400, "not_json", f"The body is not valid JSON{where}.") from None
    if not isinstance(raw, dict):
        raise Unusable(422, "not_an_object", "The body must be one JSON object.")
    try:
        activity = Activity.model_validate(raw)
    except ValidationError as wrong:
        raise Unusable(422, "bad_fields", _what_is_wrong(wrong)) from None
    person = {"email": activity.email} | (activity.model_extra or {})
    return Delivery(
        person=person,
        kind=activity.kind,
        occurred_at=_moment(activity.occurred_at, now),
        campaign=activity.campaign,
        channel=activity.channel,
        content=activity.content,
        page=activity.page,
        attributes=activity.attributes,
    )


def _no_constant(name: str) -> None:
    """Python reads NaN and Infinity, but JSON does not know them, and neither does Postgres."""
    raise ValueError(name)


def _what_is_wrong(wrong: ValidationError) -> str:
    """Field and reason, without the value: it may be a person's."""
    parts = []
    for error in wrong.errors(include_input=False, include_url=False)[:5]:
        place = ".".join(str(part) for part in error["loc"][:1])
        parts.append(f"{place}: {error['msg']}")
    return "; ".join(parts) + "."


def _moment(occurred_at: datetime | None, now: datetime) -> datetime:
    """When it happened. A clock that is a little ahead is forgiven; a date that is not is refused."""
    if occurred_at is None:
        return now
    known = occurred_at if occurred_at.tzinfo else occurred_at.replace(tzinfo=UTC)
    if known > now + CLOCKS_DIFFER:
        raise Unusable(422, "in_the_future", "occurred_at lies in the future.")
    if known.year < 1990:
        raise Unusable(422, "too_long_ago", "occurred_at lies before 1990.")
    return min(known, now)


def _answer(session: Session, arrival: Arrival, *, new: bool) -> Answer:
    """What became of the delivery, in ids and states: no word of the person."""
    body: dict[str, Any] = {"arrival": arrival.id, "state": arrival.state, "new": new}
    if arrival.refusal is not None:
        body["refusal"] = arrival.refusal
    if arrival.lead_id is not None:
        lead = session.get_one(Lead, arrival.lead_id)
        handoff = present_handoff(session, lead.id)
        status = handoff.status if handoff is not None else None
        body["lead"] = {"id": lead.id, "stage": lead.stage, "tier": lead.tier, "score": lead.score, "handoff": status}
    return Answer(202 if new else 200, body)
