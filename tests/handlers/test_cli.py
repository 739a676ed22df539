"""`handoff` as an operator types it: what went wrong is said in a sentence, and nothing that comes from outside is markup."""

import os
import subprocess
import sys

import pytest
import typer
from sqlalchemy import Engine

from domain.rules.refusals import NoSuchRep
from domain.tables import Role
from domain.verbs import capturing, staffing
from handlers import cli, rep_commands
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.handlers.making import ROOT

NOWHERE = "postgresql://nobody:hush@127.0.0.1:1/none"


def handoff(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process of its own; nothing of this machine's settings reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DATABASE_URL") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "handlers", *arguments],
        env=kept | {"COLUMNS": "200", "PYTHONPATH": str(ROOT)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        ("migrate", {"DATABASE_URL": "hush"}, "DATABASE_URL is no database address"),
        ("migrate", {"DATABASE_URL": NOWHERE}, "The Postgres of DATABASE_URL cannot be used: connection failed"),
        ("worker", {"DATABASE_URL": "mysql://hush@127.0.0.1/none"}, "names a mysql database"),
        ("clock", {"DATABASE_URL": "hush"}, "DATABASE_URL is no database address"),
        ("web", {"PORT": "hush", "DATABASE_URL": NOWHERE}, "PORT: Input should be a valid integer"),
        ("web", {"LOG_LEVEL": "hush", "DATABASE_URL": NOWHERE}, "LOG_LEVEL: "),
    ],
)
def test_a_setting_that_cannot_be_is_said_in_a_sentence_that_does_not_repeat_it(
    arguments: str, environment: dict[str, str], sentence: str
) -> None:
    """Each is a process of its own, started as an operator does: that takes a second or two."""
    ended = handoff(arguments, **environment)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hush" not in ended.stderr


def test_a_setting_that_is_named_and_left_empty_counts_as_not_there(committed: Engine) -> None:
    ended = handoff("jobs", "list", PORT="", BROKER_URL="", LOG_LEVEL="")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_name_that_looks_like_markup_is_shown_as_it_is(committed: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    name = "Kim [/b][red] :bee:"
    with transaction() as session:
        staffing.save_rep(session, utcnow(), name=name, email="kim@example.com", role=Role.SDR)
    rep_commands.list_()
    rep_commands.away("kim@example.com")
    assert capsys.readouterr().out.count(name) == 2


def test_why_a_delivery_was_refused_is_shown_whole(committed: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    why = "kind: String should match pattern '^[a-z][a-z0-9_]*$'."
    with transaction() as session:
        source = capturing.add_source(session, "website", None)
        arrival, _ = capturing.keep(session, source.id, "one", b"{}", utcnow())
        capturing.refuse(arrival, why)
    cli.arrivals_refused()
    shown = " ".join(line.strip("│ \n").rpartition("│")[2].strip() for line in capsys.readouterr().out.splitlines())
    assert why.replace(" ", "") in shown.replace(" ", "")


@pytest.mark.parametrize("name", ["", "a/b", "A", "..", "[red]", "a b", "a" * 61])
def test_a_source_that_no_address_could_name_is_not_made(committed: Engine, name: str) -> None:
    with pytest.raises(typer.BadParameter):
        cli.sources_add(name)


def test_somebody_who_is_not_there_is_a_refusal(committed: Engine) -> None:
    with pytest.raises(NoSuchRep):
        rep_commands.away("nobody@example.com")
