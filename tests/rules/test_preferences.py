"""When a person is told: what they wish, their quiet hours, their budget, and when their digest is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules import preferences as rules
from domain.rules.calendars import ALWAYS, Calendar
from domain.rules.preferences import MAY_BE_OFF, Alert, Held, How, Preferences
from domain.rules.working_hours import Unreadable
from tests.conftest import LAW, NOON

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(BERLIN, {day: [(9 * 60, 12 * 60), (13 * 60, 17 * 60)] for day in range(5)})
minutes = st.integers(0, 1439)
wishes = st.dictionaries(st.sampled_from(Alert), st.sampled_from(How))
preferences = st.builds(
    Preferences,
    how=wishes,
    quiet=st.none() | st.tuples(minutes, minutes),
    budget=st.integers(0, 200),
    digest_at=st.lists(minutes, min_size=1, max_size=4, unique=True).map(lambda times: tuple(sorted(times))),
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis adds the zone)
zones = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia")]
)


@LAW
@given(st.sampled_from(Alert), preferences, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 300))
def test_what_is_held_has_its_reason_and_what_is_promised_is_never_lost(
    alert: Alert, wanted: Preferences, urgent: bool, quiet: bool, direct: bool, sent: int
) -> None:
    held = rules.why_held(alert, wanted, urgent=urgent, quiet=quiet, direct=direct, sent_today=sent)
    if held is Held.MUTED:
        assert alert in MAY_BE_OFF
        assert wanted.how[alert] is How.OFF
    elif held is Held.DIGEST:
        assert wanted.how[alert] is not How.AT_ONCE
    elif held is Held.QUIET_HOURS:
        assert quiet
        assert not urgent
    elif held is Held.BUDGET:
        assert direct
        assert sent >= wanted.budget
        assert not urgent
    else:
        assert held is None
        assert urgent or not (quiet or (direct and sent >= wanted.budget))


@LAW
@given(preferences)
def test_what_is_stored_and_what_is_written_reads_as_it_was(wanted: Preferences) -> None:
    assert rules.from_json(rules.to_json(wanted)) == wanted
    assert rules.read_times(rules.times_words(wanted)) == wanted.digest_at
    assert rules.read_budget(str(wanted.budget)) == wanted.budget
    again = rules.read_quiet(rules.quiet_words(wanted))
    never = wanted.quiet is not None and wanted.quiet[0] == wanted.quiet[1]
    assert again == ((0, 0) if never else wanted.quiet)


def test_a_kind_that_no_release_knows_any_more_is_left_out() -> None:
    assert rules.from_json({"how": {"telegram": "off", "jump": "digest"}}) == Preferences({Alert.JUMP: How.DIGEST})
    assert rules.from_json({}) == Preferences()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("quiet", "moment", "is_quiet"),
    [
        ("", "2026-03-03T08:59", True),
        ("", "2026-03-03T09:00", False),
        ("", "2026-03-03T12:30", False),  # a lunch break is no night
        ("", "2026-03-03T17:00", True),
        ("", "2026-03-07T12:00", True),  # a Saturday
        ("19:00-08:00", "2026-03-03T23:30", True),
        ("19:00-08:00", "2026-03-03T07:59", True),
        ("19:00-08:00", "2026-03-03T08:00", False),
        ("12:00-13:00", "2026-03-03T12:30", True),
        ("12:00-13:00", "2026-03-03T13:00", False),
        ("never", "2026-03-07T03:00", False),
    ],
)
def test_one_is_quiet_outside_ones_hours_or_when_one_says_so(quiet: str, moment: str, is_quiet: bool) -> None:
    wanted = Preferences(quiet=rules.read_quiet(quiet))
    assert rules.is_quiet(wanted, OFFICE, at(moment)) is is_quiet


def test_who_is_on_leave_is_never_disturbed() -> None:
    away = Calendar(BERLIN, ALWAYS.week, away=[(NOON, NOON + timedelta(days=1))])
    assert rules.is_quiet(Preferences(quiet=(0, 0)), away, NOON)
    assert not rules.is_quiet(Preferences(quiet=(0, 0)), away, NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("held", "now", "due"),
    [
        ("2026-03-03T10:00", "2026-03-03T15:59", False),
        ("2026-03-03T10:00", "2026-03-03T16:00", True),
        ("2026-03-03T17:30", "2026-03-04T08:59", False),
        ("2026-03-03T17:30", "2026-03-04T09:00", True),
        # Over a weekend it waits until they are back.
        ("2026-03-06T18:00", "2026-03-07T09:00", False),
        ("2026-03-06T18:00", "2026-03-09T09:00", True),
    ],
)
def test_a_digest_is_due_at_its_time_when_one_may_disturb(held: str, now: str, due: bool) -> None:
    assert rules.digest_is_due(Preferences(), OFFICE, at(held), at(now)) is due


@LAW
@given(preferences, zones, moments)
def test_there_is_a_time_for_a_digest_in_every_two_days(wanted: Preferences, zone: ZoneInfo, now: datetime) -> None:
    last = rules.last_digest_time(wanted, zone, now)
    assert now - timedelta(hours=49) < last <= now
    always = Calendar(zone, ALWAYS.week)
    assert rules.digest_is_due(Preferences(quiet=(0, 0), digest_at=wanted.digest_at), always, last, now)


@pytest.mark.parametrize("text", ["8-9", "25:00-08:00", "08:00-08:00", "08:60-09:00", "always", "08:00-09:00-10:00"])
def test_quiet_hours_that_cannot_be_say_how_to_write_them(text: str) -> None:
    with pytest.raises(Unreadable, match=r"write"):
        rules.read_quiet(text)


@pytest.mark.parametrize("text", ["24:00", "9", "noon", "1:00 2:00 3:00 4:00 5:00"])
def test_times_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        rules.read_times(text)


@pytest.mark.parametrize("text", ["-1", "201", "many", "٣", "1e3", "0000"])
def test_a_budget_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        rules.read_budget(text)


def test_what_is_left_empty_is_the_default() -> None:
    assert (rules.read_quiet(" "), rules.read_budget(""), rules.read_times("")) == (None, 20, (540, 960))


def test_only_ones_own_hql_and_an_unwell_house_are_urgent() -> None:
    urgent = {alert for alert in Alert if rules.is_urgent(alert, hql=True)}
    assert urgent == {Alert.REMINDER, Alert.OVERDUE, Alert.WOKEN, Alert.HEALTH}
    assert [alert for alert in Alert if rules.is_urgent(alert, hql=False)] == [Alert.HEALTH]
