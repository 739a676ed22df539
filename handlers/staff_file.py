"""`reps.toml`: who sells, when they work, in which pools, and which leads go where. Read whole and checked before anything
is written.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError
from sqlalchemy.orm import Session

from domain.rules.calendars import Block
from domain.rules.countries import codes, country_code
from domain.rules.facts import Attribute
from domain.rules.public_holidays import holidays_of
from domain.rules.working_hours import in_order, read_block, read_days, read_zone, week_of
from domain.tables import Pool, Rep, Role
from domain.verbs import staffing
from domain.verbs.staffing import Settings
from kit.clock import utcnow


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _unless(word: str) -> BeforeValidator:
    """`word` says that there is none, where a default would say otherwise."""
    return BeforeValidator(lambda given: None if given == word else given)


def _check_week(hours: "Hours") -> "Hours":
    if not hours:
        raise ValueError('name at least one day, or write hours = "always"')
    week_of(hours.items())
    return hours


def _days(given: object) -> tuple[int, ...]:
    return read_days(str(given))


def _holidays(code: str) -> str:
    return holidays_of(code).code


Blocks = Annotated[list[Annotated[Block, BeforeValidator(read_block)]], AfterValidator(in_order)]
Hours = dict[Annotated[tuple[int, ...], BeforeValidator(_days)], Blocks]
Limit = Annotated[int, Field(ge=1, le=10_000)]


class Working(Strict):
    """When somebody works, and how much they can take. What is left out is as [defaults] says."""

    time_zone: Annotated[str, AfterValidator(read_zone)] = "UTC"
    hours: Annotated[Annotated[Hours, AfterValidator(_check_week)] | None, _unless("always")] = None
    holidays: Annotated[Annotated[str, AfterValidator(_holidays)] | None, _unless("none")] = None
    most_open: Annotated[Limit | None, _unless("any")] = None
    most_a_day: Annotated[Limit | None, _unless("any")] = None

    def said(self) -> dict[str, Any]:
        """What the file says here, as the values that a rep has."""
        given = {name: getattr(self, name) for name in Working.model_fields if name in self.model_fields_set}
        if given.get("hours") is not None:
            given["hours"] = week_of(given["hours"].items())
        return given


class RepEntry(Working):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    role: Role
    crm_user_id: str | None = None
    admin: bool = False
    """Looks after the installation: sees in their Home what is wrong with it."""

    @property
    def key(self) -> str:
        return self.email.casefold()


class PoolEntry(Strict):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Literal[Role.SDR, Role.AE]
    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")] | None = None
    """The Slack channel's id. SDR pools need one. AEs get direct messages; their channel hears of what nobody has."""
    manager: str | None = None
    members: Annotated[dict[str, Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]
    """E-mail -> weight."""
    overflow: str | None = None
    """The pool that is asked when nobody of this one can be."""


class TerritoryEntry(Strict):
    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    pool: str
    when: dict[str, list[str]] = {}


class StaffFile(Strict):
    reps: Annotated[list[RepEntry], Field(min_length=1)]
    pools: Annotated[list[PoolEntry], Field(min_length=1)]
    territories: list[TerritoryEntry] = []
    defaults: Working = Working()
    _text: str | None = PrivateAttr(None)

    @property
    def text(self) -> str | None:
        """The file as it was written; None for one that was made by a program."""
        return self._text

    @classmethod
    def of(cls, text: str) -> "StaffFile":
        """Raises TOMLDecodeError, ValidationError, BadStaffFile."""
        entries = cls.model_validate(tomllib.loads(text))
        if complaints := list(_complaints(entries)):
            raise BadStaffFile("\n".join(complaints))
        return entries.written_as(text)

    def written_as(self, text: str) -> "StaffFile":
        self._text = text
        return self

    def settings(self, rep: RepEntry) -> Settings:
        """The rep's own, then the defaults."""
        return Settings(**(self.defaults.said() | rep.said()))


class BadStaffFile(Exception):
    """The text names the file, the key and the reason."""


def read(path: Path) -> StaffFile:
    """Read and check the file; raises BadStaffFile."""
    try:
        return StaffFile.of(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as unreadable:
        raise BadStaffFile(f"{path}: {unreadable}") from None
    except ValidationError as wrong:
        lines = [f"{path}: {_path(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in wrong.errors()]
        raise BadStaffFile("\n".join(lines)) from None
    except BadStaffFile as wrong:
        raise BadStaffFile("\n".join(f"{path}: {line}" for line in str(wrong).splitlines())) from None


def _complaints(entries: StaffFile) -> Iterator[str]:
    emails, pools = [rep.key for rep in entries.reps], {pool.name: pool for pool in entries.pools}
    yield from _twice("reps[{}].email", emails)
    yield from _twice("pools[{}].name", [pool.name for pool in entries.pools])
    for index, pool in enumerate(entries.pools):
        where = f"pools[{index}]"
        if pool.role is Role.SDR and pool.channel is None:
            yield f"{where}.channel: a pool of SDRs needs the id of its Slack channel"
        for email in [*pool.members, *([pool.manager] if pool.manager else [])]:
            if email.casefold() not in emails:
                yield f"{where}: {email} is not among the reps of this file"
        yield from _twice(f"{where}.members", [email.casefold() for email in pool.members])
        if pool.overflow is not None and (why := _bad_overflow(pool, pools)):
            yield f"{where}.overflow: {why}"
    for index, territory in enumerate(entries.territories):
        if territory.pool not in pools:
            yield f"territories[{index}].pool: there is no pool named {territory.pool}"
        yield from _never_fits(f"territories[{index}].when", territory.when)


def _twice(where: str, names: Sequence[str]) -> Iterator[str]:
    """`where` may hold {}, for the place of the second one."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"{where.format(index)}: {name} stands there twice"


def _never_fits(where: str, when: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What no lead ever has: its leads would go elsewhere without a word."""
    for attribute, values in when.items():
        if not values:
            yield f"{where}.{attribute}: name at least one value, or leave it out"
    for place, country in enumerate(when.get(Attribute.COUNTRY, ())):
        if country.upper() not in codes():
            code = country_code(country)
            hint = f"write it as {code}" if code else "write two letters, as in DE"
            yield f"{where}.{Attribute.COUNTRY}[{place}]: there is no country {country!r}; {hint}"


def _bad_overflow(pool: PoolEntry, pools: Mapping[str, PoolEntry]) -> str | None:
    seen, at = [pool.name], pool
    while at.overflow is not None:
        following = pools.get(at.overflow)
        if following is None:
            return f"there is no pool named {at.overflow}"
        if following.role is not pool.role:
            return f"{following.name} is a pool of {following.role.upper()}s, not of {pool.role.upper()}s"
        seen.append(following.name)
        if following.name in seen[:-1]:
            return f"it comes back to itself: {' -> '.join(seen)}"
        at = following
    return None


def _path(parts: tuple[int | str, ...]) -> str:
    named = [part for part in parts if part != "[key]"]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in named)
    return text.removeprefix(".") or "the file"


class Saved(NamedTuple):
    """How many reps and pools are in force, the file before it, and the number of its version if it is a new one."""

    reps: int
    pools: int
    before: StaffFile | None
    version: int | None


def save(session: Session, entries: StaffFile) -> Saved:
    """Make the record say what the file says. A second time changes nothing."""
    now = utcnow()
    before = _in_force(session)
    reps = _save_reps(session, entries, before)
    pools = _save_pools(session, entries, reps)
    for role in (Role.SDR, Role.AE):
        _save_territories(session, entries, role, pools)
    staffing.retire_others(session, [rep.id for rep in reps.values()], now)
    version, new = (None, False) if entries.text is None else staffing.keep_version(session, entries.text, now)
    return Saved(len(reps), len(pools), before, version.id if version is not None and new else None)


def _in_force(session: Session) -> StaffFile | None:
    """The file that was imported last. One of an older release that does not read any more says nothing."""
    version = staffing.newest_version(session)
    try:
        return StaffFile.of(version.text) if version is not None else None
    except (ValidationError, BadStaffFile):
        return None


def _save_reps(session: Session, entries: StaffFile, before: StaffFile | None) -> dict[str, Rep]:
    now = utcnow()
    known = {rep.key: asdict(before.settings(rep)) for rep in before.reps} if before is not None else {}
    reps = {}
    for entry in entries.reps:
        rep = staffing.save_rep(
            session,
            now,
            name=entry.name,
            email=entry.email,
            role=entry.role,
            crm_user_id=entry.crm_user_id,
            admin=entry.admin,
        )
        # What a rep has set for themselves holds until the file says something new about it.
        said, earlier = asdict(entries.settings(entry)), known.get(entry.key, {})
        news = {name: value for name, value in said.items() if name not in earlier or earlier[name] != value}
        staffing.set_settings(session, rep, Settings(**(asdict(staffing.settings_of(rep)) | news)), now)
        reps[entry.key] = rep
    return reps


def _save_pools(session: Session, entries: StaffFile, reps: Mapping[str, Rep]) -> dict[str, Pool]:
    pools = {}
    staffing.lock_pools(session)
    for entry in entries.pools:
        manager = reps[entry.manager.casefold()] if entry.manager else None
        pool = staffing.save_pool(
            session, name=entry.name, role=entry.role, slack_channel=entry.channel, manager=manager
        )
        weights = {reps[email.casefold()].id: weight for email, weight in entry.members.items()}
        staffing.set_members(session, pool, weights)
        pools[entry.name] = pool
    for entry in entries.pools:
        staffing.set_overflow(session, pools[entry.name], pools[entry.overflow] if entry.overflow else None)
    staffing.close_others(session, [pool.id for pool in pools.values()])
    return pools


def _save_territories(session: Session, entries: StaffFile, role: Role, pools: Mapping[str, Pool]) -> None:
    theirs = [territory for territory in entries.territories if pools[territory.pool].role is role]
    rules: list[tuple[Mapping[str, list[str]], int]] = [(one.when, pools[one.pool].id) for one in theirs]
    fallback = next((pool for pool in pools.values() if pool.role is role), None)
    if fallback is not None:
        # Who fits no territory goes to the first pool of the role, not nowhere.
        rules.append(({}, fallback.id))
    staffing.set_territories(session, role, rules, [one.name for one in theirs])
