"""The worker process: a relay that claims jobs, and Dramatiq threads that do them."""

import signal
import threading
from types import FrameType

import dramatiq
import structlog

from handlers import ledger, moments
from handlers.heart import beating
from handlers.jobs import ACTORS, broker, courier_outlives_us
from handlers.relay import Relay
from handlers.sending import Job
from kit import db
from kit.settings import settings

log = structlog.get_logger()

QUEUED_PER_THREAD = 4
"""How many claimed jobs may wait for each thread: enough to keep it busy, few enough to run within their lease."""


class Hands:
    """The relay and the threads of one process, started and stopped together."""

    def __init__(self, threads: int) -> None:
        missing = set(Job) - set(ACTORS)
        if missing or not moments:
            raise RuntimeError(f"no function for {', '.join(sorted(missing))}")
        self.relay = Relay(window=threads * QUEUED_PER_THREAD)
        self.workers = dramatiq.Worker(broker(), worker_threads=threads, worker_timeout=200)

    def start(self) -> None:
        self.workers.start()
        self.relay.start()

    def stop(self) -> None:
        """Finish what runs, and give back what was claimed and has not begun, unless another process gets it anyway."""
        self.relay.stop()
        self.workers.stop(timeout=15_000)
        if courier_outlives_us():
            return
        with db.new_session() as session, session.begin():
            ledger.give_back_all_of(session, self.relay.me)


def run() -> None:
    """Work until SIGTERM or Ctrl-C."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    hands = Hands(settings().worker_threads)
    hands.start()
    log.info("worker.ready", threads=settings().worker_threads)
    with beating("worker"):
        stopping.wait()
    hands.stop()
    db.forget()
    log.info("worker.stopped")
