"""Every query of a click, a capture and a job has its index: shown by EXPLAIN on a record that is large enough to matter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.orm import Session

from domain import briefing, cards, deals, finding, my_deals, notices, why
from domain.next_up import next_up
from domain.rules.attribution import AttributionModel
from domain.rules.lifecycle import HandoffMove
from domain.rules.periods import Period
from domain.rules.preferences import Alert, How, Preferences
from domain.rules.scoring import default_model_toml
from domain.rules.tiers import Tier
from domain.stats.board import board
from domain.stats.calls import qualifying
from domain.stats.effectiveness import effectiveness
from domain.stats.fairness import fairness
from domain.stats.influence import influence_of
from domain.stats.pipeline import closings
from domain.stats.revenue import By, revenue
from domain.stats.scope import Scope
from domain.stats.trend import trend
from domain.stats.won_lost import won_lost
from domain.tables import AttemptOutcome, Company, Handoff, Lead, Pool, Rep, Role
from domain.verbs import (
    capturing,
    choosing,
    claiming,
    crediting,
    deal_clocks,
    deal_decisions,
    dealing,
    deciding,
    escalating,
    modelling,
    moving,
    noticing,
    nurturing,
    offering,
    owning,
    passing,
    placing,
    placing_deals,
    rechecking,
    rescoring,
    scoring,
    selling,
    snoozing,
    staffing,
    syncing,
    telling,
    turns,
    undoing,
)
from domain.verbs.capturing import Delivery
from domain.verbs.enriching import Said
from domain.verbs.rescoring_batch import score_batch
from domain.verbs.selling import Word
from tests.conftest import NOON
from tests.domain.making import learn

LEADS = 3_000
COMPANIES = 8_000
"""Below that, reading all of them is as quick as the index of their trigrams."""
BIG = (
    "leads",
    "handoffs",
    "touches",
    "sla_clocks",
    "arrivals",
    "lead_events",
    "scores",
    "system_links",
    "card_places",
    "contact_attempts",
    "companies",
    "turns",
    "qualifications",
    "opportunities",
    "deal_handoffs",
    "notices",
    "credit_runs",
    "credits",
)

_FILL = """
insert into capture_sources (name) values ('bulk');
insert into companies (domain, name, name_key, country)
  select 'd' || n || '.example.com', c.name, c.name, 'DE' from generate_series(1, {companies}) n, lateral (select substr(md5(n::text), 1, 10) as name) c;
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at, tier, score, score_id)
  select 'lead' || n || '@acme.example.com', 'lead' || n || '@acme.example.com', 'nurturing', 'bulk', '{{}}', '{{}}', '[]', timestamptz '{noon}' - n * interval '1 minute', 'mel', 50, n
  from generate_series(1, {leads}) n;
insert into scores (lead_id, model_id, as_of, total, fit, intent, negative, tier, ledger)
  select l.id, (select id from scoring_models limit 1), captured_at, 50, 50, 0, 0, 'mel', '[]' from leads l;
-- Tests before this one may have used up numbers of either.
update leads set score_id = s.id from scores s where s.lead_id = leads.id;
insert into touches (lead_id, kind, occurred_at) select id, 'page_view', captured_at from leads, generate_series(1, 3);
insert into arrivals (source_id, delivery_key, body, body_hash, state, received_at)
  select (select id from capture_sources where name = 'bulk'), 'key' || id, '', 'x', 'taken', captured_at from leads;
insert into handoffs (lead_id, cycle, tier, score, score_id, rep_id, status, version, policy, trace, became_at, opened_at, rejected_at)
  select id, 1, 'mql', 60, score_id, (select min(id) from reps), 'rejected', 3, '{{}}', '{{}}', captured_at, captured_at, captured_at from leads;
insert into sla_clocks (handoff_id, kind, started_at, due_at, stopped_at, outcome)
  select id, kind, became_at, became_at, became_at, 'met' from handoffs, unnest(array['assignment', 'first_contact', 'qualification']) kind;
insert into contact_attempts (handoff_id, rep_id, at, outcome) select id, (select min(id) from reps), became_at, 'spoke' from handoffs;
insert into card_places (handoff_id, channel, claimed_at, ts) select id, 'C1', became_at, 'x' from handoffs;
insert into qualifications (handoff_id, rep_id, at, framework, answers, verdict)
  select id, (select min(id) from reps), became_at, 'bant', '{{}}', 'not_yet' from handoffs;
