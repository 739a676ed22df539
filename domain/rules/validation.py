"""A lead as it arrives, checked and put into one spelling. Only an unusable address is refused; the rest is noted."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

from domain.rules.cleaning import free_text, one_line
from domain.rules.countries import country_code
from domain.rules.mailboxes import Mailbox, NotAnAddress, read_mailbox

LONGEST_NAME, LONGEST_MESSAGE, LONGEST_PHONE = 200, 2_000, 60
LARGEST_COUNT = 10_000_000
MOST_EXTRAS = 50
NAMES = ("first_name", "last_name", "name", "title", "company", "industry", "city", "website")
_KNOWN = frozenset({*NAMES, "email", "phone", "country", "employees", "message"})
_RANGE = re.compile(r"^(\d{1,9})(?:\s*(?:-|\u2013|to)\s*(\d{1,9})|\s*(\+))?(?:\s+employees)?$")
_TEST_WORDS = frozenset(
    {"test", "tester", "testing", "asdf", "asdfgh", "qwerty", "qwertz", "xxx", "foo", "foobar", "aaa"}
)


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
    CUT_SHORT = "cut_short"
    NOT_TEXT = "not_text"


class BadLead(ValueError):
    """The lead cannot be taken; `sentence` says why, to whoever sent it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Checked:
    email: str
    identity: str  # of the mailbox: two addresses with one identity are one person
    mail_domain: str
    company_domain: str | None  # none for free and disposable mail
    said: Mapping[str, str | int]  # what else stood in known fields, none of it empty: ready for merge_fields
    extra: Mapping[str, str | int | float | bool]  # other keys, which a model may read as attributes
    disposable: bool
    free_mail: bool
    role_inbox: bool
    company_present: bool  # a company's name or a domain of its own
    notes: tuple[tuple[Note, str], ...]  # code and sentence; a sentence may quote hostile text


Notes = list[tuple[Note, str]]


def check(raw: Mapping[str, object]) -> Checked:
    """Raises BadLead when there is no e-mail address that mail could reach, and nothing else whatever the text."""
    mailbox = _mailbox(raw.get("email"))
    notes: Notes = []
    said = _said(raw, notes)
    company_domain = None if mailbox.disposable or mailbox.free else mailbox.registrable
    company_present = bool(said.get("company") or company_domain)
    notes += _doubts(mailbox, said, company_present=company_present)
    return Checked(
        email=mailbox.address,
        identity=mailbox.identity,
        mail_domain=mailbox.domain,
        company_domain=company_domain,
        said=said,
        extra=_extra(raw),
        disposable=mailbox.disposable,
        free_mail=mailbox.free,
        role_inbox=mailbox.role,
        company_present=company_present,
        notes=tuple(notes),
    )


def _mailbox(email: object) -> Mailbox:
    if email is None or (isinstance(email, str) and not email.strip()):
        raise BadLead("email", "An e-mail address is needed.")
    if not isinstance(email, str):
        raise BadLead("email", "The e-mail address must be text.")
    try:
        return read_mailbox(email)
    except NotAnAddress as error:
        raise BadLead("email", f"This is not a usable e-mail address: {one_line(str(error), 300)}") from error


def _said(raw: Mapping[str, object], notes: Notes) -> dict[str, str | int]:
    said: dict[str, str | int | None] = {name: _name(raw, name, notes) for name in NAMES}
    said["message"] = _message(raw, notes)
    said["country"] = country = _country(raw, notes)
    said["phone"] = _phone(raw, country, notes)
    said["employees"] = _employees(raw.get("employees"), notes)
    return {field: value for field, value in said.items() if value is not None and value != ""}


def _text(raw: Mapping[str, object], field: str, notes: Notes) -> str:
    value = raw.get(field)
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    if value is not None:
        notes.append((Note.NOT_TEXT, f"The field {field} held no text and was left out."))
    return ""


def _name(raw: Mapping[str, object], field: str, notes: Notes) -> str:
    text = _text(raw, field, notes)
    if len(text.strip()) > LONGEST_NAME:
        notes.append((Note.CUT_SHORT, f"The field {field} was cut to {LONGEST_NAME} characters."))
    return one_line(text, LONGEST_NAME)


def _message(raw: Mapping[str, object], notes: Notes) -> str:
    text = _text(raw, "message", notes)
    if len(text.strip()) > LONGEST_MESSAGE:
        notes.append((Note.CUT_SHORT, f"The message was cut to {LONGEST_MESSAGE:,} characters."))
    return free_text(text, LONGEST_MESSAGE)


def _country(raw: Mapping[str, object], notes: Notes) -> str:
    """Two letters where we know them, else what was written."""
    text = one_line(_text(raw, "country", notes), LONGEST_NAME)
    code = country_code(text)
    if text and code is None:
        notes.append((Note.COUNTRY_UNKNOWN, f"“{text[:60]}” is not a country we know."))
    return code or text


def _phone(raw: Mapping[str, object], country: str, notes: Notes) -> str:
    """E.164, or nothing: a number that cannot be read stands in the note."""
    text = one_line(_text(raw, "phone", notes), LONGEST_PHONE)
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country if country in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        notes.append((Note.PHONE_UNREADABLE, f"“{text}” could not be read as a telephone number."))
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _employees(value: object, notes: Notes) -> int | None:
    """A count, or the upper end of a band such as 51-200; "5000+" is one more than its number."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, str):
        value = _count(one_line(value, LONGEST_PHONE))
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_COUNT:
        return value
    notes.append((Note.EMPLOYEES_UNREADABLE, "The number of employees could not be read."))
    return None


def _count(text: str) -> int | None:
    found = _RANGE.match(re.sub(r"(?<=\d)[,.'\u2019 ](?=\d{3}(?!\d))", "", text.lower()))
    if found is None:
        return None
    low, high, more = found.groups()
    return int(low) + 1 if more else int(high or low)


def _doubts(mailbox: Mailbox, said: Mapping[str, str | int], *, company_present: bool) -> Notes:
    local = mailbox.address.split("@")[0].split("+")[0]
    names = {str(said.get(field, "")).casefold() for field in ("first_name", "last_name", "name", "company")}
    doubts = (
        (mailbox.disposable, Note.DISPOSABLE_MAIL, f"{mailbox.domain} gives out throw-away addresses."),
        (mailbox.free, Note.FREE_MAIL, f"{mailbox.domain} is a free mail provider, not a company."),
        (mailbox.role, Note.ROLE_INBOX, f"{local}@ is an inbox that several people read."),
        (not company_present, Note.NO_COMPANY, "No company was given, and the address does not tell one."),
        (not _TEST_WORDS.isdisjoint({local, *names}), Note.LOOKS_LIKE_A_TEST, "This looks like a test entry."),
    )
    return [(code, sentence) for applies, code, sentence in doubts if applies]


def _extra(raw: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    """The first fifty other keys that hold plain values."""
    extra: dict[str, str | int | float | bool] = {}
    for key, value in raw.items():
        name = one_line(key, 100)
        if key in _KNOWN or name in _KNOWN or not name or len(extra) >= MOST_EXTRAS:
            continue
        if isinstance(value, str) and (text := one_line(value, LONGEST_NAME)):
            extra[name] = text
        elif isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < 10**15):
            extra[name] = value
    return extra
