"""From a job title, an industry in free words and a number of employees to the few categories that sales speaks in.

Titles come in many languages and spellings. They are compared as words without accents, case and dots; a word counts
only as a whole. Where two readings are possible, the more modest one is taken: an "Assistant to the CEO" is no CEO.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from domain.rules.cleaning import folded
from domain.rules.industries import Industry, industry_of
from domain.rules.persona_words import FUNCTIONS, SENIORITIES, TO_SOMEBODY

LONGEST_READ = 200


class Seniority(StrEnum):
    C_LEVEL = "c_level"
    VP = "vp"
    DIRECTOR = "director"
    MANAGER = "manager"
    INDIVIDUAL = "individual"
    STUDENT = "student"
    UNKNOWN = "unknown"


class Function(StrEnum):
    SALES = "sales"
    MARKETING = "marketing"
    ENGINEERING = "engineering"
    IT = "it"
    OPERATIONS = "operations"
    FINANCE = "finance"
    HR = "hr"
    PRODUCT = "product"
    OTHER = "other"


class Persona(StrEnum):
    DECISION_MAKER = "decision_maker"
    INFLUENCER = "influencer"
    PRACTITIONER = "practitioner"
    OTHER = "other"


class CompanySize(StrEnum):
    """Bands of employees, both ends included."""

    TO_10 = "1-10"
    TO_50 = "11-50"
    TO_200 = "51-200"
    TO_1000 = "201-1000"
    TO_5000 = "1001-5000"
    ABOVE_5000 = "5000+"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Categories:
    seniority: Seniority
    function: Function
    persona: Persona
    industry: Industry
    company_size: CompanySize


_PERSONAS = {
    Seniority.C_LEVEL: Persona.DECISION_MAKER,
    Seniority.VP: Persona.DECISION_MAKER,
    Seniority.DIRECTOR: Persona.DECISION_MAKER,
    Seniority.MANAGER: Persona.INFLUENCER,
    Seniority.INDIVIDUAL: Persona.PRACTITIONER,
}
_BANDS = (
    (10, CompanySize.TO_10),
    (50, CompanySize.TO_50),
    (200, CompanySize.TO_200),
    (1000, CompanySize.TO_1000),
    (5000, CompanySize.TO_5000),
)


def _compiled(rows: str) -> re.Pattern[str]:
    words = [word.strip() for row in rows.strip().splitlines() for word in row.split(" | ") if word.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


_SENIORITY = [(Seniority(name), _compiled(words)) for name, words in SENIORITIES]
_FUNCTION = [(Function(name), _compiled(words)) for name, words in FUNCTIONS]
_TO_SOMEBODY = _compiled(TO_SOMEBODY)
_BOTH_GENDERS = re.compile(r"(?i)[*:_/](?=in(?:nen)?\b)")
_IT = re.compile(r"(?<!\w)(?:I\.?T\.?|EDV)(?!\w)")


def categorise(
    title: str | None, industry: str | None, employees: int | None, *, rank: str | None = None
) -> Categories:
    """`rank`: how senior a provider calls them, for who has no title that tells."""
    seniority = seniority_of(title)
    if seniority is Seniority.UNKNOWN and rank in set(Seniority):
        seniority = Seniority(rank)
    return Categories(
        seniority=seniority,
        function=function_of(title),
        persona=_PERSONAS.get(seniority, Persona.OTHER),
        industry=industry_of(industry),
        company_size=company_size_of(employees),
    )


def seniority_of(title: str | None) -> Seniority:
    words = _TO_SOMEBODY.split(_words(title), maxsplit=1)[0]
    for seniority, pattern in _SENIORITY:
        if pattern.search(words):
            return seniority
    return Seniority.UNKNOWN if function_of(title) is Function.OTHER else Seniority.INDIVIDUAL


def function_of(title: str | None) -> Function:
    words = _words(title)
    for function, pattern in _FUNCTION:
        if pattern.search(words):
            return function
    return (
        Function.IT if _IT.search((title or "")[:LONGEST_READ]) else Function.OTHER
    )  # "it" in small letters is a word


def company_size_of(employees: int | None) -> CompanySize:
    if employees is None or employees < 1:
        return CompanySize.UNKNOWN
    return next((band for most, band in _BANDS if employees <= most), CompanySize.ABOVE_5000)


def _words(title: str | None) -> str:
    """Folded, and without the marks by which German names both genders: Leiter*in, Leiter:in, Leiter/in."""
    return folded(_BOTH_GENDERS.sub("", (title or "")[:LONGEST_READ]))
