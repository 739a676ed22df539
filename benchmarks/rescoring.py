"""All leads scored anew after a model was put in force, end to end: `python -m benchmarks.rescoring --help`.

Two sizes, so that one sees whether it is linear. Each is a database of its own with ten touches a lead and a score of the model
before; then `handoff rescore --here` runs as a process of its own, and its time and its largest memory are what is said. Meanwhile
one lead after another is scored as a live touch would have it, to show whether the live road is held up.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import func, select, text

from benchmarks import _report
from benchmarks._ground import NotMeasured, database, run
from benchmarks._report import Figures, ratio, say, spread
from domain.rules.lifecycle import Stage
from domain.rules.scoring import Model, Score, default_model_toml, score
from domain.rules.tiers import Tier, tier_of
from domain.tables import Lead, Rescoring, ScoreRow
from domain.verbs import modelling
from domain.verbs.rescoring_batch import facts_of_all
from domain.verbs.scoring import score_lead
from handlers.jobs import reading, transaction
from kit import db, migrating
from kit.clock import utcnow

TOUCHES = 10
PROBE_SECONDS = 0.1
STRICTER = default_model_toml().replace("points = 20\n", "points = 18\n").replace("mql = 60", "mql = 62")
"""The model that is put in force: most leads get another number, and some another tier."""

_LEADS = """
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'nurturing', 'bench', '{}',
    jsonb_build_object(
        'persona', (array['decision_maker', 'influencer', 'practitioner', 'unknown'])[1 + n % 4],
        'function', (array['sales', 'marketing', 'finance', 'other', 'other'])[1 + n % 5],
        'industry', (array['software', 'finance', 'manufacturing', 'education', 'other', 'media', 'other'])[1 + n % 7],
        'company_size', (array['1-10', '11-50', '51-200', '201-1000', '5000+'])[1 + n / 7 % 5],
        'country', (array['US', 'DE', 'FR', 'IN', 'BR', 'GB', 'SE'])[1 + n / 11 % 7],
        'technologies', (array['["salesforce"]', '[]', '["hubspot", "zoom"]'])[1 + n / 3 % 3]::jsonb,
        'free_mail', n % 9 = 0, 'role_inbox', n % 40 = 0, 'company_present', n % 6 > 0, 'quality_notes', '[]'::jsonb),
    '[]', now() - interval '90 days'
from generate_series(1, :leads) n
"""
_TOUCHES = """
insert into touches (lead_id, kind, occurred_at, page, campaign, recorded_at)
select l.id, (array['page_view', 'email_open', 'page_view', 'email_click', 'content_download', 'page_view', 'webinar',
    'pricing_view', 'form_submission', 'demo_request', 'email_open'])[1 + (l.id * 7 + t * 13 + l.id * t) % 11],
    now() - ((l.id * 31 + t * 4241) % 129600) * interval '1 minute',
    (array['/', '/blog', '/pricing', '/docs', null])[1 + (l.id + t) % 5],
    (array['spring', 'autumn', null])[1 + (l.id + t) % 3], now() - interval '1 day'
from leads l, generate_series(1, :touches) t
"""
_OLD_SCORES = """
with kept as (
    insert into scores (lead_id, model_id, as_of, total, fit, intent, negative, tier, ledger)
    select l.id, :model, now() - interval '1 day', 0, 0, 0, 0, 'cold', '[]' from leads l returning id, lead_id
)
update leads set score_id = kept.id, score = 0, fit = 0, intent = 0, negative = 0, tier = 'cold',
    scored_at = now() - interval '1 day' from kept where kept.lead_id = leads.id
"""

_NUMBERS = """
update leads set tier = v.tier, stage = v.stage, score = v.score, fit = v.fit, intent = v.intent, negative = v.negative
from jsonb_to_recordset(cast(:rows as jsonb))
    as v(id bigint, tier text, stage text, score bigint, fit bigint, intent bigint, negative bigint)
