"""`reps.toml`: who sells, in which pools, and which leads go where. Read whole and checked before anything is written."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from domain.tables import Role
from domain.verbs import staffing
from kit.clock import utcnow


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RepEntry(Strict):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    role: Role
    crm_user_id: str | None = None


class PoolEntry(Strict):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Literal[Role.SDR, Role.AE]
    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")] | None = None
    """The Slack channel's id. SDR pools need one; AEs get direct messages."""
    manager: str | None = None
    members: Annotated[dict[str, Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]
    """E-mail -> weight."""


class TerritoryEntry(Strict):
    pool: str
    when: dict[str, list[str]] = {}


class StaffFile(Strict):
    reps: Annotated[list[RepEntry], Field(min_length=1)]
    pools: Annotated[list[PoolEntry], Field(min_length=1)]
    territories: list[TerritoryEntry] = []


class BadStaffFile(Exception):
    """The text names the file, the key and the reason."""


def read(path: Path) -> StaffFile:
    """Read and check the file; raises BadStaffFile."""
    try:
        entries = StaffFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as unreadable:
        raise BadStaffFile(f"{path}: {unreadable}") from None
    except ValidationError as wrong:
        lines = [f"{path}: {_path(error['loc'])}: {error['msg']}" for error in wrong.errors()]
        raise BadStaffFile("\n".join(lines)) from None
    _check_names(path, entries)
    return entries


def _check_names(path: Path, entries: StaffFile) -> None:
    emails = {rep.email.casefold(): rep for rep in entries.reps}
    pools = {pool.name for pool in entries.pools}
    for index, pool in enumerate(entries.pools):
        where = f"{path}: pools[{index}]"
        if pool.role is Role.SDR and pool.channel is None:
            raise BadStaffFile(f"{where}.channel: a pool of SDRs needs the id of its Slack channel")
        for email in [*pool.members, *([pool.manager] if pool.manager else [])]:
            if email.casefold() not in emails:
                raise BadStaffFile(f"{where}: {email} is not among the reps of this file")
    for index, territory in enumerate(entries.territories):
        if territory.pool not in pools:
            raise BadStaffFile(f"{path}: territories[{index}].pool: there is no pool named {territory.pool}")


def _path(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "the file"


def save(session: Session, entries: StaffFile) -> tuple[int, int]:
    """Make the record say what the file says; returns how many reps and pools it has. A second time changes nothing."""
    now = utcnow()
    reps = {
        entry.email.casefold(): staffing.save_rep(
            session, now, name=entry.name, email=entry.email, role=entry.role, crm_user_id=entry.crm_user_id
        )
        for entry in entries.reps
    }
    pools = {}
    for entry in entries.pools:
        manager = reps[entry.manager.casefold()] if entry.manager else None
        pool = staffing.save_pool(
            session, name=entry.name, role=entry.role, slack_channel=entry.channel, manager=manager
        )
        staffing.set_members(
            session, pool, {reps[email.casefold()].id: weight for email, weight in entry.members.items()}
        )
        pools[entry.name] = pool
    for role in (Role.SDR, Role.AE):
        rules: list[tuple[Mapping[str, list[str]], int]] = [
            (territory.when, pools[territory.pool].id)
            for territory in entries.territories
            if pools[territory.pool].role is role
        ]
        fallback = next((pool for pool in pools.values() if pool.role is role), None)
        if fallback is not None:
            # Who fits no territory goes to the first pool of the role, not nowhere.
            rules.append(({}, fallback.id))
        staffing.set_territories(session, role, rules)
    staffing.retire_others(session, [rep.id for rep in reps.values()], now)
    return len(reps), len(pools)
