"""Credits for tests: a deal that is won and frozen, what it gave to whom, and a fit to share it by."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.attributing import Fit
from domain.reckoning import Reckoned, frozen_as
from domain.rules.attribution import AttributionModel
from domain.tables import Credit, CreditRun
from domain.verbs import crediting
from domain.verbs.crediting import freeze
from tests.conftest import NOON
from tests.domain.making_deals import touch, win

CLOSED = NOON + timedelta(days=30)
AFTER = CLOSED + timedelta(hours=1)
MUCH_LATER = CLOSED + timedelta(days=90)


def frozen(session: Session, opportunity_id: int, at: datetime = AFTER) -> CreditRun:
    run = freeze(session, opportunity_id, at)
    assert run is not None
    return run


def won_deal(session: Session, amount: int | None = 100_000, currency: str | None = "EUR") -> CreditRun:
    """Fair, ads and the web led to it in thirty days."""
    touch(session, 0, "fair", "Spring")
    touch(session, 10, "ads")
    touch(session, 20, "seo")
    return frozen(session, win(session, 30, amount, currency).id)


def credited(session: Session, run: CreditRun, model: AttributionModel) -> dict[str, int]:
    rows = select(Credit.channel, func.sum(Credit.value)).where(Credit.run_id == run.id, Credit.model == model)
    return {channel: int(value) for channel, value in session.execute(rows.group_by(Credit.channel))}


def everything(session: Session, run: CreditRun) -> tuple[Reckoned, int, str, object]:
    """All that is written of a run."""
    session.flush()
    session.refresh(run)
    return frozen_as(session, run), run.version, run.why, run.made_at


def fit(**effects: float) -> Fit:
    return Fit(effects=effects, credits=effects, journeys=100, won=40, order=1)


def learn(session: Session, **effects: float) -> None:
    fits = {AttributionModel.MARKOV: fit(**effects), AttributionModel.SHAPLEY: fit(**effects)}
    crediting.keep_fits(session, fits, NOON, AFTER)
