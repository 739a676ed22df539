"""Countries as people write them in a form, turned into the two letters of ISO 3166.

Codes of two and three letters are known, and the names of all 249 territories (and of Kosovo) in more than twenty
languages: `country_names.txt`. What people write besides is a row here.
"""

import re
from functools import cache
from importlib.resources import files

from domain.rules.cleaning import folded

_ALSO = {
    "AE": "uae|emirates",
    "BA": "bosnia",
    "BE": "belgium belgique|belgie belgique",
    "BN": "brunei darussalam",
    "BO": "plurinational state of bolivia",
    "CD": "democratic republic of the congo|democratic republic of congo|dr congo|drc|congo kinshasa|zaire",
    "CG": "congo|republic of the congo|republic of congo|congo brazzaville",
    "CH": "confoederatio helvetica|helvetia|svizra",
    "CI": "ivory coast",
    "CN": "prc|mainland china",
    "CV": "cape verde",
    "CZ": "czech republic|tschechische republik|republique tcheque|ceska republika",
    "DE": "brd|germany deutschland",
    "FM": "federated states of micronesia",
    "GB": "uk|gb|great britain|britain|england|scotland|wales|northern ireland|grossbritannien|grande bretagne"
    "|gran bretana|gran bretagna|inglaterra|angleterre|inghilterra|engeland|united kingdom of great britain and northern ireland",
    "GR": "el|hellas|hellenic republic",
    "HK": "hong kong|hongkong|hong kong china|hong kong sar",
    "KP": "dprk|korea north|democratic people s republic of korea",
    "KR": "korea|korea south|korea republic of|republic of korea|rok|sudkorea|corea|coree",
    "LA": "lao people s democratic republic|lao pdr",
    "MD": "republic of moldova|moldavia",
    "MK": "macedonia|fyrom",
    "MM": "burma|myanmar",
    "MO": "macau|macao",
    "MX": "united mexican states",
    "NL": "holland|nederlanden|hollande|holanda|olanda",
    "PS": "palestine|state of palestine",
    "RU": "russian federation|rossija|rossiya",
    "SK": "slovak republic",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey|turkiye",
    "TW": "taiwan province of china|taiwan roc",
    "TZ": "united republic of tanzania",
    "US": "us|usa|america|united states of america|the states|vereinigte staaten von amerika|etats unis d amerique"
    "|estados unidos de america|stati uniti d america|eeuu|ee uu|amerika",
    "VA": "holy see|vatican",
    "VE": "bolivarian republic of venezuela",
    "VG": "british virgin islands|virgin islands british",
    "VI": "us virgin islands|virgin islands us",
    "VN": "viet nam",
}
_STATE = re.compile(
    r"^(?:the )?(?:(?:federal|federative|people s|islamic|arab|socialist|democratic|kingdom|republic|state|principality"
    r"|commonwealth|grand duchy|of|the)\b ?)+"
)
LONGEST = 80


def country_code(text: str) -> str | None:
    """Two letters, or None for words that are no country we know."""
    words = _folded(text)
    whole = _by_name().get(words) or _by_name().get(_STATE.sub("", words))
    # "Berlin, Germany" names its country last.
    return whole or (_by_name().get(_folded(text.rsplit(",", 1)[1])) if "," in text[:LONGEST] else None)


def country_name(code: str) -> str:
    """The English name; what is no code is its own name."""
    return _names().get(code, (code,))[0]


def codes() -> frozenset[str]:
    return frozenset(_names())


def _folded(text: str) -> str:
    words = folded(text.replace("&", " and ").replace("'", " "), LONGEST)
    return re.sub(r"^the (?=\w)", "", re.sub(r"\bst\b", "saint", words))


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Code -> its names, the English one first, the code of three letters last."""
    lines = files("domain.rules").joinpath("country_names.txt").read_text("utf-8").splitlines()
    rows = [line.split("|") for line in lines if not line.startswith("#")]
    return {code: (*names, three) for code, three, *names in rows}


@cache
def _by_name() -> dict[str, str]:
    """What was left out as ambiguous is not known by one of two places: `_ALSO` says whose it is."""
    found = {_folded(name): code for code, names in _names().items() for name in names}
    return (
        found | {code.lower(): code for code in _names()} | {n: c for c, row in _ALSO.items() for n in row.split("|")}
    )
