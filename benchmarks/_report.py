"""How figures are summed up and shown: a table for a person, or one JSON object."""

import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

Figures = dict[str, Any]
PACKAGES = ("sqlalchemy", "psycopg", "fastapi", "uvicorn", "dramatiq", "slack-sdk", "slack-bolt")


def spread(seconds: Sequence[float]) -> Figures:
    """p50, p95, p99 and the longest, in milliseconds; each is a value that was measured (nearest rank)."""
    if not seconds:
        return {"p50_ms": None, "p95_ms": None, "p99_ms": None, "max_ms": None}
    ordered = sorted(seconds)
    return {
        f"{name}_ms": round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


def ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 3) if ours is not None and theirs else None


def median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 4)


def machine() -> Figures:
    """Where it was measured. A load average above 0 says that others were at work on the same cores."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def show(figures: Figures, *, as_json: bool) -> None:
    """Print them on standard output."""
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    out = Console(highlight=False)
    for name, part in figures.items():
        if isinstance(part, Mapping):
            out.print(_table(name.replace("_", " "), part))
    for remark in figures.get("remarks", ()):
        out.print(f"[bold]{remark}[/]")


def _table(title: str, part: Mapping[str, Any]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, min_width=60)
    for name, value in part.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)
        table.add_row(name.replace("_", " "), "not measured" if value is None else shown)
    return table


def say(what: str) -> None:
    """Progress, where it does not disturb the figures."""
    print(f"• {what}", file=sys.stderr, flush=True)
