"""`python -m sandbox` as a process: what it refuses, what it writes down, and how it ends."""

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import SAM

PATIENCE = 15.0
"""Seconds in which a process must have started, on a machine that is busy with other things."""


def start(ready_file: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--ready-file", str(ready_file), *arguments]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def facts(process: subprocess.Popen[str], ready_file: Path) -> dict[str, Any]:
    """What the sandbox wrote down; it says its address when it has."""
    assert process.stdout is not None
    process.stdout.readline()
    return dict(json.loads(ready_file.read_text()))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any], Path]]:
    ready_file = tmp_path / "ready.json"
    with start(ready_file, "--pace", "off", "--app-url", "http://localhost:9/slack") as process:
        yield process, facts(process, ready_file), ready_file
        process.kill()


def test_it_writes_where_it_is_for_our_eyes_only(
    running: tuple[subprocess.Popen[str], dict[str, Any], Path], tmp_path: Path
) -> None:
    process, told, ready_file = running
    assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [ready_file]
    assert told["pid"] == process.pid
    environment = told["environment"]
    answer = httpx.post(
        environment["SLACK_API_URL"] + "auth.test", data={"token": environment["SLACK_BOT_TOKEN"]}
    ).json()
    assert answer["team_id"] == environment["SLACK_TEAM_ID"]
    assert {"SLACK_SIGNING_SECRET", "HUBSPOT_ACCESS_TOKEN", "SALESFORCE_CLIENT_ID"} <= environment.keys()
    workspace = httpx.get(f"{told['base_url']}/_api/workspace").json()
    assert (workspace["pace"], workspace["app_url"]) == (False, "http://localhost:9/slack")
    assert {person["role"] for person in told["people"]} == {"sdr", "ae", "manager", "marketer", "guest"}
    assert all(person["email"].endswith("@example.com") for person in told["people"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_although_a_page_is_listening(
    running: tuple[subprocess.Popen[str], dict[str, Any], Path], number: signal.Signals
) -> None:
    process, told, _ = running
    with httpx.stream("GET", f"{told['base_url']}/_api/as/{SAM}/events") as stream:
        assert next(stream.iter_lines()) == ": listening"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    # Over two seconds on a busy machine: two Pythons start after each other.
    ready_file = tmp_path / "ready.json"
    words = [sys.executable, "-m", "sandbox", "--port", "0", "--ready-file", str(ready_file)]
    parent_code = f"import subprocess; subprocess.run({words!r}, check=False)"
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True) as parent:
        told = facts(parent, ready_file)
        parent.kill()
        parent.wait(PATIENCE)
        assert parent.stdout is not None
        assert parent.stdout.read() == ""  # the end of the pipe: the last process that held it, the sandbox, is gone
    with pytest.raises(httpx.ConnectError):
        httpx.get(told["base_url"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "0.0.0.0"], "loopback address only"),  # noqa: S104  (that it is refused is the point)
        (["--app-url", "https://example.com/slack"], "must be on this machine"),
    ],
)
def test_it_does_not_reach_or_listen_beyond_this_machine(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    process = start(tmp_path / "ready.json", *arguments)
    _, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert sentence in complaint
    assert not (tmp_path / "ready.json").exists()
