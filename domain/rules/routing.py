"""Which pool a lead belongs to: ordered territories, the first that fits wins; and who of a pool may be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.rules.facts import Value


@dataclass(frozen=True, slots=True)
class Territory:
    """`when`: attribute -> the values of which it must have one (compared without regard to case). Empty: everybody."""

    pool_id: int
    when: Mapping[str, Sequence[str]]


def choose_pool(territories: Iterable[Territory], attributes: Mapping[str, Value]) -> int | None:
    """The pool of the first territory that fits, or None."""
    found = choose_territory(territories, attributes)
    return found[1].pool_id if found else None


def choose_territory(territories: Iterable[Territory], attributes: Mapping[str, Value]) -> tuple[int, Territory] | None:
    """The first territory that fits, with its place; or None."""
    fitting = (one for one in enumerate(territories) if _fits(one[1].when, attributes))
    return next(fitting, None)


def _fits(when: Mapping[str, Sequence[str]], attributes: Mapping[str, Value]) -> bool:
    return all(_words(attributes.get(name)) & {value.casefold() for value in values} for name, values in when.items())


def _words(value: Value | None) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, frozenset):
        return {str(one).casefold() for one in value}
    return {str(value).casefold()}


@dataclass(frozen=True, slots=True)
class Candidate:
    rep_id: int
    available: bool
    reachable: bool
    """Has a Slack identity, so that a card can be addressed to them."""
    rejected_before: bool


SKIPPED = {
    "rejected_this_lead": "rejected this lead before",
    "away": "is away",
    "no_slack_identity": "is not known in Slack",
}
"""Why somebody was passed over: code -> words."""


def skip_reason(candidate: Candidate) -> str | None:
    """Why this candidate is not asked; None if they may be."""
    if candidate.rejected_before:
        return "rejected_this_lead"
    if not candidate.available:
        return "away"
    if not candidate.reachable:
        return "no_slack_identity"
    return None