insert into opportunities (lead_id, handoff_id, system, name, stage, stage_since, opened_at)
  select lead_id, id, 'salesforce', 'a deal', 'Prospecting', became_at, became_at from handoffs;
insert into credit_runs (opportunity_id, version, why, made_at, closed_at, base, value, touches)
  select id, 1, 'closed', opened_at, opened_at, 'EUR', 100, 1 from opportunities;
insert into credits (run_id, model, closed_at, lead_id, channel, share, value)
  select r.id, model, r.closed_at, o.lead_id, 'ads', 1, 100
  from credit_runs r join opportunities o on o.id = r.opportunity_id, unnest(array['first', 'last', 'linear', 'w_shaped']) model;
insert into deal_handoffs (opportunity_id, handoff_id, rep_id, status, version, trace, offered_at)
  select id, handoff_id, (select min(id) from reps), 'returned', 2, '{{}}', opened_at from opportunities;
insert into turns (pool_id, rep_id, handoff_id, at, kind, weight, moved, share)
  select (select min(id) from pools), (select min(id) from reps), id, became_at, 'turn', 1, 1, 1 from handoffs;
insert into system_links (lead_id, system, dirty) select id, 'crm', 1 from leads;
insert into notices (rep_id, kind, at, lead_id, handoff_id, direct, held, sent_at)
  select (select min(id) from reps), 'jump', became_at, lead_id, id, true, case when id % 3 = 0 then 'digest' end, became_at from handoffs;
