"""What the loops find in a record, and that it is kept as it was found."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.loops import erring, routing_advice
from domain.loops.daily import Day, Miss, day_of
from domain.loops.due import files_due, managers_due, pulses_due
from domain.loops.erring import Band
from domain.loops.kept import from_json, of_person, to_json
from domain.loops.monthly import Pack, pack_of
from domain.loops.routing_advice import About
from domain.loops.sentences import day_in_a_line, sentences, week_in_a_line
from domain.loops.told import in_a_line, loop_news
from domain.loops.weekly import Week, week_of
from domain.rules import feedback as rules
from domain.rules.deadlines import ClockKind
from domain.rules.feedback import Loop, Why
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import Alert, How, Preferences
from domain.rules.refusals_feedback import NotYourPulse, PulseOver
from domain.rules.tiers import Tier
from domain.stats.satisfaction import by_month, satisfaction
from domain.stats.trend import Metric
from domain.tables import Handoff, Happened, Lead, LeadEvent, LoopRun, Pulse, Rep, Role, ScoreRow
from domain.verbs import looping, noticing, pulsing, staffing
from domain.verbs.escalating import take_steps
from domain.verbs.modelling import active_model
from tests.conftest import NOON
from tests.domain.making import Team, events, make_offer, make_rep

UTC_ZONE = ZoneInfo("UTC")
DAY = NOON.date()
LATER = NOON + timedelta(days=1)


def past_lead(session: Session, email: str, source: str = "website") -> Lead:
    lead = Lead(email=email, identity=email, source=source, fields={}, attributes={}, notes=[], captured_at=NOON)
    session.add(lead)
    session.flush()
    return lead


def decided(session: Session, team: Team, number: int, at: datetime, **said: object) -> Handoff:
    """A handoff of the past as it ended, of a lead of its own."""
    lead = past_lead(session, f"past-{number}@buyer.example.com", str(said.pop("source", "website")))
    handoff = Handoff(
        lead_id=lead.id,
        cycle=1,
        tier=said.pop("tier", Tier.MQL),
        score=said.pop("score", 65),
        score_id=said.pop("score_id", 1),
        rep_id=team.sam.id,
        pool_id=said.pop("pool_id", team.sdrs.id),
        status=said.pop("status", HandoffStatus.REJECTED if "reason" in said else HandoffStatus.QUALIFIED),
        version=2,
        policy={},
        trace=said.pop("trace", {}),
        became_at=at,
        opened_at=at,
        offered_at=at,
        accepted_at=None if "reason" in said else at,
        qualified_at=None if "reason" in said else said.pop("qualified_at", at),
        rejected_at=at if "reason" in said else None,
        **said,
    )
    session.add(handoff)
    session.flush()
    return handoff


# ---- the day ---------------------------------------------------------------------------------------------------------


def test_the_day_counts_what_came_what_was_said_missed_and_waits(session: Session, team: Team) -> None:
    missed = make_offer(session, email="kim@buyer.example.com")
    make_offer(session, email="kit@other.example.com")
    take_steps(session, NOON + timedelta(hours=6), 10)
    decided(session, team, 1, NOON)
    decided(session, team, 2, NOON, reason="no_fit")
    decided(session, team, 3, NOON, tier=Tier.HQL)
    (sdrs,) = [one for one in day_of(session, team.morgan, DAY, LATER).pools if one.pool_id == team.sdrs.id]
    assert (sdrs.mql.count, sdrs.hql.count) == (4, 1)
    assert (sdrs.accepted, sdrs.refused, sdrs.undecided) == (2, 1, 2)
    assert Miss(missed.rep_id, ClockKind.FIRST_CONTACT.value, missed.id) in sdrs.misses
    assert (sdrs.with_nobody, sdrs.offered, sdrs.overdue) == (0, 2, 2)
    assert sdrs.oldest == NOON


def test_a_day_is_held_against_the_same_weekday_of_four_weeks(session: Session, team: Team) -> None:
    decided(session, team, 0, NOON - timedelta(days=60))
    for week, count in enumerate((2, 3, 1, 2), 1):
        for number in range(count):
            decided(session, team, 100 * week + number, NOON - timedelta(days=7 * week))
    for number in range(7):
        decided(session, team, 900 + number, NOON)
        # Of another weekday, which says nothing of this one.
        decided(session, team, 950 + number, NOON - timedelta(days=8))
    found = day_of(session, team.morgan, DAY, LATER)
    (mql,) = [one.mql for one in found.pools if one.pool_id == team.sdrs.id]
    assert (mql.count, list(mql.before), mql.usual, mql.unusual) == (7, [2, 1, 3, 2], 2.0, 1)


def test_a_young_record_knows_nothing_usual(session: Session, team: Team) -> None:
    decided(session, team, 1, NOON)
    assert {one.mql.usual for one in day_of(session, team.morgan, DAY, LATER).pools} == {None}


def test_the_day_is_that_of_the_managers_own_zone(session: Session, team: Team) -> None:
    decided(session, team, 1, datetime(2026, 3, 2, 23, 30, tzinfo=UTC_ZONE))
    counts = []
    for zone in ("UTC", "Europe/Berlin"):
        team.morgan.time_zone = zone
        counts.append(
            [
                sum(p.mql.count for p in day_of(session, team.morgan, day, LATER).pools)
                for day in (date(2026, 3, 2), date(2026, 3, 3))
            ]
        )
    assert counts == [[1, 0], [0, 1]]


def test_who_manages_no_pool_has_no_day(session: Session, team: Team) -> None:
    assert not day_of(session, team.sam, DAY, LATER).pools
    due = [rep.id for rep, _ in managers_due(session, 0, NOON)]
    assert due == [team.morgan.id]


def test_a_day_is_told_once_whoever_asks(session: Session, team: Team) -> None:
    ((rep, day),) = managers_due(session, 0, NOON)
    found = day_of(session, rep, day, NOON)
    assert found.quiet
    made = [
        looping.make_run(session, Loop.DAILY, day.isoformat(), of_person(rep.id), to_json(found), NOON)
        for _ in range(2)
    ]
    assert [run is None for run in made] == [False, True]
    assert list(managers_due(session, 0, NOON)) == []
    assert events(session).count(Happened.LOOP_MADE) == 1


def test_whose_turn_it_is_costs_no_more_questions_the_more_managers_there_are(session: Session, team: Team) -> None:
    def asked() -> int:
        session.expire_all()
        with counted(session) as statements:
            managers_due(session, 0, NOON)
            files_due(session, NOON)
        return len(statements)

    before = asked()
    for number in range(5):
        manager = make_rep(session, f"Boss{number} Manager", Role.MANAGER)
        manager.slack_dm_id = f"D{number}"
        staffing.save_pool(session, name=f"Pool {number}", role=Role.SDR, slack_channel=None, manager=manager)
        run = looping.make_run(session, Loop.MONTHLY, f"2025-{number + 1:02}", "all", {}, NOON)
        said = noticing.notify(session, manager, Alert.MONTHLY, NOON, direct=True, data={"run": run.id if run else 0})
        noticing.note_sent(session, [said.id], NOON)
    assert (len(managers_due(session, 0, NOON)), len(files_due(session, NOON))) == (6, 5)
    assert asked() <= before + 1


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


# ---- the week --------------------------------------------------------------------------------------------------------


def week(session: Session, now: datetime = LATER) -> Week:
    name = rules.week_name(NOON.date())
    return week_of(session, name, rules.week_of(name, UTC_ZONE), now)


def test_a_cell_that_differs_from_the_rest_is_named_and_a_calm_week_is_calm(session: Session, team: Team) -> None:
    for number in range(40):
        decided(session, team, number, NOON, source="website" if number % 2 else "events")
    assert week(session).calm
    assert week_in_a_line(week(session)).endswith("0 of 40 offers rejected; nothing stands out")
    for number in range(40, 60):
        decided(session, team, number, NOON, source="adverts", reason="no_fit")
    found = week(session)
    (one,) = found.stands_out
    assert (one.reason, one.source, one.band, one.hit, one.of, one.rest_hit, one.rest_of) == (
        *("no_fit", "adverts", None),
        *(20, 20, 0, 40),
    )
    assert [(one.reason, one.count, one.source) for one in found.reasons] == [("no_fit", 20, "adverts")]
    assert (found.decided, found.rejected) == (60, 20)


def test_too_few_rejections_are_never_named(session: Session, team: Team) -> None:
    for number in range(60):
        decided(session, team, number, NOON, source="website")
    for number in range(60, 67):
        decided(session, team, number, NOON, source="adverts", reason="no_fit")
    assert [one.source for one in week(session).stands_out if one.source == "adverts"] == []


def test_a_band_that_sells_worse_than_the_one_beneath_is_named(session: Session, team: Team) -> None:
    for number in range(20):
        decided(session, team, number, NOON, score=65)
        decided(session, team, 100 + number, NOON, score=75, reason="bad_timing")
    ((below, above),) = week(session, NOON + timedelta(days=20)).inverted
    assert (below.band, below.sql, above.band, above.sql, above.rejected) == (60, 20, 70, 0, 20)


def test_a_rule_that_speaks_for_leads_of_no_fit_is_named(session: Session, team: Team) -> None:
    def scored(number: int, rule: str) -> int:
        lead = past_lead(session, f"scored-{number}@buyer.example.com")
        row = ScoreRow(
            lead_id=lead.id,
            model_id=active_model(session)[0].id,
            as_of=NOON,
            total=65,
            fit=65,
            intent=0,
            negative=0,
            tier=Tier.MQL,
            disqualified_by=None,
            ledger=[
                {
                    "group": "fit",
                    "rule": rule,
                    "label": f"Rule {rule}",
                    "seen": "",
                    "raw": 5.0,
                    "decay": 1.0,
                    "cap_cut": 0.0,
                    "points": 5,
                }
            ],
        )
        session.add(row)
        session.flush()
        return row.id

    for number in range(12):
        decided(session, team, number, NOON, score_id=scored(number, "big"))
        decided(session, team, 100 + number, NOON, score_id=scored(100 + number, "webinar"), reason="no_fit")
    (one,) = week(session).fires_for_no_fit
    assert (one.label, one.hit, one.of, one.rest_hit, one.rest_of) == ("Rule webinar", 12, 12, 0, 12)
    assert erring.SHOWN == 5


def test_routing_says_who_is_at_their_limit_and_which_territory_overflows(session: Session, team: Team) -> None:
    make_offer(session)
    rep_id = session.scalars(select(Handoff.rep_id)).one()
    session.get_one(Rep, rep_id).most_open = 1
    for number in range(10):
        rule = "overflow" if number < 5 else "rotation"
        trace = {"home": team.sdrs.id, "territory": 1, "territory_name": "EMEA", "rule": rule}
        decided(session, team, number, NOON, trace=trace)
    found = {one.about: one for one in week(session).advice}
    assert (found[About.LIMIT].rep_id, found[About.LIMIT].hit, found[About.LIMIT].of) == (rep_id, 1, 1)
    # The lead that was offered above went by the rotation.
    over = found[About.OVERFLOW]
    assert (over.pool_id, over.territory, over.hit, over.of) == (team.sdrs.id, "EMEA", 5, 10)
    assert over.hit / over.of >= routing_advice.OFTEN


def test_that_somebody_is_at_their_limit_is_said_to_managers_alone(session: Session, team: Team) -> None:
    make_offer(session)
    rep = session.get_one(Rep, session.scalars(select(Handoff.rep_id)).one())
    rep.most_open = 1
    found = week(session)
    marketing = make_rep(session, "Mia Marketing", Role.MARKETING)
    run = looping.make_run(session, Loop.WEEKLY, found.period, "all", to_json(found), NOON)
    assert run is not None
    told = {
        reader.id: noticing.notify(session, reader, Alert.WEEKLY, NOON, direct=True, data={"run": run.id})
        for reader in (team.morgan, marketing)
    }
    assert loop_news(session, told[team.morgan.id])[1].reps == {rep.id: rep.name}
    assert in_a_line(session, told[team.morgan.id]).endswith("1 thing stands out")
    week_of_marketing, names = loop_news(session, told[marketing.id])
    assert isinstance(week_of_marketing, Week)
    assert (week_of_marketing.calm, names.reps) == (True, {})
    assert in_a_line(session, told[marketing.id]).endswith("nothing stands out")


def test_bands_that_differ_by_chance_are_not_named_however_many_there_are(session: Session, team: Team) -> None:
    noisy = [Band(10 * number, 20, 10 + 4 * (number % 2 == 0), 0, 0, 0) for number in range(10)]
    odd = Band(60, 20, 17, 0, 0, 0)
    even = Band(70, 20, 10, 0, 0, 0)
    # 17 of 20 against 10 of 20 is more than chance if nothing else was asked, and not if it was asked ten times.
    assert odd.beside(even).chance < 0.05
    assert Week("2026-W10", 0, 0, [], [], [odd, even], [], []).inverted == [(odd, even)]
    assert Week("2026-W10", 0, 0, [], [], [*noisy[:6], odd, even, *noisy[8:]], [], []).calm


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
