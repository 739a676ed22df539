"""CPU seconds of the processes that this one started, by what they are."""

import psutil  # type: ignore[import-untyped]  # it ships no types

KNOWN = ("web", "worker", "clock", "sandbox", "postgres")


def spent() -> dict[str, float]:
    """CPU seconds so far of each kind of process below this one, and of this one as `load`."""
    me = psutil.Process()
    sums = {"load": _of(me)}
    for child in me.children(recursive=True):
        try:
            kind = _kind(child)
            if kind:
                sums[kind] = (
                    sums.get(kind, 0.0) + _of(child) + (_of_ended_children(child) if kind == "postgres" else 0.0)
                )
        except psutil.NoSuchProcess:
            continue  # a backend that ended meanwhile: its time is its parent's now
    return sums


def _kind(process: psutil.Process) -> str | None:
    if process.name().startswith("postgres"):
        return "postgres"
    words = process.cmdline()
    return next((kind for kind in KNOWN if kind in words), None)


def _of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _of_ended_children(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))
