"""A record for tests that is large enough to matter, and what would read a table of it from end to end, by EXPLAIN."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from domain.rules.scoring import default_model_toml
from domain.rules.tiers import Tier
from domain.tables import Handoff, Role
from domain.verbs import capturing, modelling, offering, scoring, staffing
from domain.verbs.capturing import Delivery
from domain.verbs.enriching import Said
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
    "opportunity_stages",
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
insert into opportunity_stages (opportunity_id, stage, at)
  select id, came.stage, opened_at from opportunities, unnest(array['New', 'Prospecting']) came(stage);
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
        # What was rolled back before still fills the tables' pages, and plans are made by them.
        connection.execute(text(f"truncate {', '.join(BIG)} cascade"))
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


def scans_on(connection: Connection, road: Callable[[Session], None]) -> list[str]:
    """The statements of a road through the verbs that would read a big table from end to end."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        with watched(connection) as seen:
            road(session)
            session.flush()
        assert len(seen) > 10
        return scans(connection, seen)