insert into lead_events (kind, at, lead_id, data) select 'lead.captured', captured_at, id, '{{}}' from leads;
analyze;
"""


@pytest.fixture(scope="module")
def large(migrated: Engine) -> Iterator[Connection]:
    """A record of 3,000 worked leads and one fresh one, rolled back at the end. Filling it takes some seconds, most of them for the trigrams."""
    with migrated.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            modelling.ensure_model(session, default_model_toml(), NOON)
            lay_out(session)
            session.commit()
        connection.execute(text(_FILL.format(noon=NOON.isoformat(), leads=LEADS, companies=COMPANIES)))
        yield connection
        outer.rollback()


def lay_out(session: Session) -> None:
    rep = staffing.save_rep(session, NOON, name="Sam Sample", email="sam@example.com", role=Role.SDR)
    manager = staffing.save_rep(session, NOON, name="Morgan Manager", email="morgan@example.com", role=Role.MANAGER)
    staffing.know_in_slack(session, rep.id, "U1", "D1", NOON)
    pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel="C1", manager=manager)
    staffing.set_members(session, pool, {rep.id: 1})
    staffing.set_territories(session, Role.SDR, [({}, pool.id)])


@contextmanager
def watched(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run inside, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().lower().startswith(("select", "update", "insert", "delete", "with")):
            seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def scans(connection: Connection, seen: list[tuple[str, Any]]) -> list[str]:
    """The statements that would read a big table from end to end."""
    found = []
    for statement, parameters in seen:
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"explain {statement}", parameters))
        found += [f"{table}: {statement}\n{plan}" for table in BIG if f"Seq Scan on {table}" in plan]
    return found


def bulk_source(session: Session) -> int:
    return int(session.execute(text("select id from capture_sources where name = 'bulk'")).scalar_one())


def fresh_handoff(session: Session) -> Handoff:
    """One lead that is offered to Sam, through the verbs."""
    arrival, _ = capturing.keep(session, bulk_source(session), "fresh", b"{}", NOON)
    lead = capturing.receive(
        session, arrival, "bulk", Delivery({"email": "vera@alder.example.com"}, "webinar", NOON), NOON
    )
    learn(session, lead.id, Said("zoominfo", "matched", {"title": "VP Sales"}, 0), NOON)
    scoring.score_lead(session, lead.id, NOON)
    lead.tier = Tier.MQL
    handoff = offering.hand_over(session, lead.id, NOON)
    assert handoff is not None
    return handoff


def accept(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    moving.may_move(session, handoff.id, version=handoff.version, by=rep, move=HandoffMove.ACCEPT, now=NOON)
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=NOON)
    deciding.log_attempt(session, handoff.id, by=rep, outcome=AttemptOutcome.SPOKE, note=None, now=NOON)
    cards.card_view(session, handoff.id)
    finding.place_of(session, handoff.id)


def reject(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = session.scalars(select(Rep).where(Rep.slack_user_id == "U1")).one()
    deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason="bad_timing", note=None, now=NOON)
    nurturing.enrol(session, handoff.lead_id, NOON)


def pass_on(session: Session) -> None:
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    later = NOON + timedelta(hours=1)
    snoozing.snooze(session, handoff.id, version=handoff.version, by=rep, until=later, now=NOON)
    assert snoozing.wake_due(session, later, 100) == 1
    deciding.reject(session, handoff.id, version=handoff.version, by=rep, reason="bad_timing", note=None, now=later)
    undoing.undo(session, handoff.id, version=handoff.version, by=rep, now=later)
    passing.release(session, handoff.id, version=handoff.version, by=rep, now=later)
    cards.card_view(session, handoff.id)


def brief(session: Session) -> None:
    handoff = fresh_handoff(session)
    placing.claim(session, handoff.id, "C1", NOON)
    placing.note_drawn(session, handoff.id, "1.2", "x", NOON)
    placing.claim_brief(session, handoff.id, NOON)
    placing.note_brief(session, handoff.id, "1.2", "1.3", "y")
    briefing.brief_view(session, handoff.id, NOON)
    assert briefing.standing_brief(session, handoff.lead_id) is not None


def take_it(session: Session) -> None:
    handoff = fresh_handoff(session)
    later = NOON + timedelta(hours=5)
    escalating.take_steps(session, later, 100)
    assert claiming.for_the_taking(session, handoff)
    placing.claim_pool_call(session, handoff.id, "C1", later)
    placing.note_pool_call(session, handoff.id, "1.4", "z")
    manager = session.scalars(select(Rep).where(Rep.role == Role.MANAGER)).one()
    claiming.claim(session, handoff.id, version=handoff.version, by=manager, now=later)


def sweep(session: Session) -> None:
    fresh_handoff(session)
    later = NOON + timedelta(hours=3)
    assert escalating.take_steps(session, later, 100) == 1
    offering.waiting_leads(session)


def tell(session: Session) -> None:
    handoff = fresh_handoff(session)
    links = telling.dirty_links(session, telling.CRM, 100)
    finding.leads_with_handoffs(session, [link.lead_id for link in links])
    finding.identity_of(session, handoff.lead_id)
    session.get_one(Lead, handoff.lead_id)
    for system in (telling.CRM, telling.MARKETING):
        telling.is_dirty(session, system)
        told = [telling.Told(link.lead_id, link.dirty, "x", f"00Q{link.lead_id}") for link in links]
        telling.note_told(session, system, told, NOON)
    syncing.clean_links(session, telling.CRM, 0, 100)


def hear_of_a_deal(session: Session) -> None:
    lead_id = fresh_handoff(session).lead_id
    for stage, emails, ids in (("Open", ("lead7@acme.example.com",), ()), ("Closed Won", (), (f"00Q{lead_id}",))):
        said = Word("crm", "0061", "Deal", stage, NOON, is_closed=stage != "Open", emails=emails, lead_ids=ids)
        selling.hear(session, said, NOON)


def match_by_name(session: Session) -> None:
    """A company that is known, one that is spelt nearly as it is, and one that nobody knows."""
    known = session.scalars(select(Company.name).order_by(Company.id).limit(1)).one() or ""
    leads = []
    for n, company in enumerate((known, known + "x", "Quite Another Ltd")):
        arrival, _ = capturing.keep(session, bulk_source(session), f"named-{n}", b"{}", NOON)
        person = {"email": f"named{n}@gmail.com", "company": company, "country": "DE"}
        leads.append(capturing.receive(session, arrival, "bulk", Delivery(person, "webinar", NOON), NOON))
    assert [(lead.company_match or {})["by"] for lead in leads] == ["name", "likeness", "new"]
    session.flush()
    cards.colleagues_of(session, leads[0])


def ask_why(session: Session) -> None:
    """Of a lead with sales and of one in nurture."""
    handoff = fresh_handoff(session)
    found = finding.lead_by_email(session, "vera@alder.example.com")
    assert found.id == handoff.lead_id
    assert why.why(session, found, NOON) is not None
    nurtured = session.scalars(select(Lead).where(Lead.email == "lead7@acme.example.com")).one()
    scoring.score_lead(session, nurtured.id, NOON)
    assert why.why(session, nurtured, NOON) is not None


def hear_of_a_jump(session: Session) -> None:
    lead_id = session.scalars(select(Lead.id).where(Lead.email == "lead9@acme.example.com")).one()
    scoring.score_lead(session, lead_id, NOON)
    for kind in ("webinar", "demo_request"):
        arrival, _ = capturing.keep(session, bulk_source(session), f"jump-{kind}", b"{}", NOON)
        delivery = Delivery({"email": "lead9@acme.example.com"}, kind, NOON + timedelta(hours=1))
        capturing.receive(session, arrival, "bulk", delivery, NOON + timedelta(hours=1))
    scoring.score_lead(session, lead_id, NOON + timedelta(hours=1))
    assert session.get_one(Lead, lead_id).alerted_at is not None
    assert finding.rise_of(session, lead_id) is not None
    rechecking.due_rechecks(session, NOON + timedelta(days=100), 500)


def tell_beside_the_card(session: Session) -> None:
    """A reminder at once, a jump for the digest, and the first decision after them."""
    handoff = fresh_handoff(session)
    rep = finding.rep_by_slack(session, "U1")
    staffing.set_preferences(session, rep, Preferences({Alert.JUMP: How.DIGEST}), NOON)
    said = noticing.notify(session, rep, Alert.REMINDER, NOON, direct=False, handoff_id=handoff.id)
    noticing.notify(session, rep, Alert.JUMP, NOON, direct=True, lead_id=handoff.lead_id, data={"before": 1})
    noticing.claim(session, said.id, NOON)
    noticing.note_sent(session, [said.id], NOON)
    later = NOON + timedelta(days=1)
    assert notices.digests_due(session, later) == [rep]
    held, _ = noticing.claim_digest(session, rep.id, later)
    assert len(notices.digest_of(session, held).items) == 1
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=NOON)


def look_at_the_board(session: Session) -> None:
    handoff = fresh_handoff(session)
    for slack_user_id, email in (("U1", None), ("U2", "morgan@example.com")):
        if email is not None:
            rep = session.scalars(select(Rep).where(Rep.email == email)).one()
            staffing.know_in_slack(session, rep.id, slack_user_id, "D2", NOON)
        rep = finding.rep_by_slack(session, slack_user_id)
        seen = board(session, rep, NOON)
        assert [row.handoff_id for row in (seen.team or seen.mine).running] == [handoff.id]


def choose_with_limits(session: Session) -> None:
    """Everybody has a limit, and all is looked at that a choice, its books and the questions about it can need."""
    for rep in session.scalars(select(Rep)):
        rep.most_open, rep.most_a_day = 9, 9
    handoff = fresh_handoff(session)
    pool = session.scalars(select(Pool)).one()
    owning.owner_to_ask_for(session, handoff.lead_id, NOON)
    choosing.choose(session, session.get_one(Lead, handoff.lead_id), Role.SDR, NOON, lock=True)
    next_up(session, pool, NOON)
    turns.credit(session, handoff, NOON)
    turns.charge_again(session, handoff, NOON)
    fairness(session, pool.id, NOON - timedelta(minutes=10))


def freeze_a_deal(session: Session) -> None:
    """And look at it, and at what was earned in the last minutes."""
    email = session.get_one(Lead, fresh_handoff(session).lead_id).email
    said = Word(
        "salesforce", "006B", "Deal", "Closed Won", NOON, is_closed=True, is_won=True, amount=7, emails=(email,)
    )
    deal = selling.hear(session, said, NOON)
    assert deal is not None
    assert crediting.freeze(session, deal.id, NOON) is not None
    crediting.recount(session, deal.id, NOON)
    assert influence_of(session, deal.id, NOON)
    minutes = Period(NOON - timedelta(minutes=2), NOON + timedelta(minutes=1), "")
    for by in By:
        assert revenue(session, minutes, by=by, model=AttributionModel.LINEAR).deals > 0
    assert closings(session, minutes).won == 1


def ask_for_numbers(session: Session) -> None:
    """Of the last minutes, whoever and whatever they are asked of: of a long time, reading all of it is the quicker way."""
    handoff = fresh_handoff(session)
    minutes = Period(NOON - timedelta(minutes=2), NOON + timedelta(minutes=1), "")
    asked = (
        Scope(),
        Scope(rep_id=handoff.rep_id),
        Scope(pool_id=handoff.pool_id),
        Scope(channel="ads"),
        Scope(campaign="Spring Fair"),
        Scope(persona="influencer"),
        Scope(model_id=handoff.model_id),
    )
    for scope in asked:
        trend(session, [minutes], NOON, scope)
        effectiveness(session, minutes, NOON, scope)
        qualifying(session, minutes, scope)
        won_lost(session, minutes, scope)


def hand_a_deal_to_an_ae(session: Session) -> None:
    """Offered, shown, reminded of, in the Home, given back, closed."""
    handoff = fresh_handoff(session)
    ae = staffing.save_rep(session, NOON, name="Ada Account", email="ada@example.com", role=Role.AE)
    staffing.know_in_slack(session, ae.id, "U3", "D3", NOON)
    pool = staffing.save_pool(session, name="AE", role=Role.AE, slack_channel=None, manager=None)
    staffing.set_members(session, pool, {ae.id: 1})
    staffing.set_territories(session, Role.AE, [({}, pool.id)])
    made = selling.open_opportunity(
        session, handoff.id, system="crm", external_id="0069", name="A deal", stage="New", now=NOON
    )
    deal = dealing.hand_deal(session, made.id, NOON)
    assert deal is not None
    session.get_one(Lead, made.lead_id).attributes |= {"industry": "software", "persona": "buyer"}
    session.flush()
    placing_deals.claim_deal(session, deal.id, "D3", NOON)
    placing_deals.note_deal(session, deal.id, "1.5", "x")
    deals.deal_message(session, deal.id, NOON)
    assert deal_clocks.take_deal_steps(session, NOON + timedelta(hours=9), 100) == 1
    my_deals.deals_home(session, ae, NOON)
    deal_decisions.return_deal(session, deal.id, version=1, by=ae, reason="no_capacity", note=None, now=NOON)
    assert list(dealing.waiting_deals(session)) == [made.id]
    assert dealing.pass_on_of(session, ae.id, NOON) is False
    selling.hear(session, Word("crm", "0069", "Deal", "Closed Lost", NOON, is_closed=True, owner_id="005X"), NOON)


@pytest.mark.parametrize(
    "road",
    [
        hand_a_deal_to_an_ae,
        ask_for_numbers,
        freeze_a_deal,
        accept,
        reject,
        pass_on,
        brief,
        take_it,
        sweep,
        tell,
        hear_of_a_deal,
        match_by_name,
        ask_why,
        hear_of_a_jump,
        choose_with_limits,
        tell_beside_the_card,
        look_at_the_board,
    ],
    ids=lambda road: road.__name__,
)
def test_no_query_of_the_hot_path_reads_a_table_from_end_to_end(
    large: Connection, road: Callable[[Session], None]
) -> None:
    with Session(large, join_transaction_mode="create_savepoint") as session:
        with watched(large) as seen:
            road(session)
            session.flush()
        assert len(seen) > 10
        assert scans(large, seen) == []


def test_a_batch_of_a_rescoring_reads_no_table_from_end_to_end(large: Connection) -> None:
    with Session(large, join_transaction_mode="create_savepoint") as session:
        model, _ = modelling.active_model(session)
        row = rescoring.start(session, model.id, NOON + timedelta(days=1))
        assert row is not None
        session.flush()
        with watched(large) as seen:
            assert score_batch(session, row.id, NOON + timedelta(days=1), 50).goes_on
            session.flush()
        assert row.done == 50
        assert scans(large, seen) == []


def test_the_check_sees_a_query_without_an_index(large: Connection) -> None:
    with watched(large) as seen:
        large.exec_driver_sql("select count(*) from leads where first_name = %(name)s", {"name": "Vera"})
    assert len(scans(large, seen)) == 1
