from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lifecycle import GONE, LIVE, TAKEN, HandoffStatus, Stage
from domain.rules.merging import (
    FORM,
    REP,
    Sourced,
    claim,
    further,
    is_taken,
    merge_attributes,
    merge_fields,
    merge_people,
)
from tests.conftest import HEAVY_LAW

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ORDER = ("zoominfo", "clearbit")

Statement = tuple[Mapping[str, str | int], str, datetime]

statements = st.tuples(
    st.dictionaries(
        st.sampled_from(["title", "industry", "employees", "country"]),
        st.one_of(st.sampled_from(["", "a", "b"]), st.integers(0, 2)),
    ),
    st.sampled_from([FORM, REP, *ORDER, "csv", "partner"]),
    st.integers(0, 3).map(lambda day: MONDAY + timedelta(days=day)),
)


def after(*said: Statement, known: Mapping[str, Sourced] | None = None) -> Mapping[str, Sourced]:
    return reduce(lambda sofar, one: merge_fields(sofar, one[0], one[1], one[2], ORDER), said, known or {})


def test_a_title_typed_in_a_form_beats_what_a_provider_says_later() -> None:
    merged = after(({"title": "VP Sales"}, FORM, MONDAY), ({"title": "Sales"}, "zoominfo", MONDAY + timedelta(days=9)))
    assert merged["title"] == Sourced("VP Sales", FORM, MONDAY)


def test_a_provider_knows_the_number_of_employees_better_than_a_form() -> None:
    merged = after(({"employees": 350}, "clearbit", MONDAY), ({"employees": 9}, FORM, MONDAY + timedelta(days=9)))
    assert merged["employees"].value == 350


def test_the_provider_named_first_is_believed() -> None:
    merged = after(({"industry": "Banking"}, "zoominfo", MONDAY), ({"industry": "Software"}, "clearbit", MONDAY))
    assert merged["industry"].value == "Banking"


def test_a_ranked_provider_is_believed_before_an_unranked_one() -> None:
    merged = after(({"industry": "Banking"}, "clearbit", MONDAY), ({"industry": "Toys"}, "csv", MONDAY))
    assert merged["industry"].source == "clearbit"


def test_what_a_colleague_put_right_stands_against_everyone() -> None:
    corrected = ({"industry": "Software", "title": "CFO"}, REP, MONDAY)
    later = MONDAY + timedelta(days=30)
    merged = after(corrected, ({"industry": "Banking"}, "zoominfo", later), ({"title": "CEO"}, FORM, later))
    assert (merged["industry"].value, merged["title"].value) == ("Software", "CFO")


def test_below_a_correction_the_statement_is_kept_that_would_be_believed_without_it() -> None:
    later = MONDAY + timedelta(days=30)
    merged = after(
        ({"title": "CTO"}, FORM, MONDAY),
        ({"title": "CFO"}, REP, MONDAY),
        ({"title": "CEO"}, FORM, later),
        ({"title": "Boss"}, "zoominfo", later),
        ({"title": "CIO"}, REP, later),
    )
    assert merged["title"] == Sourced("CIO", REP, later, below=Sourced("CEO", FORM, later))


def test_the_same_source_corrects_itself() -> None:
    merged = after(({"title": "AE"}, FORM, MONDAY), ({"title": "VP Sales"}, FORM, MONDAY + timedelta(days=1)))
    assert merged["title"].value == "VP Sales"


def test_an_older_word_of_the_same_source_that_arrives_late_changes_nothing() -> None:
    merged = after(({"title": "VP Sales"}, FORM, MONDAY), ({"title": "AE"}, FORM, MONDAY - timedelta(days=1)))
    assert merged["title"].value == "VP Sales"


def test_an_empty_field_takes_nothing_away() -> None:
    merged = after(({"phone": "+4930901820"}, FORM, MONDAY), ({"phone": ""}, FORM, MONDAY + timedelta(days=1)))
    assert merged["phone"].value == "+4930901820"


@HEAVY_LAW
@given(st.lists(statements, max_size=5))
def test_hearing_everything_twice_changes_nothing(said: list[Statement]) -> None:
    once = after(*said)
    assert after(*said, known=once) == once


