"""The past as the record holds it, replayed: made by the verbs, so that the replay must say what really happened."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.backtest.comparing import Comparison, compare
from domain.backtest.history import Outcome, Window
from domain.backtest.reading import histories, ranges, sellers, territories
from domain.backtest.report import make_report
from domain.backtest.tally import Group, Tally
from domain.rules.lifecycle import Stage
from domain.rules.scoring import Model, default_model_toml, read_model
from domain.rules.tiers import Tier
from domain.tables import AttributesRow, Handoff, Lead
from domain.verbs.deciding import accept, reject
from domain.verbs.modelling import active_model
from domain.verbs.offering import hand_over
from domain.verbs.scoring import score_lead
from tests.conftest import NOON
from tests.domain.making import HQL, Team, make_lead, make_offer

DAY = timedelta(days=1)
WINDOW = Window(NOON - 90 * DAY, NOON)
STRICT = read_model(default_model_toml().replace("mql = 60\n", "mql = 79\n", 1))


def replayed(session: Session, new: Model, window: Window = WINDOW) -> Tally:
    _, old = active_model(session)
    comparison, tally = Comparison(old, new, window, territories(session)), Tally()
    for piece in ranges(session, window, 2):
        tally.add(compare(session, comparison, piece))
    return tally


def test_the_active_model_replayed_says_what_the_live_road_did(session: Session, team: Team) -> None:
    really = []
    for number, kinds in enumerate([("demo_request",), HQL, ("email_click",), ("webinar",), ("demo_request",)]):
        at = NOON - (10 + number) * DAY
        lead = make_lead(session, kinds, f"lead{number}@buyer.example.com", now=at)
        handoff = hand_over(session, lead.id, at)
        if handoff:
            really.append((handoff.opened_at, handoff.lead_id, handoff.tier, handoff.pool_id))
        score_lead(session, lead.id, NOON)
    tally = replayed(session, active_model(session)[1])
    assert sorted(really) == sorted(tuple(one) for one in tally.old.handed)
    assert tally.old == tally.new
    ended = {tier: count for (was, tier), count in tally.tiers.items() if was is tier}
    now = [lead.tier for lead in session.scalars(select(Lead))]
    assert ended == {tier: now.count(tier) for tier in set(now)}
    assert (tally.leads, tally.guessed) == (5, 0)


def test_what_became_of_those_whom_the_new_model_would_not_have_handed_over(session: Session, team: Team) -> None:
    at = NOON - 10 * DAY
    taken = make_offer(session, email="taken@buyer.example.com", now=at)
    accept(session, taken.id, version=taken.version, by=team.morgan, now=at + timedelta(hours=1))
    given_back = make_offer(session, email="back@buyer.example.com", now=at)
    reject(session, given_back.id, version=given_back.version, by=team.morgan, reason="competitor", note=None, now=at)
    make_offer(session, email="open@buyer.example.com", now=at)
    tally = replayed(session, STRICT)
    found = {outcome: tally.outcomes[Group.LOST, outcome] for outcome in Outcome}
    assert tally.groups == {Group.LOST: 3}
    assert (found[Outcome.HANDED], found[Outcome.DECIDED], found[Outcome.ACCEPTED]) == (3, 2, 1)
    assert found[Outcome.RUNNING] == 2
    assert found[Outcome.WON] == 0


def test_what_was_known_then_decides_and_not_what_is_known_now(session: Session, team: Team) -> None:
    lead = make_lead(session, now=NOON - 10 * DAY)
    lead.attributes = {**lead.attributes, "competitor": True}
    session.add(AttributesRow(lead_id=lead.id, at=NOON - 2 * DAY, attributes=lead.attributes))
    session.flush()
    tally = replayed(session, STRICT)
    assert [one.at for one in tally.old.handed] == [NOON - 10 * DAY]
    assert tally.tiers == {(Tier.COLD, Tier.COLD): 1}
    session.execute(delete(AttributesRow))
    without = replayed(session, STRICT)
    assert (without.guessed, without.old.handed) == (1, [])


def test_a_lead_that_sales_had_before_the_window_is_handed_over_by_no_model(session: Session, team: Team) -> None:
    handoff = make_offer(session, now=NOON - 40 * DAY)
    make_lead(session, ("email_open",), now=NOON - 5 * DAY)
    window = Window(NOON - 30 * DAY, NOON)
    tally = replayed(session, active_model(session)[1], window)
    assert (tally.with_sales, tally.old.handed, tally.old.earlier) == (1, [], 0)
    # Given back before the window, for a month: the touch of five days ago comes while it still rests.
    at = NOON - 34 * DAY
    reject(session, handoff.id, version=handoff.version, by=team.morgan, reason="not_ready", note=None, now=at)
    resting = replayed(session, active_model(session)[1], window)
    assert (resting.with_sales, [one.at for one in resting.old.handed]) == (0, window.month_ends()[-1:])


def test_pieces_hold_each_active_lead_once_and_none_that_is_gone_or_was_silent(session: Session, team: Team) -> None:
    leads = [make_lead(session, email=f"lead{n}@buyer.example.com", now=NOON - DAY) for n in range(7)]
    make_lead(session, email="silent@buyer.example.com", now=NOON - 100 * DAY)
    leads[3].stage = Stage.MERGED
    session.flush()
    pieces = ranges(session, WINDOW, 4)
    assert [piece.size for piece in pieces] == [4, 2]
    found = [history.lead_id for piece in pieces for history in histories(session, WINDOW, piece)]
    assert found == [lead.id for lead in leads if lead is not leads[3]]


def test_a_lead_that_was_only_scored_in_the_window_is_replayed_too(session: Session, team: Team) -> None:
    lead = make_lead(session, email="silent@buyer.example.com", now=NOON - 100 * DAY)
    assert ranges(session, WINDOW) == []
    score_lead(session, lead.id, NOON - 3 * DAY)
    assert [piece.size for piece in ranges(session, WINDOW)] == [1]


def test_the_report_shares_out_among_todays_people_and_names_nobody_who_is_away(session: Session, team: Team) -> None:
    for number in range(6):
        make_lead(session, email=f"lead{number}@buyer.example.com", now=NOON - (1 + number) * DAY)
    team.dana.available = False
    session.flush()
    report = make_report(replayed(session, STRICT), sellers(session), WINDOW, "old@1", "new")
    assert [(line.label, *line.handed[1:]) for line in report.pools] == [("AE", 0, 0), ("SDR", 6, 0)]
    assert [tuple(pair) for pair in report.reps] == [("Ada Account", 0, 0), ("Alex Closer", 0, 0), ("Sam Sample", 6, 0)]
    assert report.total[1:] == (6, 0)
    assert report.everybody.old_load.mean * report.work_days == 6
    assert session.scalars(select(Handoff)).all() == []
