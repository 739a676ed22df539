"""`handoff`: start the processes, lay things out, look after what went wrong."""

import re
import secrets
from contextlib import suppress
from hashlib import sha256
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from domain.rules.counting import how_many
from domain.rules.refusal import Refusal
from domain.rules.scoring import default_model_toml
from domain.tables import Arrival, ArrivalState, CaptureSource, JobRow
from domain.verbs import capturing, modelling
from handlers import (
    attribution_commands,
    backtesting,
    campaign_commands,
    capture,
    clock,
    doctor,
    enrichment_commands,
    fairness_commands,
    feedback_commands,
    importing,
    lead_commands,
    ledger,
    model_commands,
    notice_commands,
    nurture_commands,
    proposal_commands,
    qualification_commands,
    rep_commands,
    rescore_commands,
    route_commands,
    setup_commands,
    sla_commands,
    staff_file,
    sync_commands,
    worker,
)
from handlers.jobs import reading, transaction
from handlers.quotas import SharedGate
from handlers.web import make_web
from integrations import registry
from kit import db, embedded_postgres, log, migrating
from kit.clock import utcnow
from kit.settings import settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Handoff: from a captured lead to a decision in Slack.",
    pretty_exceptions_show_locals=False,
)
jobs_app = typer.Typer(no_args_is_help=True, help="The ledger of jobs.")
sources_app = typer.Typer(no_args_is_help=True, help="Who may post leads.")
arrivals_app = typer.Typer(no_args_is_help=True, help="What arrived and was refused.")
app.add_typer(jobs_app, name="jobs")
app.add_typer(rep_commands.app, name="reps")
app.add_typer(sources_app, name="sources")
app.add_typer(lead_commands.app, name="leads")
app.add_typer(model_commands.app, name="model")
app.add_typer(rescore_commands.app, name="rescore")
app.add_typer(route_commands.app, name="route")
app.add_typer(arrivals_app, name="arrivals")
app.add_typer(sla_commands.app, name="sla")
app.add_typer(sync_commands.app, name="sync")
app.add_typer(qualification_commands.app, name="qualification")
app.add_typer(notice_commands.app, name="notices")
app.add_typer(proposal_commands.app, name="proposals")
app.add_typer(enrichment_commands.app, name="enrichment")
app.add_typer(attribution_commands.app, name="attribution")
app.add_typer(campaign_commands.app, name="campaigns")
app.add_typer(campaign_commands.rates_app, name="rates")
app.add_typer(nurture_commands.nurture_app, name="nurture")
app.add_typer(nurture_commands.content_app, name="content")
app.add_typer(feedback_commands.app, name="feedback")
app.command("import")(importing.import_file)
app.command()(backtesting.backtest)
app.command()(setup_commands.setup)
app.command()(proposal_commands.learn)
app.command()(fairness_commands.fairness)
app.command()(doctor.doctor)

