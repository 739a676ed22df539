"""`make demo`: everything on this machine, and nothing left running afterwards. `--once` plays one story and exits."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DBAPIError

from domain.rules.preferences import Preferences
from domain.rules.programmes import read_programmes
from domain.rules.scoring import default_model_toml
from domain.tables import Rep
from domain.verbs import capturing, modelling, nurturing, recommending, staffing
from handlers import staff_file
from handlers.jobs import transaction
from handlers.nurture_commands import read_catalogue
from handlers.system import DidNotStart, Say, System, fresh_database, hash_of, log_folder, must_be_free
from kit import db, embedded_postgres, migrating
from kit.clock import utcnow
from kit.settings import settings

out = Console(highlight=False)
PAST = "handlers.demo_past"
EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
STORY_SECONDS = 300
AT_ONCE = {
    "FEEDBACK_CHANNEL": "C0MANAGERS1",
    "FEEDBACK_DAILY": "off",
    "FEEDBACK_WEEKLY": "off",
    "FEEDBACK_MONTHLY": "off",
    "FEEDBACK_PULSE": "off",
    "LEARNING_WEEKLY": "false",
}
"""The loops and learning come once the past is there, not on a Monday or a first of the month that may be far away."""
AFTER_THE_PAST = (("feedback", "monthly", "--now"), ("learn", "--now"))


def seed(system: System) -> None:
    """Lay the demo out, through the verbs: model, source, reps, pools, territories."""
    migrating.upgrade()
    with transaction() as session:
        modelling.ensure_model(session, default_model_toml(), utcnow())
        capturing.add_source(session, "website", hash_of(system.capture_key))
        staff_file.save(session, staff_file.read(EXAMPLES / "reps.toml"))
        # Whoever looks at the demo at night sees as much as by day.
        for rep in session.scalars(select(Rep)):
            staffing.set_preferences(session, rep, Preferences(quiet=(0, 0)), utcnow())
        nurturing.set_programmes(session, read_programmes((EXAMPLES / "nurture.toml").read_text("utf-8")), utcnow())
        recommending.set_catalogue(session, read_catalogue(EXAMPLES / "contents.csv"), utcnow())


class Stopped(Exception):
    """Somebody pressed Ctrl-C before everything was up."""


def _step(what: str) -> None:
    out.print(f"[dim]•[/] {what}")


@contextmanager
def running(*, port: int = 0, sandbox_port: int = 0, socket: bool = False, say: Say = _step) -> Iterator[System]:
    """The whole demo, started in order and stopped in order, whatever happens in between. `say` hears of each step first."""
    for named in (port, sandbox_port):
        must_be_free(named)
    with ExitStack() as stack:
        say("Starting Postgres" if settings().database_url is None else "Using the Postgres of DATABASE_URL")
        url = stack.enter_context(fresh_database("demo"))
        os.environ["DATABASE_URL"] = url
        stack.callback(db.forget)
        settings.cache_clear()
        db.forget()
        logs = stack.enter_context(log_folder())
        system = System(url, logs)
        stack.callback(system.stop)
        say("Migrating and seeding")
        seed(system)
        # Beside all else: nobody has to wait until it is there.
        system.run(PAST)
        plug_in = ("DNS_", "SLACK_APP_TOKEN") if socket else ("DNS_",)
        system.start(say, port=port, sandbox_port=sandbox_port, more=AT_ONCE, plug_in=plug_in)
        yield system
        _step("Stopping")


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Play one story without a person, check it, and exit.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two visitors of the website.")] = 5.0,
    socket: Annotated[bool, typer.Option("--socket", help="Hear Slack over Socket Mode instead of HTTP.")] = False,
    port: Annotated[int, typer.Option(help="Port of Handoff; 0: any free one.", min=0, max=65535)] = 0,
    sandbox_port: Annotated[int, typer.Option(help="Port of the Slack page; 0: any free one.", min=0, max=65535)] = 0,
) -> None:
    """Handoff with a Slack workspace, a CRM and a website of its own, all on 127.0.0.1."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    def say(what: str) -> None:
        # Asked between two steps, so that none is cut in the middle.
        if stopped.is_set():
            raise Stopped("Stopped before everything was up. Nothing is left running.")
        _step(what)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with running(port=port, sandbox_port=sandbox_port, socket=socket, say=say) as system:
            status = _play(system, stopped) if once else _stream(system, every, stopped)
    except (Stopped, DidNotStart, db.UnsuitableDatabase, embedded_postgres.CannotStart) as no:
        out.print(str(no), style="red", markup=False, soft_wrap=True)
        status = 1
    except (ArgumentError, DBAPIError) as no:
        out.print(db.trouble(no), style="red", markup=False, soft_wrap=True)
        status = 1
    raise typer.Exit(status)


def _stream(system: System, every: float, stopped: threading.Event) -> int:
    if stopped.is_set():
        return 0
    system.run(
        "sandbox.website",
        "--url",
        f"{system.url}/capture/website",
        "--every",
        str(every),
        more={"CAPTURE_KEY": system.capture_key},
    )
    out.print(Panel(_welcome(system), title="Handoff is running", expand=False))
    before, then = PAST, list(AFTER_THE_PAST)
    while not stopped.wait(1.0):
        if then and system.ended(before):
            before = "handlers"
            system.run(before, *then.pop(0))
        dead = system.dead()
        if dead:
            out.print(f"[red]{' and '.join(dead)} ended by itself.[/] The logs are in {system.logs}.", soft_wrap=True)
            return 1
    return 0


def _play(system: System, stopped: threading.Event) -> int:
    """One story to the end; its exit status is ours."""
    story = system.run(
        "sandbox.story",
        more={
            "CAPTURE_KEY": system.capture_key,
            "HANDOFF_URL": system.url,
            "SANDBOX_URL": system.sandbox_url,
            "SLA_FILE": str(EXAMPLES / "sla-demo.toml"),
        },
    )
    deadline = time.monotonic() + STORY_SECONDS
    while story.poll() is None and not stopped.wait(0.1):
        if time.monotonic() > deadline:
            out.print(f"[red]The story did not end within {STORY_SECONDS} s.[/] The logs are in {system.logs}.")
            return 1
    return 1 if stopped.is_set() else int(story.poll() or 0)


def _welcome(system: System) -> str:
    people = {person["role"]: person for person in reversed(system.sandbox["people"])}
    channel = {one["name"]: one["id"] for one in system.sandbox["channels"]}
    page = system.sandbox_url
    lines = [
        "Open this first: Slack, as the SDR " + people["sdr"]["name"],
        f"  [bold]{page}/#as={people['sdr']['slack_user_id']}&in={channel['sdr-emea']}[/]",
        "  Leads arrive within seconds. Accept one; reject another with a reason.",
        "",
        f"As the AE {people['ae']['name']}: hot leads, by direct message, an hour to call",
        f"  [bold]{page}/#as={people['ae']['slack_user_id']}&in=messages[/]",
        f"As the manager {people['manager']['name']}: type /leadstats quarter, /leadstats revenue or /leadnext.",
        "  In half a minute last month's quality review comes here, and what was learnt from nine months of leads",
        f"  [bold]{page}/#as={people['manager']['slack_user_id']}&in={channel['sales-managers']}[/]",
        "What Salesforce and HubSpot were told",
        f"  [bold]{page}/outside[/]",
        "Salesforce's opportunities: move one, and its card in Slack says so",
        f"  [bold]{page}/salesforce/_page[/]",
        "",
        f"Handoff answers at {system.url}",
        f"Logs are in        {system.logs}",
        "[bold]Ctrl-C stops everything.[/]",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(demo)
