"""`handoff sync ...`: how the exchange with each outside system stands; a sweep now; what was refused or lost once more."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.counting import how_many
from domain.tables import Cursor, SyncFinding, SyncRun, SystemLink, VendorAccount
from domain.verbs import syncing, telling
from handlers.draining import drain_again
from handlers.jobs import reading, send, transaction
from handlers.sending import Job
from handlers.sync_turns import sweep_of
from integrations import registry
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="The exchange with the CRM and marketing automation.")

# What vendors say is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

SystemName = Annotated[str, typer.Argument(metavar="SYSTEM", help="salesforce, hubspot ...")]
SHOWN = 20


@app.command()
def status() -> None:
    """What waits to be told, what was refused, whether the systems answer, and what the last sweeps found."""
    with reading() as session:
        out.print(_links(session))
        out.print(_accounts(session))
        out.print(_cursors(session))
        out.print(_sweeps(session))
        findings = select(SyncFinding).where(SyncFinding.settled_at.is_(None)).order_by(SyncFinding.id).limit(SHOWN)
        for row in session.scalars(findings):
            about = f"lead {row.lead_id}" if row.lead_id is not None else f"their {row.external_id}"
            out.print(f"{row.system}, {about}: {row.kind}, {_what(row)}", soft_wrap=True)


def _links(session: Session) -> Table:
    table = Table("link", "leads", "to be told", "since", "refused")
    rows = session.execute(
        select(
            SystemLink.system,
            func.count(),
            func.count(SystemLink.dirty_since),
            func.min(SystemLink.dirty_since),
            func.count(SystemLink.problem),
        )
        .group_by(SystemLink.system)
        .order_by(SystemLink.system)
    )
    for system, leads, dirty, since, refused in rows:
        table.add_row(system, str(leads), str(dirty), f"{since:%Y-%m-%d %H:%M}" if since else "", str(refused))
    return table


def _accounts(session: Session) -> Table:
    table = Table("account", "answers", "its quota")
    for row in session.scalars(select(VendorAccount).order_by(VendorAccount.account)):
        closed = row.open_until is not None and row.open_until > utcnow()
        answers = f"not before {row.open_until:%H:%M:%S}: {row.problem}" if closed else "yes"
        table.add_row(row.account, answers, f"{row.quota_used:,} of {row.quota_of:,}" if row.quota_of else "")
    return table


def _cursors(session: Session) -> Table:
    table = Table("system", "read", "last", "problem")
    for row in session.scalars(select(Cursor).order_by(Cursor.system, Cursor.what)):
        table.add_row(row.system, row.what, f"{row.read_at:%Y-%m-%d %H:%M}" if row.read_at else "", row.problem or "")
    return table


def _sweeps(session: Session) -> Table:
    table = Table("swept", "began", "compared", "differed", "put right", "ended")
    newest = select(func.max(SyncRun.id)).group_by(SyncRun.system)
    for run in session.scalars(select(SyncRun).where(SyncRun.id.in_(newest)).order_by(SyncRun.system)):
        counts = syncing.counts_of(session, run.id)
        differed = ", ".join(f"{number} {kind}" for kind, number in _by_kind(counts)) or "0"
        put_right = sum(number for (_, repaired), number in counts.items() if repaired)
        ended = run.problem or (f"{run.ended_at:%H:%M}" if run.ended_at else "is under way")
        table.add_row(run.system, f"{run.began_at:%Y-%m-%d %H:%M}", str(run.compared), differed, str(put_right), ended)
    return table


def _by_kind(counts: dict[tuple[str, bool], int]) -> Iterator[tuple[str, int]]:
    for kind in sorted({kind for kind, _ in counts}):
        yield kind, sum(number for (one, _), number in counts.items() if one == kind)


def _what(row: SyncFinding) -> str:
    if row.detail.get("gone"):
        return "the record is gone there"
    return f"differs in {', '.join(row.detail.get('fields', ())) or 'nothing that we read'}"


@app.command()
def sweep(system: SystemName) -> None:
    """Compare our record with SYSTEM's now. What is under way already goes on."""
    _known(system)
    with transaction() as session:
        run = syncing.begin_sweep(session, system, utcnow())
        send(session, sweep_of(system))
    out.print(f"Sweep {run.id} of {system} is under way: `handoff sync status` says what it finds.", soft_wrap=True)


@app.command()
def replay(
    system: SystemName,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All leads, not only those that need it.")] = False,
) -> None:
    """Tell SYSTEM once more what it refused, what a sweep found to be lost, and with --all everything."""
    job, link, automation = _known(system)
    with transaction() as session:
        now = utcnow()
        found = syncing.settle_findings(session, system, now)
        refused = select(SystemLink.lead_id).where(SystemLink.system == link, SystemLink.problem.is_not(None))
        needed = sorted({*found, *session.scalars(refused)})
        count = telling.tell_again(session, link, now, None if everything else needed)
        send(session, drain_again(job, automation))
    out.print(f"{system} is told of {how_many(count, 'lead')} once more.")


def _known(system: str) -> tuple[Job, str, str]:
    """The job that tells this system, the name of its links, and its own name if it is not the only one of its kind."""
    crms, automations = registry.names()
    if system in crms:
        return Job.TELL_CRM, telling.CRM, ""
    if system not in automations:
        err.print(registry.not_plugged_in(system))
        raise typer.Exit(1)
    own = system == automations[0]
    link = telling.system_of(telling.MARKETING, None if own else system)
    return Job.TELL_MARKETING, link, system if len(automations) > 1 else ""
