"""structlog, set up once per process. Events are constant words (`job.failed`), what varies is a key; ids only, never a person's data."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from kit.settings import settings


def configure(process: str) -> None:
    """Send structlog and the standard library's records down one road, to standard error."""
    wanted = settings()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _say_process(process),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(wanted.log_level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if wanted.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info if wanted.log_json else _leave,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(wanted.log_level.upper())
    # Libraries that log what they send and receive would log people.
    for chatty in ("httpx", "httpcore", "urllib3", "hubspot", "simple_salesforce", "slack_sdk", "slack_bolt", "zeep"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def _say_process(process: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add


def _leave(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return event


def where_it_broke(error: BaseException) -> str:
    """The error's type and the way to it. Its text is left out, and so are the lines: they may hold a person's data."""
    way = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    return f"{type(error).__name__} at {' > '.join(way)}"
