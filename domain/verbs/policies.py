"""The SLA policy in force, and its versions. What has begun keeps the policy that it began with."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from domain.rules.sla_policy import DEFAULT, Policy, read_policy, to_json
from domain.rules.tiers import Tier
from domain.tables import Happened, SlaFile
from domain.verbs.file_versions import keep, newest


class InForce(NamedTuple):
    """`version` None: nobody has imported a policy, and the built-in one counts."""

    version: int | None
    policy: Policy


def in_force(session: Session) -> InForce:
    row = newest(session, SlaFile)
    return InForce(None, DEFAULT) if row is None else InForce(row.id, _parsed(row.text))


def snapshot(session: Session, tier: Tier) -> dict[str, Any]:
    """What a handoff keeps of the policy: the clocks of its tier, and the version."""
    version, policy = in_force(session)
    return {"version": version, **to_json(policy[tier])}


def put_in_force(session: Session, toml: str, now: datetime) -> tuple[SlaFile, bool]:
    """Keep the text as the newest version, if it is new. Raises `ModelError`, which names the key that is wrong; then what
    was in force stays.
    """
    read_policy(toml)
    return keep(session, SlaFile, toml, Happened.SLA_IMPORTED, now)


@lru_cache(maxsize=4)
def _parsed(toml: str) -> Policy:
    """Read once in a process."""
    return read_policy(toml)
