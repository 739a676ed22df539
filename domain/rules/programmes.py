"""Nurture programmes: ordered, the first that fits a lead is its programme; and the file in which marketing writes them."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.rules.facts import Attribute, Value
from domain.rules.model_table import ModelError, Table, text_at
from domain.rules.reasons import REASONS, Then
from domain.rules.routing import Territory, choose_pool
from domain.rules.tiers import Tier

TIER, REJECTION = "tier", "rejection"
"""What a programme may ask besides the lead's attributes: its tier, and why sales gave it back last."""
MOST_PROGRAMMES = 200


@dataclass(frozen=True, slots=True)
class NurtureProgramme:
    """`when` as in territories: attribute -> the values of which the lead must have one. Empty: everybody."""

    name: str
    when: Mapping[str, Sequence[str]] = field(default_factory=dict)
    external_id: str | None = None
    """What marketing automation calls it; None: there is nothing there to enrol into."""
    contents: Sequence[str] = ()
    """Keys of the contents that its leads get first."""


def choose_programme(
    programmes: Sequence[NurtureProgramme], attributes: Mapping[str, Value], tier: Tier | None, rejection: str | None
) -> NurtureProgramme | None:
    """The first programme that fits. None: nobody wants this lead in theirs, or it does not want to be in any."""
    if attributes.get(Attribute.UNSUBSCRIBED) is True:
        return None
    asked = {**attributes, **({TIER: tier.value} if tier else {}), **({REJECTION: rejection} if rejection else {})}
    # Found as a territory is; its place in the order takes the place of the pool.
    place = choose_pool([Territory(place, one.when) for place, one in enumerate(programmes)], asked)
    return None if place is None else programmes[place]


def asks_for_rejection(programmes: Iterable[NurtureProgramme]) -> bool:
    return any(REJECTION in programme.when for programme in programmes)


def read_programmes(toml: str) -> list[NurtureProgramme]:
    """The programmes of a `nurture.toml`. Raises ModelError with the key's path, the value and the reason."""
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ModelError("file", None, f"is no TOML: {wrong}") from None
    whole = Table(data)
    whole.only("programmes")
    whole.some("programmes")
    tables = whole.tables("programmes")
    if len(tables) > MOST_PROGRAMMES:
        raise whole.wrong("programmes", f"must be at most {MOST_PROGRAMMES}")
    programmes = [_programme(table) for table in tables]
    _check_names(tables, programmes)
    return programmes


def _programme(table: Table) -> NurtureProgramme:
    table.only("name", "when", "external_id", "contents")
    when = table.table("when")
    return NurtureProgramme(
        name=table.text("name"),
        when={name: _values(when, name) for name in when.data},
        external_id=table.text("external_id") if "external_id" in table else None,
        contents=_texts(table, "contents") if "contents" in table else [],
    )


def _values(when: Table, name: str) -> list[str]:
    values = _texts(when, name)
    known = {TIER: [tier.value for tier in Tier], REJECTION: _RECYCLED}.get(name, values)
    for place, value in enumerate(values):
        if value.casefold() not in known and name in {TIER, REJECTION}:
            raise ModelError(f"{when.at(name)}[{place}]", value, f"must be one of {', '.join(known)}")
    return values


_RECYCLED = [reason.key for reason in REASONS.values() if reason.then is Then.RECYCLE]
"""The reasons after which a lead comes back to nurture."""


def _texts(table: Table, key: str) -> list[str]:
    return [text_at(f"{table.at(key)}[{place}]", value) for place, value in enumerate(table.some(key))]


def _check_names(tables: Sequence[Table], programmes: Sequence[NurtureProgramme]) -> None:
    seen: set[str] = set()
    for table, programme in zip(tables, programmes, strict=True):
        if programme.name.casefold() in seen:
            raise table.wrong("name", "stands there twice")
        seen.add(programme.name.casefold())
