"""What a person reads on the lead card: who, why, until when, what has happened, and what to do next."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.card import lead_card
from domain.rules.deals import DealStatus
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.probability import Chance, Outcome
from domain.rules.qualification import Verdict
from domain.rules.reasons import REASONS
from domain.rules.scoring_model import Group
from domain.rules.tiers import Tier
from domain.tables import AttemptOutcome, ClockOutcome
from domain.views import AttemptView, ColleagueView
from tests.bot.making import (
    ADA,
    DEAL,
    LEAD,
    MORGAN,
    QUALIFIED,
    SAM,
    SOON,
    SQL,
    a_view,
    buttons,
    clocks,
    contribution,
    drawn,
    hours,
    texts,
)
from tests.conftest import NOON


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


def test_a_card_says_how_the_lead_has_moved_since_it_was_offered() -> None:
    view = a_view(HandoffStatus.ACCEPTED, now_score=84, now_tier=Tier.HQL)
    assert "🔥 Now *HQL 84*: it was 77 when it was offered" in drawn(view)
    assert "📉 Now *MEL 55*" in drawn(replace(view, now_score=55, now_tier=Tier.MEL))
    assert "Now *" not in drawn(a_view(HandoffStatus.ACCEPTED, now_score=75))


def test_a_withdrawn_card_says_why_and_asks_for_nothing() -> None:
    view = a_view(HandoffStatus.WITHDRAWN, reason="became_hql")
    assert "has become an HQL and went to an AE" in drawn(view)
    assert buttons(view) == {}


def test_who_talks_to_the_company_already_stands_on_the_card() -> None:
    colleagues = [
        ColleagueView("Ann <!here> Sample", "CFO", Stage.IN_HANDOFF, Tier.HQL, 91, "Ada Account"),
        ColleagueView("ben@example.com", None, Stage.NURTURING, Tier.MEL, 48, None),
    ]
    card = drawn(a_view(colleagues=colleagues, more_colleagues=4))
    assert "*Also at Buyer &amp; Sons:*  Ann &lt;!here&gt; Sample, CFO, HQL 91, with Ada Account\n" in card
    assert "ben@example.com" not in card
    assert "Also at" not in drawn(a_view(colleagues=colleagues[1:]))


@pytest.mark.parametrize("status", HandoffStatus)
def test_every_card_says_one_next_thing_to_do(status: HandoffStatus) -> None:
    assert drawn(a_view(status)).count("*Next:*") == 1


@pytest.mark.parametrize(
    ("handed", "says"),
    [
        (None, "win it: the deal goes on in the CRM."),
        (DealStatus.OFFERED, "nothing here: it waits for the AE's yes."),
        (DealStatus.ACCEPTED, "win it: the deal goes on in the CRM."),
        (DealStatus.RETURNED, "take it up again, or close it in the CRM."),
    ],
)
def test_what_is_next_with_a_deal_is_said_by_whose_turn_it_is(handed: DealStatus | None, says: str) -> None:
    assert f"*Next:*  {says}" in drawn(a_view(HandoffStatus.CONVERTED, deal=replace(DEAL, handed=handed, ae=ADA)))


def test_answers_that_rule_an_sql_out_say_to_give_it_back() -> None:
    no = replace(QUALIFIED, verdict=Verdict.NOT_QUALIFIED, at=SOON)
    assert "*Next:*  give it back with a reason." in drawn(replace(SQL, qualification=no))


def test_an_sql_is_whoevers_first_said_so_and_not_of_who_updated_the_answers() -> None:
    assert "qualified by Morgan Manager" in drawn(replace(SQL, qualified_by=MORGAN))


def test_who_has_no_phone_is_written_to() -> None:
    assert "*Next:*  write to kim_buyer@example.com, then log how it went." in drawn(
        a_view(HandoffStatus.ACCEPTED, lead=replace(LEAD, phone=None))
    )


def test_the_chance_stands_beside_the_score_and_only_if_the_model_has_one() -> None:
    chance = Chance(0.34, 0.26, 0.43, Outcome.SQL)
    shown = [text for text in texts(lead_card(a_view(chance=chance), SOON)[1], "mrkdwn") if "*Why 77*" in text]
    assert shown[0].splitlines()[0] == "*Why 77*  (fit 45 + intent 32)  ·  about 34% become an SQL (26\u201343%)"
    assert "about" not in json.dumps(lead_card(a_view(), SOON)[1])
