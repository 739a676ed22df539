"""A lead as it arrives, checked and put into one spelling. Only an unusable address is refused; the rest is noted."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

from domain.rules.cleaning import free_text, one_line
from domain.rules.countries import country_code
from domain.rules.doubts import is_placeholder, is_test_word, typed_at_random
from domain.rules.mailboxes import Mailbox, NotAnAddress, read_mailbox
from domain.rules.notes import HONEYPOT_FIELD, MAIL, NO_COMPANY, Finding, Note

LONGEST_NAME, LONGEST_MESSAGE, LONGEST_PHONE = 200, 2_000, 60
LARGEST_COUNT = 10_000_000
MOST_EXTRAS = 50
NAMES = ("first_name", "last_name", "name", "title", "company", "industry", "city", "website")
PEOPLE = frozenset({"first_name", "last_name"})
TRIED = PEOPLE | {"company"}  # in these, somebody who tries the form out types something
_KNOWN = frozenset({*NAMES, "email", "phone", "country", "employees", "message", HONEYPOT_FIELD})
_RANGE = re.compile(r"^(\d{1,9})(?:\s*(?:-|\u2013|to)\s*(\d{1,9})|\s*(\+))?(?:\s+employees)?$")


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
    notes: tuple[Finding, ...]


Notes = list[Finding]


def check(raw: Mapping[str, object]) -> Checked:
    """Raises BadLead when there is no e-mail address that mail could reach, and nothing else whatever the text."""
    mailbox = _mailbox(raw.get("email"))
    notes: Notes = []
    said = _said(raw, notes)
    company_domain = None if mailbox.disposable or mailbox.free else mailbox.registrable
    company_present = bool(said.get("company") or company_domain)
    notes += _doubts(raw, mailbox, company_present=company_present)
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
    texts = {name: _text(raw, name, notes) for name in NAMES}
    said: dict[str, str | int | None] = {name: _name(text, name, notes) for name, text in _named(texts).items()}
    said["message"] = _message(raw, notes)
    said["country"] = _country(raw, notes)
    said["phone"] = _phone(raw, str(said["country"]), notes)
    said["employees"] = _employees(raw.get("employees"), notes)
    return {field: value for field, value in said.items() if value is not None and value != ""}


def _named(texts: dict[str, str]) -> dict[str, str]:
    """A name in one field is taken apart, unless its parts were given."""
    whole = one_line(texts.pop("name"), 2 * LONGEST_NAME)
    if whole and not texts["first_name"].strip() and not texts["last_name"].strip():
        # "n/a" and "John/Jane" have no blank: then all of it is the first name.
        texts["first_name"], _, texts["last_name"] = whole.partition(" ")
    return texts


def _text(raw: Mapping[str, object], field: str, notes: Notes) -> str:
    value = raw.get(field)
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    if value is not None:
        notes.append(Finding(Note.NOT_TEXT, f"The field {field} held no text and was left out.", field))
    return ""


def _name(text: str, field: str, notes: Notes) -> str:
    """One line, or nothing for what says nothing. What was typed at random is kept, so that people can judge."""
    if len(text.strip()) > LONGEST_NAME:
        notes.append(Finding(Note.CUT_SHORT, f"The field {field} was cut to {LONGEST_NAME} characters.", field))
    name = one_line(text, LONGEST_NAME)
    if _says_nothing(name, field, notes):
        return ""
    looks_like_a_test = f"“{name[:60]}” in the field {field} looks like a test entry."
    if field in TRIED and is_test_word(name, surname=field in {"last_name", "company"}):
        notes.append(Finding(Note.LOOKS_LIKE_A_TEST, looks_like_a_test, field))
        return ""
    if field in TRIED and typed_at_random(name):
        notes.append(Finding(Note.LOOKS_LIKE_A_TEST, looks_like_a_test, field))
    return name


def _says_nothing(text: str, field: str, notes: Notes) -> bool:
    if not is_placeholder(text, of_person=field in PEOPLE):
        return False
    notes.append(Finding(Note.PLACEHOLDER, f"The field {field} held “{text[:60]}”, which says nothing.", field))
    return True


def _message(raw: Mapping[str, object], notes: Notes) -> str:
    text = _text(raw, "message", notes)
    if len(text.strip()) > LONGEST_MESSAGE:
        notes.append(Finding(Note.CUT_SHORT, f"The message was cut to {LONGEST_MESSAGE:,} characters.", "message"))
    return free_text(text, LONGEST_MESSAGE)


def _country(raw: Mapping[str, object], notes: Notes) -> str:
    """Two letters, or nothing: words that are no country stand in the note, and who knows better may say it."""
    text = one_line(_text(raw, "country", notes), LONGEST_NAME)
    if not text or (len(text) != 2 and _says_nothing(text, "country", notes)):  # NA is Namibia, N.A. is not
        return ""
    code = country_code(text)
    if code is None:
        notes.append(Finding(Note.COUNTRY_UNKNOWN, f"“{text[:60]}” is not a country we know.", "country"))
    return code or ""


def _phone(raw: Mapping[str, object], country: str, notes: Notes) -> str:
    """E.164, or nothing: a number that cannot be read stands in the note."""
    text = one_line(_text(raw, "phone", notes), LONGEST_PHONE)
    if not text or _says_nothing(text, "phone", notes):
        return ""
    number = read_phone(text, country)
    if number is None:
        notes.append(Finding(Note.PHONE_UNREADABLE, f"“{text}” could not be read as a telephone number.", "phone"))
    return number or ""


def read_phone(text: str, country: str) -> str | None:
    """E.164. Without a + the number is read as one dials it in `country` (two letters, or empty)."""
    try:
        number = phonenumbers.parse(text, country if country in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _employees(value: object, notes: Notes) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and _says_nothing(one_line(value, LONGEST_PHONE), "employees", notes):
        return None
    count = read_count(value)
    if count is None:
        notes.append(Finding(Note.EMPLOYEES_UNREADABLE, "The number of employees could not be read.", "employees"))
    return count


def read_count(value: object) -> int | None:
    """A count, or the upper end of a band such as 51-200; "5000+" is one more than its number."""
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, str):
        value = _count(one_line(value, LONGEST_PHONE))
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_COUNT:
        return value
    return None


def _count(text: str) -> int | None:
    found = _RANGE.match(re.sub(r"(?<=\d)[,.'\u2019 ](?=\d{3}(?!\d))", "", text.lower()))
    if found is None:
        return None
    low, high, more = found.groups()
    return int(low) + 1 if more else int(high or low)


def _doubts(raw: Mapping[str, object], mailbox: Mailbox, *, company_present: bool) -> Notes:
    local = mailbox.address.split("@")[0].split("+")[0]
    tried = is_test_word(local) or typed_at_random(local)
    doubts = (
        (mailbox.disposable, Note.DISPOSABLE_MAIL, f"{mailbox.domain} gives out throw-away addresses."),
        (mailbox.free, Note.FREE_MAIL, f"{mailbox.domain} is a free mail provider, not a company."),
        (mailbox.role, Note.ROLE_INBOX, f"{local}@ is an inbox that several people read."),
        (tried, Note.LOOKS_LIKE_A_TEST, f"{local}@ looks like a test entry."),
    )
    found = [Finding(code, sentence, MAIL) for applies, code, sentence in doubts if applies]
    if raw.get(HONEYPOT_FIELD) not in (None, "", False):
        found.append(Finding(Note.HONEYPOT, "A field that no person sees was filled.", HONEYPOT_FIELD))
    return found if company_present else [*found, NO_COMPANY]


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
