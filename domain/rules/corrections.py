"""What a colleague puts right about a lead: how each field is shown to be changed, and read when it was."""

from collections.abc import Callable, Mapping

from domain.rules.cleaning import one_line
from domain.rules.countries import country_code, country_name
from domain.rules.industries import Industry, industry_of
from domain.rules.validation import LARGEST_COUNT, LONGEST_NAME, read_count, read_phone

FIELDS = ("first_name", "last_name", "title", "company", "country", "phone", "employees", "industry")
Value = str | int


class NotReadable(ValueError):
    """`errors`: field -> the sentence that stands under it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(f"not readable: {', '.join(errors)}")
        self.errors = errors


def as_shown(values: Mapping[str, Value]) -> dict[str, str]:
    """Each field as it stands in the window; empty if it is not known."""
    shown = {field: one_line(str(values.get(field, "")), LONGEST_NAME) for field in FIELDS}
    shown["country"] = country_name(shown["country"])
    shown["industry"] = industry_of(shown["industry"]).value
    return shown


def read_corrections(said: Mapping[str, str], country: str) -> dict[str, Value]:
    """What was typed, as it is kept; empty text for a field that was cleared. Raises NotReadable.

    `country`: the two letters by which a telephone number is read, unless another country was typed.
    """
    read: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for field in (field for field in FIELDS if field in said):
        text = one_line(said[field], LONGEST_NAME)
        value = _READ[field](text, str(read.get("country") or country)) if text else ""
        if value is None:
            errors[field] = _ERRORS[field]
        else:
            read[field] = value
    if errors:
        raise NotReadable(errors)
    return read


def _industry(text: str, _country: str) -> str | None:
    """UNKNOWN clears the field."""
    if text == Industry.UNKNOWN:
        return ""
    return text if text in set(Industry) else None


def _as_typed(text: str, _country: str) -> str:
    return text


_READ: Mapping[str, Callable[[str, str], Value | None]] = {
    **dict.fromkeys(("first_name", "last_name", "title", "company"), _as_typed),
    "country": lambda text, _country: country_code(text),
    "phone": read_phone,
    "employees": lambda text, _country: read_count(text),
    "industry": _industry,
}
_ERRORS = {
    "country": "This is no country we know. Its name or its two letters will do, such as Germany or DE.",
    "phone": "This could not be read as a telephone number. Begin with + and the number of the country.",
    "employees": f"A number is needed here, such as 350, or a band such as 201-500; at most {LARGEST_COUNT:,}.",
    "industry": "Choose one of the industries.",
}
