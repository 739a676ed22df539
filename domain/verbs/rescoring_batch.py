"""One batch of a rescoring: some leads, read and written as sets, in one short transaction.

A lead that somebody else holds (a click, a touch) is passed over, so nobody waits; when the end is reached, the rescoring
looks for such leads from the beginning, until there is none.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session, defer

from domain.rules.facts import LeadFacts, Touch
from domain.rules.lifecycle import GONE, Stage
from domain.rules.scoring import score
from domain.rules.tiers import Tier
from domain.tables import Happened, Lead, Rescoring, ScoreRow
from domain.verbs.modelling import InForce, in_force
from domain.verbs.record import happened
from domain.verbs.scoring import BEFORE_SALES, Given, attributes, recheck_at, score_row, settle_with, way_of
from domain.verbs.telling import MARKETING, mark_all_dirty

AT_ONCE = 200
"""Leads of one batch: enough that the round trips do not count, few enough that a click on one of them waits a tenth of a second."""


class Progress(NamedTuple):
    """How it goes on. `wait`: somebody holds the leads that are left, so there is no hurry."""

    goes_on: bool
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """A lead, the score that the active model gives it now, and the id under which that is kept."""

    lead: Lead
    given: Given
    score_id: int


def score_batch(session: Session, rescoring_id: int, now: datetime, at_once: int = AT_ONCE) -> Progress:
    """Score the next `at_once` leads. Whether it is cancelled, finished, or killed in the middle: call it again."""
    rescoring = session.get_one(Rescoring, rescoring_id, with_for_update=True, populate_existing=True)
    if rescoring.finished_at is not None or rescoring.cancelled_at is not None:
        return Progress(goes_on=False)
    # With a clock behind that of who began it, a score would seem to be older than the rescoring, and be due again.
    now = max(now, rescoring.as_of)
    leads = session.scalars(_next_leads(rescoring, at_once)).all()
    if not leads:
        return _end_reached(session, rescoring, now)
    scored = _scores(session, in_force(session), leads, now)
    rescoring.moved += _settle(session, scored, now)
    rescoring.done += len(leads)
    rescoring.after_id = leads[-1].id
    return Progress(goes_on=True)


def _end_reached(session: Session, rescoring: Rescoring, now: datetime) -> Progress:
    if rescoring.after_id:
        rescoring.after_id = 0
        return Progress(goes_on=True)
    if session.scalar(select(_due(rescoring).exists())):
        return Progress(goes_on=True, wait=True)
    rescoring.finished_at = now
    happened(
        session,
        Happened.RESCORING_FINISHED,
        now,
        rescoring_id=rescoring.id,
        total=rescoring.total,
        done=rescoring.done,
        moved=rescoring.moved,
    )
    return Progress(goes_on=False)


def _due(rescoring: Rescoring) -> Select[int]:
    """The leads whose score is of another model, or from before the rescoring began."""
    older: ColumnElement[bool] = or_(ScoreRow.model_id != rescoring.model_id, ScoreRow.as_of < rescoring.as_of)
    return select(Lead.id).join(ScoreRow, and_(ScoreRow.id == Lead.score_id, older)).where(Lead.stage.not_in(GONE))


def _next_leads(rescoring: Rescoring, at_once: int) -> Select[Lead]:
    """The next that are due and that nobody holds, locked."""
    return (
        _due(rescoring)
        .with_only_columns(Lead)
        .where(Lead.id > rescoring.after_id)
        .order_by(Lead.id)
        .limit(at_once)
        .with_for_update(of=Lead, skip_locked=True)
        # Neither is needed here, and they are the bulk of a lead.
        .options(defer(Lead.fields), defer(Lead.notes))
        .execution_options(populate_existing=True)
    )


def _scores(session: Session, force: InForce, leads: Sequence[Lead], now: datetime) -> list[Scored]:
    """The scores of the active model, kept with their ledgers; and beside them those of the models in shadow."""
    facts = facts_of_all(session, leads)
    rows, given = [], []
    for lead in leads:
        one = Given(force.row.id, force.model, score(force.model, facts[lead.id], now), behaviour=False)
        given.append(one)
        rows.append(score_row(lead, one, now))
    for lead in leads:
        for model_id, model in force.shadows:
            one = Given(model_id, model, score(model, facts[lead.id], now), behaviour=False)
            rows.append(score_row(lead, one, now, acted=False))
    ids = _write(session, rows)
    return [Scored(*one) for one in zip(leads, given, ids[: len(leads)], strict=True)]


def facts_of_all(session: Session, leads: Sequence[Lead]) -> dict[int, LeadFacts]:
    """What the rules may know of each lead, by its id."""
    touches: defaultdict[int, list[Touch]] = defaultdict(list)
    for lead_id, *touch in session.execute(_TOUCHES, {"ids": [lead.id for lead in leads]}):
        touches[lead_id].append(Touch(*touch))
    return {lead.id: LeadFacts(attributes(lead.attributes, lead.source), touches[lead.id]) for lead in leads}


# An array, not a list of values: one text whatever the number of leads.
_TOUCHES = text("""
select lead_id, kind, occurred_at, campaign, channel, content, page
from touches where lead_id = any(:ids) order by lead_id, occurred_at, id
""")


def _write(session: Session, rows: Sequence[ScoreRow]) -> list[int]:
    """Insert the scores as a set, and return their ids in the same order."""
    wanted = select(func.nextval(func.pg_get_serial_sequence("scores", "id"))).select_from(
        func.generate_series(1, len(rows))
    )
    ids = list(session.scalars(wanted))
    cursor: Any = session.connection().connection.cursor()  # psycopg's own: SQLAlchemy has no word for COPY
    with cursor, cursor.copy(_COPY) as copy:
        for score_id, row in zip(ids, rows, strict=True):
            copy.write_row(
                (
                    score_id,
                    row.lead_id,
                    row.model_id,
                    row.as_of,
                    row.total,
                    row.fit,
                    row.intent,
                    row.negative,
                    row.tier.value,
                    row.disqualified_by,
                    json.dumps(row.ledger),
                    row.acted,
                )
            )
    return ids


_COPY = """
copy scores (id, lead_id, model_id, as_of, total, fit, intent, negative, tier, disqualified_by, ledger, acted) from stdin
"""


def _settle(session: Session, scored: Sequence[Scored], now: datetime) -> int:
    """Write the scores to their leads, and what comes of them; returns how many changed their tier."""
    quiet = [one for one in scored if _is_quiet(one, now)]
    changed = [one.lead.id for one in quiet if _numbers(one) != _numbers_before(one.lead)]
    mark_all_dirty(session, changed, now, MARKETING)
    _write_quietly(session, quiet, now)
    still, moved = {one.lead.id for one in quiet}, 0
    # No lead's outcome hangs on what is pending of another: they are written together in the end.
    with session.no_autoflush:
        for one in scored:
            if one.lead.id not in still:
                before = one.lead.tier
                # As of an import: what follows stands behind live leads.
                one.lead.bulk = one.lead.bulk or one.lead.stage in BEFORE_SALES
                settle_with(session, one.lead, one.given, one.score_id, now)
                moved += one.lead.tier is not before
    return moved


def _is_quiet(one: Scored, now: datetime) -> bool:
    """Whether nothing comes of the score but new numbers: so it is of nearly all, and they need no event of their own.
    Programme and next content hang on the tier, not on the number.
    """
    lead, given = one.lead, one.given
    if given.tier_from(lead.tier) is not lead.tier or (lead.stage is Stage.IN_HANDOFF and lead.tier is Tier.HQL):
        return False
    return way_of(lead, given.tier_from(None), now) is Happened.LEAD_RESCORED


def _numbers(one: Scored) -> tuple[int | None, ...]:
    result = one.given.result
    return result.total, result.fit, result.intent, result.negative


def _numbers_before(lead: Lead) -> tuple[int | None, ...]:
    return lead.score, lead.fit, lead.intent, lead.negative


def _write_quietly(session: Session, quiet: Sequence[Scored], now: datetime) -> None:
    rows = [
        {
            "id": one.lead.id,
            **dict(zip(("score", "fit", "intent", "negative"), _numbers(one), strict=True)),
            "score_id": one.score_id,
            "recheck_at": again.isoformat() if (again := recheck_at(one.lead, now)) else None,
        }
        for one in quiet
    ]
    ids = [one.lead.id for one in quiet]
    session.execute(_WRITE_QUIETLY, {"rows": json.dumps(rows), "ids": ids, "now": now})


# The planner cannot guess how many rows the document holds; of an array it does not expect many.
_WRITE_QUIETLY = text("""
update leads set score = v.score, fit = v.fit, intent = v.intent, negative = v.negative, score_id = v.score_id,
    recheck_at = v.recheck_at, scored_at = :now
from jsonb_to_recordset(cast(:rows as jsonb))
    as v(id bigint, score bigint, fit bigint, intent bigint, negative bigint, score_id bigint, recheck_at timestamptz)
where leads.id = v.id and leads.id = any(:ids)
""")
