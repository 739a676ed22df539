"""Leave: who is away from when to when, who covers, and nobody gets a run of leads for having been away."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.availability import away_now, calendar_of, calendars, covers
from domain.own_settings import own_view, possible_covers
from domain.rules.calendars import at_work, elapsed
from domain.rules.refusals import AbsenceOverlaps, BadAbsence, NotFound
from domain.rules.working_hours import read_week
from domain.tables import Absence, Happened, LeadEvent, PoolMember, Rep
from domain.verbs import absences, staffing
from domain.verbs.staffing import Settings
from tests.conftest import NOON
from tests.domain.making import MQL, Team, events, make_offer

DAY = timedelta(days=1)


def leave(session: Session, rep: Rep, since: datetime, until: datetime, cover: Rep | None = None) -> Absence:
    return absences.set_absence(session, rep, since, until, cover, rep, NOON)


def tick(session: Session, now: datetime) -> int:
    return absences.begin_and_end(session, now, 10)


def count(session: Session, kind: Happened) -> int:
    """How often it happened since the team was made: being found in Slack is a return, too."""
    found = select(func.count()).select_from(LeadEvent).where(LeadEvent.kind == kind, LeadEvent.data.has_key("absence"))
    return session.scalar(found) or 0


def test_who_is_on_leave_is_away_from_the_first_moment_to_the_last(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON + DAY, NOON + 3 * DAY, team.dana)
    everybody = [team.sam.id, team.dana.id]
    assert away_now(session, everybody, NOON) == {}
    assert set(away_now(session, everybody, NOON + DAY)) == {team.sam.id}
    assert covers(session, team.dana.id, NOON) == set()
    assert covers(session, team.dana.id, NOON + 2 * DAY) == {team.sam.id}
    assert covers(session, team.sam.id, NOON + 2 * DAY) == set()
    assert covers(session, team.dana.id, NOON + 3 * DAY) == set()


def test_an_absence_begins_once_and_ends_once_however_often_the_clock_asks(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON + DAY, NOON + 2 * DAY)
    assert tick(session, NOON) == 0
    assert [tick(session, NOON + DAY) for _ in range(3)] == [1, 0, 0]
    assert [tick(session, NOON + 2 * DAY) for _ in range(3)] == [1, 0, 0]
    assert (count(session, Happened.REP_LEFT), count(session, Happened.REP_RETURNED)) == (1, 1)


def test_an_absence_that_passed_while_no_clock_ran_begins_and_ends_in_one_step(session: Session, team: Team) -> None:
    absence = leave(session, team.sam, NOON + DAY, NOON + 2 * DAY)
    assert tick(session, NOON + 5 * DAY) == 1
    assert (absence.began_at, absence.ended_at) == (NOON + 5 * DAY, NOON + 5 * DAY)
    assert (count(session, Happened.REP_LEFT), count(session, Happened.REP_RETURNED)) == (1, 1)


def test_who_returns_from_leave_gets_no_run_of_leads(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON, NOON + DAY)
    away = Counter(make_offer(session, MQL, f"away-{n}@buyer.example.com").rep_id for n in range(10))
    assert away == {team.dana.id: 10}
    tick(session, NOON + DAY)
    back = NOON + DAY + timedelta(minutes=1)
    after = Counter(make_offer(session, MQL, f"after-{n}@buyer.example.com", now=back).rep_id for n in range(6))
    assert after == {team.sam.id: 3, team.dana.id: 3}


def test_who_is_back_by_the_calendar_waits_for_the_clock_to_bring_them_level(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON, NOON + DAY)
    for number in range(4):
        make_offer(session, MQL, f"away-{number}@buyer.example.com")
    late = NOON + DAY + timedelta(seconds=1)
    assert set(away_now(session, [team.sam.id], late)) == {team.sam.id}
    tick(session, late)
    assert away_now(session, [team.sam.id], late) == {}
    times = session.scalars(select(PoolMember.virtual_time).where(PoolMember.pool_id == team.sdrs.id)).all()
    assert times == [4.0, 4.0]


def test_those_on_leave_do_not_hold_back_where_others_start(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON, NOON + 3 * DAY)
    for number in range(6):
        make_offer(session, MQL, f"away-{number}@buyer.example.com")
    staffing.step_away(session, team.dana.email, NOON)
    staffing.come_back(session, team.dana.email, NOON)
    theirs = select(PoolMember.virtual_time).where(PoolMember.rep_id == team.dana.id)
    assert session.scalar(theirs) == 6.0


def test_an_absence_that_has_not_begun_is_cancelled_without_a_trace_in_the_rotation(
    session: Session, team: Team
) -> None:
    absence = leave(session, team.sam, NOON + DAY, NOON + 2 * DAY)
    absences.cancel_absence(session, absence.id, team.sam, NOON)
    assert tick(session, NOON + 5 * DAY) == 0
    assert away_now(session, [team.sam.id], NOON + DAY) == {}
    assert events(session)[-2:] == [Happened.ABSENCE_SET, Happened.ABSENCE_CANCELLED]


def test_who_comes_back_early_was_away_until_then(session: Session, team: Team) -> None:
    absence = leave(session, team.sam, NOON, NOON + 3 * DAY)
    absences.back(session, team.sam, NOON + DAY)
    assert absence.until == NOON + DAY
    assert away_now(session, [team.sam.id], NOON + DAY) == {}
    calendar = calendars(session, [team.sam.id], NOON + DAY)[team.sam.id]
    assert elapsed(calendar, NOON - DAY, NOON + 2 * DAY) == 2 * DAY
    assert tick(session, NOON + 5 * DAY) == 0


def test_coming_back_ends_the_pause_as_well(session: Session, team: Team) -> None:
    staffing.step_away(session, team.sam.email, NOON)
    leave(session, team.sam, NOON, NOON + DAY)
    absences.back(session, team.sam, NOON)
    assert team.sam.available
    assert away_now(session, [team.sam.id], NOON) == {}


def test_leave_does_not_end_a_pause(session: Session, team: Team) -> None:
    staffing.step_away(session, team.sam.email, NOON)
    leave(session, team.sam, NOON, NOON + DAY)
    tick(session, NOON + DAY)
    assert not team.sam.available


def test_nobody_cancels_what_is_somebody_elses_or_over(session: Session, team: Team) -> None:
    absence = leave(session, team.sam, NOON, NOON + DAY)
    with pytest.raises(NotFound):
        absences.cancel_absence(session, absence.id, team.dana, NOON)
    tick(session, NOON + DAY)
    with pytest.raises(NotFound):
        absences.cancel_absence(session, absence.id, team.sam, NOON + DAY)


@pytest.mark.parametrize(("since", "until"), [(-2, 1), (0, 1), (1, 2), (1, 9), (4, 6), (-1, 9)])
def test_two_absences_do_not_overlap(session: Session, team: Team, since: int, until: int) -> None:
    leave(session, team.sam, NOON + timedelta(hours=12), NOON + 5 * DAY)
    with pytest.raises(AbsenceOverlaps) as overlaps:
        leave(session, team.sam, NOON + since * DAY, NOON + until * DAY)
    assert "from 04 Mar 2026 to 08 Mar 2026" in overlaps.value.sentence({})


def test_one_absence_may_follow_right_after_another(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON + DAY, NOON + 2 * DAY)
    leave(session, team.sam, NOON + 2 * DAY, NOON + 3 * DAY)
    leave(session, team.dana, NOON + DAY, NOON + 2 * DAY)


@pytest.mark.parametrize(
    ("since", "until", "why"), [(2, 1, "backward"), (1, 1, "backward"), (-3, -1, "backward"), (1, 400, "long")]
)
def test_an_absence_lies_ahead_and_has_an_end(session: Session, team: Team, since: int, until: int, why: str) -> None:
    with pytest.raises(BadAbsence) as bad:
        leave(session, team.sam, NOON + since * DAY, NOON + until * DAY)
    assert bad.value.facts == {"why": why}


def test_who_covers_is_somebody_else_who_is_there(session: Session, team: Team) -> None:
    leave(session, team.dana, NOON + 2 * DAY, NOON + 4 * DAY)
    staffing.retire_others(session, [rep.id for rep in (team.sam, team.dana, team.ada, team.morgan)], NOON)
    for cover, why in ((team.sam, "own_cover"), (team.dana, "cover_away"), (team.alex, "cover_left")):
        with pytest.raises(BadAbsence) as bad:
            leave(session, team.sam, NOON + DAY, NOON + 3 * DAY, cover)
        assert bad.value.facts == {"why": why}
    assert [name for _, name in possible_covers(session, team.sam)] == ["Dana Demo", "Ada Account", "Morgan Manager"]


def test_a_rep_works_in_their_own_hours_but_for_holidays_and_absences(session: Session, team: Team) -> None:
    week = read_week("mon-fri 09:00-12:30, 13:30-18:00")
    staffing.set_settings(session, team.sam, Settings("Europe/Berlin", week, "DE-BE"), NOON)
    session.flush()
    session.expire(team.sam)
    leave(session, team.sam, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
    known = calendars(session, [team.sam.id, team.dana.id], NOON)
    week_of_march = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    assert elapsed(known[team.sam.id], *week_of_march) == timedelta(hours=4 * 8)
    assert elapsed(known[team.dana.id], *week_of_march) == 7 * DAY
    assert not at_work(calendar_of(team.sam), datetime(2026, 12, 25, 10, tzinfo=UTC))
    assert date(2027, 3, 8) in calendar_of(team.sam).holidays


def test_the_same_settings_again_are_no_news(session: Session, team: Team) -> None:
    settings = Settings("Asia/Kolkata", read_week("sun 10:00-12:00"), "IN", 20, 5)
    assert [staffing.set_settings(session, team.sam, settings, NOON) for _ in range(2)] == [True, False]
    assert staffing.settings_of(team.sam) == settings
    assert events(session).count(Happened.REP_SETTINGS) == 1


def test_one_sees_ones_own_absences_and_whom_one_covers(session: Session, team: Team) -> None:
    leave(session, team.sam, NOON, NOON + DAY, team.dana)
    later = leave(session, team.sam, NOON + 4 * DAY, NOON + 5 * DAY)
    own, hers = own_view(session, team.sam, NOON), own_view(session, team.dana, NOON)
    assert own.away is not None
    assert (own.away.until, own.away.who) == (NOON + DAY, "Dana Demo")
    assert [(one.absence_id, one.who) for one in own.coming] == [(later.id, None)]
    assert [one.who for one in hers.covering] == ["Sam Sample"]
    assert (hers.away, hers.coming, own.covering) == (None, [], [])
