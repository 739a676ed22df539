"""A bulk of leads through several workers over one pool, and what everybody got: `python -m benchmarks.fairness --help`.

For each set of weights a database of its own: reps with these weights, and as many leads of companies of their own, all waiting to be
handed over. Worker processes take them and assign each in a transaction of its own, as the job does. What counts is how far anybody is
from their exact share, at the end and at every moment on the way, and that nothing was lost or doubled.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text

from benchmarks import _report
from benchmarks._ground import database, run
from benchmarks._report import Figures, say
from domain.rules.scoring import default_model_toml
from domain.tables import Handoff, Lead, Rep, Role, ScoringModel, Turn
from domain.verbs import modelling, staffing
from domain.verbs.offering import hand_over
from handlers.jobs import reading, transaction
from kit import migrating
from kit.clock import utcnow

WEIGHTS = ((1,) * 8, (1, 2, 3))

_LEADS = """
with kept as (
    insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at, tier, score,
        became_sales_ready_at)
    select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'enriched', 'bench', '{}', '{}', '[]',
        now(), 'mql', 70, now()
    from generate_series(1, :leads) n returning id
), scored as (
    insert into scores (lead_id, model_id, as_of, total, fit, intent, negative, tier, ledger)
    select kept.id, :model, now(), 70, 40, 30, 0, 'mql', '[]' from kept returning id, lead_id
)
select count(*) from scored
"""
_SCORED = "update leads set score_id = scores.id from scores where scores.lead_id = leads.id"


def measure(arguments: argparse.Namespace) -> Figures:
    figures: Figures = {
        "benchmark": "fairness",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"leads": arguments.leads, "workers": arguments.workers},
    }
    for weights in WEIGHTS:
        figures[f"weights_{'_'.join(map(str, weights))}"] = _one(weights, arguments.leads, arguments.workers)
    return figures


def _one(weights: Sequence[int], leads: int, workers: int) -> Figures:
    say(f"{leads} leads over weights {weights} through {workers} workers")
    with database():
        migrating.upgrade()
        reps, lead_ids = _lay_out(weights, leads)
        began = time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            pool.map(_assign, lead_ids, chunksize=10)
        seconds = time.perf_counter() - began
        return _figures(dict(zip(reps, weights, strict=True)), leads, seconds)


def _lay_out(weights: Sequence[int], leads: int) -> tuple[list[int], list[int]]:
    with transaction() as session:
        now = utcnow()
        modelling.ensure_model(session, default_model_toml(), now)
        reps = []
        for number in range(len(weights)):
            email = f"rep{number}@example.com"
            rep = staffing.save_rep(session, now, name=f"Rep{number} Sample", email=email, role=Role.SDR)
            staffing.know_in_slack(session, rep.id, f"U0REP{number}", f"D0REP{number}", now)
            reps.append(rep.id)
        pool = staffing.save_pool(session, name="Bench", role=Role.SDR, slack_channel="C0BENCH", manager=None)
        staffing.set_members(session, pool, dict(zip(reps, weights, strict=True)))
        staffing.set_territories(session, Role.SDR, [({}, pool.id)])
        session.flush()
        model_id = session.scalar(select(func.max(ScoringModel.id)))
        session.execute(text(_LEADS), {"leads": leads, "model": model_id})
        session.execute(text(_SCORED))
        return reps, list(session.scalars(select(Lead.id).order_by(Lead.id)))


def _assign(lead_id: int) -> None:
    with transaction() as session:
        hand_over(session, lead_id, utcnow())


def _figures(weights: dict[int, int], leads: int, seconds: float) -> Figures:
    with reading() as session:
        order = session.scalars(select(Turn.rep_id).order_by(Turn.id)).all()
        handoffs = session.scalar(select(func.count()).select_from(Handoff).where(Handoff.rep_id.is_not(None))) or 0
        names = dict(session.execute(select(Rep.id, Rep.name)).all())
    got, whole, worst = Counter[int](), sum(weights.values()), 0.0
    for turn, rep_id in enumerate(order, 1):
        got[rep_id] += 1
        worst = max(worst, *(abs(got[one] - turn * weight / whole) for one, weight in weights.items()))
    return {
        "seconds": round(seconds, 1),
        "leads_a_second": round(leads / seconds, 1),
        "got": {names[rep_id]: got[rep_id] for rep_id in weights},
        "furthest_from_the_exact_share_at_the_end": round(
            max(abs(got[one] - leads * weight / whole) for one, weight in weights.items()), 3
        ),
        "furthest_on_the_way": round(worst, 3),
        "lost_or_doubled": abs(leads - handoffs) + abs(leads - len(order)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4, help="processes that assign")
    parser.add_argument("--quick", action="store_true", help="600 leads")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.leads = 600
    return run(lambda: measure(arguments), as_json=arguments.json, missed=_is_unfair)


def _is_unfair(figures: Figures) -> bool:
    """A lead lost or doubled, or somebody further than one lead from their share at the end."""
    runs = [part for name, part in figures.items() if name.startswith("weights_")]
    return any(part["lost_or_doubled"] or part["furthest_from_the_exact_share_at_the_end"] > 1 for part in runs)


if __name__ == "__main__":
    sys.exit(main())
