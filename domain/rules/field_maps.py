"""Which of our fields goes into which of another system's, and back: the file that says so, and what is wrong with it there."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.rules.lifecycle import Stage
from domain.rules.model_table import ModelError, Table, text_at
from domain.rules.tiers import Tier


class Direction(StrEnum):
    TO = "to"
    """We write it there."""
    FROM = "from"
    """It is read there, and believed as what the person said."""
    BOTH = "both"


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Ours:
    """A field of our record. `values`: all that it can be, if they are few. `comes_in`: whether another system may say it."""

    type: FieldType
    label: str
    comes_in: bool = False
    values: Sequence[str] = ()


_TEXT, _NUMBER = FieldType.TEXT, FieldType.NUMBER
OURS: Mapping[str, Ours] = {
    "first_name": Ours(_TEXT, "First name", comes_in=True),
    "last_name": Ours(_TEXT, "Last name", comes_in=True),
    "title": Ours(_TEXT, "Job title", comes_in=True),
    "company": Ours(_TEXT, "Company", comes_in=True),
    "phone": Ours(_TEXT, "Phone", comes_in=True),
    "country": Ours(_TEXT, "Country", comes_in=True),
    "industry": Ours(_TEXT, "Industry", comes_in=True),
    "employees": Ours(_NUMBER, "Employees", comes_in=True),
    "score": Ours(_NUMBER, "Handoff score"),
    "fit": Ours(_NUMBER, "Handoff fit"),
    "intent": Ours(_NUMBER, "Handoff intent"),
    "tier": Ours(_TEXT, "Handoff tier", values=tuple(tier.value for tier in Tier)),
    "stage": Ours(_TEXT, "Handoff stage", values=tuple(stage.value for stage in Stage)),
    "lifecycle": Ours(_TEXT, "Lifecycle stage", values=("mql", "sql", "opportunity", "customer")),
    "sql_at": Ours(FieldType.DATE, "Became an SQL"),
    "won_value": Ours(_NUMBER, "Handoff won value"),
    "grade": Ours(_TEXT, "Handoff data quality", values=("A", "B", "C", "D")),
    "source": Ours(_TEXT, "Handoff source"),
    "owner": Ours(_TEXT, "Handoff owner"),
    "reasons": Ours(_TEXT, "Handoff reasons"),
    "programme": Ours(_TEXT, "Handoff programme"),
    "next_content_title": Ours(_TEXT, "Handoff next content"),
    "next_content_url": Ours(_TEXT, "Handoff next content's address"),
}
"""What a map may name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our fields and its counterpart. `values` translates ours where they have words of their own."""

    ours: str
    theirs: str
    direction: Direction = Direction.TO
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def goes_out(self) -> bool:
        return self.direction is not Direction.FROM

    @property
    def comes_in(self) -> bool:
        return self.direction is not Direction.TO


@dataclass(frozen=True, slots=True)
class FieldMap:
    pairs: Sequence[Pair] = ()

    @property
    def sent(self) -> frozenset[str]:
        """Our fields that are written there."""
        return frozenset(pair.ours for pair in self.pairs if pair.goes_out)

    def outward(self, known: Mapping[str, str]) -> dict[str, str]:
        """What is known, as it is written there."""
        return {
            pair.theirs: pair.values.get(known[pair.ours], known[pair.ours])
            for pair in self.pairs
            if pair.goes_out and pair.ours in known
        }

    @property
    def read(self) -> tuple[str, ...]:
        """Their fields that are read."""
        return tuple(pair.theirs for pair in self.pairs if pair.comes_in)

    def inward(self, there: Mapping[str, str]) -> dict[str, str]:
        """What they say, by our names. Nothing takes nothing away."""
        said = {}
        for pair in self.pairs:
            if pair.comes_in and (value := there.get(pair.theirs, "").strip()):
                back = {theirs: ours for ours, theirs in pair.values.items()}
                said[pair.ours] = back.get(value, value)
        return said


@dataclass(frozen=True, slots=True)
class Theirs:
    """A field as the other system describes it. `options`: all that it takes, if it is a choice."""

    name: str
    type: FieldType = FieldType.TEXT
    label: str = ""
    writable: bool = True
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a pair does not work there. `create`: the field that would put it right, if none is there."""

    path: str
    name: str
    why: str
    create: Theirs | None = None


