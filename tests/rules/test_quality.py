import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.notes import HONEYPOT_FIELD, NO_COMPANY, Finding, Note, heard, standing
from domain.rules.quality import LETTERS, grade

ALL = {"first_name", "last_name", "title", "company", "country", "phone"}
PHONE = Finding(Note.PHONE_UNREADABLE, "“call me” could not be read as a telephone number.", "phone")
MACHINE = Finding(Note.HONEYPOT, "A field that no person sees was filled.", HONEYPOT_FIELD)
some_notes = st.frozensets(st.sampled_from(Note))
some_fields = st.frozensets(st.sampled_from(sorted(ALL)))
mail_domains = st.sampled_from([None, "receives", "no_mail", "gone", "a word of tomorrow"])


@pytest.mark.parametrize(
    ("notes", "known", "mail_domain", "letter"),
    [
        (set(), ALL, None, "A"),
        (set(), ALL - {"phone"}, "receives", "A"),
        (set(), {"company"}, None, "B"),
        ({Note.FREE_MAIL}, ALL, None, "B"),
        ({Note.FREE_MAIL, Note.NO_COMPANY}, ALL, None, "C"),
        ({Note.FREE_MAIL, Note.NO_COMPANY}, set(), None, "D"),
        (set(), ALL, "no_mail", "C"),
        (set(), ALL, "gone", "C"),
        (set(), ALL - {"phone"}, "gone", "D"),
        ({Note.DISPOSABLE_MAIL}, ALL, None, "C"),
        ({Note.LOOKS_LIKE_A_TEST, Note.NO_COMPANY}, ALL, None, "D"),
        ({Note.HONEYPOT}, ALL, None, "D"),
    ],
)
def test_the_letter_follows_from_what_is_wrong(
    notes: set[Note], known: set[str], mail_domain: str | None, letter: str
) -> None:
    assert grade(notes, known, mail_domain).letter == letter


def test_the_dearest_reason_comes_first_in_words_and_as_a_sentence() -> None:
    found = grade({Note.PHONE_UNREADABLE, Note.FREE_MAIL}, {"last_name", "company", "country"}, None)
    assert [(reason.points, reason.words) for reason in found.reasons] == [
        (18, "free mail"),
        (10, "no job title"),
        (8, "phone unreadable"),
    ]
    assert found.points == 64


@given(some_notes, some_fields, mail_domains)
def test_the_points_are_a_hundred_less_the_reasons(notes: frozenset[Note], known: frozenset[str], mail: str) -> None:
    found = grade(notes, known, mail)
    assert found.points == max(0, 100 - sum(reason.points for reason in found.reasons))
    assert found.letter == next(letter for least, letter in LETTERS if found.points >= least)
    assert all(reason.sentence.endswith(".") and len(reason.words) <= 24 for reason in found.reasons)


@given(some_notes, some_fields, mail_domains, st.sampled_from(Note))
def test_one_more_note_never_makes_it_better(
    notes: frozenset[Note], known: frozenset[str], mail: str, more: Note
) -> None:
    assert grade(notes | {more}, known, mail).points <= grade(notes, known, mail).points


@given(some_notes, some_fields, mail_domains, st.sampled_from(sorted(ALL)))
def test_one_more_known_field_never_makes_it_worse(
    notes: frozenset[Note], known: frozenset[str], mail: str, more: str
) -> None:
    assert grade(notes, known | {more}, mail).points >= grade(notes, known, mail).points


@given(some_notes, some_fields)
def test_a_domain_that_takes_no_mail_is_worse_than_one_that_nobody_asked_for(
    notes: frozenset[Note], known: frozenset[str]
) -> None:
    points = [grade(notes, known, mail).points for mail in ("receives", None, "no_mail", "gone")]
    assert points == sorted(points, reverse=True)


def test_a_form_that_says_a_field_anew_replaces_what_was_noted_about_it() -> None:
    assert heard([PHONE, MACHINE], [], {"phone"}) == []
    assert heard([PHONE], [], {"title"}) == [PHONE]
    assert heard([PHONE], [PHONE], set()) == [PHONE]


def test_a_form_that_says_nothing_proves_no_person() -> None:
    assert heard([MACHINE], [], {"email"}) == [MACHINE]


@pytest.mark.parametrize("code", [Note.PHONE_UNREADABLE, Note.PLACEHOLDER, Note.NOT_TEXT])
def test_what_was_left_out_is_noted_until_somebody_says_it(code: Note) -> None:
    note = Finding(code, "A sentence.", "phone")
    assert standing([note, note], {}, (), company_present=True) == [note]
    assert standing([note], {"phone": "+4930901820"}, (), company_present=True) == []


def test_what_was_typed_at_random_is_noted_until_it_is_replaced_or_a_colleague_says_that_it_is_right() -> None:
    note = Finding(Note.LOOKS_LIKE_A_TEST, "A sentence.", "company")
    assert standing([note], {"company": "asdf"}, (), company_present=True) == [note]
    assert standing([note], {"company": "Sample Ltd"}, (), company_present=True) == []
    assert standing([note], {"company": "asdf"}, {"company"}, company_present=True) == []


def test_whether_a_company_is_known_is_asked_of_the_record_and_of_no_form() -> None:
    assert standing([NO_COMPANY], {}, (), company_present=True) == []
    assert standing([], {}, (), company_present=False) == [NO_COMPANY]
