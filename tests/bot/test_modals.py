"""The windows that buttons open, and the ids that come back from Slack."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ids import BadRef, Field, HandoffRef, MenuChoice, Pick, Press, Submission
from bot.limits import check_view
from bot.modals import (
    BACK_TO_THE_POOL,
    LINES,
    View,
    contact_modal,
    fields_of,
    fix_modal,
    loading_modal,
    reassign_modal,
    refused_modal,
    reject_modal,
    snooze_modal,
    takers,
)
from bot.qualify_modal import FIELD, qualify_modal, said_in
from domain.rules.corrections import FIELDS, as_shown
from domain.rules.lifecycle import HandoffStatus
from domain.rules.qualification import BANT, Answer, Counts, Framework, Verdict
from domain.rules.reasons import REASONS
from domain.rules.snoozing import SPANS
from domain.tables import AttemptOutcome
from domain.views import CardView, DataView, QualificationView
from tests.bot.making import SAM, a_view, hostile, slips, views
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import NOON
from tests.rules.test_qualification import MEDDIC


def fields(view: View) -> dict[str, View]:
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


@settings(deadline=None)
@given(views)
def test_whatever_the_lead_wrote_the_modals_obey_slack(view: CardView) -> None:
    others = [view.rep, view.decided_by]
    for modal in (
        *(reject_modal(view, reason) for reason in ("", "nonsense", *REASONS)),
        contact_modal(view),
        snooze_modal(view),
        reassign_modal(view, [one for one in others if one is not None]),
        reassign_modal(view, [one for one in others if one is not None] * 200),
        *(qualify_modal(view, framework) for framework in (BANT, MEDDIC)),
        reject_modal(view, "no_fit", "Because."),
    ):
        check_view(modal)
        assert slips(modal) == []


sheets = st.builds(
    DataView,
    handoff_id=st.integers(1, 2**40),
    version=st.integers(1, 999),
    email=hostile,
    shown=st.dictionaries(st.sampled_from(FIELDS), hostile).map(as_shown),
    hints=st.dictionaries(st.sampled_from(FIELDS), hostile),
)


@settings(deadline=None)
@given(sheets)
def test_whatever_is_known_of_the_lead_the_window_for_it_obeys_slack(sheet: DataView) -> None:
    modal = fix_modal(sheet)
    check_view(modal)
    assert slips(modal) == []
    assert modal["private_metadata"] == f"h{sheet.handoff_id}.v{sheet.version}"


def test_every_field_that_can_be_put_right_stands_in_the_window_and_may_be_cleared() -> None:
    modal = fix_modal(DataView(12, 2, "kim@example.com", as_shown({"title": "CFO"}), {"title": "Corrected by Sam."}))
    assert list(fields(modal)) == list(FIELDS) == [*LINES, "industry"]
    assert fields(modal)["title"]["initial_value"] == "CFO"
    assert fields(modal)["industry"]["initial_option"]["value"] == "unknown"
    hints = {block["block_id"]: block["hint"]["text"] for block in modal["blocks"] if "hint" in block}
    assert hints == {"title": "Corrected by Sam."}
    assert all(block["optional"] for block in modal["blocks"] if block.get("block_id") in LINES)


def test_the_rejection_offers_every_reason_and_a_note() -> None:
    modal = reject_modal(a_view())
    assert modal["callback_id"] == Submission.REJECT
    assert [one["value"] for one in fields(modal)[Field.REASON]["options"]] == list(REASONS)
    assert Field.NOTE in fields(modal)


@pytest.mark.parametrize("reason", ["", "nonsense", *REASONS])
def test_the_rejection_asks_what_the_chosen_reason_asks_for(reason: str) -> None:
    modal = reject_modal(a_view(), reason)
    more = {"no_fit": {Field.DETAIL}, "duplicate": {Field.DUPLICATE_OF}}.get(reason, set())
    assert set(fields(modal)) == {Field.REASON, Field.NOTE} | more == fields_of(reason)
    assert (fields(modal)[Field.REASON].get("initial_option") or {}).get("value", "") == (
        reason if reason in REASONS else ""
    )


def test_the_reason_is_told_to_us_as_soon_as_it_is_chosen() -> None:
    told = [block["block_id"] for block in reject_modal(a_view())["blocks"] if block.get("dispatch_action")]
    assert told == [Pick.REASON]
    assert fields(reject_modal(a_view()))[Field.REASON]["action_id"] == Pick.REASON


def test_a_lead_is_snoozed_for_a_span_or_to_a_moment() -> None:
    modal = snooze_modal(a_view())
    assert [one["value"] for one in fields(modal)[Field.SPAN]["options"]] == list(SPANS)
    assert fields(modal)[Field.UNTIL]["type"] == "datetimepicker"


def test_a_lead_is_reassigned_to_the_pool_or_to_a_person_and_among_many_one_searches() -> None:
    many = [replace(SAM, rep_id=number) for number in range(1, 101)]
    whom = fields(reassign_modal(a_view(), many[:99]))[Field.REP]
    assert [one["value"] for one in whom["options"]] == [BACK_TO_THE_POOL, *(str(number) for number in range(1, 100))]
    assert fields(reassign_modal(a_view(), many))[Field.REP]["type"] == "external_select"
    assert [one["value"] for one in takers(many)][:2] == [BACK_TO_THE_POOL, "1"]


@settings(deadline=None)
@given(st.sampled_from(Press), st.integers(0, 10**17), st.integers(0, 10**17))
def test_a_menu_choice_comes_back_as_it_was_sent(press: Press, handoff_id: int, version: int) -> None:
    choice = MenuChoice(press, HandoffRef(handoff_id, version))
    assert MenuChoice.unpack(choice.packed) == choice


@pytest.mark.parametrize(
    "text", ["", "h1.v1", "handoff.accept", "handoff.accept h1", "nonsense h1.v1", "handoff.acceptx h1.v1"]
)
def test_what_stands_in_no_menu_of_ours_is_no_choice(text: str) -> None:
    with pytest.raises(BadRef):
        MenuChoice.unpack(text)


def test_the_contact_offers_every_outcome() -> None:
    modal = contact_modal(a_view())
    assert modal["callback_id"] == Submission.LOG_CONTACT
    assert [one["value"] for one in fields(modal)[Field.OUTCOME]["options"]] == [
        outcome.value for outcome in AttemptOutcome
    ]


def test_a_modal_carries_ids_and_nothing_of_the_lead() -> None:
    for modal in (reject_modal(a_view()), contact_modal(a_view())):
        assert modal["private_metadata"] == "h12.v2"


def test_only_what_may_be_left_out_is_called_optional() -> None:
    after_a_call = [Field.NOTE, Field.NEXT_STEP, Field.NEXT_AT]
    for modal, optional in ((reject_modal(a_view()), [Field.NOTE]), (contact_modal(a_view()), after_a_call)):
        inputs = [block for block in modal["blocks"] if block["type"] == "input"]
        assert [block["block_id"] for block in inputs if block.get("optional")] == optional


def test_every_reason_says_what_follows_from_it_within_slacks_limit() -> None:
    for one in fields(reject_modal(a_view()))[Field.REASON]["options"]:
        assert one["description"]["text"].endswith(f"→ {REASONS[one['value']].then.value}")


@settings(deadline=None)
@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_a_reference_comes_back_as_it_was_sent(handoff_id: int, version: int) -> None:
    ref = HandoffRef(handoff_id, version)
    assert HandoffRef.unpack(ref.packed) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h1",
        "h1.v",
        "h.v1",
        "v1.h1",
        "h-1.v1",
        "h1.v1.v1",
        "h1.v1 ",
        "hx.v1",
        "h\u0661.v1",
        f"h{'9' * 19}.v1",
        "h1.5.v2",
        "h1.v²",
    ],
)
def test_what_we_did_not_send_is_no_reference(text: str) -> None:
    with pytest.raises(BadRef):
        HandoffRef.unpack(text)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_codec(text: str) -> None:
    try:
        ref = HandoffRef.unpack(text)
    except BadRef:
        return
    assert ref.handoff_id >= 0


@pytest.mark.parametrize(
    ("status", "title"),
    [(HandoffStatus.OFFERED, "Reject this lead"), (HandoffStatus.ACCEPTED, "Give this lead back")],
)
def test_the_window_of_a_reason_is_called_as_the_button_that_opened_it(status: HandoffStatus, title: str) -> None:
    assert reject_modal(a_view(status))["title"]["text"] == title


# ---- qualification ----------------------------------------------------------------------------------------------------


def answered(**words: str) -> CardView:
    """A contacted lead with these answers, of which only the key of the choice matters."""
    answers = [Answer(key, key, said, said, Counts.YES) for key, said in words.items()]
    return a_view(
        HandoffStatus.CONTACTED, qualification=QualificationView(NOON, "Sam Sample", Verdict.NOT_YET, answers)
    )


@pytest.mark.parametrize("framework", [BANT, MEDDIC], ids=lambda one: one.key)
def test_the_qualification_asks_every_question_and_nobody_has_to_guess(framework: Framework) -> None:
    asked = fields(qualify_modal(a_view(HandoffStatus.CONTACTED), framework))
    assert list(asked) == [f"{FIELD}{question.key}" for question in framework.questions]
    for question in framework.questions:
        element = asked[f"{FIELD}{question.key}"]
        if question.choices:
            assert [one["value"] for one in element["options"]] == [*(one.key for one in question.choices), "unknown"]
            assert element["initial_option"]["value"] == "unknown"
        else:
            assert element["type"] == "plain_text_input"


def test_answers_stand_in_the_window_until_they_are_changed() -> None:
    asked = fields(qualify_modal(answered(budget="partly", need="gone", notes="Wants it\nby May."), BANT))
    assert asked["q.budget"]["initial_option"]["value"] == "partly"
    assert asked["q.need"]["initial_option"]["value"] == "unknown"
    assert asked["q.notes"]["initial_value"] == "Wants it\nby May."


def test_the_window_says_what_it_takes() -> None:
    said = qualify_modal(a_view(), BANT)["blocks"][1]["elements"][0]["text"]
    assert said == "An SQL has a yes to *Need*, and 2 of the other answers (partly is half)."


def test_only_answers_come_back_as_answers() -> None:
    assert said_in({"q.budget": "yes", "note": "x", "q.q.odd": ""}) == {"budget": "yes", "q.odd": ""}


# ---- as people see them -----------------------------------------------------------------------------------------------


def test_the_windows_look_as_they_did() -> None:
    contacted = a_view(HandoffStatus.CONTACTED)
    sheet = DataView(12, 2, "kim@example.com", as_shown({"title": "CFO"}), {"title": "Corrected by Sam."})
    windows = {
        "window_loading": loading_modal(),
        "window_refused": refused_modal("Sam Sample accepted this lead at 10:42 UTC."),
        "window_reject": reject_modal(a_view()),
        "window_reject_no_fit": reject_modal(a_view(), "no_fit"),
        "window_give_back_after_answers": reject_modal(contacted, "no_fit", "Your answers are kept."),
        "window_contact": contact_modal(a_view(HandoffStatus.ACCEPTED)),
        "window_qualify": qualify_modal(contacted, BANT),
        "window_qualify_again": qualify_modal(answered(budget="partly", notes="By May."), BANT),
        "window_qualify_meddic": qualify_modal(contacted, MEDDIC),
        "window_snooze": snooze_modal(a_view()),
        "window_reassign": reassign_modal(a_view(), [SAM]),
        "window_reassign_search": reassign_modal(a_view(), [SAM] * 200),
        "window_fix": fix_modal(sheet),
    }
    for name, view in windows.items():
        check_view(view)
        same_as_snapshot(name, view["title"]["text"], view)