# Names and reasons come from outside: none of it is markup.
out = Console(markup=False, emoji=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

BIGGEST_ID = 2**63 - 1
SourceName = Annotated[str, typer.Argument(help="Small letters, digits, dots, dashes and underscores.")]


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, and give it the default scoring model if it has none."""
    migrating.upgrade()
    with transaction() as session:
        modelling.ensure_model(session, default_model_toml(), utcnow())
    out.print("The database is up to date.")


def _start_as(process: str) -> None:
    """What no waiting mends is said now, before the process begins; a Postgres that is away is waited for."""
    log.configure(process)
    with suppress(OperationalError):
        db.engine()


@app.command()
def web() -> None:
    """The HTTP door."""
    _start_as("web")
    uvicorn.run(
        make_web(heart=True),
        host=settings().host,
        port=settings().port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


@app.command("worker")
def worker_command() -> None:
    """Does the jobs."""
    _start_as("worker")
    worker.run()


@app.command("clock")
def clock_command() -> None:
    """Watches the SLA clocks."""
    _start_as("clock")
    clock.run()


@jobs_app.command("list")
def jobs_list(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that gave up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """What is to be done, what waits, and what gave up."""
    with reading() as session:
        counts = ledger.counts(session)
        rows = session.scalars(
            select(JobRow)
            .where(JobRow.dead_at.is_not(None) if dead else JobRow.id > 0)
            .order_by(JobRow.dead_at, JobRow.run_at)
            .limit(limit)
        ).all()
    table = Table("id", "job", "about", "state", "failures", "problem")
    for row in rows:
        state = "dead" if row.dead_at else "running" if row.leased_until else "waiting"
        about = " ".join(f"{name}={value}" for name, value in row.args.items())
        table.add_row(str(row.id), row.name, about, state, str(row.failures), row.problem or "")
    out.print(table)
    out.print(f"{counts.waiting} waiting, {counts.running} running, {counts.dead} dead.")


@jobs_app.command("retry")
def jobs_retry(
    job_id: Annotated[
        int | None, typer.Argument(help="One job; without it, every dead one.", min=1, max=BIGGEST_ID)
    ] = None,
) -> None:
    """Run dead jobs again, from a clean slate."""
    with transaction() as session:
        revived = ledger.revive(session, job_id)
    out.print(f"{how_many(revived, 'dead job')} will run again.")
    if job_id is not None and not revived:
        raise typer.Exit(1)


@sources_app.command("add")
def sources_add(name: SourceName) -> None:
    """Make a source that may post to /capture/NAME, and print its key. The key is shown this once: only its hash is kept."""
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,59}", name) is None:
        raise typer.BadParameter(
            "a source's name is part of an address: small letters, digits, dots, dashes, underscores."
        )
    key = f"hk_{secrets.token_urlsafe(32)}"
    with transaction() as session:
        capturing.add_source(session, name, sha256(key.encode()).hexdigest())
    out.print(key, soft_wrap=True, highlight=False)


@sources_app.command("list")
def sources_list() -> None:
    """The sources there are."""
    with reading() as session:
        for name in session.scalars(select(CaptureSource.name).order_by(CaptureSource.name)):
            out.print(name)


@arrivals_app.command("refused")
def arrivals_refused(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50) -> None:
    """What was refused, and why."""
    with reading() as session:
        rows = session.execute(
            select(Arrival, CaptureSource.name)
            .join(CaptureSource, CaptureSource.id == Arrival.source_id)
            .where(Arrival.state == ArrivalState.REFUSED)
            .order_by(Arrival.received_at.desc())
            .limit(limit)
        ).all()
    table = Table("id", "source", "received", "why")
    for arrival, source in rows:
        table.add_row(str(arrival.id), source, f"{arrival.received_at:%Y-%m-%d %H:%M:%S}", arrival.refusal or "")
    out.print(table)


@arrivals_app.command("replay")
def arrivals_replay(arrival_id: Annotated[int, typer.Argument(min=1, max=BIGGEST_ID)]) -> None:
    """Try a refused arrival again, as it came."""
    answer = capture.replay(arrival_id)
    out.print(f"Lead {answer}." if answer else "It is refused again, or not among those of `handoff arrivals refused`.")
    if answer is None:
        raise typer.Exit(1)


def main() -> None:
    """The entry point. What a person can mend is said in a sentence; the exit status is 1 then."""
    registry.gate_by(SharedGate())
    try:
        app()
    except (db.UnsuitableDatabase, embedded_postgres.CannotStart, staff_file.BadStaffFile) as wrong:
        _end(str(wrong))
    except Refusal as refusal:
        _end(refusal.sentence({}))
    except (ArgumentError, DBAPIError) as trouble:
        _end(db.trouble(trouble))
    except ValidationError as wrong:
        _end("\n".join(f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}." for one in wrong.errors()))


def _end(why: str) -> None:
    err.print(why)
    raise SystemExit(1)
