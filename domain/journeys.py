"""Which touches led to a deal, and the journeys of all leads, those that led to nothing included."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.rules.attribution import Marks, Path, Touchpoint
from domain.rules.attribution_file import NO_CHANNEL, Practice
from domain.rules.lifecycle import GONE, LIVE, Stage

ENDED = frozenset({Stage.LOST, Stage.DISQUALIFIED})
"""A lead of which nothing will come, however lately it was touched."""


@dataclass(frozen=True, slots=True)
class Step:
    """One touch on the way to a deal. `lead_id`: the deal's lead's, or that of somebody else of the account."""

    touch_id: int
    lead_id: int
    at: datetime
    kind: str
    campaign: str | None
    channel: str

    @property
    def point(self) -> Touchpoint:
        return Touchpoint(self.channel, self.at)


@dataclass(frozen=True, slots=True)
class Journey:
    """A deal and what led to it, in order of time. Open deals end now."""

    opportunity_id: int
    lead_id: int
    marks: Marks
    closed_at: datetime
    steps: Sequence[Step]

    @property
    def points(self) -> Sequence[Touchpoint]:
        return [step.point for step in self.steps]


# Touches of merged leads are the kept lead's; people who were erased are of no company any more.
_DEALS = text("""
with deals as (
    select o.id, o.lead_id, o.opened_at, coalesce(o.closed_at, :now) as closed_at, l.captured_at,
           case when :account then coalesce(o.company_id, l.company_id) end as company_id
    from opportunities o join leads l on l.id = o.lead_id where o.id = any(:ids)
), people as (
    select id, lead_id, closed_at from deals
    union select deals.id, l.id, closed_at from deals join leads l on l.company_id = deals.company_id
), walked as (
    select p.id, t.id as touch_id, t.lead_id as whose, t.occurred_at, t.kind, nullif(t.campaign, '') as campaign,
           coalesce(nullif(t.channel, ''), c.channel, :no_channel) as channel
    from people p join touches t on t.lead_id = p.lead_id
        and t.occurred_at <= p.closed_at and t.occurred_at >= p.closed_at - :look_back and not t.kind = any(:left_out)
    left join campaigns c on c.name = t.campaign
)
select d.lead_id, d.captured_at, d.opened_at, d.closed_at, d.id as deal_id, w.*
from deals d left join walked w on w.id = d.id order by d.id, w.occurred_at, w.touch_id
""")


def journey_of(session: Session, opportunity_id: int, practice: Practice, now: datetime) -> Journey | None:
    return journeys(session, [opportunity_id], practice, now).get(opportunity_id)


def journeys(
    session: Session, opportunity_ids: Collection[int], practice: Practice, now: datetime
) -> Mapping[int, Journey]:
    """Of each of these deals, in one query."""
    asked = {"ids": list(opportunity_ids), "now": now, **_by(practice)}
    found: dict[int, Journey] = {}
    steps: dict[int, list[Step]] = {}
    for row in session.execute(_DEALS, asked):
        if row.deal_id not in found:
            steps[row.deal_id] = []
            marks = Marks(row.captured_at, row.opened_at)
            found[row.deal_id] = Journey(row.deal_id, row.lead_id, marks, row.closed_at, steps[row.deal_id])
        if row.touch_id is not None:
            steps[row.deal_id].append(
                Step(row.touch_id, row.whose, row.occurred_at, row.kind, row.campaign, row.channel)
            )
    return found


def _by(practice: Practice) -> dict[str, object]:
    return {
        "account": practice.account_touches,
        "left_out": sorted(practice.left_out),
        "look_back": practice.look_back,
        "no_channel": NO_CHANNEL,
    }


# A journey is of an account, or of a lead without one (negative numbers keep them apart). Each deal that was won ends one. One
# without a deal counts as lost only if nothing can come of it any more: who has an open deal, a live handoff, or was touched
# lately, is left out, since nobody knows yet.
_ALL = text("""
with units as materialized (
    select id as lead_id, case when :account and company_id is not null then company_id else -id end as unit,
           stage = any(:ended) as ended
    from leads where not stage = any(:gone)
), wins as (
    select o.id, u.unit, o.closed_at as until from opportunities o join units u on u.lead_id = o.lead_id
    where o.won and o.closed_at >= :since and o.closed_at <= :now
), alive as (
    select unit from units join opportunities o using (lead_id) where o.closed_at is null or o.won
    union select unit from units join handoffs h using (lead_id) where h.status = any(:live)
), seen as materialized (
    select u.unit, u.ended, t.id, t.occurred_at, coalesce(nullif(t.channel, ''), c.channel, :no_channel) as channel
    from touches t join units u using (lead_id) left join campaigns c on c.name = t.campaign
    where t.occurred_at >= :since - :look_back and t.occurred_at <= :now and not t.kind = any(:left_out)
), nulls as (
    select unit, max(occurred_at) as until from seen where unit not in (select unit from alive)
    group by unit having max(occurred_at) >= :since and (bool_and(ended) or max(occurred_at) < :quiet)
), ends as (
    select unit, id, until, 1 as won from wins
    union all select unit, null, until, 0 from nulls
), walked as (
    select ends.won, array_agg(seen.channel order by seen.occurred_at, seen.id) as channels
    from ends join seen on seen.unit = ends.unit
        and seen.occurred_at <= ends.until and seen.occurred_at >= ends.until - :look_back
    group by ends.unit, ends.id, ends.won
)
select channels, sum(won) as won, count(*) - sum(won) as lost from walked group by channels order by channels
""")


def paths(session: Session, practice: Practice, now: datetime) -> list[Path]:
    """The journeys of the time that Markov and Shapley learn of, each distinct order of channels once.

    A deal counts as one, whatever it was worth: else a large one would teach more than twenty small ones.
    """
    since, quiet = since_when(practice, now), now - timedelta(days=practice.quiet_days)
    stages = {"gone": _words(GONE), "ended": _words(ENDED), "live": _words(LIVE)}
    rows = session.execute(_ALL, {"since": since, "now": now, "quiet": quiet, **stages, **_by(practice)})
    return [Path(tuple(row.channels), int(row.won), float(row.won), int(row.lost)) for row in rows]


def _words(states: Collection[StrEnum]) -> list[str]:
    return sorted(state.value for state in states)


def since_when(practice: Practice, now: datetime) -> datetime:
    return now - timedelta(days=practice.days)
