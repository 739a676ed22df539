"""What qualification calls came to: verdicts, what each answer says of the lead, and how long MQL to SQL took, by rep.

Of each handoff the newest call counts: what was open in one may be known after the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, column, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.rules.periods import Period
from domain.rules.qualification import Counts, Verdict
from domain.stats.scope import EVERYTHING, Scope, cohort, prepare
from domain.stats.share import Share
from domain.tables import Handoff, Qualification, Rep


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the qualification. `answers`: how often each kind of answer was given, and to how many of them belongs an
    SQL. `question`: in the words in which it was asked.
    """

    key: str
    question: str
    answers: Mapping[Counts, Share]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of everybody asked about, or of one rep of them; seconds from MQL or HQL to SQL, None without any."""

    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    sqls: int = 0
    median: float | None = None
    nine_of_ten: float | None = None

    @property
    def made(self) -> int:
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Qualifying:
    every: Calls
    questions: Sequence[Asked]
    """In the order in which they are asked."""
    reps: Sequence[tuple[str, Calls]]
    """By name."""


def qualifying(session: Session, period: Period, scope: Scope = EVERYTHING) -> Qualifying:
    """In five statements."""
    prepare(session)
    newest = _newest(scope, period)
    said = [(rep_id, verdict, count) for rep_id, verdict, count in session.execute(_verdicts(newest))]
    times = {rep_id: _Times(*row) for rep_id, *row in session.execute(_times(scope, period, Handoff.rep_id))}
    every = [_Times(*row) for _, *row in session.execute(_times(scope, period, literal(0)))]
    ids = {rep_id for rep_id, *_ in said} | times.keys()
    names = session.execute(select(Rep.id, Rep.name).where(Rep.id.in_(ids - {None})).order_by(Rep.name, Rep.id))
    return Qualifying(
        _calls((one[1:] for one in said), every[0] if every else _Times()),
        _questions(session, newest),
        [
            (name, _calls((one[1:] for one in said if one[0] == rep_id), times.get(rep_id, _Times())))
            for rep_id, name in names
        ],
    )


@dataclass(frozen=True, slots=True)
class _Times:
    sqls: int = 0
    median: float | None = None
    nine_of_ten: float | None = None


def _calls(said: Iterable[tuple[Verdict, int]], times: _Times) -> Calls:
    verdicts: dict[Verdict, int] = {}
    for verdict, count in said:
        verdicts[verdict] = verdicts.get(verdict, 0) + count
    return Calls(verdicts, times.sqls, times.median, times.nine_of_ten)


def _newest(scope: Scope, period: Period) -> CTE:
    return (
        select(Qualification.verdict, Qualification.answers, Qualification.at, Handoff.rep_id, Handoff.qualified_at)
        .join(Handoff, Handoff.id == Qualification.handoff_id)
        .where(cohort(scope, period))
        .ext(distinct_on(Qualification.handoff_id))
        .order_by(Qualification.handoff_id, Qualification.at.desc(), Qualification.id.desc())
        .cte("newest")
    )


def _verdicts(newest: CTE) -> Select[int | None, Verdict, int]:
    return select(newest.c.rep_id, newest.c.verdict, func.count()).group_by(newest.c.rep_id, newest.c.verdict)


def _times(scope: Scope, period: Period, of_each: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
    """How many SQLs there are, and the median and ninth tenth of their times."""
    seconds = func.greatest(func.date_part("epoch", Handoff.qualified_at - Handoff.became_at), 0)
    parts = [func.percentile_cont(part).within_group(seconds) for part in (0.5, 0.9)]
    of = of_each.label("of")
    sqls = (cohort(scope, period), Handoff.qualified_at.is_not(None))
    return select(of, func.count(), *parts).where(*sqls).group_by(of)


def _questions(session: Session, newest: CTE) -> list[Asked]:
    answer = func.jsonb_each(newest.c.answers).table_valued("key", column("value", JSONB)).render_derived(name="answer")
    kept = answer.c.value
    counts = kept["counts"].astext.label("counts")
    rows = session.execute(
        select(
            answer.c.key,
            counts,
            func.max(kept["place"].astext.cast(Integer)),
            func.max(kept["question"].astext),
            func.count(),
            func.count(newest.c.qualified_at),
        )
        .select_from(newest)
        .join(answer, true())
        # What was answered in one's own words counts for nothing.
        .where(kept["counts"].astext.is_not(None))
        .group_by(answer.c.key, counts)
    ).all()
    answers: dict[str, dict[Counts, Share]] = {}
    words: dict[str, str] = {}
    for key, said, _, question, count, sqls in sorted(rows, key=lambda row: (row[2], row[0])):
        answers.setdefault(key, {})[Counts(said)] = Share(sqls, count)
        words.setdefault(key, question)
    return [Asked(key, words[key], answers[key]) for key in answers]