where leads.id = v.id
"""


def measure(arguments: argparse.Namespace) -> Figures:
    """Both sizes, the smaller first."""
    figures: Figures = {
        "benchmark": "rescoring",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"leads": arguments.leads, "touches_a_lead": TOUCHES, "probe": not arguments.no_probe},
    }
    sizes = (arguments.leads // 2, arguments.leads)
    for leads in sizes:
        figures[f"{leads}_leads"] = _one(leads, probe=not arguments.no_probe)
    say("Scoring 2,000 leads of which nearly all change their tier")
    figures["if_nearly_all_change_their_tier"] = _all_moved(2_000)
    half, whole = (figures[f"{leads}_leads"] for leads in sizes)
    figures["twice_as_many"] = {
        "time": ratio(whole["seconds"], half["seconds"]),
        "cpu_a_lead": ratio(whole["cpu_ms_a_lead"], half["cpu_ms_a_lead"]),
        "memory": ratio(whole["peak_memory_mb"], half["peak_memory_mb"]),
    }
    return figures


def _one(leads: int, *, probe: bool) -> Figures:
    with database():
        say(f"Filling a database with {leads:,} leads and {leads * TOUCHES:,} touches")
        migrating.upgrade()
        _fill(leads)
        _score_before()
        live_before = _live(leads, 20) if probe else []
        say("Putting another model in force")
        _begin(STRICTER)
        with _probed(leads, on=probe) as live:
            run = _rescore()
        return _figures(leads, run) | {
            "one_live_score_alone": spread(live_before),
            "one_live_score_meanwhile": spread(live),
        }


def _all_moved(leads: int) -> Figures:
    """The slow road: each goes to nurture or to sales, with its events and jobs."""
    with database():
        migrating.upgrade()
        _fill(leads)
        _begin(STRICTER)
        figures = _figures(leads, _rescore())
        return {name: figures[name] for name in ("seconds", "leads_per_second", "cpu_ms_a_lead", "tier_changed")}


def _fill(leads: int) -> None:
    with transaction() as session:
        session.execute(text("set local statement_timeout = 0"))
        modelling.ensure_model(session, default_model_toml(), utcnow())
        active, _ = modelling.active_model(session)
        session.execute(text(_LEADS), {"leads": leads})
        session.execute(text(_TOUCHES), {"touches": TOUCHES})
        session.execute(text(_OLD_SCORES), {"model": active.id})
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze leads, touches, scores")


def _score_before() -> None:
    """The scores of the model before, as if sales had taken every MQL and HQL."""
    last, now = 0, utcnow()
    with transaction() as session:
        _, model = modelling.active_model(session)
        while leads := session.scalars(select(Lead).where(Lead.id > last).order_by(Lead.id).limit(5_000)).all():
            facts = facts_of_all(session, leads)
            rows = [_row(lead.id, score(model, facts[lead.id], now), model) for lead in leads]
            session.execute(text(_NUMBERS), {"rows": json.dumps(rows)})
            last = leads[-1].id
            session.expunge_all()


def _row(lead_id: int, result: Score, model: Model) -> dict[str, Any]:
    tier = tier_of(result.total, model.thresholds)
    stage = Stage.IN_HANDOFF if tier in {Tier.MQL, Tier.HQL} else Stage.NURTURING
    numbers = {"score": result.total, "fit": result.fit, "intent": result.intent, "negative": result.negative}
    return {"id": lead_id, "tier": tier, "stage": stage, **numbers}


def _begin(toml: str) -> None:
    with transaction() as session:
        modelling.import_model(session, toml, utcnow())


class Run(NamedTuple):
    """What the process took: seconds, seconds of CPU, and the most megabytes it held."""

    seconds: float
    cpu: float
    memory: float


def _rescore() -> Run:
    """`handoff rescore --here` as a process of its own."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "handlers", "rescore", "--here"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise NotMeasured("handoff rescore --here failed")
    return Run(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _figures(leads: int, run: Run) -> Figures:
    with reading() as session:
        row = session.scalars(select(Rescoring).order_by(Rescoring.id.desc()).limit(1)).one()
        once = select(ScoreRow.lead_id).where(ScoreRow.model_id == row.model_id).group_by(ScoreRow.lead_id)
        scored = session.scalar(select(func.count()).select_from(once.subquery())) or 0
    if scored != leads or row.finished_at is None:
        raise NotMeasured(f"{leads - scored} of {leads} leads have no score of the new model")
    return {
        "seconds": round(run.seconds, 1),
        "leads_per_second": round(leads / run.seconds),
        "cpu_ms_a_lead": round(1000 * run.cpu / leads, 2),
        "peak_memory_mb": round(run.memory, 1),
        "tier_changed": row.moved,
        "scored_live_meanwhile": leads - row.done,
    }


def _live(leads: int, times: int, stop: threading.Event | None = None) -> list[float]:
    """Score one lead after another as a live touch does; returns the seconds of each."""
    taken = []
    for number in range(times):
        if stop is not None and stop.wait(PROBE_SECONDS):
            break
        began = time.monotonic()
        with transaction() as session:
            score_lead(session, 1 + (number * 7919) % leads, utcnow())
        taken.append(time.monotonic() - began)
    return taken


@contextmanager
def _probed(leads: int, *, on: bool) -> Iterator[list[float]]:
    """Live leads meanwhile, from a thread; the list is filled when it ends."""
    found: list[float] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: found.extend(_live(leads, 10**9, stop)))
    if on:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        if on:
            thread.join()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rescoring", description=(__doc__ or "").split(":", 1)[0]
    )
    parser.add_argument("--leads", type=int, default=100_000, help="of the larger run")
    parser.add_argument("--quick", action="store_true", help="4,000 leads")
    parser.add_argument("--no-probe", action="store_true", help="nothing live meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.leads = 4_000
    return run(lambda: measure(arguments), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
