"""A run of learning: read, learn with no transaction open, replay the past for evidence. Nothing is written here."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain import calibrating, learning, watching
from domain.backtest.history import Window
from domain.backtest.reading import ranges
from domain.backtest.report import make_report
from domain.outcomes import Outcome, examples, outcomes, population
from domain.rules.facts import LeadFacts
from domain.rules.learning import Example, Goal, Learnt, NotYet
from domain.rules.proposals import ProposalKind, ProposalStatus
from domain.rules.scoring import Model
from domain.rules.thresholds import Advice, advise
from domain.verbs.modelling import active_model
from domain.verbs.proposing import Found
from domain.watching import Watch
from handlers import backtest_run
from handlers.calibration_settings import LearningSettings
from handlers.jobs import reading
from handlers.ledger import TakenOver
from kit.log import where_it_broke

log = structlog.get_logger()
LOOK_BACK = timedelta(days=730)
LEARNT = "learnt"
"""The name of the models that come of it; each proposal is a version."""
SHORTER = (1, 2, 4, 12)
"""Into how many parts the time of a backtest is cut until it holds few enough leads."""

Renew = Callable[[], None]


class TooLong(Exception):
    """The backtest has used up its time."""


@dataclass(frozen=True)
class Past:
    """What was read, in one view of the database."""

    base_id: int
    base: Model
    base_toml: str
    outcomes: Sequence[Outcome]
    watched: tuple[int, Watch] | None
    """Of the proposal in force: how it does."""
    blocked: tuple[str, str] | None
    """Why nothing is asked now: verdict and sentence."""


@contextmanager
def kept(renew: Renew, every: timedelta) -> Iterator[None]:
    """Long arithmetic says nothing on its way: the lease of its job is prolonged beside it."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every.total_seconds()):
            # Who has it by now ends it, and our own end is refused then; a database that is away may be back for the next beat.
            with suppress(TakenOver, SQLAlchemyError):
                renew()

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def find(kind: ProposalKind, now: datetime, said: LearningSettings, *, asked: bool) -> tuple[Found, Past]:
    """What there is to propose. `asked`: a person wants to know now, whatever was declined lately."""
    with reading() as session:
        past = _past(session, kind, now, asked=asked)
        if past.blocked is None and kind is ProposalKind.THRESHOLDS:
            advice = _advice(session, past, now)
        elif past.blocked is None:
            examined = examples(session, past.outcomes, said.goal)
            everybody = population(session)
    if past.blocked is not None:
        verdict, why = past.blocked
        return Found(kind, past.base_id, verdict, why, {}), past
    if kind is ProposalKind.THRESHOLDS:
        return _of_thresholds(past, advice, now, said), past
    return _of_model(past, examined, everybody, now, said), past


def _past(session: Session, kind: ProposalKind, now: datetime, *, asked: bool) -> Past:
    row, model = active_model(session)
    seen = outcomes(session, now, now - LOOK_BACK)
    ours = watching.in_force(session, row)
    return Past(
        base_id=row.id,
        base=model,
        base_toml=row.toml,
        outcomes=seen,
        watched=(ours.id, watching.watch(seen, row.id, model)) if ours is not None else None,
        blocked=_blocked(session, kind, now, asked=asked),
    )


def _blocked(session: Session, kind: ProposalKind, now: datetime, *, asked: bool) -> tuple[str, str] | None:
    again = calibrating.asked_again_from(session, kind)
    if not asked and again is not None and again > now:
        return "resting", f"Somebody said no lately: nothing of this kind is asked before {again:%-d %B %Y}."
    waiting = calibrating.waiting(session)
    if any(one.status is ProposalStatus.SHADOW for one in waiting):
        return "waiting", "A model is being tried in shadow: nothing else is asked until that is decided."
    if kind is ProposalKind.THRESHOLDS and any(one.kind is ProposalKind.MODEL for one in waiting):
        return "waiting", "A model waits for an answer: thresholds are looked at after that."
    return None


# ---- a model ---------------------------------------------------------------------------------------------------------


