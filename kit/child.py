"""`python -m kit.child ARGS...` becomes `python -m ARGS...`, and is ended by the kernel when its parent dies (on Linux).

So whatever started it, and however that ended, nothing is left running.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(os.environ.pop("KIT_PARENT", "0"))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent and os.getppid() != parent:
        # It died before the kernel was asked.
        raise SystemExit(1)
    os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606  (our own words, no shell wanted)


if __name__ == "__main__":
    main()
