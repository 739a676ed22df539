"""One taxonomy of industries, and how the names of others lead to it: exact names first, words as the fallback."""

import re
from enum import StrEnum

from domain.rules.cleaning import folded
from domain.rules.industry_names import NAMES, WORDS


class Industry(StrEnum):
    SOFTWARE = "software"
    TELECOM = "telecom"
    FINANCE = "finance"
    HEALTHCARE = "healthcare"
    MANUFACTURING = "manufacturing"
    RETAIL = "retail"
    EDUCATION = "education"
    PROFESSIONAL_SERVICES = "professional_services"
    MEDIA = "media"
    ENERGY = "energy"
    CONSTRUCTION = "construction"  # and real estate
    TRANSPORT = "transport"
    HOSPITALITY = "hospitality"
    AGRICULTURE = "agriculture"
    PUBLIC = "public"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """How it is shown to a person."""
        return self.value.replace("_", " ").capitalize()


def _patterns(rows: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(rows.split(' | '))})(?!\w)")


def _key(text: str | None) -> str:
    """One key for Hospital & Health Care, HOSPITAL_HEALTH_CARE and "hospital and health care" alike."""
    return " ".join(word for word in folded(text).replace("&", " ").split() if word != "and")


_BY_NAME = {_key(name): Industry(industry) for industry, names in NAMES.items() for name in names.split(" | ")}
_BY_WORD = [(Industry(industry), _patterns(words)) for industry, words in WORDS.items()]


def industry_of(text: str | None) -> Industry:
    """By its exact name, else the industry whose word stands first; OTHER for words that we have no industry for."""
    words = folded(text)
    if not words:
        return Industry.UNKNOWN
    exact = _BY_NAME.get(_key(text))
    return exact or _first_word(words)


def _first_word(words: str) -> Industry:
    found = [(match.start(), place) for place, (_, pattern) in enumerate(_BY_WORD) if (match := pattern.search(words))]
    return _BY_WORD[min(found)[1]][0] if found else Industry.OTHER
