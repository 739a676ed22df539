"""Deals that stay too long in their stage: longer than one and a half times what is usual for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Double, Select, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session

from domain.finding import name_of
from domain.rules.lifecycle import GONE
from domain.tables import Lead, Opportunity, OpportunityStage, Rep

USUAL = 0.75
"""The usual stay is that of three of four deals: the slowest quarter is not what others are measured by."""
FACTOR = 1.5
ENOUGH = 10
"""Of fewer past stays no usual one is worked out."""
LAST_MOVED = 1_000
"""Usual is what was usual of so many deals, those that changed their stage last: a Home waits for it, however long the past is."""
WITHOUT_A_PAST = timedelta(days=21)
"""How long is too long where the past says nothing yet."""
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class StuckDeal:
    """An open deal that is stuck. Texts are from outside; money is in the smallest unit of its currency."""

    opportunity_id: int
    lead: str
    company: str | None
    stage: str
    since: datetime
    days: int
    most: int
    """How many days would not have been too long."""
    amount: int | None
    currency: str | None
    owner_id: int | None
    owner: str | None


def limits(session: Session) -> Mapping[str, timedelta]:
    """Stage -> the longest stay that is not too long, of the stages with enough of a past."""
    rows = session.execute(_usual_stays())
    return {stage: timedelta(seconds=float(seconds)) * FACTOR for stage, seconds in rows}


def _usual_stays() -> Select[str, float]:
    """From every word of the CRM about them: a stay begins with the first word of a stage and ends with the first one of another."""
    moved = select(Opportunity.id).order_by(Opportunity.stage_since.desc(), Opportunity.id.desc()).limit(LAST_MOVED)
    deals, one = moved.subquery("moved"), OpportunityStage
    before = func.lag(one.stage).over(order_by=(one.at, one.id))
    # Deal by deal: so the words of each are found by their index, however many others there are.
    said = select(one.stage, one.at, one.id, before.label("before")).where(one.opportunity_id == deals.c.id)
    words = said.lateral("words")
    ends = func.lead(words.c.at).over(partition_by=deals.c.id, order_by=(words.c.at, words.c.id))
    came = words.c.stage.is_distinct_from(words.c.before)
    stays = (
        select(words.c.stage, words.c.at, ends.label("until"))
        .select_from(deals.join(words, true()))
        .where(came)
        .subquery()
    )
    seconds = cast(func.extract("epoch", stays.c.until - stays.c.at), Double)
    return (
        select(stays.c.stage, func.percentile_cont(USUAL).within_group(seconds))
        .where(stays.c.until.is_not(None))
        .group_by(stays.c.stage)
        .having(func.count() >= ENOUGH)
    )


def is_stuck(stage: str, since: datetime, now: datetime, known: Mapping[str, timedelta]) -> bool:
    return now - since > known.get(stage, WITHOUT_A_PAST)


def stuck_deals(session: Session, now: datetime, owner_ids: Collection[int] | None = None) -> Sequence[StuckDeal]:
    """The open deals of these owners (None: all) that are stuck, the longest over its time first."""
    known = limits(session)
    too_long = or_(
        Opportunity.stage.not_in(known) & (Opportunity.stage_since < now - WITHOUT_A_PAST),
        *(
            and_(Opportunity.stage == stage, Opportunity.stage_since < now - longest)
            for stage, longest in known.items()
        ),
    )
    wanted = (
        select(Opportunity, Lead, Rep.name)
        .join(Lead, Lead.id == Opportunity.lead_id)
        .outerjoin(Rep, Rep.id == Opportunity.owner_id)
        .where(Opportunity.closed_at.is_(None), Lead.stage.not_in(GONE), too_long)
    )
    if owner_ids is not None:
        wanted = wanted.where(Opportunity.owner_id.in_(owner_ids))
    found = [_stuck(deal, lead, owner, known, now) for deal, lead, owner in session.execute(wanted)]
    return sorted(found, key=lambda one: (one.most - one.days, one.opportunity_id))


def _stuck(
    deal: Opportunity, lead: Lead, owner: str | None, known: Mapping[str, timedelta], now: datetime
) -> StuckDeal:
    return StuckDeal(
        opportunity_id=deal.id,
        lead=name_of(lead),
        company=lead.company_name,
        stage=deal.stage,
        since=deal.stage_since,
        days=(now - deal.stage_since).days,
        most=known.get(deal.stage, WITHOUT_A_PAST).days,
        amount=deal.amount,
        currency=deal.currency,
        owner_id=deal.owner_id,
        owner=owner,
    )
