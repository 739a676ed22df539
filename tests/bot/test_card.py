"""The lead card is a pure function of the record: in every state, whatever the lead wrote, with the buttons that belong to it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from bot.card import lead_card
from bot.ids import HandoffRef, Press
from bot.limits import MESSAGE_SIZE, check_message
from bot.messages import Lateness, hotter, jumped, late, many_late, overdue, reminder, short
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.qualification import Verdict
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
    SOON,
    SQL,
    a_view,
    buttons,
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


def test_a_button_carries_the_handoff_and_its_version_and_nothing_else() -> None:
    assert set(buttons(a_view()).values()) == {HandoffRef(12, 2).packed}


@settings(deadline=None)
@given(hostile)
def test_a_rep_without_slack_is_named_harmlessly(name: str) -> None:
    view = a_view(rep=replace(SAM, name=name, slack_user_id=None))
    assert slips(lead_card(view, SOON)[1]) == []


def test_a_rise_says_what_is_missing_to_the_next_tier() -> None:
    _, blocks = jumped(replace(rise_in(a_view()), score=57), 31, Thresholds())
    assert "rose from 31 to *57* (MEL)  ·  3 more make it an MQL" in "\n".join(texts(blocks, "mrkdwn"))


BREACHED = a_view(clocks=clocks(NOON - hours(5)))
MISSED = a_view(clocks=[replace(one, breached_at=NOON) for one in BREACHED.clocks])
ACCEPTED = a_view(HandoffStatus.ACCEPTED, undo_until=SOON)
AGREED = AttemptView(NOON, "Sam Sample", AttemptOutcome.SPOKE, "Send the security sheet", NOON + hours(26))
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
