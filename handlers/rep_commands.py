"""`handoff reps ...`: who sells, when they work, who is away."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import select

from domain.availability import away_now, hours_of
from domain.health import owners
from domain.rules.working_hours import week_words
from domain.tables import Absence, Rep, Role, RoutingFile
from domain.verbs import absences, staffing
from handlers import staff_file
from handlers.jobs import reading, transaction
from handlers.staff_diff import differences
from integrations import registry
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="Who sells.")

# Names come from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

BIGGEST_ID = 2**63 - 1


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Make reps, pools and territories what FILE says, and say what that changes."""
    entries = staff_file.read(file)
    with transaction() as session:
        saved = staff_file.save(session, entries)
    for line in differences(saved.before, entries):
        out.print(line, soft_wrap=True)
    version = f"Version {saved.version}: " if saved.version else "Nothing new in the file: "
    out.print(f"{version}{saved.reps} reps and {saved.pools} pools are in force.", soft_wrap=True)
    out.print("Their Slack identities are looked up by e-mail.")
    for role, tier in ((Role.SDR, "MQLs"), (Role.AE, "HQLs")):
        if all(pool.role is not role for pool in entries.pools):
            out.print(
                f"There is no pool of {role.upper()}s: {tier} will wait until there is one.",
                style="yellow",
                soft_wrap=True,
            )


@app.command()
def versions() -> None:
    """The versions of the file that were imported, newest first. The newest is in force."""
    with reading() as session:
        rows = session.execute(
            select(RoutingFile.id, RoutingFile.imported_at).order_by(RoutingFile.id.desc()).limit(100)
        ).all()
    table = Table("version", "imported", "in force")
    for index, (version, at) in enumerate(rows):
        table.add_row(str(version), f"{at:%Y-%m-%d %H:%M} UTC", "yes" if index == 0 else "")
    out.print(table)


@app.command()
def export(version: Annotated[int, typer.Argument(min=1, max=BIGGEST_ID)]) -> None:
    """Print the file as it was imported as this version."""
    with reading() as session:
        row = session.get(RoutingFile, version)
    if row is None:
        err.print(f"There is no version {version}. `handoff reps versions` lists them.")
        raise typer.Exit(1)
    typer.echo(row.text, nl=False)


@app.command("list")
def list_() -> None:
    """Who there is, when they work, who is away, and who could not be found in Slack or in the CRM."""
    now = utcnow()
    with reading() as session:
        reps = session.scalars(select(Rep).order_by(Rep.name)).all()
        away = away_now(session, [rep.id for rep in reps], now)
    table = Table(Column("name", no_wrap=True), "e-mail", "role", "Slack", "available", "time zone", "hours")
    for rep in reps:
        week = hours_of(rep)
        hours = "always" if week is None else week_words(week)
        holidays = f" (holidays {rep.holidays})" if rep.holidays else ""
        found = rep.slack_user_id or "not found yet"
        table.add_row(
            rep.name, rep.email, rep.role, found, _state(rep, away.get(rep.id)), rep.time_zone, hours + holidays
        )
    out.print(table)
    active = [rep for rep in reps if rep.active]
    _print_unmapped("Slack", [rep.email for rep in active if rep.slack_user_id is None])
    if registry.names()[0]:
        _print_unmapped("the CRM", [rep.email for rep in owners(active) if rep.crm_user_id is None])


def _state(rep: Rep, absence: Absence | None) -> str:
    if not rep.active:
        return "left"
    if absence is not None:
        return f"away until {absence.until.astimezone(ZoneInfo(rep.time_zone)):%Y-%m-%d %H:%M}"
    return "yes" if rep.available else "away"


def _print_unmapped(where: str, emails: list[str]) -> None:
    if emails:
        out.print(f"Not found in {where}: {', '.join(emails)}.", soft_wrap=True)


@app.command()
def away(
    email: str,
    until: Annotated[
        str | None, typer.Option(help="The last day (2026-08-14), or a moment (2026-08-14T12:00), in the rep's time.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="The first day or moment. Without it: now.")] = None,
    cover: Annotated[str | None, typer.Option(help="E-mail of who may decide on what is theirs.")] = None,
) -> None:
    """Stop offering leads to this rep: until a day, or without one until `handoff reps back`."""
    now = utcnow()
    if until is None and (since is not None or cover is not None):
        raise typer.BadParameter("an absence with a beginning or a cover needs an end: --until 2026-08-14")
    with transaction() as session:
        if until is None:
            rep = staffing.step_away(session, email, now)
        else:
            rep = staffing.rep_by_email(session, email)
            begin = _moment(since, rep, last=False) if since is not None else now
            covering = staffing.rep_by_email(session, cover) if cover is not None else None
            absences.set_absence(session, rep, begin, _moment(until, rep, last=True), covering, None, now)
    when = "".join(f" {word} {moment}" for word, moment in (("from", since), ("until", until)) if moment)
    out.print(f"{rep.name} is away{when}.", soft_wrap=True)


def _moment(text: str, rep: Rep, *, last: bool) -> datetime:
    """A day or a moment of the rep's own time; the last day is over at its end."""
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(rep.time_zone))
        return (at + timedelta(days=1 if last and _is_day(text) else 0)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text} is neither a day (2026-08-14) nor a moment (2026-08-14T12:00)") from None


def _is_day(text: str) -> bool:
    """Without a time of day, in any of the ways that ISO 8601 writes a day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@app.command()
def back(email: str) -> None:
    """Offer leads to this rep again, whatever kept them away; what waited for somebody is offered now."""
    with transaction() as session:
        rep = staffing.rep_by_email(session, email)
        absences.back(session, rep, utcnow())
    out.print(f"{rep.name} is back.")
