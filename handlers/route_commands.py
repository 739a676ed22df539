"""`handoff route`: why a lead went to whom, and who would have got what under another `reps.toml`. Nothing is changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot.blocks import plain
from domain import finding
from domain.routing_load import Load, loads, moved
from domain.routing_past import past
from domain.routing_replay import Given, Plan, replay
from domain.rules.routing import SKIPPED, Rule
from domain.succession import present_handoff
from domain.tables import Lead, Pool, Role
from domain.verbs.choosing import choose
from domain.verbs.offering import SELLER
from handlers import staff_file
from handlers.jobs import reading
from handlers.route_plan import plan_of
from kit.clock import utcnow

app = typer.Typer(help="Who gets a lead and why, and what another file would do.")
# Names and reasons come from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)

EMAIL = "The lead's e-mail address."


@app.callback(invoke_without_command=True)
def route(
    context: typer.Context, email: Annotated[str | None, typer.Option("--explain", help=EMAIL, metavar="EMAIL")] = None
) -> None:
    """Why a lead went to whom, and what another file would do. Nothing is changed."""
    if email is not None:
        explain(email)
    elif context.invoked_subcommand is None:
        out.print(context.get_help())


@app.command("explain")
def explain(email: Annotated[str, typer.Argument(help=EMAIL)]) -> None:
    """The decision as it was made, and as it would be now: every candidate, and who was passed over why."""
    with reading() as session:
        lead = finding.lead_by_email(session, email)
        handoff = present_handoff(session, lead.id)
        role = SELLER.get(lead.tier, Role.SDR) if lead.tier else Role.SDR
        out.print(f"{_who(lead)}, lead {lead.id}, {lead.stage.value.replace('_', ' ')}")
        if handoff is not None and handoff.trace:
            offered = f"{handoff.offered_at:%Y-%m-%d %H:%M} UTC" if handoff.offered_at else "not offered yet"
            _decision(session, f"As it was decided: handoff {handoff.id}, {offered}", handoff.trace)
        trace = choose(session, lead, role, utcnow(), lock=False).trace
        _decision(session, f"As it would be decided now, for {role.value.upper()}s", trace)


def _who(lead: Lead) -> str:
    tier = f", {lead.tier.label()} {lead.score}" if lead.tier else ", not scored yet"
    return plain(finding.name_of(lead)) + tier


def _decision(session: Session, title: str, trace: Mapping[str, Any]) -> None:
    out.print(f"\n{title}")
    if trace.get("no_pool"):
        out.print("  No territory fits: it waits for a pool.")
        return
    owners: Sequence[Mapping[str, Any]] = trace.get("owners", ())
    skipped: Mapping[str, str] = trace.get("skipped", {})
    candidates: Sequence[Mapping[str, Any]] = trace.get("candidates", ())
    asked: Sequence[int] = trace.get("asked", ())
    named = {*asked, *map(int, skipped), *(one["rep"] for one in owners), *(one["rep"] for one in candidates)}
    names = {rep_id: plain(name) for rep_id, name in finding.names_of(session, named).items()}
    # A trace of an earlier release names no rule: the rotation was all there was.
    rule = trace.get("rule") or (Rule.ROTATION if asked else None)
    decided = Rule(rule).words if rule else "nobody can be asked, so it waits"
    out.print(f"  {names[asked[0]]} {decided}" if asked else f"  {decided}")
    out.print(f"  {_way(session, trace)}")
    for one in owners:
        out.print(f"  Not {names[one['rep']]}, who {Rule(one['rule']).words}: {SKIPPED.get(one['why'], one['why'])}")
    if candidates:
        out.print(_rotation(candidates, names, asked))
    for rep_id, why in skipped.items():
        out.print(f"  Passed over: {names[int(rep_id)]} {SKIPPED.get(why, why)} ({why})")


def _way(session: Session, trace: Mapping[str, Any]) -> str:
    """Which pool, by which rule of which version of the file."""
    pool, home = (session.get(Pool, trace[key]) if trace.get(key) else None for key in ("pool", "home"))
    parts = [f"pool {plain(pool.name)}" if pool else "no pool"]
    if home is not None and home is not pool:
        parts.append(f"instead of {plain(home.name)}")
    if trace.get("territory"):
        name = f" ({plain(trace['territory_name'])})" if trace.get("territory_name") else ""
        parts.append(f"rule {trace['territory']} of the territories{name}")
    if trace.get("routing_file"):
        parts.append(f"version {trace['routing_file']} of the file")
    return ", ".join(parts)


def _rotation(candidates: Sequence[Mapping[str, Any]], names: Mapping[int, str], asked: Sequence[int]) -> Table:
    table = Table("turn", "candidate", "weight", "due", "virtual time", "after a turn")
    turns = {rep_id: turn for turn, rep_id in enumerate(asked, start=1)}
    for one in sorted(candidates, key=lambda one: turns.get(one["rep"], len(candidates) + 1)):
        table.add_row(
            str(turns.get(one["rep"], "")),
            names[one["rep"]],
            str(one["weight"]),
            f"{one['share']:.0%}",
            f"{one['time']:.3f}",
            f"{one['finish']:.3f}",
        )
    return table


@app.command("replay")
def replay_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A reps.toml; it is only read.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back.")] = 30,
    show: Annotated[int, typer.Option(min=0, max=10_000, help="How many of the leads that move are listed.")] = 20,
) -> None:
    """Give the leads of the last days anew by FILE: who would have got what, the load of each rep, what would be late."""
    entries, until = staff_file.read(file), utcnow()
    since = until - timedelta(days=days)
    with reading() as session:
        known = past(session, since, until)
        plan = plan_of(session, entries, known.away)
        names = finding.names_of(session, {one.rep_id for one in known.attempts if one.rep_id is not None})
    given = replay(plan, known.attempts, since)
    out.print(f"{len(given)} assignments of the last {days} days, given anew by {file}")
    _show_loads(loads(plan, given, since, until))
    _show_sums(plan, given, names)
    _show_moves(plan, list(moved(given)), names, show)


def _show_loads(found: Sequence[Load]) -> None:
    table = Table("rep", "then", "now", "change", "work days", "an hour", "fullest day", "due out of hours")
    for load in found:
        if load.then or load.now:
            table.add_row(
                plain(load.name),
                str(load.then),
                str(load.now),
                f"{load.now - load.then:+d}",
                str(load.days),
                "never works" if load.an_hour is None else f"{load.an_hour:.2f}",
                f"{load.most} on {load.most_on}" if load.most_on else "",
                str(load.out_of_hours),
            )
    out.print(table)


def _show_sums(plan: Plan, given: Sequence[Given], names: Mapping[int, str]) -> None:
    waited = [one for one in given if one.waited]
    never = sum(one.rep_id is None for one in given)
    out.print(f"{sum(1 for _ in moved(given))} of {len(given)} go to somebody else.")
    out.print(f"{len(waited)} would have waited until somebody could be asked, {never} of them until now.")
    gone = {one.attempt.rep_id for one in given if one.attempt.rep_id is not None} - set(plan.sellers)
    for rep_id in sorted(gone):
        theirs = sum(one.attempt.rep_id == rep_id for one in given)
        out.print(f"{plain(names[rep_id])} is not in the file, and got {theirs} of these.")


def _show_moves(plan: Plan, moves: Sequence[Given], names: Mapping[int, str], most: int) -> None:
    if not moves or not most:
        return
    table = Table("came", "lead", "went to", "would go to", "pool")
    for one in moves[:most]:
        then, now = one.attempt.rep_id, one.rep_id
        table.add_row(
            _minute(one.attempt.at),
            plain(one.attempt.email),
            plain(names[then]) if then is not None else "nobody yet",
            plain(plan.sellers[now].name) if now is not None else "nobody yet",
            "" if one.pool is None else plain(plan.pools[one.pool].name),
        )
    out.print(table)
    if len(moves) > most:
        out.print(f"and {len(moves) - most} more; --show {len(moves)} lists them all.")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
