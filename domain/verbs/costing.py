"""What campaigns cost, and what currencies are worth: as files said it last. Nothing that is frozen changes by it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Text, any_, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.spending import CostSaid, RateSaid
from domain.tables import Campaign, Cost, CreditRun, ExchangeRate, Happened
from domain.verbs.record import happened


def put_costs(session: Session, said: Sequence[CostSaid], now: datetime) -> int:
    """Keep them; one of the same campaign or channel and the same days takes the place of the one before. Returns how many
    of all costs reach into another one's days: both count.
    """
    campaigns = _campaigns(session, said, now)
    rows = [
        {
            "campaign_id": campaigns.get(one.campaign) if one.campaign else None,
            "channel": None if one.campaign else one.channel,
            "since": one.since,
            "until": one.until,
            "amount": one.amount,
            "currency": one.currency,
            "imported_at": now,
        }
        for one in said
    ]
    _put(session, Cost, rows, ("campaign_id", "channel", "since", "until"), ("amount", "currency", "imported_at"))
    happened(session, Happened.COSTS_IMPORTED, now, costs=len(rows))
    return _overlapping(session)


def _campaigns(session: Session, said: Iterable[CostSaid], now: datetime) -> Mapping[str, int]:
    """The ids of those that are named, made if need be. A channel that the file says is the campaign's from now on."""
    named: dict[str, str | None] = {}
    for one in said:
        if one.campaign:
            named[one.campaign] = one.channel or named.get(one.campaign)
    if not named:
        return {}
    made = upsert(Campaign)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["name"], set_={"channel": func.coalesce(made.excluded.channel, Campaign.channel)}
        ),
        [{"name": name, "channel": its, "created_at": now} for name, its in named.items()],
    )
    # As one array: there may be more names than a statement has room for parameters.
    wanted = select(Campaign.name, Campaign.id).where(Campaign.name == any_(cast([*named], ARRAY(Text))))
    return dict(session.execute(wanted).all())


def put_rates(session: Session, said: Sequence[RateSaid], now: datetime) -> int:
    """Keep them; returns how many deals are frozen at a value of 0 for want of a rate that there is now."""
    rows = [{"base": one.base, "currency": one.currency, "since": one.since, "rate": one.rate} for one in said]
    _put(session, ExchangeRate, rows, ("base", "currency", "since"), ("rate",))
    happened(session, Happened.RATES_IMPORTED, now, rates=len(rows))
    known = exists().where(
        ExchangeRate.base == CreditRun.base,
        ExchangeRate.currency == CreditRun.currency,
        ExchangeRate.since <= func.date(func.timezone("UTC", CreditRun.closed_at)),
    )
    missing = (CreditRun.superseded_at.is_(None), CreditRun.rate.is_(None), CreditRun.amount.is_not(None))
    return session.scalar(select(func.count()).select_from(CreditRun).where(*missing, known)) or 0


def _put(
    session: Session,
    table: type[Cost | ExchangeRate],
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[str],
    news: Sequence[str],
) -> None:
    if rows:
        made = upsert(table)
        news_of = {name: made.excluded[name] for name in news}
        session.execute(made.on_conflict_do_update(index_elements=list(key), set_=news_of), list(rows))


def _overlapping(session: Session) -> int:
    """In order of their first days, so that each is held against those before and after it and not against every other."""
    whose, order = (Cost.campaign_id, Cost.channel), (Cost.since, Cost.id)
    before = func.max(Cost.until).over(partition_by=whose, order_by=order, rows=(None, -1))
    after = func.min(Cost.since).over(partition_by=whose, order_by=order, rows=(1, None))
    rows = select((before >= Cost.since).label("before"), (after <= Cost.until).label("after")).subquery()
    return session.scalar(select(func.count()).where(or_(rows.c.before, rows.c.after))) or 0