@given(st.lists(statements, max_size=5).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_the_order_of_arrival_does_not_matter(both: tuple[list[Statement], list[Statement]]) -> None:
    said, shuffled = both
    assert after(*said) == after(*shuffled)


@given(st.lists(statements, max_size=5))
def test_no_field_is_lost_and_every_value_was_said_by_its_source(said: list[Statement]) -> None:
    merged = after(*said)
    assert set(merged) == {field for fields, _, _ in said for field, value in fields.items() if value != ""}
    for field, kept in merged.items():
        assert any((fields.get(field), source, at) == (kept.value, kept.source, kept.at) for fields, source, at in said)


records = st.lists(statements, max_size=4).map(lambda said: after(*said))


@given(records, records)
def test_of_two_records_of_one_person_the_same_is_known_whichever_comes_first(
    one: Mapping[str, Sourced], other: Mapping[str, Sourced]
) -> None:
    assert merge_people(one, other, ORDER) == merge_people(other, one, ORDER)


@given(records, records, records)
def test_it_does_not_matter_which_two_of_three_records_are_merged_first(
    one: Mapping[str, Sourced], two: Mapping[str, Sourced], three: Mapping[str, Sourced]
) -> None:
    first, _ = merge_people(one, two, ORDER)
    last, _ = merge_people(two, three, ORDER)
    assert merge_people(first, three, ORDER)[0] == merge_people(one, last, ORDER)[0]


@HEAVY_LAW
@given(records, records)
def test_merging_a_record_that_is_in_there_already_changes_nothing(
    one: Mapping[str, Sourced], other: Mapping[str, Sourced]
) -> None:
    merged, _ = merge_people(one, other, ORDER)
    assert merge_people(merged, merged, ORDER) == (merged, {})
    assert merge_people(merged, other, ORDER)[0] == merged


@given(records, records)
def test_what_won_and_what_lost_is_told_of_every_field_that_differs_and_of_no_other(
    one: Mapping[str, Sourced], other: Mapping[str, Sourced]
) -> None:
    merged, contests = merge_people(one, other, ORDER)
    same = {name for name in one.keys() & other.keys() if one[name].value == other[name].value}
    assert set(contests) == (one.keys() | other.keys()) - same
    for name, contest in contests.items():
        assert contest.won == merged[name]
        said = {record[name].value for record in (one, other) if name in record}
        assert said == {contest.won.value, *([contest.lost.value] if contest.lost else [])}


def test_two_records_are_merged_as_if_one_had_heard_everything() -> None:
    said: list[Statement] = [({"title": "VP"}, FORM, MONDAY), ({"title": "CEO", "country": "DE"}, "csv", MONDAY)]
    assert merge_people(after(said[0]), after(said[1]), ORDER)[0] == after(*said)


def test_of_attributes_what_was_told_is_kept_and_what_we_worked_out_is_not() -> None:
    kept = {"plan": "team", "tools": ["a"], "free_mail": False, "company_domain": "example.com", "seats": None}
    other = {"plan": "free", "tools": ["b", "a"], "free_mail": True, "seats": 3, "persona": "decision_maker"}
    assert merge_attributes(kept, other) == {"plan": "team", "tools": ["a", "b"], "seats": 3}


def test_who_unsubscribed_in_either_record_has() -> None:
    assert merge_attributes({"unsubscribed": False}, {"unsubscribed": True}) == {"unsubscribed": True}
    assert merge_attributes({"unsubscribed": True}, {}) == {"unsubscribed": True}


def test_what_sales_is_busy_with_is_further_than_what_it_has_decided_and_that_than_marketing() -> None:
    assert further(Stage.NURTURING, Stage.IN_HANDOFF) is Stage.IN_HANDOFF
    assert further(Stage.DISQUALIFIED, Stage.NURTURING) is Stage.DISQUALIFIED
    assert further(Stage.IN_HANDOFF, Stage.DISQUALIFIED) is Stage.IN_HANDOFF
    assert {further(stage, stage) for stage in set(Stage) - GONE} == set(Stage) - GONE


def test_what_sales_has_taken_is_claimed_more_firmly_than_what_it_is_offered() -> None:
    taken = {status for status in LIVE if is_taken(claim(Stage.IN_HANDOFF, status))}
    assert taken == LIVE & TAKEN
    assert is_taken(claim(Stage.WON, None))
    assert claim(Stage.NURTURING, None) < claim(Stage.IN_HANDOFF, HandoffStatus.OPEN)
