"""The lead card is a pure function of the record: in every state, whatever the lead wrote."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings

from bot.card import lead_card
from bot.ids import HandoffRef, MenuChoice, Press
from bot.limits import MESSAGE_SIZE, check_message
from bot.messages import Lateness, hotter, jumped, late, many_late, overdue, reminder, short
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.probability import Chance, Outcome
from domain.rules.qualification import Verdict
from domain.rules.reasons import REASONS
from domain.rules.scoring_model import Group
from domain.rules.tiers import Thresholds, Tier
from domain.tables import AttemptOutcome, ClockOutcome
from domain.views import AttemptView, CardView, ColleagueView, RiseView, TouchView
from tests.bot.making import (
    ADA,
    ATTACKS,
    DEAL,
    LEAD,
    MORGAN,
    QUALIFIED,
    SAM,
    a_view,
    clocks,
    contribution,
    hostile,
    hours,
    moments,
    slips,
    texts,
    views,
    what_slipped_through,
)
from tests.bot.snapshots import same_as_snapshot
from tests.conftest import NOON

SOON = NOON + timedelta(minutes=20)


def drawn(view: CardView, now: datetime = SOON) -> str:
    """All that a person reads on the card."""
    _, blocks = lead_card(view, now)
    return "\n".join(chain(texts(blocks, "plain_text"), texts(blocks, "mrkdwn")))


def buttons(view: CardView, now: datetime = SOON) -> dict[str, str]:
    """Each button and each option of the menu, with what it carries."""
    _, blocks = lead_card(view, now)
    found: list[dict[str, Any]] = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    menu = [MenuChoice.unpack(one["value"]) for element in found for one in element.get("options", ())]
    return {one["action_id"]: one["value"] for one in found if one["type"] == "button"} | {
        choice.press: choice.ref.packed for choice in menu
    }


@settings(deadline=None)
@given(views, moments)
def test_whatever_the_lead_wrote_the_card_obeys_slack_and_slack_obeys_nobody(view: CardView, now: datetime) -> None:
    text, blocks = lead_card(view, now)
    check_message(blocks)
    assert len(json.dumps(blocks, ensure_ascii=False)) <= MESSAGE_SIZE
    assert slips(blocks) == []
    assert what_slipped_through(text) == ""
    assert 0 < len(text) <= 500


def rise_in(view: CardView) -> RiseView:
    return RiseView(view.lead, Stage.NURTURING, Tier.MEL, view.score, view.reasons, view.touches, None, None)


@settings(deadline=None)
@given(views)
def test_messages_beside_the_card_are_as_harmless(view: CardView) -> None:
    said = [
        reminder(view, ClockKind.FIRST_CONTACT),
        overdue(Lateness(view, ClockKind.FIRST_CONTACT, behind=7200)),
        late(Lateness(view, ClockKind.QUALIFICATION, note="handed_on", behind=600), None),
        many_late([Lateness(view, ClockKind.QUALIFICATION, note="limit")] * 10, 99, 10_000),
        short(view.pool or "", 2, NOON),
        hotter(view, None),
        jumped(rise_in(view), 12, Thresholds()),
    ]
    for text, blocks in said:
        check_message(blocks)
        assert slips(blocks) == []
        assert text


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_lead_whose_every_field_is_an_attack_still_fits(attack: str) -> None:
    lead = replace(
        LEAD,
        name=attack,
        email=attack,
        title=attack,
        company=attack,
        phone=attack,
        country=attack,
        industry=attack,
        company_size=attack,
        source=attack,
        notes=[attack] * 5,
    )
    reasons = [contribution(attack, attack)] * 4
    view = a_view(HandoffStatus.REJECTED, lead=lead, reasons=reasons, note=attack, pool=attack)
    check_message(lead_card(view, SOON)[1])


@pytest.mark.parametrize("status", HandoffStatus)
def test_the_card_is_drawn_in_every_state_and_the_same_twice(status: HandoffStatus) -> None:
    view = a_view(status)
    assert lead_card(view, SOON) == lead_card(view, SOON)
    check_message(lead_card(view, SOON)[1])


MENU = {Press.SNOOZE, Press.RELEASE, Press.REASSIGN, Press.TAKE_OVER, Press.FIX_DATA}


@pytest.mark.parametrize(
    ("status", "presses"),
    [
        (HandoffStatus.OFFERED, {Press.ACCEPT, Press.REJECT, *MENU}),
        (HandoffStatus.ACCEPTED, {Press.LOG_CONTACT, Press.REJECT, *MENU}),
        (HandoffStatus.CONTACTED, {Press.QUALIFY, Press.LOG_CONTACT, Press.REJECT, *MENU}),
        (HandoffStatus.QUALIFIED, {Press.QUALIFY, Press.REJECT, Press.LOG_CONTACT, Press.FIX_DATA}),
        (HandoffStatus.CONVERTED, set()),
        (HandoffStatus.OPEN, set()),
        (HandoffStatus.REJECTED, set()),
        (HandoffStatus.EXPIRED, set()),
        (HandoffStatus.WITHDRAWN, set()),
    ],
)
def test_the_buttons_are_those_of_the_moves_that_are_possible(status: HandoffStatus, presses: set[Press]) -> None:
    assert set(buttons(a_view(status))) == presses


@pytest.mark.parametrize("status", [HandoffStatus.ACCEPTED, HandoffStatus.REJECTED])
def test_a_decision_can_be_undone_from_the_card_for_a_while(status: HandoffStatus) -> None:
    view = a_view(status, undo_until=SOON)
    assert buttons(view)[Press.UNDO] == HandoffRef(12, 2).packed
    assert Press.UNDO not in buttons(view, SOON + timedelta(seconds=1))


@pytest.mark.parametrize("status", [HandoffStatus.OFFERED, HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED])
def test_a_snoozed_card_says_until_when_instead_of_what_is_due(status: HandoffStatus) -> None:
    seen = drawn(a_view(status, snoozed_until=NOON + hours(30)), NOON + hours(40))
    assert "💤 *Snoozed until <!date^" in seen
    assert "Its clocks stand still." in seen
    assert "overdue" not in seen


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("released", "*Released to the pool* by Morgan Manager; it was with <@U0SAM>."),
        ("reassigned", "*Reassigned* by Morgan Manager; it was with <@U0SAM>."),
        ("taken_over", "*Taken over* by Morgan Manager; it was with <@U0SAM>."),
    ],
)
def test_a_lead_that_changed_hands_says_how_and_to_whom_it_went(reason: str, words: str) -> None:
    view = a_view(HandoffStatus.WITHDRAWN, reason=reason, moved_by=MORGAN)
    assert f"{words} It goes to the next who is free." in drawn(view)
    assert f"{words} It went to <@U0MORGAN>." in drawn(replace(view, went_to=MORGAN))


def test_a_lead_that_nobody_contacted_in_time_says_to_whom_it_was_handed_on() -> None:
    seen = drawn(a_view(HandoffStatus.EXPIRED, went_to=MORGAN))
    assert "⌛ *Handed on* from <@U0SAM>: no contact in time. It went to <@U0MORGAN>." in seen


def test_an_offer_that_was_taken_back_with_the_rejection_before_it_says_so() -> None:
    assert "the rejection before it was taken back" in drawn(a_view(HandoffStatus.WITHDRAWN, reason="undone"))


def test_no_fit_says_what_does_not_fit() -> None:
    seen = drawn(a_view(HandoffStatus.REJECTED, reason="no_fit", detail="company_size"))
    assert "No fit: company size → disqualified" in seen


def test_a_duplicate_says_of_whom_and_how_to_make_the_two_one() -> None:
    seen = drawn(a_view(HandoffStatus.REJECTED, reason="duplicate", detail="kim@example.com"))
    assert "Duplicate of kim@example.com → disqualified" in seen
    assert "`handoff leads merge kim@example.com kim_buyer@example.com`" in seen


def test_doubtful_data_are_a_warning_on_the_card() -> None:
    assert "\n⚠️ Data: *D* · no company\n" in drawn(a_view(lead=replace(LEAD, grade="D", notes=("no company",))))


@pytest.mark.parametrize("grade", ["A", "B", None])
def test_of_data_that_one_can_work_with_nothing_is_said(grade: str | None) -> None:
    assert "Data:" not in drawn(a_view(lead=replace(LEAD, grade=grade)))


def test_a_button_carries_the_handoff_and_its_version_and_nothing_else() -> None:
    assert set(buttons(a_view()).values()) == {HandoffRef(12, 2).packed}


def test_the_card_shows_who_why_and_until_when() -> None:
    seen = drawn(a_view())
    assert "MQL 77 · Kim Buyer · Buyer & Sons" in seen
    assert "*VP Sales* · Software · 201-1000 employees · DE\nkim_buyer@example.com · +4930123456 · via website" in seen
    assert "*Why 77*  (fit 45 + intent 32)\n`+32` Asked for a demo: 1 demo request" in seen
    assert "demo request “Demo”" in seen
    assert "*For <@U0SAM>*" in seen
    assert "(3 h 40 min left)" in seen


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOON, "(4 h left)"),
        (NOON + hours(3.5), "(30 min left)"),
        (NOON + hours(3.999), "(1 min left)"),
        (NOON + hours(4), "*First contact overdue*"),
        (NOON + hours(9), "*First contact overdue*"),
    ],
)
def test_the_time_that_is_left_is_said_in_words(now: datetime, words: str) -> None:
    assert words in drawn(a_view(), now)


def test_the_day_stands_beside_a_time_that_is_not_near() -> None:
    assert "^{time}|" in drawn(a_view(), NOON).split("First contact by")[1]
    contacted = a_view(HandoffStatus.CONTACTED, clocks=clocks(NOON, ClockOutcome.MET, None))
    assert "^{date_short_pretty} at {time}|" in drawn(contacted, NOON).split("Qualification by")[1]


def test_what_was_seen_of_an_attribute_is_not_said_twice() -> None:
    fit = contribution("Works for a core industry", "industry: software")._replace(group=Group.FIT)
    assert "`+32` Works for a core industry\n" in drawn(a_view(reasons=[fit]))


def test_an_accepted_card_says_who_accepted_for_whom() -> None:
    assert "for <@U0SAM>" not in drawn(a_view(HandoffStatus.ACCEPTED, decided_by=SAM))
    assert "✅ *Accepted by Morgan Manager*" in drawn(a_view(HandoffStatus.ACCEPTED, decided_by=MORGAN))
    assert "for <@U0SAM>" in drawn(a_view(HandoffStatus.ACCEPTED, decided_by=MORGAN))


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_a_contacted_card_says_how_the_last_attempt_went(outcome: AttemptOutcome) -> None:
    attempts = [AttemptView(NOON, SAM.name, AttemptOutcome.NO_ANSWER), AttemptView(SOON, SAM.name, outcome)]
    seen = drawn(a_view(HandoffStatus.CONTACTED, attempts=attempts, clocks=clocks(NOON, ClockOutcome.MET, NOON)))
    assert f"📞 *{outcome.words}*: Sam Sample" in seen
    assert "attempt 2  ·  first contact in time" in seen


def test_a_late_first_contact_is_said_to_be_late() -> None:
    assert "first contact late" in drawn(
        a_view(HandoffStatus.CONTACTED, clocks=clocks(NOON, ClockOutcome.MISSED, SOON))
    )


@pytest.mark.parametrize("reason", REASONS.values(), ids=lambda reason: reason.key)
def test_a_rejected_card_says_why_and_what_follows(reason: Any) -> None:
    seen = drawn(a_view(HandoffStatus.REJECTED, reason=reason.key))
    assert "*Rejected by Sam Sample*" in seen
    assert f"{reason.label} → {reason.then.value}\n> Next year perhaps" in seen


def test_a_lead_of_whom_little_is_known_has_a_card_too() -> None:
    bare = replace(
        LEAD,
        name="kim@example.com",
        title=None,
        company=None,
        phone=None,
        country=None,
        industry=None,
        company_size=None,
        notes=(),
    )
    seen = drawn(a_view(lead=bare, touches=(), reasons=()))
    assert "_title not known_" in seen
    assert "None" not in seen


def test_an_hql_is_told_from_an_mql_at_first_sight() -> None:
    assert drawn(a_view(tier=Tier.HQL)).startswith("🔥 HQL")
    assert drawn(a_view(tier=Tier.MQL)).startswith("⭐ MQL")


def test_what_speaks_against_the_lead_is_not_hidden() -> None:
    view = a_view(negative=-12, reasons=[contribution("Writes from a free mailbox", "gmail.com", -12)])
    assert "(fit 45 + intent 32 \u2212 12)\n`-12` Writes from a free mailbox: gmail.com" in drawn(view)


def test_the_fallback_says_what_to_do() -> None:
    text, _ = lead_card(a_view(), SOON)
    assert text == "MQL 77 · Kim Buyer · Buyer &amp; Sons. Accept or reject: offered to Sam Sample."


@settings(deadline=None)
@given(hostile)
def test_a_rep_without_slack_is_named_harmlessly(name: str) -> None:
    view = a_view(rep=replace(SAM, name=name, slack_user_id=None))
    assert slips(lead_card(view, SOON)[1]) == []


def test_a_card_says_how_the_lead_has_moved_since_it_was_offered() -> None:
    view = a_view(HandoffStatus.ACCEPTED, now_score=84, now_tier=Tier.HQL)
    assert "🔥 Now *HQL 84*: it was 77 when it was offered" in drawn(view)
    assert "📉 Now *MEL 55*" in drawn(replace(view, now_score=55, now_tier=Tier.MEL))
    assert "Now *" not in drawn(a_view(HandoffStatus.ACCEPTED, now_score=75))


def test_a_withdrawn_card_says_why_and_asks_for_nothing() -> None:
    view = a_view(HandoffStatus.WITHDRAWN, reason="became_hql")
    assert "has become an HQL and went to an AE" in drawn(view)
    assert buttons(view) == {}


def test_a_rise_says_what_is_missing_to_the_next_tier() -> None:
    _, blocks = jumped(replace(rise_in(a_view()), score=57), 31, Thresholds())
    assert "rose from 31 to *57* (MEL)  ·  3 more make it an MQL" in "\n".join(texts(blocks, "mrkdwn"))


def test_who_talks_to_the_company_already_stands_on_the_card() -> None:
    colleagues = [
        ColleagueView("Ann <!here> Sample", "CFO", Stage.IN_HANDOFF, Tier.HQL, 91, "Ada Account"),
        ColleagueView("ben@example.com", None, Stage.NURTURING, Tier.MEL, 48, None),
    ]
    card = drawn(a_view(colleagues=colleagues, more_colleagues=4))
    assert "*Also at Buyer &amp; Sons:*  Ann &lt;!here&gt; Sample, CFO, HQL 91, with Ada Account\n" in card
    assert "ben@example.com" not in card
    assert "Also at" not in drawn(a_view(colleagues=colleagues[1:]))


BREACHED = a_view(clocks=clocks(NOON - hours(5)))
MISSED = a_view(clocks=[replace(one, breached_at=NOON) for one in BREACHED.clocks])
ACCEPTED = a_view(HandoffStatus.ACCEPTED, undo_until=SOON)
CALLED = clocks(NOON, ClockOutcome.MET, NOON)
AGREED = AttemptView(NOON, "Sam Sample", AttemptOutcome.SPOKE, "Send the security sheet", NOON + hours(26))
SQL = a_view(
    HandoffStatus.QUALIFIED,
    clocks=CALLED,
    qualification=QUALIFIED,
    qualified_at=NOON,
    qualified_by=SAM,
    attempts=a_view(HandoffStatus.CONTACTED).attempts,
)
CONVERTED = replace(SQL, status=HandoffStatus.CONVERTED, stage=Stage.OPPORTUNITY, deal=DEAL)
WON = replace(CONVERTED, stage=Stage.WON, deal=replace(DEAL, stage="Closed Won", closed_at=NOON, won=True))
LOST = replace(CONVERTED, stage=Stage.LOST, deal=replace(DEAL, closed_at=NOON, won=False, lost_reason="Price"))


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("card_offered", a_view()),
        ("card_offered_hql", a_view(tier=Tier.HQL, score=91, now_tier=Tier.HQL, now_score=91)),
        ("card_breached", BREACHED),
        ("card_missed", MISSED),
        ("card_snoozed", a_view(snoozed_until=NOON + hours(30))),
        ("card_accepted", ACCEPTED),
        ("card_accepted_late", replace(ACCEPTED, clocks=clocks(NOON - hours(5)), undo_until=NOON)),
        ("card_contacted", a_view(HandoffStatus.CONTACTED, clocks=clocks(NOON, ClockOutcome.MET, None))),
        ("card_contacted_agreed", a_view(HandoffStatus.CONTACTED, attempts=[AGREED])),
        (
            "card_contacted_not_yet",
            a_view(HandoffStatus.CONTACTED, qualification=replace(QUALIFIED, verdict=Verdict.NOT_YET, at=SOON)),
        ),
        (
            "card_contacted_not_qualified",
            a_view(HandoffStatus.CONTACTED, qualification=replace(QUALIFIED, verdict=Verdict.NOT_QUALIFIED, at=SOON)),
        ),
        ("card_qualified", SQL),
        ("card_qualified_late", replace(SQL, clocks=clocks(NOON, ClockOutcome.MISSED, NOON))),
        ("card_converted", CONVERTED),
        ("card_won", WON),
        ("card_lost", LOST),
        ("card_rejected", a_view(HandoffStatus.REJECTED, undo_until=SOON)),
        ("card_rejected_for_good", a_view(HandoffStatus.REJECTED)),
        ("card_handed_on", a_view(HandoffStatus.EXPIRED, went_to=MORGAN)),
        (
            "card_passed_to_a_colleague",
            a_view(HandoffStatus.WITHDRAWN, reason="reassigned", moved_by=MORGAN, went_to=ADA),
        ),
        ("card_withdrawn", a_view(HandoffStatus.WITHDRAWN, reason="became_hql")),
        ("card_erased", a_view(stage=Stage.ERASED)),
    ],
)
def test_the_card_in_every_state_looks_as_it_was_agreed(name: str, view: CardView) -> None:
    text, blocks = lead_card(view, SOON)
    check_message(blocks)
    same_as_snapshot(name, text, blocks)


@pytest.mark.parametrize("status", HandoffStatus)
def test_every_card_says_one_next_thing_to_do(status: HandoffStatus) -> None:
    assert drawn(a_view(status)).count("*Next:*") == 1


def test_answers_that_rule_an_sql_out_say_to_give_it_back() -> None:
    no = replace(QUALIFIED, verdict=Verdict.NOT_QUALIFIED, at=SOON)
    assert "*Next:*  give it back with a reason." in drawn(replace(SQL, qualification=no))


def test_an_sql_is_whoevers_first_said_so_and_not_of_who_updated_the_answers() -> None:
    assert "qualified by Morgan Manager" in drawn(replace(SQL, qualified_by=MORGAN))


@pytest.mark.parametrize("status", HandoffStatus)
def test_the_card_of_an_erased_lead_shows_nothing_of_the_person(status: HandoffStatus) -> None:
    view = a_view(status, stage=Stage.ERASED)
    text, blocks = lead_card(view, SOON)
    shown = text + json.dumps(blocks, ensure_ascii=False)
    known = [LEAD.name, LEAD.email, LEAD.phone, LEAD.company, LEAD.title, "Next year perhaps", "demo"]
    assert [one for one in known if one and one in shown] == []
    assert buttons(view) == {}


def test_a_lead_of_fifty_touches_and_two_hundred_colleagues_has_a_card_like_any_other() -> None:
    colleague = ColleagueView("x" * 4000, "y" * 4000, Stage.IN_HANDOFF, Tier.HQL, 91, "z" * 4000)
    view = a_view(
        lead=replace(LEAD, name="n" * 4000, company="c" * 4000),
        touches=[TouchView("k" * 4000, NOON, "c" * 4000, "t" * 4000, None)] * 50,
        colleagues=[colleague] * 200,
    )
    check_message(lead_card(view, SOON)[1])


def test_what_its_rep_has_missed_may_be_taken_from_the_card_where_the_pool_sees_it() -> None:
    assert Press.CLAIM in buttons(MISSED)
    assert Press.CLAIM not in buttons(BREACHED)
    assert Press.CLAIM not in buttons(replace(MISSED, place="U0ADA"))
    assert Press.CLAIM not in buttons(replace(MISSED, snoozed_until=NOON))
    assert Press.CLAIM not in buttons(replace(MISSED, status=HandoffStatus.ACCEPTED))


def test_who_has_no_phone_is_written_to() -> None:
    assert "*Next:*  write to kim_buyer@example.com, then log how it went." in drawn(
        a_view(HandoffStatus.ACCEPTED, lead=replace(LEAD, phone=None))
    )


def test_the_chance_stands_beside_the_score_and_only_if_the_model_has_one() -> None:
    chance = Chance(0.34, 0.26, 0.43, Outcome.SQL)
    shown = [text for text in texts(lead_card(a_view(chance=chance), SOON)[1], "mrkdwn") if "*Why 77*" in text]
    assert shown[0].splitlines()[0] == "*Why 77*  (fit 45 + intent 32)  ·  about 34% become an SQL (26\u201343%)"
    assert "about" not in json.dumps(lead_card(a_view(), SOON)[1])
