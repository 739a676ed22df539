"""`make demo` as a stranger meets it: the story comes true, Ctrl-C and kill -9 leave nothing, and nobody else gets in.

Each start is a whole installation (sandbox, web, worker, clock): some seconds, for that is what is proven.
"""

import ipaddress
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from kit._postgres_binaries import Account
from sandbox.story_world import until
from tests.kit.test_embedded_postgres import python_for
from tests.story.conftest import ROOT, RUNNING, Demo, databases_of_demos, left_in, sessions_in, started

NOBODY = Account("nobody", 65534, 65534)


@dataclass(frozen=True)
class Played:
    """A story that was played to its end."""

    demo: Demo
    status: int
    secrets: set[str]
    left: list[str]
    databases: list[str]


@pytest.fixture(scope="module")
def played(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Once for the module: a story takes as long as people need for it, one to two minutes."""
    folder = tmp_path_factory.mktemp("story")
    with started(folder, "--once", DATABASE_URL=database_url) as demo:
        demo.hear("✓")
        secrets = demo.secrets()
        status = demo.end()
        yield Played(demo, status, secrets, left_in(folder), databases_of_demos(database_url))


def test_the_story_comes_true_and_says_so(played: Played) -> None:
    assert played.status == 0, played.demo.said
    assert "The whole road, once: all of it came true." in played.demo.said
    assert "✗" not in played.demo.said
    assert played.demo.said.count("✓") > 15


def test_the_story_leaves_no_process_and_no_database(played: Played) -> None:
    assert played.left == []
    assert played.databases == []


def test_no_log_of_a_whole_story_holds_a_person_or_a_secret(played: Played) -> None:
    logs = played.demo.logs()
    assert "worker.ready" in logs
    assert len(played.secrets) >= 4
    assert [secret for secret in played.secrets if secret in logs] == []
    assert (
        re.findall(r"\S*@\S*|\b(?:Vera|Udo|Hanna|Carl|Lena|Wim|Sam|Ada|Morgan|Example|Thursday|autumn)\b", logs) == []
    )


def test_the_story_comes_true_over_socket_mode_as_well(database_url: str, tmp_path: Path) -> None:
    with started(tmp_path, "--once", "--socket", DATABASE_URL=database_url) as demo:
        assert demo.end() == 0, demo.said
        assert "all of it came true" in demo.said
        assert "slack.socket_open" in demo.logs()
        assert "slack.socket_closed" in demo.logs()
        assert left_in(tmp_path) == []


def test_a_streaming_demo_is_closed_to_others_and_ctrl_c_leaves_nothing(
    played: Played, database_url: str, tmp_path: Path
) -> None:
    with started(tmp_path, "--every", "0.5", DATABASE_URL=database_url) as demo:
        demo.hear(RUNNING)
        until("the website's process", lambda: any("sandbox.website" in one for one in left_in(tmp_path)))
        assert demo.secrets()
        assert demo.secrets().isdisjoint(played.secrets)
        doors = listening(demo)
        assert len(doors) >= 2
        assert [door for door in doors if not ipaddress.ip_address(door).is_loopback] == []
        assert len(databases_of_demos(database_url)) == 1
        assert demo.interrupt() == 0, demo.said
        assert left_in(tmp_path) == []
        assert databases_of_demos(database_url) == []


def listening(demo: Demo) -> list[str]:
    """The addresses at which the demo's processes take connections over the network."""
    return [
        socket.laddr.ip
        for process in demo.family()
        for socket in process.net_connections(kind="inet")
        if socket.status == "LISTEN"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_a_killed_demo_leaves_no_process_and_the_next_one_clears_up(database_url: str, tmp_path: Path) -> None:
    with started(tmp_path, DATABASE_URL=database_url) as killed:
        killed.hear(RUNNING)
        killed.process.kill()
        until("the end of its children", lambda: left_in(tmp_path) == [])
        left = databases_of_demos(database_url)
        until("the end of their sessions", lambda: sessions_in(database_url, left) == 0)
    with started(tmp_path, DATABASE_URL=database_url) as demo:
        demo.hear(RUNNING)
        assert len(databases_of_demos(database_url)) == 1
        assert databases_of_demos(database_url) != left
        assert demo.interrupt() == 0, demo.said


def test_ctrl_c_before_everything_is_up_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    with started(tmp_path, DATABASE_URL=database_url) as demo:
        demo.hear("Migrating")
        assert demo.interrupt() == 1
        assert "Stopped before everything was up" in demo.said
        assert left_in(tmp_path) == []
        assert databases_of_demos(database_url) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:hush@127.0.0.1:1/none", "cannot be used: "),
        ("mysql://nobody:hush@127.0.0.1/none", "needs Postgres"),
        ("hush", "is no database address"),
    ],
)
def test_a_wrong_database_url_is_answered_with_a_sentence(url: str, words: str, tmp_path: Path) -> None:
    with started(tmp_path, DATABASE_URL=url) as demo:
        assert demo.end() == 1
        assert words in demo.said
        assert "Traceback" not in demo.said
        assert "hush" not in demo.said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_needs_nothing_but_a_home() -> None:
    """With the Postgres that Handoff brings along, in a home that was empty."""
    interpreter = python_for(NOBODY)
    version = subprocess.check_output(
        [interpreter, "-c", "import platform; print(platform.python_version())"], text=True
    )
    if version.strip() != platform.python_version():
        pytest.skip(
            f"our packages are those for Python {platform.python_version()}, {NOBODY.name} may only run {version}"
        )
    with tempfile.TemporaryDirectory(prefix="handoff-test-") as home:
        # Children get no PYTHONPATH from the demo, so that the user gets an environment of their own, with our packages.
        subprocess.run([interpreter, "-m", "venv", "--without-pip", f"{home}/venv"], check=True)
        (packages,) = Path(home).glob("venv/lib/python*/site-packages")
        packages.joinpath("ours.pth").write_text(f"{Path(psycopg.__file__).parents[1]}\n{ROOT}\n")
        os.chown(home, NOBODY.uid, NOBODY.gid)
        python = f"{home}/venv/bin/python"
        with started(Path(home), python=python, user=NOBODY.uid, PYTHONDONTWRITEBYTECODE="1") as demo:
            demo.hear(RUNNING)
            assert {process.uids().real for process in demo.family()} == {NOBODY.uid}
            assert demo.interrupt() == 0, demo.said
            assert left_in(Path(home)) == []
