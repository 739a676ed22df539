"""The pulse and the monthly pack: who is asked, what is told of the answers, and what a month says of its leads."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.loops.daily import Day, day_of
from domain.loops.due import pulses_due
from domain.loops.kept import from_json, to_json
from domain.loops.monthly import Pack, pack_of
from domain.loops.sentences import day_in_a_line, sentences
from domain.loops.weekly import Week
from domain.rules.feedback import Loop, Why
from domain.rules.preferences import Alert, How, Preferences
from domain.rules.refusals_feedback import NotYourPulse, PulseOver
from domain.stats.satisfaction import by_month, satisfaction
from domain.stats.trend import Metric
from domain.tables import Happened, LeadEvent, LoopRun, Pulse, Rep
from domain.verbs import looping, pulsing, staffing
from domain.verbs.escalating import take_steps
from tests.conftest import NOON
from tests.domain.making import Team, events, make_offer
from tests.domain.test_feedback import DAY, LATER, UTC_ZONE, decided, week

# ---- the pulse -------------------------------------------------------------------------------------------------------


def month_of_leads(session: Session, team: Team, count: int = 3) -> None:
    for number in range(count):
        decided(session, team, number, NOON)


END = datetime(2026, 3, 31, 16, 0, tzinfo=UTC_ZONE)
MINUTE = 15 * 60


def test_who_decided_on_three_leads_is_asked_once(session: Session, team: Team) -> None:
    month_of_leads(session, team, 2)
    assert list(pulses_due(session, MINUTE, END)) == []
    decided(session, team, 9, NOON, reason="no_fit")
    ((rep, month, leads),) = pulses_due(session, MINUTE, END)
    assert (rep.id, month, leads) == (team.sam.id, "2026-03", 3)
    assert pulsing.ask(session, rep, month, leads, END) is not None
    assert pulsing.ask(session, rep, month, leads, END) is None
    assert list(pulses_due(session, MINUTE, END + timedelta(days=1))) == []


def test_leads_that_came_long_before_the_month_are_none_of_it(session: Session, team: Team) -> None:
    month_of_leads(session, team)
    old = decided(session, team, 9, NOON)
    old.became_at = datetime(2025, 11, 30, tzinfo=UTC_ZONE)
    session.flush()
    assert [leads for _, _, leads in pulses_due(session, MINUTE, END)] == [3]


def test_who_does_not_want_to_be_asked_is_not(session: Session, team: Team) -> None:
    month_of_leads(session, team)
    staffing.set_preferences(session, team.sam, Preferences(how={Alert.PULSE: How.OFF}), NOON)
    assert list(pulses_due(session, MINUTE, END)) == []


def asked(session: Session, rep: Rep, month: str = "2026-03") -> Pulse:
    pulse = pulsing.ask(session, rep, month, 4, END)
    assert pulse is not None
    return pulse


def test_a_changed_mind_overwrites_and_asks_anew_what_it_was(session: Session, team: Team) -> None:
    pulse = asked(session, team.sam)
    pulsing.feel(session, pulse.id, team.sam, 2, END)
    pulsing.say_why(session, pulse.id, team.sam, Why.DATA, END)
    assert (pulse.feeling, pulse.why) == (2, "data")
    pulsing.feel(session, pulse.id, team.sam, 5, END)
    assert (pulse.feeling, pulse.why) == (5, None)
    # The same tap twice is one answer.
    pulsing.feel(session, pulse.id, team.sam, 5, END)
    assert events(session).count(Happened.PULSE_ANSWERED) == 3
    said = session.scalars(select(LeadEvent.data).where(LeadEvent.kind == Happened.PULSE_ANSWERED)).all()
    assert all(not {"feeling", "why"} & data.keys() for data in said)


def test_only_who_was_asked_answers_and_only_for_a_month(session: Session, team: Team) -> None:
    pulse = asked(session, team.sam)
    with pytest.raises(NotYourPulse):
        pulsing.feel(session, pulse.id, team.dana, 1, END)
    with pytest.raises(NotYourPulse):
        pulsing.feel(session, 10**9, team.dana, 1, END)
    with pytest.raises(PulseOver):
        pulsing.feel(session, pulse.id, team.sam, 1, END + pulsing.ANSWERED_WITHIN)


def test_below_three_answers_nothing_is_told_but_how_many_there_are(session: Session, team: Team) -> None:
    reps = [team.sam, team.dana, team.ada]
    for rep, feeling in zip(reps[:2], (5, 2), strict=True):
        pulsing.feel(session, asked(session, rep).id, rep, feeling, END)
    asked(session, team.ada)
    two = satisfaction(session, ["2026-03"])
    assert (two.asked, two.answered, two.mean, two.content, two.hidden) == (3, 2, None, None, True)
    assert (two.feelings, two.praised, two.blamed) == ({}, {}, {})
    third = session.scalars(select(Pulse).where(Pulse.rep_id == team.ada.id)).one()
    pulsing.feel(session, third.id, team.ada, 4, END)
    pulsing.say_why(session, third.id, team.ada, Why.FIT, END)
    three = by_month(session, ["2026-02", "2026-03"])
    assert list(three) == ["2026-03"]
    assert three["2026-03"].mean == pytest.approx(11 / 3)
    assert three["2026-03"].content == pytest.approx(2 / 3)
    assert three["2026-03"].praised == {Why.FIT: 1}
    assert satisfaction(session, ["2026-03"], team.sdrs.id).asked == 2


# ---- the month -------------------------------------------------------------------------------------------------------


def test_what_was_found_is_read_again_as_it_was_kept(session: Session, team: Team) -> None:
    for number in range(12):
        decided(session, team, number, NOON)
        decided(session, team, 100 + number, NOON, source="adverts", reason="no_fit", score=85)
    for rep in (team.sam, team.dana, team.ada):
        pulsing.feel(session, asked(session, rep).id, rep, 4, END)
    now = datetime(2026, 4, 20, 9, 0, tzinfo=UTC_ZONE)
    pack = pack_of(session, "2026-03", UTC_ZONE, now)
    day, found = day_of(session, team.morgan, DAY, now), week(session)
    assert from_json(Pack, to_json(pack)) == pack
    assert from_json(Day, to_json(day)) == day
    assert from_json(Week, to_json(found)) == found
    assert sentences(from_json(Pack, to_json(pack))) == sentences(pack)
    assert "MQL" in day_in_a_line(day)
    assert pack.handed == 24
    assert dict(pack.reasons) == {"no_fit": 12}
    assert pack.pulse is not None
    assert pack.pulse.mean == 4


def test_a_month_in_which_nothing_happened_says_so(session: Session, team: Team) -> None:
    pack = pack_of(session, "2026-01", UTC_ZONE, NOON)
    assert sentences(pack) == ["0 leads went to sales: 0 MQL, 0 HQL (December 2025: 0)."]
    assert from_json(Pack, to_json(pack)) == pack


def test_a_quarter_that_runs_is_never_final_in_the_pack_and_one_that_is_over_has_its_last_day(
    session: Session, team: Team
) -> None:
    for number in range(12):
        decided(session, team, number, NOON - timedelta(days=20))
        decided(session, team, 100 + number, datetime(2026, 3, 31, 18, 0, tzinfo=UTC_ZONE))
    february = pack_of(session, "2026-02", UTC_ZONE, NOON).row(Metric.ACCEPTANCE).quarters[-1]
    assert (february.quarter, february.of, february.mature) == ("2026-Q1 so far", 12, False)
    for now in (datetime(2026, 4, 1, 9, 0, tzinfo=UTC_ZONE), datetime(2026, 9, 1, 9, 0, tzinfo=UTC_ZONE)):
        march = pack_of(session, "2026-03", UTC_ZONE, now).row(Metric.ACCEPTANCE).quarters
        assert [one.quarter for one in march] == ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]
        assert (march[-1].of, march[-1].mature) == (24, True)


def test_exactly_the_target_is_short_of_it_and_what_is_still_open_is_said(session: Session, team: Team) -> None:
    empty = pack_of(session, "2026-01", UTC_ZONE, NOON)

    def first(accepted: int, of: int, waiting: int = 0) -> str:
        rows = [
            replace(row, value=accepted / of, hit=accepted, of=of, waiting=waiting)
            if row.metric is Metric.ACCEPTANCE
            else row
            for row in empty.metrics
        ]
        return sentences(replace(empty, metrics=rows))[0]

    assert first(80, 100) == "MQL acceptance is 80%; the target is over 80%."
    assert first(799, 1000) == "MQL acceptance is 79.9%; the target is over 80%."
    assert first(50, 100, waiting=12) == "MQL acceptance is 50% so far, with 12 still open; the target is over 80%."
    assert first(90, 100) == "Every metric of which there is enough to say is on target."
    assert first(90, 100, waiting=12) == "Every metric of which there is enough to say is on target so far."
    assert first(1, 9).startswith("0 leads went to sales")


def test_nothing_that_is_kept_names_anybody(session: Session, team: Team) -> None:
    make_offer(session)
    take_steps(session, NOON + timedelta(hours=6), 10)
    run = looping.make_run(
        session, Loop.DAILY, "2026-03-02", "rep-1", to_json(day_of(session, team.morgan, DAY, LATER)), NOON
    )
    kept = str(session.get_one(LoopRun, run.id if run else 0).data)
    assert not [name for name in ("Sam", "Dana", "kim@", "Buyer", "SDR") if name in kept]
