"""Which pool a lead belongs to: ordered territories, the first that fits wins; and who of a pool may be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

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
    """What speaks against asking this rep for this lead. `open` and `today` are counted only for who has a limit."""

    rep_id: int
    available: bool
    reachable: bool
    """Has a Slack identity, so that a card can be addressed to them."""
    rejected_before: bool
    handed_on: bool = False
    gave_back: bool = False
    on_leave: bool = False
    open: int = 0
    """Leads that they have now, offered and taken."""
    most_open: int | None = None
    today: int = 0
    """Leads that they were offered on their day."""
    most_a_day: int | None = None


SKIPPED = {
    "rejected_this_lead": "rejected this lead before",
    "handed_on": "did not act on this lead in time",
    "gave_it_back": "has given this lead back",
    "away": "is away",
    "on_leave": "is on leave",
    "no_slack_identity": "is not known in Slack",
    "full": "has as many open leads as they may",
    "full_today": "got as many leads today as they may",
    "other_role": "has another role",
}
"""Why somebody was passed over: code -> words."""

ABOUT_THE_LEAD = frozenset({"rejected_this_lead", "handed_on", "gave_it_back"})
"""These speak of one lead: the rep's turn is still theirs with the next one."""


def skip_reason(candidate: Candidate) -> str | None:
    """Why this candidate is not asked; None if they may be."""
    for code, holds in (
        ("rejected_this_lead", candidate.rejected_before),
        ("handed_on", candidate.handed_on),
        ("gave_it_back", candidate.gave_back),
        ("away", not candidate.available),
        ("on_leave", candidate.on_leave),
        ("no_slack_identity", not candidate.reachable),
        ("full", candidate.most_open is not None and candidate.open >= candidate.most_open),
        ("full_today", candidate.most_a_day is not None and candidate.today >= candidate.most_a_day),
    ):
        if holds:
            return code
    return None


class Rule(StrEnum):
    """What decided on the rep. All but the rotation and its overflow stand outside of it, and spend no turn."""

    DEALS_OWNER = "deals_owner"
    ACCOUNT_OWNER = "account_owner"
    EARLIER_SDR = "earlier_sdr"
    COLLEAGUES_OWNER = "colleagues_owner"
    ROTATION = "rotation"
    OVERFLOW = "overflow"
    GIVEN = "given"

    @property
    def words(self) -> str:
        return {
            "deals_owner": "has a deal with this account already",
            "account_owner": "owns the account in the CRM",
            "earlier_sdr": "had accepted this lead before",
            "colleagues_owner": "has a colleague of theirs already",
            "rotation": "was next in the rotation",
            "overflow": "was next in the overflow pool",
            "given": "was chosen by a person",
        }[self]
