"""The set-up's pure parts, its stamp and its refusals. The whole of it is what every `make` begins with."""

import ast
import fcntl
import importlib.metadata
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from kit import bootstrap

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE_LOCK = """\
ruff==0.15.1 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via handoff (pyproject.toml)
uv==0.13.9 \\
    --hash=sha256:cc
    # via
    #   -c requirements.txt
uvicorn==0.54.0 ; sys_platform == 'linux' \\
    --hash=sha256:dd
"""


@pytest.fixture
def place(tmp_path: Path) -> bootstrap.Environment:
    """A checkout whose environment looks finished: what is asked of it is read from its files, not run."""
    made = bootstrap.Environment.of(tmp_path)
    for name in (*bootstrap.LOCKS.values(), "pyproject.toml"):
        (tmp_path / name).write_text(f"# the first {name}\n")
    made.program("python").parent.mkdir(parents=True)
    made.program("python").touch()
    (made.folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.4\n")
    (tmp_path / ".data").mkdir()
    stamp(made, "dev")
    return made


def stamp(place: bootstrap.Environment, kind: str) -> None:
    keys = [place.key(each) for each in bootstrap.INCLUDES[kind]]
    place.stamp.write_text("\n".join([str(place.folder), *keys]) + "\n")


def locked(name: str) -> dict[NormalizedName, str]:
    text = (PROJECT / name).read_text()
    return {
        canonicalize_name(each): bootstrap.pinned(text, each).split()[0].split("==")[1]
        for each in bootstrap.names(text)
    }


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    words = project["dependencies"] + [word for extra in extras for word in project["optional-dependencies"][extra]]
    return [Requirement(word) for word in words]


def direct(name: str) -> set[NormalizedName]:
    """What the lock says that pyproject.toml itself asked for."""
    text = (PROJECT / name).read_text()
    asked = re.compile(r"#(?: via)?\s+handoff \(pyproject\.toml\)")
    return {canonicalize_name(each) for each in bootstrap.names(text) if asked.search(bootstrap.pinned(text, each))}


@pytest.mark.parametrize(
    ("name", "extras"),
    [("requirements.txt", ("redis", "rabbitmq")), ("requirements-dev.txt", ("redis", "rabbitmq", "dev"))],
)
def test_the_lock_is_what_pyproject_asks_for(name: str, extras: tuple[str, ...]) -> None:
    versions = locked(name)
    asked = wanted(*extras)
    unmet = [
        str(each) for each in asked if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0"))
    ]
    assert unmet == [], "run `make lock`"
    assert direct(name) == {canonicalize_name(each.name) for each in asked}, "run `make lock`"


def test_the_lock_for_developing_holds_the_lock_for_running_unchanged() -> None:
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


@pytest.mark.parametrize("name", sorted(bootstrap.LOCKS.values()))
def test_the_lock_names_hashes_and_no_address_of_an_index(name: str) -> None:
    text = (PROJECT / name).read_text()
    assert "://" not in text
    assert re.findall(r"^-.*", text, re.MULTILINE) == []
    assert [each for each in bootstrap.names(text) if "--hash=sha256:" not in bootstrap.pinned(text, each)] == []


def test_what_is_installed_here_is_what_the_lock_says() -> None:
    installed = {canonicalize_name(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()}
    lock = locked("requirements-dev.txt")
    assert {name: installed[name] for name in lock if name in installed} == {
        name: lock[name] for name in lock if name in installed
    }


def test_an_old_python_can_read_the_script_as_far_as_the_sentence_that_refuses_it() -> None:
    ast.parse((PROJECT / "kit" / "bootstrap.py").read_text(), feature_version=(3, 8))
    assert bootstrap.too_old((3, 8), "/usr/bin/python3").startswith(
        "Python 3.11 or later is needed, and /usr/bin/python3 is 3.8"
    )


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    script = str(PROJECT / "kit" / "bootstrap.py")
    done = subprocess.run([sys.executable, "-I", "-S", script, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--dev" in done.stdout


def test_a_finished_environment_is_left_alone(place: bootstrap.Environment) -> None:
    before = place.stamp.stat().st_mtime_ns
    bootstrap.set_up(place.project, "dev")  # it would fail, for no Python is there to run
    assert place.stamp.stat().st_mtime_ns == before


def test_an_environment_for_developing_will_do_for_running_but_not_the_reverse(place: bootstrap.Environment) -> None:
    assert place.holds("run")
    stamp(place, "run")
    assert place.holds("run")
    assert not place.holds("dev")


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_change_of_what_is_wanted_is_noticed(place: bootstrap.Environment, name: str) -> None:
    (place.project / name).write_text("# another\n")
    assert not place.holds("run")
    assert place.usable(None)


def test_an_interrupted_set_up_is_begun_anew(place: bootstrap.Environment) -> None:
    place.unfinished.touch()
    assert not place.holds("run")
    assert not place.usable(None)


def test_an_environment_that_was_moved_is_made_anew(place: bootstrap.Environment) -> None:
    moved = place.project.rename(place.project.with_name("elsewhere"))
    assert not bootstrap.Environment.of(moved).usable(None)


def test_an_environment_whose_python_is_gone_is_made_anew(place: bootstrap.Environment) -> None:
    place.program("python").unlink()
    assert place.version() == ()
    assert not place.holds("run")
    assert not place.usable(None)


def test_another_python_counts_only_when_it_was_named(place: bootstrap.Environment) -> None:
    assert place.holds("run")
    assert place.holds("run", (3, 12))
    assert not place.holds("run", (3, 13))


@pytest.mark.parametrize(("said", "version"), [("version = 3.10.1", (3, 10)), ("version_info = 3.11.7", (3, 11))])
def test_the_version_is_read_as_venv_and_as_uv_write_it(
    place: bootstrap.Environment, said: str, version: tuple[int, int]
) -> None:
    (place.folder / "pyvenv.cfg").write_text(f"home = /usr/bin\n{said}\n")
    assert place.version() == version
    assert place.usable(None) == (version >= bootstrap.OLDEST)


def test_a_second_set_up_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / ".data"
    order: list[str] = []

    def second() -> None:
        with bootstrap.alone(folder):
            order.append("second")

    waiting = threading.Thread(target=second)
    with bootstrap.alone(folder):
        with (folder / "setup.lock").open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        waiting.start()
        waiting.join(0.1)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert "waiting" in capsys.readouterr().err


def test_one_package_is_cut_out_of_the_lock_with_its_hashes() -> None:
    assert bootstrap.names(SAMPLE_LOCK) == ["ruff", "uv", "uvicorn"]
    assert bootstrap.pinned(SAMPLE_LOCK, "uv").split() == [
        "uv==0.13.9", "\\", "--hash=sha256:cc", "#", "via", "#", "-c", "requirements.txt",
    ]  # fmt: skip
    assert bootstrap.pinned(SAMPLE_LOCK, "nothing") == ""


def test_what_is_nearer_wins_in_pips_configuration() -> None:
    listed = ":env:.cert='/near.pem'\nglobal.cert='/far.pem'\nglobal.index-url='https://one.example.com/simple'\n"
    listed += (
        "install.index-url='https://two.example.com/simple'\nfreeze.timeout='3'\nnonsense\nglobal.proxy=unquoted\n"
    )
    assert bootstrap.read_pip_settings(listed) == {"cert": "/near.pem", "index-url": "https://two.example.com/simple"}


def test_uv_hears_what_pip_was_told() -> None:
    said = {
        "extra-index-url": "file:///one\nfile:///two",
        "find-links": "/some /wheels",
        "cert": "/all.pem",
        "no-input": "1",
    }
    assert bootstrap.for_uv(said, {}) == {
        "UV_INDEX": "file:///one file:///two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/some,/wheels",
        "SSL_CERT_FILE": "/all.pem",
    }


def test_what_uv_was_told_itself_stands() -> None:
    said = {"index-url": "https://pip.example.com/simple", "cert": "/pips.pem"}
    assert bootstrap.for_uv(said, {"UV_DEFAULT_INDEX": "https://uv.example.com", "SSL_CERT_FILE": "/own.pem"}) == {}
