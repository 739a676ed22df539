"""What is well with the installation and what is not: from what was seen to a sentence, and what to do about it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.rules.counting import how_many


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `name` never changes; `found` and `advice` are sentences for whoever runs the installation."""

    name: str
    state: State
    found: str
    advice: str | None = None


SILENT = timedelta(seconds=60)
"""A process that said nothing for so long is not there."""
WAITS_LONG = timedelta(minutes=2)
WAITS_TOO_LONG = timedelta(minutes=15)
"""How old the oldest job may be that is due. What has no haste, such as an import, does not count."""
CLOCK_DIFFERS = timedelta(seconds=30)
CLOCK_WRONG = timedelta(minutes=5)
"""Slack's signatures are believed for five minutes: a clock that is further off lets nobody in."""

WHAT_IT_DOES = {
    "web": "captures and Slack's clicks",
    "worker": "every job: cards, the CRM, enrichment",
    "clock": "reminders, escalations and missed SLAs",
}


def ok(name: str, found: str) -> Finding:
    return Finding(name, State.OK, found)


def warning(name: str, found: str, advice: str) -> Finding:
    return Finding(name, State.WARNING, found, advice)


def failed(name: str, found: str, advice: str) -> Finding:
    return Finding(name, State.FAILED, found, advice)


def of_process(kind: str, beats: Sequence[datetime], now: datetime) -> Finding:
    """`beats`: when each process of the kind last said that it lives."""
    alive = sum(now - beat <= SILENT for beat in beats)
    if alive:
        return ok(kind, f"{how_many(alive, f'{kind} process runs', f'{kind} processes run')}.")
    last = f"was last seen {for_people(now - max(beats))} ago" if beats else "was never seen"
    return failed(kind, f"The {kind} {last}: {WHAT_IT_DOES[kind]} stand still.", f"Start it: `handoff {kind}`.")


def of_dead_jobs(count: int, example: str | None) -> Finding:
    """`example`: the newest of them, and why it gave up."""
    if not count:
        return ok("dead_jobs", "No job has given up.")
    jobs = how_many(count, "job has", "jobs have")
    advice = "`handoff jobs list --dead` says why. Mend the cause, then `handoff jobs retry`."
    return failed("dead_jobs", f"{jobs} given up. The newest: {example}", advice)


def of_waiting_jobs(oldest: datetime | None, now: datetime) -> Finding:
    """`oldest`: since when the job is due that waits longest."""
    waits = now - oldest if oldest is not None else timedelta(0)
    if waits < WAITS_LONG:
        return ok("waiting_jobs", "No job waits long.")
    found = f"A job has been due for {for_people(waits)}."
    advice = "Start another `handoff worker`, or look into the worker's log."
    return (failed if waits >= WAITS_TOO_LONG else warning)("waiting_jobs", found, advice)


def of_model(active: str | None) -> Finding:
    if active is None:
        return failed(
            "model", "No scoring model is in force: no lead is scored.", "`handoff migrate` puts one in force."
        )
    return ok("model", f"{active} scores the leads.")


def of_clocks(differs: timedelta, whose: str, name: str) -> Finding:
    """`differs`: how far a clock of ours is from Slack's."""
    far = abs(differs)
    if far < CLOCK_DIFFERS:
        return ok(name, f"The clock of {whose} agrees with Slack's.")
    found = f"The clock of {whose} is {for_people(far)} {'ahead of' if differs > timedelta(0) else 'behind'} Slack's."
    return (failed if far >= CLOCK_WRONG else warning)(name, found, "Have it set by NTP.")


def of_workspace(ours: str, theirs: str, called: str) -> Finding:
    if ours == theirs:
        return ok("slack_workspace", f"The bot is in {called} ({theirs}).")
    found = f"SLACK_TEAM_ID is {ours}, but the bot token is of {called} ({theirs}): every click would be refused."
    return failed("slack_workspace", found, f"Set SLACK_TEAM_ID={theirs}, or take the token of the other workspace.")


def of_scopes(needed: Collection[str], granted: Collection[str]) -> Finding:
    missing = sorted(set(needed) - set(granted))
    if not missing:
        return ok("slack_scopes", "The bot has every scope it needs.")
    advice = "api.slack.com/apps, your app, OAuth & Permissions, Bot Token Scopes: add them, then reinstall the app."
    return failed("slack_scopes", f"The bot lacks {listed(missing)}.", advice)


def of_signing_secret(secret: str) -> Finding:
    """Slack's are 32 hexadecimal digits. Whether it is the right one, only a click of Slack's can tell."""
    if re.fullmatch(r"[0-9a-f]{32}", secret):
        return ok("slack_signing_secret", "The signing secret looks like one.")
    found = "SLACK_SIGNING_SECRET is not what Slack gives out (32 digits 0-9, a-f): every click would be refused."
    return warning("slack_signing_secret", found, "Copy it from Basic Information, App Credentials, Signing Secret.")


def of_channel(pool: str, channel: str, *, problem: str | None) -> Finding:
    """`problem`: archived, not_in_channel, or Slack's own word."""
    name = f"slack_channel.{pool}"
    if problem is None:
        return ok(name, f"The bot is in the channel of the pool {pool}.")
    found, advice = {
        "archived": ("is archived: its leads are told to nobody", "Unarchive it, or name another in reps.toml."),
        "not_in_channel": ("is one that the bot is not in", "Type `/invite @Handoff` there."),
        "channel_not_found": (
            "is not one that the bot can see",
            "Copy its id from the channel's details into reps.toml; to a private channel invite the bot first.",
        ),
    }.get(problem, (f"cannot be looked at: Slack answers {problem}", "See the other checks of Slack."))
    return failed(name, f"{channel}, the channel of the pool {pool}, {found}.", advice)


def of_people(name: str, where: str, strangers: Sequence[str], advice: str) -> Finding:
    """`strangers`: the e-mails of active reps that a system does not know."""
    if not strangers:
        return ok(name, f"Every active rep is known in {where}.")
    more = len(strangers) - NAMED
    shown = ", ".join(strangers[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return (failed if name == "slack_people" else warning)(name, f"Not found in {where}: {shown}.", advice)


NAMED = 5
"""How many people one sentence names."""


def of_settings(token: str, team: str, *, signed: bool, by_socket: bool) -> Finding:
    """Whether Slack's settings are whole."""
    missing = [name for name, given in (("SLACK_BOT_TOKEN", token), ("SLACK_TEAM_ID", team)) if not given]
    if not signed and not by_socket:
        missing.append("SLACK_APP_TOKEN or SLACK_SIGNING_SECRET")
    if missing:
        return failed(
            "slack_settings", f"Not set: {listed(missing)}.", "docs/slack-setup.md says where they are found."
        )
    doors = [door for door, open_ in (("HTTP", signed), ("Socket Mode", by_socket)) if open_]
    return ok("slack_settings", f"Slack reaches us over {listed(doors)}.")


def listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def for_people(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return f"{seconds} seconds"


def of_provider(provider: str, rests_until: datetime | None, why: str) -> Finding:
    """Whether one who is paid for answers is asked at all. It is not asked for this check: that might cost something."""
    name = f"vendor.{provider}"
    if rests_until is None:
        return ok(name, f"{provider} is set up; asking it might cost something.")
    found = f"{provider} is not asked before {rests_until:%H:%M} UTC: {why}. Leads go on without it."
    return warning(name, found, "If credits are used up, ask whoever has the contract; it is tried again every hour.")
