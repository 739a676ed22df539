"""Names of companies as people write them, made comparable: without case, marks and legal form; and how alike two are.

Nothing here says that two names are one company. That takes the same country besides, and nobody else who is as alike.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from domain.rules.doubts import is_placeholder, is_test_word

ALIKE = 88.0
"""From here on two names of one country count as one company's: a letter dropped, doubled or swapped in a long word. Names of
different companies stay below it, all but a few (Entergy and Energy): tests/rules/test_company_names.py has the figures."""
NEAR = 4.0
"""Nearer than this, two candidates are a tie."""
LONGEST = 200
SHORT = 6
"""Letters. A shorter word is either the same or another one: Kion is not Kiron."""

_LEGAL_FORMS = """
    ab ad aps ag as asa bhd bv bvba co com company corp corporation cv dd doo ead eg ehf ek eireli eood eurl ev gbr gesmbh gk
    gmbh haftungsbeschrankt hf inc incorporated jsc kft kg kgaa kk ks lda limited llc llp lp ltd ltda mbh nv nyrt oao od
    ohg ojsc oo ood ooo oy oyj pao pjsc plc pllc pte pty pvt ro rt sa sarl sas sasu sau sca scs sdn se sl slu snc spa
    spk spol sprl srl srls sro ug vof zao zrt
"""
_ABOUT_A_FORM = "and et e y i cie ges private sp spolka z s p k c"
_NOBODYS_NAME = """
    company firma freelance freelancer home individual own personal retired self selfemployed selbstandig student unemployed various
"""
_LEGAL = frozenset(_LEGAL_FORMS.split())
_WITH_LEGAL = frozenset(_ABOUT_A_FORM.split())
"""Words that belong to a legal form (& Co. KG, Sp. z o.o., Private Limited), and to the name where none stands."""
_BEFORE = frozenset({"the", "pt", "ooo", "oao", "pao", "zao"})
_NOBODY = frozenset(_NOBODYS_NAME.split())
_DOTTED = re.compile(r"(?<=\b\w)[.](?=\w\b)|(?<=\b\w)/(?=s\b)")
# Legal forms of Japan, China and Korea, which are written without a blank, and of Russia (OOO, AO, PAO, ZAO, OAO).
_ELSEWHERE = re.compile(
    "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사"
    r"|\b(?:\u043e\u043e\u043e|\u0430\u043e|\u043f\u0430\u043e|\u0437\u0430\u043e|\u043e\u0430\u043e)\b"
)
_APOSTROPHE = re.compile("['`\u2019\u00b4]")
_WORD = re.compile(r"[^\W_]+")


def name_key(name: str) -> str:
    """The name as it is compared: `Muster & Söhne GmbH & Co. KG` is `muster and sohne`. Empty for what names nobody."""
    words = _words(name)
    if len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    end = len(words)
    # Of Y Corporation more than a letter has to stay.
    while end > 1 and len("".join(words[: end - 1])) > 1 and _ends_in_a_form(words, end):
        end -= 1
    key = " ".join(words[:end])
    compact = key.replace(" ", "")
    nobody = compact in _NOBODY or is_test_word(key) or is_placeholder(name, of_person=False)
    return "" if len(compact) < 2 or nobody else key


def _ends_in_a_form(words: Sequence[str], end: int) -> bool:
    last = words[end - 1]
    return last in _LEGAL or (end < len(words) and last in _WITH_LEGAL)


def _words(name: str) -> list[str]:
    bare = _ELSEWHERE.sub(" ", unicodedata.normalize("NFKC", name[:LONGEST]).casefold())
    folded = "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    # Apostrophes and the dots of S.A. part no words; every other mark does.
    joined = _DOTTED.sub("", _APOSTROPHE.sub("", folded))
    return ["and" if word == "und" else word for word in _WORD.findall(re.sub("[&+]", " and ", joined))]


def likeness(one: str, other: str) -> float:
    """0 to 100, of two keys. Word by word, in whatever order, and the least alike word decides: of `deutsche bank` and
    `deutsche bahn` nearly all letters agree. Numbers have no likeness: Studio 54 is not Studio 55.
    """
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return 0.0
    ours, theirs = sorted(one.split()), sorted(other.split())
    whole = _alike("".join(one.split()), "".join(other.split()))
    if len(ours) != len(theirs) or whole == 100:
        # Parted in another way, such as Green-Plus and Greenplus; or one of them says more than the other.
        return whole
    return min(map(_alike, ours, theirs), default=0.0)


def _alike(one: str, other: str) -> float:
    return fuzz.ratio(one, other) if one == other or min(len(one), len(other)) >= SHORT else 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that may be meant. `people`: how many leads are known to be of it."""

    id: int
    likeness: float
    domain: str | None = None
    people: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is meant, who came next, and what decided between two that are as alike. No winner and no tie: a new company."""

    winner: Candidate | None
    runner_up: Candidate | None = None
    tiebreak: str | None = None
    tie: bool = False


def choose(key: str, candidates: Iterable[Candidate]) -> Choice:
    """Who of `candidates` is meant by the name. Of a tie that nothing breaks nobody is: no match is mended sooner than a wrong one."""
    ranked = sorted(candidates, key=lambda one: (-one.likeness, one.id))
    if not ranked or ranked[0].likeness < ALIKE:
        return Choice(None, ranked[0] if ranked else None)
    near = tied(ranked)
    if len(near) == 1:
        return Choice(ranked[0], ranked[1] if len(ranked) > 1 else None)
    crowd = max(one.people for one in near)
    for tiebreak, left in (
        ("domain", [one for one in near if _says(key, one.domain)]),
        ("people", [one for one in near if one.people == crowd]),
    ):
        if len(left) == 1:
            return Choice(left[0], next(one for one in near if one is not left[0]), tiebreak, tie=True)
    return Choice(None, near[0], tie=True)


def tied(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Those that are as alike as the first, or nearly."""
    return [one for one in ranked if one.likeness > ranked[0].likeness - NEAR]


def _says(key: str, domain: str | None) -> bool:
    """Whether the domain is the name itself: `green plus` and greenplus.example."""
    return domain is not None and domain.split(".", 1)[0].replace("-", "") == key.replace(" ", "")
