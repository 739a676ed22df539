"""What channels and campaigns brought, from what was frozen at the closing of each deal, and what they cost.

docs/attribution.md defines each number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from domain.exchange import Exchange
from domain.rules.attribution import AttributionModel
from domain.rules.attribution_file import NO_CHANNEL, Practice
from domain.rules.periods import Period
from domain.sharing import newest_fits, shown_model
from domain.stats.costs import costs
from domain.tables import Credit, CreditRun, Opportunity
from domain.verbs.practices import in_force

NO_CAMPAIGN = "no campaign"


class By(StrEnum):
    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    GROUP = "group"

    def part(self, campaign: str | None, channel: str | None, practice: Practice) -> str:
        """What a credit or a cost is counted for."""
        if self is By.CAMPAIGN:
            return campaign or NO_CAMPAIGN
        return practice.group_of(channel or NO_CHANNEL) if self is By.GROUP else channel or NO_CHANNEL


@dataclass(frozen=True, slots=True)
class Earned:
    """A channel, campaign or group. Money is in the smallest unit of the base currency."""

    name: str
    deals: float = 0.0
    """Deals that were won, in parts: a third of one is its share."""
    value: int = 0
    cost: int | None = None
    """In the period; None: none is known, or one of them has no rate."""

    @property
    def roi(self) -> float | None:
        """What came back beyond what was spent, per unit spent: 0.5 is one and a half times the cost. None without a cost."""
        return (self.value - self.cost) / self.cost if self.cost else None


@dataclass(frozen=True, slots=True)
class Revenue:
    """`deals`: those that are frozen and counted here. The rest says what is not in the numbers, in deals or costs."""

    by: By
    model: AttributionModel
    base: str
    lines: Sequence[Earned]
    costs_unrated: int
    deals: int
    unrated: int
    """Counted as 0: nobody has said what their currency is worth."""
    unsaid: int
    """Counted as 0: they have no amount."""
    elsewhere: int
    """Not counted: frozen in another base currency."""
    unlearnt: int
    """Not counted: frozen before this model was learnt."""
    unfrozen: int
    """Not counted: won, and not frozen."""

    @property
    def whole(self) -> Earned:
        """All lines together: all that was earned against all that was spent."""
        spent = [line.cost for line in self.lines if line.cost is not None]
        cost = sum(spent) if spent and not self.costs_unrated else None
        return Earned("total", sum(line.deals for line in self.lines), sum(line.value for line in self.lines), cost)


def revenue(session: Session, period: Period, *, by: By = By.CHANNEL, model: AttributionModel | None = None) -> Revenue:
    """Of the deals that were closed in the period, by one model (else the headline one), the most valuable first."""
    practice = in_force(session).practice
    model = model or shown_model(practice, newest_fits(session))
    lines: dict[str, Earned] = {}
    for campaign, channel, deals, value in session.execute(_credits(period, model, practice.base)):
        name = by.part(campaign, channel, practice)
        line = lines.get(name, Earned(name))
        lines[name] = replace(line, deals=line.deals + deals, value=line.value + int(value))
    unrated = _spend(session, period, by, practice, lines)
    return Revenue(
        by=by,
        model=model,
        base=practice.base,
        lines=sorted(lines.values(), key=lambda line: (-line.value, -(line.cost or 0), line.name)),
        costs_unrated=unrated,
        **_counted(session, period, model, practice.base),
    )


def _credits(period: Period, model: AttributionModel, base: str) -> Select[str | None, str, float, int]:
    return (
        select(Credit.campaign, Credit.channel, func.sum(Credit.share), func.sum(Credit.value))
        .join(CreditRun, CreditRun.id == Credit.run_id)
        .where(
            Credit.model == model,
            Credit.closed_at >= period.since,
            Credit.closed_at < period.until,
            CreditRun.superseded_at.is_(None),
            CreditRun.base == base,
        )
        .group_by(Credit.campaign, Credit.channel)
    )


def _spend(session: Session, period: Period, by: By, practice: Practice, lines: dict[str, Earned]) -> int:
    """Write the costs to their lines; returns how many have no rate. A line with one of those has no cost that is true."""
    unrated: list[str] = []
    for spent in costs(session, period, Exchange(session, practice.base)):
        name = by.part(spent.campaign, spent.channel, practice)
        line = lines.get(name, Earned(name))
        lines[name] = replace(line, cost=(line.cost or 0) + (spent.amount or 0))
        if spent.amount is None:
            unrated.append(name)
    for name in unrated:
        lines[name] = replace(lines[name], cost=None)
    return len(unrated)


def _counted(session: Session, period: Period, model: AttributionModel, base: str) -> dict[str, int]:
    """How many deals are in the numbers, and how many are not or count for nothing."""
    here = CreditRun.base == base
    learnt = exists().where(Credit.run_id == CreditRun.id, Credit.model == model)
    runs = select(
        func.count().filter(here, learnt),
        func.count().filter(here, learnt, CreditRun.rate.is_(None), CreditRun.amount.is_not(None)),
        func.count().filter(here, learnt, CreditRun.amount.is_(None)),
        func.count().filter(~here),
        func.count().filter(here, ~learnt),
    ).where(CreditRun.superseded_at.is_(None), CreditRun.closed_at >= period.since, CreditRun.closed_at < period.until)
    run = exists().where(CreditRun.opportunity_id == Opportunity.id, CreditRun.superseded_at.is_(None))
    closed = (Opportunity.closed_at >= period.since, Opportunity.closed_at < period.until)
    unfrozen = select(func.count()).select_from(Opportunity).where(*closed, Opportunity.won.is_(True), ~run)
    names = ("deals", "unrated", "unsaid", "elsewhere", "unlearnt")
    counts = dict(zip(names, session.execute(runs).one(), strict=True))
    return counts | {"unfrozen": session.scalar(unfrozen) or 0}
