"""A person is told, or it is held: for whom, why, until when; and whether they did something about it."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain import notices
from domain.rules.preferences import Alert, Held, How, Preferences
from domain.stats.alerts import alerts
from domain.tables import AttemptOutcome, Check, Handoff, Notice, Rep
from domain.verbs import staffing
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.noticing import claim, claim_digest, note_sent, notify, settle
from domain.verbs.snoozing import snooze
from domain.verbs.staffing import Settings
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, make_absence, make_offer, make_team

OFFICE = Settings("Europe/Berlin", {day: [(9 * 60, 17 * 60)] for day in range(5)})
EVENING = NOON.replace(hour=20)


def wish(session: Session, rep: Rep, now: datetime = NOON, **said: object) -> None:
    staffing.set_preferences(session, rep, Preferences(**said), now)  # type: ignore[arg-type]  # any of its fields


def remind(session: Session, handoff: Handoff, rep: Rep, now: datetime = NOON) -> Notice:
    data = {"clock": "first_contact"}
    return notify(session, rep, Alert.REMINDER, now, direct=False, handoff_id=handoff.id, data=data)


def jump(session: Session, rep: Rep, lead_id: int, now: datetime = NOON) -> Notice:
    return notify(session, rep, Alert.JUMP, now, direct=True, lead_id=lead_id, data={"before": 12})


def owner(session: Session, handoff: Handoff) -> Rep:
    return session.get_one(Rep, handoff.rep_id)


def test_without_a_word_from_them_people_are_told_at_once(session: Session) -> None:
    make_team(session)
    offer = make_offer(session)
    notice = remind(session, offer, owner(session, offer))
    assert (notice.held, notice.lead_id, notice.sent_at) == (None, offer.lead_id, None)


def test_out_of_hours_a_reminder_of_an_mql_waits_and_one_of_an_hql_does_not(session: Session) -> None:
    team = make_team(session)
    mql, hql = make_offer(session), make_offer(session, HQL, "kit@other.example.com")
    for rep in (owner(session, mql), owner(session, hql)):
        staffing.set_settings(session, rep, OFFICE, NOON)
    assert remind(session, mql, owner(session, mql), EVENING).held is Held.QUIET_HOURS
    assert remind(session, hql, owner(session, hql), EVENING).held is None
    staffing.set_settings(session, team.morgan, OFFICE, NOON)
    late = notify(session, team.morgan, Alert.SLA_MISSED, EVENING, direct=True, handoff_id=hql.id)
    assert late.held is Held.QUIET_HOURS


def test_direct_messages_beyond_the_budget_of_the_day_wait_and_lines_in_a_thread_never_do(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    wish(session, team.sam, budget=2)
    held = [jump(session, team.sam, offer.lead_id, NOON + timedelta(minutes=n)).held for n in range(4)]
    assert held == [None, None, Held.BUDGET, Held.BUDGET]
    assert remind(session, offer, team.sam).held is None
    assert jump(session, team.sam, offer.lead_id, NOON + timedelta(days=1)).held is None


def test_what_one_wants_in_the_digest_is_held_and_what_one_never_wants_is_muted_but_not_deadlines(
    session: Session,
) -> None:
    team = make_team(session)
    offer = make_offer(session)
    wish(session, team.sam, how={Alert.REMINDER: How.OFF, Alert.JUMP: How.OFF, Alert.HOTTER: How.DIGEST})
    assert remind(session, offer, team.sam).held is Held.DIGEST
    assert jump(session, team.sam, offer.lead_id).held is Held.MUTED
    hotter = notify(session, team.sam, Alert.HOTTER, NOON, direct=False, handoff_id=offer.id)
    assert hotter.held is Held.DIGEST


def test_the_digest_of_those_is_due_for_whom_something_waits_whose_time_has_come(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    wish(session, team.sam, how={Alert.JUMP: How.DIGEST})
    wish(session, team.dana, how={Alert.JUMP: How.OFF})
    for rep in (team.sam, team.dana, team.morgan):
        jump(session, rep, offer.lead_id)
    assert notices.digests_due(session, NOON.replace(hour=15)) == []
    assert notices.digests_due(session, NOON.replace(hour=16)) == [team.sam]
    make_absence(session, team.sam, cover=None, since=NOON, until=NOON + timedelta(days=3))
    assert notices.digests_due(session, NOON.replace(hour=17)) == []
    assert notices.digests_due(session, NOON + timedelta(days=3)) == [team.sam]


def test_what_an_earlier_try_has_claimed_is_one_digest_and_what_came_since_is_the_next(session: Session) -> None:
    team = make_team(session)
    first, second = (make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(2))
    wish(session, team.sam, how={Alert.JUMP: How.DIGEST})
    early = jump(session, team.sam, first.lead_id)
    assert claim_digest(session, team.sam.id, NOON) == ([early], None)
    late = jump(session, team.sam, second.lead_id)
    later = NOON + timedelta(minutes=5)
    assert claim_digest(session, team.sam.id, later) == ([early], NOON)
    note_sent(session, [early.id], later)
    session.expire_all()
    assert claim_digest(session, team.sam.id, later) == ([late], None)


def test_a_word_is_claimed_before_it_is_said(session: Session) -> None:
    make_team(session)
    offer = make_offer(session)
    notice = remind(session, offer, owner(session, offer))
    assert claim(session, notice.id, NOON) is None
    assert claim(session, notice.id, NOON + timedelta(minutes=1)) == NOON


def test_a_digest_says_the_newest_of_each_lead_and_leaves_out_what_is_settled(session: Session) -> None:
    team = make_team(session)
    done, waits = (make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(2))
    held = [
        remind(session, one, owner(session, one), NOON + timedelta(minutes=n)) for n in (1, 2) for one in (done, waits)
    ]
    rep = owner(session, done)
    accept(session, done.id, version=done.version, by=rep, now=NOON)
    log_attempt(session, done.id, by=rep, outcome=AttemptOutcome.SPOKE, note=None, now=NOON)
    digest = notices.digest_of(session, held)
    (item,) = digest.items
    assert (item.kind, item.at) == (Alert.REMINDER, NOON + timedelta(minutes=2))
    assert digest.settled == {one.id for one in held if one.handoff_id == done.id}
    settle(session, digest.settled)
    session.expire_all()
    assert {one.held for one in held if one.handoff_id == done.id} == {Held.SETTLED}
    del team


def test_a_lead_that_is_put_aside_or_given_back_is_settled(session: Session) -> None:
    make_team(session)
    asleep, back = (make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(2))
    woken = notify(session, owner(session, asleep), Alert.WOKEN, NOON, direct=False, handoff_id=asleep.id)
    hotter = notify(session, owner(session, back), Alert.HOTTER, NOON, direct=False, handoff_id=back.id)
    assert len(notices.digest_of(session, [woken, hotter]).items) == 2
    until = NOON + timedelta(days=1)
    snooze(session, asleep.id, version=asleep.version, by=owner(session, asleep), until=until, now=NOON)
    by = owner(session, back)
    reject(session, back.id, version=back.version, by=by, reason="bad_timing", note=None, now=NOON)
    assert notices.digest_of(session, [woken, hotter]).settled == {woken.id, hotter.id}


def test_a_shortage_and_a_failing_check_are_settled_when_they_are_over(session: Session) -> None:
    team = make_team(session)
    check = Check(name="slack", state="failed", found="Slack does not answer.", advice=None, at=NOON)
    session.add(check)
    team.morgan.admin = True
    team.sdrs.short_since = NOON
    session.flush()
    assert notices.failing(session, NOON) == [(team.morgan, "slack")]
    held = [
        notify(session, team.morgan, Alert.POOL_SHORT, NOON, direct=True, data={"pool_id": team.sdrs.id}),
        notify(session, team.morgan, Alert.HEALTH, NOON, direct=True, data={"check": "slack"}),
    ]
    assert notices.failing(session, NOON + timedelta(hours=23)) == []
    assert notices.failing(session, NOON + timedelta(hours=25)) == [(team.morgan, "slack")]
    assert [item.text for item in notices.digest_of(session, held).items] == ["SDR", "Slack does not answer."]
    check.state, team.sdrs.short_since = "ok", None
    session.flush()
    assert notices.digest_of(session, held).settled == {one.id for one in held}
    assert notices.failing(session, NOON + timedelta(hours=25)) == []


def test_what_somebody_mutes_while_it_is_held_is_not_in_their_digest_and_the_rest_is(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    wish(session, team.sam, how={Alert.JUMP: How.DIGEST, Alert.REMINDER: How.DIGEST})
    rise, due = jump(session, team.sam, offer.lead_id), remind(session, offer, team.sam)
    wish(session, team.sam, how={Alert.JUMP: How.OFF, Alert.REMINDER: How.OFF})
    session.expire_all()
    assert (rise.held, due.held) == (Held.MUTED, Held.DIGEST)
    assert claim_digest(session, team.sam.id, NOON) == ([due], None)


def test_what_a_digest_on_its_way_has_claimed_is_said_though_it_is_muted_meanwhile(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    wish(session, team.sam, how={Alert.JUMP: How.DIGEST})
    rise = jump(session, team.sam, offer.lead_id)
    claim_digest(session, team.sam.id, NOON)
    wish(session, team.sam, how={Alert.JUMP: How.OFF})
    session.expire_all()
    assert claim_digest(session, team.sam.id, NOON) == ([rise], NOON)


def storm(session: Session, manager: Rep, *handoffs: Handoff) -> Notice:
    many = [{"handoff_id": handoff.id, "clock": "first_contact"} for handoff in handoffs]
    data = {"many": many, "leads": [handoff.lead_id for handoff in handoffs]}
    return notify(session, manager, Alert.SLA_MISSED, NOON, direct=True, data=data)


def test_a_storm_is_acted_on_with_the_first_of_its_leads_that_the_manager_sees_to(session: Session) -> None:
    team = make_team(session)
    offers = [make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(3)]
    theirs, others = storm(session, team.morgan, *offers[:2]), storm(session, team.morgan, offers[2])
    note_sent(session, [theirs.id, others.id], NOON)
    assert (alerts(session, NOON, NOON)[0].of, alerts(session, NOON, NOON)[0].acted) == (2, 0)
    accept(session, offers[1].id, version=offers[1].version, by=team.morgan, now=NOON)
    session.expire_all()
    assert (theirs.acted_at, others.acted_at) == (NOON, None)
    assert alerts(session, NOON, NOON)[0].share == 0.5


def test_a_digest_says_of_a_storm_what_nobody_has_seen_to_yet(session: Session) -> None:
    team = make_team(session)
    offers = [make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(2)]
    held = storm(session, team.morgan, *offers)
    for left, offer in ((1, offers[0]), (0, offers[1])):
        by = owner(session, offer)
        reject(session, offer.id, version=offer.version, by=by, reason="bad_timing", note=None, now=NOON)
        assert [item.count for item in notices.digest_of(session, [held]).items] == [left] * bool(left)
    assert notices.digest_of(session, [held]).settled == {held.id}


def told(session: Session, handoff: Handoff, rep: Rep, at: datetime) -> Notice:
    notice = remind(session, handoff, rep, at)
    note_sent(session, [notice.id], at)
    session.expire(notice)
    return notice


def test_the_first_decision_after_a_word_is_noted_with_it_and_only_that_persons(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    rep = owner(session, offer)
    mine, managers = (told(session, offer, who, NOON) for who in (rep, team.morgan))
    first, second = NOON + timedelta(minutes=5), NOON + timedelta(minutes=9)
    accept(session, offer.id, version=offer.version, by=rep, now=first)
    log_attempt(session, offer.id, by=rep, outcome=AttemptOutcome.SPOKE, note=None, now=second)
    session.expire_all()
    assert (mine.acted_at, managers.acted_at) == (first, None)


def test_what_is_done_a_day_later_or_was_never_said_led_to_nothing(session: Session) -> None:
    make_team(session)
    offer = make_offer(session)
    rep = owner(session, offer)
    late, silent = told(session, offer, rep, NOON - timedelta(hours=25)), remind(session, offer, rep)
    accept(session, offer.id, version=offer.version, by=rep, now=NOON)
    session.expire_all()
    assert (late.acted_at, silent.acted_at) == (None, None)


def test_how_often_each_kind_led_to_something_is_counted(session: Session) -> None:
    team = make_team(session)
    offers = [make_offer(session, MQL, f"kim{n}@buyer{n}.example.com") for n in range(3)]
    for offer in offers:
        told(session, offer, owner(session, offer), NOON)
    wish(session, team.morgan, how={Alert.JUMP: How.OFF, Alert.HOTTER: How.DIGEST})
    jump(session, team.morgan, offers[0].lead_id)
    hotter = notify(session, team.morgan, Alert.HOTTER, NOON, direct=True, handoff_id=offers[0].id)
    note_sent(session, [hotter.id], NOON)
    accept(session, offers[0].id, version=offers[0].version, by=owner(session, offers[0]), now=NOON)
    counted = {one.kind: one for one in alerts(session, NOON - timedelta(days=1), NOON)}
    reminders = counted[Alert.REMINDER]
    assert (reminders.at_once, reminders.in_digest, reminders.acted, reminders.of) == (3, 0, 1, 3)
    assert (counted[Alert.HOTTER].at_once, counted[Alert.HOTTER].in_digest, counted[Alert.HOTTER].share) == (0, 1, 0.0)
    assert (counted[Alert.JUMP].muted, counted[Alert.JUMP].share) == (1, None)
    assert alerts(session, NOON + timedelta(days=1), NOON + timedelta(days=2)) == []


def test_the_budget_is_that_of_the_persons_own_day(session: Session) -> None:
    team = make_team(session)
    offer = make_offer(session)
    staffing.set_settings(session, team.sam, Settings("Asia/Kolkata"), NOON)
    wish(session, team.sam, budget=1)
    # Midnight in India is 18:30 of UTC.
    at = NOON.replace(hour=18)
    assert [jump(session, team.sam, offer.lead_id, at + timedelta(minutes=m)).held for m in (0, 29, 30)] == [
        None,
        Held.BUDGET,
        None,
    ]
