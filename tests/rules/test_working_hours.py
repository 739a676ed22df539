"""Hours, zones and public holidays as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.calendars import Block
from domain.rules.public_holidays import holidays_of
from domain.rules.working_hours import Unreadable, read_block, read_days, read_week, read_zone, week_words
from tests.conftest import LAW, TEXT_LAW


@st.composite
def days(draw: st.DrawFn) -> list[Block]:
    points = sorted(draw(st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True)))
    return list(zip(points[::2], points[1::2], strict=False))


@LAW
@given(st.dictionaries(st.integers(0, 6), days(), min_size=1))
def test_a_week_that_is_written_down_is_read_as_it_was(week: dict[int, list[Block]]) -> None:
    assert read_week(week_words(week)) == week


@TEXT_LAW
@given(st.text(max_size=40) | st.from_regex(r"(mon|tue|sun|xyz)(-fri)? [0-9:, -]{0,20}", fullmatch=True))
def test_whatever_is_typed_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        week = read_week(text)
    except Unreadable:
        return
    assert week is None or read_week(week_words(week)) == week


def test_the_hours_of_a_shop_are_read_and_written_in_one_line() -> None:
    week = read_week(" Mon-Fri 9:00-12:30, 13:30 - 18:00 ;\nsat 10:00-14:00; ")
    assert week is not None
    assert week == {day: [(540, 750), (810, 1080)] for day in range(5)} | {5: [(600, 840)]}
    assert week_words(week) == "mon-fri 09:00-12:30, 13:30-18:00; sat 10:00-14:00"


def test_hours_that_were_copied_from_elsewhere_are_read() -> None:
    assert read_week("mon\u2013fri\u00a009:\u206000\u201312:00") == {day: [(540, 720)] for day in range(5)}


def test_nothing_is_always_at_work() -> None:
    assert read_week("  ") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mon", "write days and hours"),
        ("9-17", "write days and hours"),
        ("monday 09:00-17:00", "write days and hours"),
        ("mo- 09:00-17:00", "write days and hours"),
        ("abc 09:00-17:00", "'abc' is no day"),
        ("mon-xyz 09:00-17:00", "'xyz' is no day"),
        ("mon 9-17", "write it as 09:00-17:30"),
        ("mon 09:00-25:00", "is no time of a day"),
        ("mon 09:61-10:00", "is no time of a day"),
        ("mon 17:00-09:00", "ends before it begins"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("mon 09:00-12:00, 11:00-13:00", "11:00-13:00 overlaps with 09:00-12:00"),
        ("mon-wed 09:00-12:00; tue 13:00-14:00", "tue is named twice"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_week(text)


def test_a_range_of_days_may_go_over_the_weekend() -> None:
    assert read_days("sat-mon") == (5, 6, 0)
    assert read_days("sun-sun") == (6,)
    assert read_days("mon-sun") == tuple(range(7))


def test_a_block_is_text() -> None:
    with pytest.raises(Unreadable, match="write it as"):
        read_block([540, 1020])


def test_a_zone_is_known_by_its_name_and_a_slip_is_helped() -> None:
    assert read_zone(" europe/berlin") == "Europe/Berlin"
    assert read_zone("America/New York") == "America/New_York"
    with pytest.raises(Unreadable, match="did you mean Europe/Berlin"):
        read_zone("Europe/Berln")
    with pytest.raises(Unreadable, match=r"no time zone '\.\./\.\./etc/passwd'"):
        read_zone("../../etc/passwd")


def test_a_country_and_its_parts_have_their_own_holidays() -> None:
    womens_day = date(2026, 3, 8)
    assert womens_day in holidays_of("de-be")
    assert womens_day not in holidays_of("DE")
    assert date(2031, 12, 25) in holidays_of("DE")
    assert holidays_of("us-ca").code == "US-CA"


@pytest.mark.parametrize(
    ("code", "reason"), [("XX", "no country 'XX'"), ("Germany", "no country 'GERMANY'"), ("DE-QQ", "no part 'QQ'")]
)
def test_a_place_that_nobody_knows_is_refused_with_the_reason(code: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        holidays_of(code)
