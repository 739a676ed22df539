"""What the loops find in a record, and that it is kept as it was found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.loops import erring, routing_advice
from domain.loops.daily import Miss, day_of
from domain.loops.due import files_due, managers_due
from domain.loops.erring import Band
from domain.loops.kept import of_person, to_json
from domain.loops.routing_advice import About
from domain.loops.sentences import week_in_a_line
from domain.loops.told import in_a_line, loop_news
from domain.loops.weekly import Week, week_of
from domain.rules import feedback as rules
from domain.rules.deadlines import ClockKind
from domain.rules.feedback import Loop
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import Alert
from domain.rules.tiers import Tier
from domain.tables import Handoff, Happened, Lead, Rep, Role, ScoreRow
from domain.verbs import looping, noticing, staffing
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
