"""How attribution is done in an installation: look-back, half-life, what counts, groups of channels; and the file that says so."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from domain.rules.attribution import AttributionModel
from domain.rules.facts import TouchKind
from domain.rules.model_table import ModelError, Table, text_at

NO_CHANNEL = "direct/unknown"
"""What a touch counts for of which neither it nor its campaign says the channel, and a deal to which no touch is known."""
LONGEST_LOOK_BACK, LONGEST_HALF_LIFE, MOST_GROUPS = 1_095, 365, 50
MOST_DEALS = 1_000_000
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Practice:
    """What is built in where nobody has imported a file."""

    look_back: timedelta = timedelta(days=180)
    """How long before its closing a touch may have been to count for a deal."""
    half_life: timedelta = timedelta(days=30)
    """Of time decay. The 7 days of web analytics would give all of a deal that took three months to its last fortnight."""
    base: str = "EUR"
    """The currency in which deals are added up (ISO 4217)."""
    account_touches: bool = True
    """Touches of everybody of the deal's company count, not those of its lead alone."""
    left_out: frozenset[str] = frozenset({TouchKind.EMAIL_OPEN, TouchKind.UNSUBSCRIBE, TouchKind.CALL})
    """Kinds of touch that do not count: mail clients open mails by themselves, and a call is sales at work, not marketing."""
    headline: AttributionModel = AttributionModel.W_SHAPED
    """The model that is shown where only one is."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Channel -> group. A channel in no group is one of its own. Groups are how numbers are read, not how they are frozen."""
    order: int = 1
    """Of the Markov chain: how many touches back it remembers."""
    least_deals: int = 30
    """With fewer deals that were won, Markov and Shapley are not learnt."""
    new_deals: int = 10
    """So many must have been won since they were learnt last."""
    days: int = 365
    """How far back the journeys go that they are learnt of."""
    quiet_days: int = 60
    """A journey without a deal has ended when nothing came for so long: until then it may still become one."""

    def group_of(self, channel: str) -> str:
        return self.groups.get(channel, channel)


DEFAULT = Practice()


def read_practice(toml: str) -> Practice:
    """The practice of an `attribution.toml`; what it does not say is as it is built in. Raises ModelError with the key's path,
    the value and the reason.
    """
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ModelError("file", None, f"is no TOML: {wrong}") from None
    whole = Table(data)
    whole.only(
        "look_back_days", "half_life_days", "base", "account_touches", "left_out", "headline", "groups", "learnt"
    )
    learnt = whole.table("learnt")
    learnt.only("order", "deals", "new_deals", "days", "quiet_days")
    return Practice(
        look_back=_days(whole, "look_back_days", DEFAULT.look_back, LONGEST_LOOK_BACK),
        half_life=_days(whole, "half_life_days", DEFAULT.half_life, LONGEST_HALF_LIFE),
        base=_currency(whole),
        account_touches=whole.flag("account_touches", default=DEFAULT.account_touches),
        left_out=_left_out(whole),
        headline=_headline(whole),
        groups=_groups(whole.table("groups")),
        order=learnt.whole("order", DEFAULT.order, at_least=1, at_most=3),
        least_deals=learnt.whole("deals", DEFAULT.least_deals, at_least=2, at_most=MOST_DEALS),
        new_deals=learnt.whole("new_deals", DEFAULT.new_deals, at_least=1, at_most=MOST_DEALS),
        days=learnt.whole("days", DEFAULT.days, at_least=30, at_most=LONGEST_LOOK_BACK),
        quiet_days=learnt.whole("quiet_days", DEFAULT.quiet_days, at_least=1, at_most=LONGEST_LOOK_BACK),
    )


def _days(table: Table, key: str, default: timedelta, most: int) -> timedelta:
    if key not in table:
        return default
    return timedelta(days=float(table.number(key, above=0, at_most=most)))


def _currency(table: Table) -> str:
    if "base" not in table:
        return DEFAULT.base
    word = table.text("base")
    if _CURRENCY.fullmatch(word) is None:
        raise table.wrong("base", "must be a currency's three capital letters, such as EUR")
    return word


def _left_out(table: Table) -> frozenset[str]:
    if "left_out" not in table:
        return DEFAULT.left_out
    kinds = table.read("left_out")
    if not isinstance(kinds, list):
        raise table.wrong("left_out", "must be a list of kinds of touch; an empty one lets all count")
    return frozenset(text_at(f"{table.at('left_out')}[{place}]", kind) for place, kind in enumerate(kinds))


def _headline(table: Table) -> AttributionModel:
    if "headline" not in table:
        return DEFAULT.headline
    word = table.text("headline")
    if word not in {model.value for model in AttributionModel}:
        raise table.wrong("headline", f"must be one of {', '.join(AttributionModel)}")
    return AttributionModel(word)


def _groups(table: Table) -> Mapping[str, str]:
    if len(table.data) > MOST_GROUPS:
        raise ModelError("groups", None, f"holds more than {MOST_GROUPS} groups")
    groups: dict[str, str] = {}
    for name in table.data:
        text_at("groups", name)
        for place, channel in enumerate(table.some(name)):
            path = f"{table.at(name)}[{place}]"
            word = text_at(path, channel)
            if word in groups:
                raise ModelError(path, word, f"stands in the group '{groups[word]}' already")
            groups[word] = name
    return groups