def _of_model(
    past: Past, examined: Sequence[Example], everybody: Sequence[LeadFacts], now: datetime, said: LearningSettings
) -> Found:
    kind = ProposalKind.MODEL
    try:
        answer = learning.learn(
            past.base, past.base_toml, examined, now=now, name=LEARNT, goal=said.goal, population=everybody
        )
        if isinstance(answer, NotYet) and answer.verdict == "no_better" and past.base.probability is None:
            return _of_chances(past, examined, answer, said)
    except Exception as error:  # noqa: BLE001  (a run that fails is noted, and said; the next one is a week away)
        log.error("learning.failed", error=where_it_broke(error))  # noqa: TRY400  (a traceback shows what leads are like)
        return Found(kind, past.base_id, "failed", "Learning failed; the log says where.", {})
    if not isinstance(answer, Learnt):
        return Found(kind, past.base_id, answer.verdict, answer.said, answer.data)
    evidence = {"learning": answer.evidence, "backtest": _backtest(past.base_toml, answer.toml, now, said)}
    what = f"Learnt from {len(examined):,} leads of which one knows what became of them."
    return Found(kind, past.base_id, "proposed", what, _data(past, said.goal), answer.toml, evidence)


def _of_chances(past: Past, examined: Sequence[Example], no_better: NotYet, said: LearningSettings) -> Found:
    """No points to move, but nobody has measured yet what a score is worth: that is worth asking about by itself."""
    kind = ProposalKind.MODEL
    answer = learning.measure_again(past.base, past.base_toml, examined, name=past.base.name, goal=said.goal)
    if not isinstance(answer, Learnt):
        return Found(kind, past.base_id, no_better.verdict, no_better.said, no_better.data)
    what = f"{no_better.said} But how many leads of a score become one of the {said.goal.words} can be said by now."
    return Found(
        kind, past.base_id, "proposed", what, _data(past, said.goal), answer.toml, {"chances": answer.evidence}
    )


def _data(past: Past, goal: Goal) -> dict[str, Any]:
    known = [one for one in past.outcomes if one.of(goal) is not None]
    return {"goal": goal.value, "outcomes": len(known), "successes": sum(bool(one.of(goal)) for one in known)}


# ---- thresholds ------------------------------------------------------------------------------------------------------


def _advice(session: Session, past: Past, now: datetime) -> tuple[Advice, dict[str, Any]]:
    alike = calibrating.of_the_same_points(session, active_model(session)[0])
    known, most = calibrating.matured(past.outcomes, alike), calibrating.capacity(session, now)
    a_day = calibrating.arrivals(session, alike, now)
    found = advise(known, a_day, most, past.base.thresholds, past.base.movement.hysteresis)
    return found, {"outcomes": len(known), "successes": sum(sql for _, sql in known), "capacity": list(most)}


def _of_thresholds(past: Past, advised: tuple[Advice, dict[str, Any]], now: datetime, said: LearningSettings) -> Found:
    advice, data = advised
    kind = ProposalKind.THRESHOLDS
    if advice.best is None or advice.today is None:
        return Found(kind, past.base_id, advice.verdict, advice.said, data)
    toml = calibrating.with_thresholds(past.base_toml, advice.best.mql, advice.best.hql)
    weighed = {**data, "today": asdict(advice.today), "best": asdict(advice.best)}
    evidence = {"thresholds": weighed, "backtest": _backtest(past.base_toml, toml, now, said)}
    return Found(kind, past.base_id, "proposed", advice.said, data, toml, evidence)


# ---- what it would have done -----------------------------------------------------------------------------------------


def _backtest(old: str, new: str, now: datetime, said: LearningSettings) -> dict[str, Any] | None:
    """None: it took too long."""
    began = time.monotonic()

    def told(_done: int, _total: int) -> None:
        if time.monotonic() - began > said.backtest_seconds:
            raise TooLong

    window = _window(now, said)
    try:
        tally, sellers = backtest_run.replay(old, new, window, 1, told)
    except TooLong:
        log.warning("learning.backtest_too_long", seconds=said.backtest_seconds)
        return None
    report = make_report(tally, sellers, window, "old", "new")
    return calibrating.backtest_evidence(report, (window.until - window.since).days)


def _window(now: datetime, said: LearningSettings) -> Window:
    with reading() as session:
        for part in SHORTER:
            window = Window(now - timedelta(days=max(1, said.backtest_days // part)), now)
            if sum(piece.size for piece in ranges(session, window)) <= said.backtest_leads:
                break
    return window
