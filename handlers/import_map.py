"""`MAP.toml`: what the columns of a CSV file mean. Read whole and checked against the file before a row is read."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PlainValidator, ValidationError

from domain.verbs.capturing import Delivery
from handlers.import_rows import About, RowRefused
from handlers.import_values import ImportedValue, Strict, Template, TemplateText, is_blank

CLOCKS_DIFFER = timedelta(minutes=5)
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
MOST_ATTRIBUTES = 50

_KIND = re.compile(r"[a-z][a-z0-9_]{0,59}")


class BadImportMap(Exception):
    """The text names the file, the key and the reason."""


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone; write for example Europe/Berlin") from None


def _date_format(text: object) -> str:
    """A form that gives a date back as it was: year, month and day stand in it."""
    sample = datetime(2024, 11, 30, tzinfo=UTC)
    try:
        back = datetime.strptime(sample.strftime(str(text)), str(text))  # noqa: DTZ007  (most forms have no zone)
    except ValueError as wrong:
        raise ValueError(f"cannot be read: {wrong}") from None
    if back.date() != sample.date():
        raise ValueError("needs a year, a month and a day, such as %d.%m.%Y")
    return str(text)


AttributeName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ ]{0,59}$")]


class Fields(Strict):
    """Who the person is."""

    email: TemplateText
    first_name: TemplateText | None = None
    last_name: TemplateText | None = None
    name: TemplateText | None = None
    title: TemplateText | None = None
    company: TemplateText | None = None
    website: TemplateText | None = None
    industry: TemplateText | None = None
    employees: TemplateText | None = None
    phone: TemplateText | None = None
    city: TemplateText | None = None
    country: TemplateText | None = None
    message: TemplateText | None = None


class TouchFields(Strict):
    """What they did, and when."""

    occurred_at: TemplateText | None = None
    campaign: TemplateText | None = None
    channel: TemplateText | None = None
    content: TemplateText | None = None
    page: TemplateText | None = None


class ImportMap(Strict):
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
    key: TemplateText | None = None
    kind: TemplateText = Template.parse("form_submission")
    timezone: Annotated[ZoneInfo, PlainValidator(_zone)] = ZoneInfo("UTC")
    """Of dates that do not say their own."""
    date_format: Annotated[str, PlainValidator(_date_format)] | None = None
    """As strptime reads it; without one, ISO 8601."""
    fields: Fields
    touch: TouchFields = TouchFields()
    attributes: dict[AttributeName, ImportedValue] = Field(default_factory=dict, max_length=MOST_ATTRIBUTES)
    blank: tuple[str, ...] = ()
    """What means in any cell that it is empty, such as Select."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """column -> what may stand there -> what it means. Other values stay as they are."""

    def check_columns(self, header: Iterable[str]) -> None:
        """Raises BadImportMap for the first column that the file does not have."""
        known = list(header)
        for key, column in self.columns():
            if column not in known:
                near = difflib.get_close_matches(column, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}."[:500]
                raise BadImportMap(f"{key}: the file has no column named {column}; {hint}")

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column that is read, with the key that reads it."""
        for key, template in self._templates():
            for column in template.columns:
                yield key, column
        for column in self.values:
            yield f"values.{column}", column

    def _templates(self) -> Iterator[tuple[str, Template]]:
        if self.key:
            yield "key", self.key
        yield "kind", self.kind
        for name, template in self.fields:
            if template:
                yield f"fields.{name}", template
        for name, template in self.touch:
            if template:
                yield f"touch.{name}", template
        for name, imported in self.attributes.items():
            yield f"attributes.{name}", imported.column

    def delivery(self, cells: Mapping[str, str], now: datetime, shift: timedelta) -> Delivery:
        """What a row says happened, its date moved by `shift`. Raises RowRefused."""
        row = self._translated(cells)
        kind = self.kind.fill(row).strip()
        if not _KIND.fullmatch(kind):
            raise RowRefused(About.KIND, "The kind must be small letters, digits and _, such as webinar.")
        touch = {name: template.fill(row) for name, template in self.touch if template and name != "occurred_at"}
        attributes, _ = self._attributes(row)
        person = {name: text for name, template in self.fields if template and (text := template.fill(row)).strip()}
        return Delivery(
            person=person, kind=kind, occurred_at=self._moment(cells, now, shift), attributes=attributes, **touch
        )

    def unreadable(self, cells: Mapping[str, str]) -> list[str]:
        """The attributes whose cells are not what the map says they are: they are left out, and the row is taken."""
        return self._attributes(self._translated(cells))[1]

    def _attributes(self, row: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
        """What is known, and the names of what could not be read."""
        known, unreadable = {}, []
        for name, imported in self.attributes.items():
            try:
                value = imported.read(row)
            except ValueError:
                unreadable.append(name)
            else:
                if value is not None:
                    known[name] = value
        return known, unreadable

    def _translated(self, cells: Mapping[str, str]) -> dict[str, str]:
        row = {column: "" if is_blank(cell, self.blank) else cell for column, cell in cells.items()}
        return row | {column: table.get(row[column], row[column]) for column, table in self.values.items()}

    def _moment(self, cells: Mapping[str, str], now: datetime, shift: timedelta) -> datetime:
        """When the row's touch happened, as the record keeps it; `now` if the map names no date. Raises RowRefused."""
        if self.touch.occurred_at is None:
            return now
        moment = self.date_of(cells)
        try:
            moment += shift
            if moment > now + CLOCKS_DIFFER:
                raise RowRefused(About.DATE, "The date lies in the future.")
            if moment < OLDEST:
                raise RowRefused(About.DATE, "The date lies before 1990.")
        except OverflowError:
            raise RowRefused(About.DATE, "The date lies outside of what a calendar holds.") from None
        return min(moment, now)

    def date_of(self, cells: Mapping[str, str]) -> datetime:
        """The date that stands in the row, in UTC. Raises RowRefused."""
        text = self.touch.occurred_at.fill(self._translated(cells)).strip() if self.touch.occurred_at else ""
        if not text:
            raise RowRefused(About.DATE, "The row has no date.")
        try:
            read = datetime.strptime(text, self.date_format) if self.date_format else datetime.fromisoformat(text)  # noqa: DTZ007  (the zone is the map's)
            return (read if read.tzinfo else read.replace(tzinfo=self.timezone)).astimezone(UTC)
        except ValueError:
            form = self.date_format or "YYYY-MM-DD, or with a time as in ISO 8601"
            raise RowRefused(About.DATE, f"The date is not in the form {form}.") from None
        except OverflowError:
            raise RowRefused(About.DATE, "The date lies outside of what a calendar holds.") from None


def read_map(path: Path) -> ImportMap:
    """Read and check the file; raises BadImportMap."""
    try:
        return ImportMap.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as unreadable:
        raise BadImportMap(f"{path}: {unreadable}") from None
    except ValidationError as wrong:
        raise BadImportMap("\n".join(f"{path}: {_said(error)}" for error in wrong.errors())) from None


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    why = str(error["msg"]).removeprefix("Value error, ")
    return f"{place or 'the file'}: {_WORDS.get(error['type'], why)}"


_WORDS = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is needed",
    "string_type": 'must be text, in quotation marks: "…"',
    "tuple_type": 'must be a list, such as ["Select", "-"]',
    "dict_type": "must be a table of keys and values",
    "model_type": "must be a table of keys and values",
}
"""What TOML calls what pydantic found."""
