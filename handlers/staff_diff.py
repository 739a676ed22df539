"""What one version of `reps.toml` changes against another, in lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.rules.working_hours import week_words
from handlers.staff_file import PoolEntry, RepEntry, StaffFile


def differences(before: StaffFile | None, after: StaffFile) -> Iterator[str]:
    """`+ joins`, `- leaves`, `~ changes`, one line for each rep and pool."""
    yield from _compared("rep", _reps(before), _reps(after))
    yield from _compared("pool", _pools(before), _pools(after))
    if before is not None and before.territories != after.territories:
        yield f"~ territories: {len(before.territories)} -> {len(after.territories)}, read from the top"


def _reps(entries: StaffFile | None) -> dict[str, dict[str, Any]]:
    return {rep.key: _rep(entries, rep) for rep in entries.reps} if entries else {}


def _rep(entries: StaffFile, rep: RepEntry) -> dict[str, Any]:
    settings = entries.settings(rep)
    return {
        "name": rep.name,
        "role": rep.role.value,
        "CRM id": rep.crm_user_id,
        "admin": rep.admin,
        "time zone": settings.time_zone,
        "hours": "always" if settings.hours is None else week_words(settings.hours),
        "holidays": settings.holidays,
        "most open": settings.most_open,
        "most a day": settings.most_a_day,
    }


def _pools(entries: StaffFile | None) -> dict[str, dict[str, Any]]:
    return {pool.name: _pool(pool) for pool in entries.pools} if entries else {}


def _pool(pool: PoolEntry) -> dict[str, Any]:
    members = ", ".join(f"{email.casefold()} = {weight}" for email, weight in sorted(pool.members.items()))
    return {
        "role": pool.role.value,
        "channel": pool.channel,
        "manager": pool.manager,
        "members": members,
        "overflow": pool.overflow,
    }


def _compared(what: str, old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    yield from (f"+ {what} {name}" for name in new if name not in old)
    yield from (f"- {what} {name}" for name in old if name not in new)
    for name in new:
        earlier = old.get(name, new[name])
        for key, value in new[name].items():
            if earlier[key] != value:
                yield f"~ {what} {name}: {key}: {_shown(earlier[key])} -> {_shown(value)}"


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