def read_field_map(toml: str) -> FieldMap:
    """A map from its file. Raises ModelError with the key's path, the value and the reason."""
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ModelError("file", None, f"is no TOML: {wrong}") from None
    whole = Table(data)
    whole.only("fields")
    fields = whole.table("fields")
    fields.only(*OURS)
    if not fields.data:
        raise ModelError("fields", None, "is missing: nothing would be told")
    pairs = [_pair(fields, ours) for ours in fields.data]
    _only_once(fields, pairs)
    return FieldMap(tuple(pairs))


def _pair(fields: Table, ours: str) -> Pair:
    said = fields.read(ours)
    if isinstance(said, str):
        return Pair(ours, text_at(fields.at(ours), said))
    table = Table(said, fields.at(ours))
    table.only("name", "direction", "values")
    return Pair(ours, table.text("name"), _direction(table, ours), _values(table, ours))


def _direction(table: Table, ours: str) -> Direction:
    said = table.text("direction") if "direction" in table else Direction.TO.value
    if said not in {*Direction}:
        raise table.wrong("direction", f"must be one of {', '.join(Direction)}")
    if Direction(said) is not Direction.TO and not OURS[ours].comes_in:
        raise table.wrong("direction", f"cannot be: {ours} is worked out here")
    return Direction(said)


def _values(table: Table, ours: str) -> Mapping[str, str]:
    values = table.table("values")
    if OURS[ours].values:
        values.only(*OURS[ours].values)
    return {name: values.text(name) for name in values.data}


def _only_once(fields: Table, pairs: Sequence[Pair]) -> None:
    seen: set[str] = set()
    for pair in pairs:
        if pair.theirs.casefold() in seen:
            raise ModelError(fields.at(pair.ours), pair.theirs, "is the target of another field already")
        seen.add(pair.theirs.casefold())


def what_is_wrong(fields: FieldMap, theirs: Sequence[Theirs]) -> list[Wrong]:
    """What of the map does not fit the other system, in the order of the map."""
    known = {one.name: one for one in theirs}
    found = (_wrong(pair, known.get(pair.theirs)) for pair in fields.pairs)
    return [wrong for wrong in found if wrong is not None]


def _wrong(pair: Pair, there: Theirs | None) -> Wrong | None:
    path, ours = f"fields.{pair.ours}", OURS[pair.ours]
    if there is None:
        return Wrong(path, pair.theirs, "is not there", Theirs(pair.theirs, ours.type, ours.label))
    if pair.goes_out and not there.writable:
        return Wrong(path, there.name, "cannot be written")
    if there.type not in _TAKES[ours.type]:
        return Wrong(path, there.name, f"is a {there.type}, and {pair.ours} is a {ours.type}")
    if pair.goes_out and there.options:
        lacking = [value for value in ours.values if pair.values.get(value, value) not in there.options]
        if lacking:
            return Wrong(path, there.name, f"does not take {', '.join(lacking)}")
    return None


_TAKES = {
    FieldType.TEXT: frozenset({FieldType.TEXT, FieldType.CHOICE}),
    FieldType.NUMBER: frozenset({FieldType.NUMBER, FieldType.TEXT}),
    FieldType.DATE: frozenset({FieldType.DATE, FieldType.TEXT}),
}


def as_toml(fields: FieldMap) -> str:
    """The map as a file, to begin from."""
    return "".join(["[fields]\n", *(_line(pair) for pair in fields.pairs)])


def _line(pair: Pair) -> str:
    if pair.direction is Direction.TO and not pair.values:
        return f'{pair.ours} = "{pair.theirs}"\n'
    values = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in pair.values.items())
    more = f", values = {{ {values} }}" if values else ""
    return f'{pair.ours} = {{ name = "{pair.theirs}", direction = "{pair.direction}"{more} }}\n'
