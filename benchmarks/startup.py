"""How long the processes take until they are of use, beside a Python that does nothing. `python -m benchmarks.startup --help`."""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import httpx

from benchmarks import _report
from benchmarks._ground import NotMeasured, database, log_folder, run, server, until
from benchmarks._report import Figures, median, ratio, say
from handlers.system import free_port

PATIENCE = 60.0
TOP_IMPORTS = 12
MODULES = ("handlers.cli", "handlers.web", "handlers.worker", "handlers.clock")
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)")


def measure(arguments: argparse.Namespace) -> Figures:
    """Every start several times; the median counts."""
    times = 1 if arguments.quick else 5
    figures: Figures = {
        "benchmark": "startup",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"times": times, "quick": arguments.quick},
    }
    say("python -c pass, handoff --help, imports")
    seconds = {
        "python": _median(times, partial(_run, "-c", "pass")),
        "help": _median(times, partial(_run, "-m", "handlers", "--help")),
        **{f"import_{name}": _median(times, partial(_run, "-c", f"import {name}")) for name in MODULES},
    }
    with log_folder() as logs, server():
        say("handoff migrate on new databases")
        seconds["migrate"] = _median(times, _migrate)
        with database():
            _run("-m", "handlers", "migrate")
            say("web, worker, clock until they are ready")
            seconds["web"] = _median(times, partial(_web, logs))
            for name in ("worker", "clock"):
                seconds[name] = _median(times, partial(_until_said, name, f"{name}.ready", logs))
    figures["seconds"] = seconds
    figures["ratios_to_python"] = {name: ratio(value, seconds["python"]) for name, value in seconds.items()}
    figures["slowest_imports_of_web_ms"] = slowest_imports("handlers.web")
    figures["remarks"] = ["The embedded Postgres is started before the clock of these figures runs."]
    return figures


def _median(times: int, run: Callable[[], float]) -> float:
    return median([run() for _ in range(times)])


def _run(*words: str) -> float:
    """Seconds until a Python with these arguments ends. Raises NotMeasured if it fails."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise NotMeasured(f"python {' '.join(words)} failed:\n{done.stderr}")
    return took


def _migrate() -> float:
    with database():
        return _run("-m", "handlers", "migrate")


def _web(logs: Path) -> float:
    port = free_port()

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    return _until_ready("web", answers, logs / "web.log", port)


def _until_said(name: str, word: str, logs: Path) -> float:
    log = logs / f"{name}.log"
    log.write_text("")
    return _until_ready(name, lambda: word in log.read_text(), log, 0)


def _until_ready(name: str, ready: Callable[[], bool], log: Path, port: int) -> float:
    """Start `handoff NAME`, wait until it is ready, end it; seconds until it was."""
    environment = os.environ | {"PORT": str(port), "LOG_JSON": "true", "KIT_PARENT": str(os.getpid())}
    began = time.perf_counter()
    with log.open("wb") as out:
        words = [sys.executable, "-m", "kit.child", "handlers", name]
        child = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        until(ready, f"{name} is ready", seconds=PATIENCE, every=0.01)
        return time.perf_counter() - began
    finally:
        child.terminate()
        child.wait()


def slowest_imports(module: str) -> dict[str, float]:
    """The packages whose import takes longest, with all that they import, in milliseconds."""
    words = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    found = [(match[4], int(match[2]) / 1000) for match in map(_IMPORT.match, said.splitlines()) if match]
    whole = [(name, ms) for name, ms in found if "." not in name or name.startswith(("handlers.", "integrations."))]
    return dict(sorted(whole, key=lambda each: -each[1])[:TOP_IMPORTS])


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one repetition, done within 45 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args(given)
    return run(lambda: measure(arguments), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
