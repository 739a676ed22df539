"""Which contents moved leads up a tier or to SQL, measured from touches, scores and handoffs.

A meeting is the first touch of a lead with a content. It counts once it is older than `WITHIN`, so that every meeting
has had the same time to show what followed. What followed need not have been caused by it: contents are compared with
what is usual in their tier, not with nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain.rules.content import Result
from domain.rules.tiers import Tier
from domain.tables import ContentResult, Lead

WITHIN = timedelta(days=30)
AT_ONCE = 20_000
"""Leads in one query: a few seconds, however many there are in all."""

_TIERS = "array['cold', 'mel', 'mql', 'hql']"

# The tier of a lead is the last score's before it met the content. Who came in with the content has none: then it is the
# first score's, so that what a lead is worth on arrival is nobody's merit. Who was not scored within the time (history
# that was imported later) says nothing. A rise counts within one model: what a change of the model lifts did not move.
_MEASURE = text(f"""
with met as (
    select lead_id, content, min(occurred_at) as at
    from touches
    where content is not null and content <> '' and lead_id > :after and lead_id <= :upto group by lead_id, content
    having min(occurred_at) <= :ripe
), stood as (
    select met.lead_id, met.content, met.at, coalesce(nullif(l.attributes ->> 'persona', ''), '') as persona,
           coalesce(before.tier, later.tier) as tier, coalesce(before.model_id, later.model_id) as model_id
    from met join leads l on l.id = met.lead_id
    left join lateral (
        select tier, model_id from scores
        where lead_id = met.lead_id and acted and as_of <= met.at order by as_of desc, id desc limit 1
    ) before on true
    left join lateral (
        select tier, model_id from scores
        where before.tier is null and lead_id = met.lead_id and acted and as_of > met.at and as_of <= met.at + :within
        order by as_of, id limit 1
    ) later on true
)
select content, tier, persona, count(*) as seen, count(*) filter (where
    exists (
        select from scores s
        where s.lead_id = stood.lead_id and s.acted and s.model_id = stood.model_id
          and s.as_of > stood.at and s.as_of <= stood.at + :within
          and array_position({_TIERS}, s.tier) > array_position({_TIERS}, stood.tier))
    or exists (
        select from handoffs h
        where h.lead_id = stood.lead_id and h.qualified_at > stood.at and h.qualified_at <= stood.at + :within)
) as moved
from stood where tier is not null group by content, tier, persona
""")  # noqa: S608  (the one thing put in is the constant above)


def measured(session: Session, now: datetime, on_the_way: Callable[[], None] = lambda: None) -> list[Result]:
    """What the record says as of `now`, by content, tier and persona; `on_the_way` is called after every few seconds' work."""
    sums: dict[tuple[str, Tier, str], tuple[int, int]] = {}
    newest = session.scalar(select(func.max(Lead.id))) or 0
    for after in range(0, newest, AT_ONCE):
        part = {"ripe": now - WITHIN, "within": WITHIN, "after": after, "upto": after + AT_ONCE}
        for row in session.execute(_MEASURE, part):
            place = (row.content, Tier(row.tier), row.persona)
            seen, moved = sums.get(place, (0, 0))
            sums[place] = (seen + row.seen, moved + row.moved)
        on_the_way()
    return [Result(*place, seen, moved) for place, (seen, moved) in sorted(sums.items())]


def kept_results(session: Session, tier: Tier | None = None) -> list[Result]:
    """What was measured last; with a tier, of it alone."""
    wanted = select(ContentResult)
    if tier is not None:
        wanted = wanted.where(ContentResult.tier == tier)
    return [Result(one.content, one.tier, one.persona, one.seen, one.moved) for one in session.scalars(wanted)]
