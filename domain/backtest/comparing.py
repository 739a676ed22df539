"""A range of leads, replayed through two models."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from domain.backtest.history import Window, steps
from domain.backtest.reading import Range, histories
from domain.backtest.replay import Territories, course
from domain.backtest.tally import Tally
from domain.rules.scoring import Model


@dataclass(frozen=True)
class Comparison:
    old: Model
    new: Model
    window: Window
    territories: Territories

    @cached_property
    def month_ends(self) -> list[datetime]:
        return self.window.month_ends()


def compare(session: Session, comparison: Comparison, of: Range) -> Tally:
    """What both models make of the leads in the range. It reads only."""
    tally, window = Tally(), comparison.window
    for history in histories(session, window, of):
        moments = steps(history, window, comparison.month_ends)
        old, new = (
            course(model, history, moments, window, comparison.territories)
            for model in (comparison.old, comparison.new)
        )
        tally.count(history, len(moments), old, new)
    return tally
