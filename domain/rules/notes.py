"""What is noted about the data of a lead. Notes speak of the whole record: a later, better word about a field ends them."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from domain.rules.doubts import typed_at_random

MAIL = "email"
HONEYPOT_FIELD = "_honeypot"
"""A field of a form that no person can see. It must be there and empty, or not be there."""


class Note(StrEnum):
    """What is wrong with the data. The model takes points off for some of them."""

    DISPOSABLE_MAIL = "disposable_mail"
    FREE_MAIL = "free_mail"
    ROLE_INBOX = "role_inbox"
    NO_COMPANY = "no_company"
    PHONE_UNREADABLE = "phone_unreadable"
    COUNTRY_UNKNOWN = "country_unknown"
    EMPLOYEES_UNREADABLE = "employees_unreadable"
    LOOKS_LIKE_A_TEST = "looks_like_a_test"
    HONEYPOT = "honeypot"
    PLACEHOLDER = "placeholder"
    CUT_SHORT = "cut_short"
    NOT_TEXT = "not_text"


class Finding(NamedTuple):
    """One note about one field. The sentence may quote hostile text."""

    code: Note
    sentence: str
    field: str


NO_COMPANY = Finding(Note.NO_COMPANY, "No company was given, and the address does not tell one.", "company")


def heard(known: Iterable[Finding], found: Collection[Finding], said: Collection[str]) -> list[Finding]:
    """The notes after a form: what it says of a field, and what is found in that, replaces what was noted about it.

    A form that says something and fell into no honeypot was sent by a person, whatever came before.
    """
    person = {HONEYPOT_FIELD} if {*said} - {MAIL} else set()
    anew = {*said, *person, *(one.field for one in found)}
    return [*(one for one in known if one.field not in anew), *found]


def standing(
    notes: Iterable[Finding], values: Mapping[str, str | int], corrected: Collection[str], *, company_present: bool
) -> list[Finding]:
    """Those that are true of the merged record. `corrected`: the fields that a colleague has put right."""
    open_ones = [one for one in notes if one.code is not Note.NO_COMPANY and _stands(one, values, corrected)]
    return list(
        {(one.code, one.field): one for one in [*open_ones, *(() if company_present else (NO_COMPANY,))]}.values()
    )


def _stands(one: Finding, values: Mapping[str, str | int], corrected: Collection[str]) -> bool:
    """What could not be read was left out: as soon as the field has a value, somebody else has said it."""
    if one.field not in values:
        return one.code is not Note.CUT_SHORT
    if one.code is Note.LOOKS_LIKE_A_TEST:
        return one.field not in corrected and typed_at_random(str(values[one.field]))
    return one.code is Note.CUT_SHORT and one.field not in corrected
