"""python -m sandbox: every outside system of Handoff in small, on this machine only."""

import argparse
import ctypes
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.app import create_app, description
from sandbox.guard import is_loopback
from sandbox.server import Server, address, listen
from sandbox.slack.page_workspace import loopback_url
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.state import Workspace
from sandbox.twins import all_twins

PR_SET_PDEATHSIG = 1


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address; any other is refused")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="written when it listens: addresses and credentials as JSON")
    parser.add_argument("--app-url", help="where interactions, commands and events are sent")
    parser.add_argument("--pace", choices=["on", "off"], default="on", help="whether rate limits are kept")
    chosen = parser.parse_args(given)
    if not is_loopback(f"[{chosen.host}]" if ":" in chosen.host else chosen.host):
        parser.error("the sandbox listens on a loopback address only (127.0.0.1, localhost or ::1)")
    try:
        chosen.app_url = loopback_url(chosen.app_url) if chosen.app_url else None
    except PageRefusal as refusal:
        parser.error(refusal.sentence)
    return chosen


def write_privately(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only we may read (0600), all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
    Path(name).replace(path)


def die_with_parent() -> None:
    """Ask Linux to end us when whoever started us is gone, so that no test leaves a sandbox behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> int:
    chosen = arguments()
    die_with_parent()
    try:
        listener = listen(chosen.host, chosen.port)
    except OSError as taken:
        sys.stderr.write(f"The sandbox cannot listen on {chosen.host} port {chosen.port}: {taken.strerror}\n")
        return 1
    space = Workspace(address(listener), pace=chosen.pace == "on", app_url=chosen.app_url)
    twins = all_twins()

    def ready() -> None:
        if chosen.ready_file:
            write_privately(chosen.ready_file, {"pid": os.getpid(), **description(space, twins)})
        sys.stdout.write(f"The sandbox is at {space.base_url}/\n")
        sys.stdout.flush()

    Server(create_app(space, twins), space, ready).run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
