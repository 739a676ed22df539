"""What stands between us and Postgres for 30 ms: become its user, ask to die with the owner, become Postgres.

Run as a script of its own (`python -I _postgres_child.py UID GID OWNER COMMAND...`; "-" twice keeps the user) and not
as a `preexec_fn`, which is not safe in a process with threads. Everything is imported before the user changes, because
the interpreter may lie in a home which that user cannot enter.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(uid: str, gid: str, owner: int, command: list[str]) -> None:
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After setuid, which clears it. SIGINT is Postgres' "fast shutdown": sessions end, and all is written.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != owner:
        sys.exit("the process that wanted this server is gone")
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606  (a list of our own words, no shell)


if __name__ == "__main__":
    try:
        become(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    except OSError as refused:
        sys.exit(f"could not run {sys.argv[4]} as user {sys.argv[1]}: {refused}")
