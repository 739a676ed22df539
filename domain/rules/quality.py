"""How good the data of a lead is, as one letter with its reasons: 100 points, less what each doubt costs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from domain.rules.notes import Note

LETTERS = ((85, "A"), (65, "B"), (40, "C"), (0, "D"))
"""The lowest points of each letter."""


class Reason(NamedTuple):
    """Why points were taken. `words` stand on the card, `sentence` where there is room."""

    points: int
    words: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Grade:
    letter: str
    points: int  # 0 to 100
    reasons: tuple[Reason, ...]  # the dearest first


NOTED = {
    Note.HONEYPOT: Reason(100, "sent by a machine", "A field that no person sees was filled: a machine sent this."),
    Note.DISPOSABLE_MAIL: Reason(60, "throw-away address", "The e-mail address is one to throw away."),
    Note.LOOKS_LIKE_A_TEST: Reason(50, "looks like a test", "What was typed looks like a test."),
    Note.NO_COMPANY: Reason(20, "no company", "No company is known, and the address does not tell one."),
    Note.FREE_MAIL: Reason(18, "free mail", "The e-mail address is a private one of a free provider."),
    Note.ROLE_INBOX: Reason(15, "shared inbox", "Several people read this inbox."),
    Note.COUNTRY_UNKNOWN: Reason(10, "country unknown", "The country that was given is none we know."),
    Note.PHONE_UNREADABLE: Reason(8, "phone unreadable", "The telephone number could not be read."),
    Note.PLACEHOLDER: Reason(6, "fields left out", "Fields were filled with words that say nothing."),
    Note.EMPLOYEES_UNREADABLE: Reason(4, "size unreadable", "The number of employees could not be read."),
    Note.NOT_TEXT: Reason(4, "fields unreadable", "Fields held something else than text."),
    Note.CUT_SHORT: Reason(2, "cut short", "A text was too long and has been cut."),
}
_MISSING = (
    (("first_name", "last_name"), Reason(10, "no name", "No name is known."), None),
    (("title",), Reason(10, "no job title", "No job title is known."), None),
    (("country",), Reason(8, "no country", "No country is known."), Note.COUNTRY_UNKNOWN),
    (("phone",), Reason(4, "no phone", "No telephone number is known."), Note.PHONE_UNREADABLE),
)
"""The fields of which one should be known, what it costs if none is, and the note that says so already."""
_MAIL_DOMAIN = {
    "gone": Reason(60, "mail domain is gone", "The domain of the e-mail address does not exist."),
    "no_mail": Reason(40, "domain takes no mail", "The domain of the e-mail address takes no mail."),
}


def grade(notes: Collection[Note], known: Collection[str], mail_domain: str | None) -> Grade:
    """`known`: the names of the fields that have a value. `mail_domain`: receives, no_mail or gone, None if nobody asked.

    One more note never makes it better, one more known field never worse.
    """
    reasons = [reason for note, reason in NOTED.items() if note in notes]
    reasons += [reason for fields, reason, said in _MISSING if said not in notes and not {*fields} & {*known}]
    if mail_domain in _MAIL_DOMAIN:
        reasons.append(_MAIL_DOMAIN[mail_domain])
    points = max(0, 100 - sum(reason.points for reason in reasons))
    letter = next(letter for least, letter in LETTERS if points >= least)
    return Grade(letter, points, tuple(sorted(reasons, key=lambda reason: -reason.points)))
