"""The weekly loop: what sales rejects more than by chance, where the score errs, and where routing could be better.

Leads and rules are held against each other, people are not: of a rep it is only said that their limit is reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy.orm import Session

from domain.loops.erring import Band, Firing, bands_of, firings_of
from domain.loops.rejecting import Reason, Rejected, reasons_of, rejected_of
from domain.loops.routing_advice import Advice, advice_of
from domain.rules.periods import Period
from domain.rules.standing_out import stand_out

LOOK_BACK, SCORE_LOOK_BACK = timedelta(days=28), timedelta(days=90)
"""What a week is too short for: what stands out is looked for in the leads of so long before its end."""


@dataclass(frozen=True, slots=True)
class Week:
    """`decided`, `rejected`: of the leads of the week itself. All else is of the longer time before its end."""

    period: str
    decided: int
    rejected: int
    reasons: Sequence[Reason]
    """Every reason that was given within `LOOK_BACK`, the most frequent first."""
    stands_out: Sequence[Rejected]
    bands: Sequence[Band]
    fires_for_no_fit: Sequence[Firing]
    advice: Sequence[Advice]

    @property
    def inverted(self) -> Sequence[tuple[Band, Band]]:
        """Bands that become SQLs less often than the band beneath, by more than chance: (beneath, above)."""
        return stand_out(pairwise(self.bands), lambda pair: pair[0].beside(pair[1]))

    @property
    def calm(self) -> bool:
        return not (self.stands_out or self.inverted or self.fires_for_no_fit or self.advice)


def week_of(session: Session, name: str, period: Period, now: datetime) -> Week:
    """What the record says of the week `name` and the time before its end."""
    recent = Period(period.until - LOOK_BACK, period.until, period.words)
    long_ago = Period(period.until - SCORE_LOOK_BACK, period.until, period.words)
    reasons, stands_out = rejected_of(session, recent)
    this_week = reasons_of(session, period)
    return Week(
        period=name,
        decided=this_week.decided,
        rejected=sum(one.count for one in this_week.reasons),
        reasons=reasons,
        stands_out=stands_out,
        bands=bands_of(session, long_ago, now),
        fires_for_no_fit=firings_of(session, long_ago),
        advice=advice_of(session, recent, now),
    )
