"""Freezing whose work a deal was. What is frozen stays: whatever is learnt or said later makes a new run beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from domain.attributing import Fit
from domain.journeys import journey_of, since_when
from domain.reckoning import Reckoned, current_run, frozen_as, reckon, with_money
from domain.rules.attribution import AttributionModel
from domain.rules.lifecycle import GONE
from domain.rules.money import units
from domain.rules.refusals import NotFound
from domain.tables import AttributionFit, Credit, CreditRun, Happened, Lead, Opportunity
from domain.verbs.practices import in_force
from domain.verbs.record import happened
from domain.verbs.telling import MARKETING, mark_dirty

CLOSED, CORRECTED, RECOUNT, REOPENED = "closed", "corrected", "recount", "reopened"
"""Why a run was made, or (the last one) ended without another."""
FIT_EVERY = timedelta(days=1)


def freeze(session: Session, opportunity_id: int, now: datetime) -> CreditRun | None:
    """Have the deal's credits be as the CRM says that it ended; None: it is not won (any more). The same again changes nothing.

    Only the closing and the CRM's own corrections of it get here. Of another amount or currency the sharing stays as it was.
    """
    deal = _locked(session, opportunity_id, now)
    run = current_run(session, deal.id)
    if not deal.won or deal.closed_at is None:
        if run is not None:
            run.superseded_at = now
            _say(session, deal, None, REOPENED, now)
        return None
    if run is None:
        return _write(session, deal, reckon(session, deal, now), CLOSED, now)
    if (run.closed_at, run.amount, run.currency) == (deal.closed_at, deal.amount, deal.currency):
        return run
    as_it_was = run.closed_at == deal.closed_at
    new = with_money(session, frozen_as(session, run), deal) if as_it_was else reckon(session, deal, now)
    return _write(session, deal, new, CORRECTED, now, run)


def recount(session: Session, opportunity_id: int, now: datetime) -> CreditRun | None:
    """Share the deal out anew by what is known now, since somebody asked for it; None: nobody gets anything else."""
    deal = _locked(session, opportunity_id, now)
    if not deal.won or deal.closed_at is None:
        return None
    run = current_run(session, deal.id)
    new = reckon(session, deal, now)
    if run is not None and not new.says_otherwise(frozen_as(session, run)):
        return None
    return _write(session, deal, new, RECOUNT, now, run)


def _locked(session: Session, opportunity_id: int, now: datetime) -> Opportunity:
    """The deal, with the leads whose touches get credit locked in their order: its rows point to them."""
    deal = session.get(Opportunity, opportunity_id, populate_existing=True)
    if deal is None:
        raise NotFound(what="deal")
    journey = journey_of(session, opportunity_id, in_force(session).practice, now)
    people = {deal.lead_id, *(step.lead_id for step in (journey.steps if journey else ()))}
    lock = select(Lead.id).where(Lead.id.in_(people)).order_by(Lead.id).with_for_update(key_share=True)
    session.execute(lock).all()
    return session.get_one(Opportunity, opportunity_id, populate_existing=True, with_for_update=True)


def _write(
    session: Session, deal: Opportunity, new: Reckoned, why: str, now: datetime, old: CreditRun | None = None
) -> CreditRun:
    if old is not None:
        old.superseded_at = now
        # One run of a deal is current: the old one has ended before the new one is there.
        session.flush()
    last = select(func.max(CreditRun.version)).where(CreditRun.opportunity_id == deal.id)
    run = CreditRun(
        opportunity_id=deal.id,
        version=(session.scalar(last) or 0) + 1,
        why=why,
        made_at=now,
        closed_at=new.closed_at,
        file_id=new.file_id,
        amount=new.amount,
        currency=new.currency,
        rate=new.rate,
        base=new.base,
        value=new.value,
        touches=new.touches,
    )
    session.add(run)
    session.flush()
    own = {"run_id": run.id, "closed_at": new.closed_at}
    session.execute(insert(Credit), [asdict(one) | own for one in new.given])
    _say(session, deal, run, why, now)
    return run


def _say(session: Session, deal: Opportunity, run: CreditRun | None, why: str, now: datetime) -> None:
    lead, run_id = session.get_one(Lead, deal.lead_id), run.id if run else None
    if lead.stage not in GONE:
        mark_dirty(session, lead, now, MARKETING)
    happened(session, Happened.OPPORTUNITY_CREDITED, now, lead=lead, opportunity_id=deal.id, run_id=run_id, why=why)


def won_values(session: Session, lead_ids: Sequence[int]) -> dict[int, float]:
    """What the deals of each lead that are won brought, in units of the base currency; who never had one is left out."""
    base = in_force(session).practice.base
    counts = CreditRun.superseded_at.is_(None) & (CreditRun.base == base)
    rows = session.execute(
        select(Opportunity.lead_id, func.coalesce(func.sum(CreditRun.value).filter(counts), 0))
        .join(CreditRun, CreditRun.opportunity_id == Opportunity.id)
        .where(Opportunity.lead_id.in_(lead_ids))
        .group_by(Opportunity.lead_id)
    )
    return {lead_id: units(int(value), base) for lead_id, value in rows}


# ---- what Markov and Shapley learn --------------------------------------------------------------------------------------


def fit_due(session: Session, now: datetime) -> str | None:
    """The day (UTC) for which they are to be learnt, if enough deals were won, and enough of them since the last time."""
    practice = in_force(session).practice
    last = session.scalar(select(func.max(AttributionFit.fitted_at)))
    if last is not None and now - last < FIT_EVERY:
        return None
    runs = select(func.count()).select_from(CreditRun).where(CreditRun.superseded_at.is_(None))
    won = session.scalar(runs.where(CreditRun.closed_at >= since_when(practice, now))) or 0
    if won < practice.least_deals:
        return None
    if last is not None and (session.scalar(runs.where(CreditRun.closed_at > last)) or 0) < practice.new_deals:
        return None
    return now.astimezone(UTC).date().isoformat()


def keep_fits(
    session: Session, fits: Mapping[AttributionModel, Fit], since: datetime, now: datetime
) -> list[AttributionFit]:
    """Keep what was learnt beside what was learnt before: frozen credits name theirs."""
    rows = [
        AttributionFit(
            model=model,
            fitted_at=now,
            since=since,
            until=now,
            journeys=fit.journeys,
            won=fit.won,
            data={"order": fit.order, "effects": dict(fit.effects)},
        )
        for model, fit in fits.items()
    ]
    session.add_all(rows)
    session.flush()
    happened(session, Happened.ATTRIBUTION_FITTED, now, fits=[row.id for row in rows])
    return rows
