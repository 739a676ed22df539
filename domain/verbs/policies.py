"""The SLA policy in force, and its versions. What has begun keeps the policy that it began with."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.rules.sla_policy import DEFAULT, Policy, read_policy, to_json
from domain.rules.tiers import Tier
from domain.tables import Happened, SlaFile
from domain.verbs.record import happened


class InForce(NamedTuple):
    """`version` None: nobody has imported a policy, and the built-in one counts."""

    version: int | None
    policy: Policy


def in_force(session: Session) -> InForce:
    newest = _newest(session)
    return InForce(None, DEFAULT) if newest is None else InForce(newest.id, _parsed(newest.text))


def snapshot(session: Session, tier: Tier) -> dict[str, Any]:
    """What a handoff keeps of the policy: the clocks of its tier, and the version."""
    version, policy = in_force(session)
    return {"version": version, **to_json(policy[tier])}


def put_in_force(session: Session, toml: str, now: datetime) -> tuple[SlaFile, bool]:
    """Keep the text as the newest version; says whether it is new. The text that is in force already is not kept again.

    Raises `ModelError`, which names the key that is wrong; then what was in force stays.
    """
    read_policy(toml)
    session.execute(text("lock table sla_files in share row exclusive mode"))
    newest = _newest(session)
    if newest is not None and newest.text == toml:
        return newest, False
    row = SlaFile(text=toml, imported_at=now)
    session.add(row)
    session.flush()
    happened(session, Happened.SLA_IMPORTED, now, version=row.id)
    return row, True


def _newest(session: Session) -> SlaFile | None:
    return session.scalars(select(SlaFile).order_by(SlaFile.id.desc()).limit(1)).one_or_none()


@lru_cache(maxsize=4)
def _parsed(toml: str) -> Policy:
    """Read once in a process."""
    return read_policy(toml)
