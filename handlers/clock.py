"""The clock process: every second it asks the index who is due. Any number of them may run."""

import signal
import threading
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from handlers import deal, movement, people, sla, snooze, upkeep
from handlers.heart import Heart
from kit import db
from kit.clock import utcnow

log = structlog.get_logger()

TICK_SECONDS = 1.0
UPKEEP_EVERY = 60
"""Ticks between two rounds of upkeep."""
STUCK_EVERY = 3600
"""Ticks between two looks at how long deals are in their stages: that is counted in days."""


def run() -> None:
    """Tick until SIGTERM or Ctrl-C; a database that is away is waited for."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("clock.ready")
    heart = Heart("clock")
    ticks = 0
    while not stopping.is_set():
        try:
            # Who is back by now may be given what the sweep hands on.
            people.leave_and_return(utcnow())
            # Who wakes has clocks that may be due.
            steps = snooze.wake(utcnow()) + sla.sweep(utcnow()) + deal.sweep(utcnow())
            if ticks % UPKEEP_EVERY == 0:
                upkeep.round_of()
                movement.recheck()
            if ticks % STUCK_EVERY == 0:
                deal.look_for_stuck(utcnow())
            # In the loop itself: a clock that hangs is one that fell silent.
            heart.beat()
        except SQLAlchemyError as gone:
            log.warning("clock.database_gone", error=type(gone).__name__, why=db.first_words(gone))
        else:
            if steps:
                log.info("clock.stepped", steps=steps)
        ticks += 1
        stopping.wait(TICK_SECONDS)
    heart.stop()
    db.forget()
    log.info("clock.stopped")
