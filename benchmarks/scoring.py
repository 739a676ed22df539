"""How many leads one process scores in a second of CPU, beside a loop that computes the same points without a ledger.

`python -m benchmarks.scoring --help`.
"""

import argparse
import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from benchmarks import _report
from benchmarks._plain_score import PlainScore
from benchmarks._report import Figures, median, ratio, say
from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.scoring import Model, default_model_toml, ledger_to_json, read_model, score
from domain.rules.tiers import tier_of
from domain.rules.what_if import falls_at

T = TypeVar("T")

AS_OF = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DAYS = 120
KINDS = {
    "page_view": 8.0,
    "email_open": 5.0,
    "email_click": 2.0,
    "content_download": 1.5,
    "pricing_view": 1.0,
    "form_submission": 1.0,
    "webinar": 0.7,
    "chat": 0.5,
    "demo_request": 0.3,
    "event_attendance": 0.3,
    "call": 0.3,
    "unsubscribe": 0.1,
}
"""How often a touch is of this kind: people read much and ask for little."""
PAGES = ["/", "/blog/forecasting", "/pricing", "/docs/start", "/customers", "/demo"]


def sample_leads(number: int, touches: int, chance: random.Random) -> list[LeadFacts]:
    """People with every attribute that the model reads, and touches in the order of time, as the query gives them."""
    return [LeadFacts(_attributes(chance), _touches(touches, chance)) for _ in range(number)]


def _touches(number: int, chance: random.Random) -> list[Touch]:
    times = sorted(AS_OF - timedelta(seconds=chance.uniform(0, DAYS * 86_400)) for _ in range(number))
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=number)
    return [
        Touch(kind, at, campaign="autumn", content=f"guide {chance.randrange(9)}", page=chance.choice(PAGES))
        for kind, at in zip(kinds, times, strict=True)
    ]


def _attributes(chance: random.Random) -> dict[str, Value]:
    return {
        "persona": chance.choice(["decision_maker", "influencer", "practitioner", "other"]),
        "seniority": chance.choice(["director", "manager", "student", "unknown"]),
        "function": chance.choice(["sales", "it", "other"]),
        "industry": chance.choice(["software", "finance", "other", "unknown"]),
        "company_size": chance.choice(["1-10", "51-200", "201-1000", "unknown"]),
        "country": chance.choice(["DE", "US", "BR"]),
        "technologies": frozenset(chance.sample(["Salesforce", "HubSpot", "Jira", "SAP"], 2)),
        "free_mail": chance.random() < 0.2,
        "disposable_mail": chance.random() < 0.02,
        "role_inbox": chance.random() < 0.05,
        "company_present": chance.random() < 0.8,
        "quality_notes": frozenset(),
        "competitor": chance.random() < 0.01,
        "unsubscribed": False,
    }


def measure(arguments: argparse.Namespace) -> Figures:
    chance = random.Random(arguments.seed)
    model, plain = read_model(default_model_toml()), PlainScore(default_model_toml())
    number = 2_000 if arguments.quick else 20_000
    figures: Figures = {
        "benchmark": "scoring",
        "machine": _report.machine(),
        "settings": {"model": "default", "rules": len(model.rules), "rounds": arguments.rounds, "seed": arguments.seed},
    }
    for touches in (20, 5, 100):
        leads = sample_leads(number // 5 if touches == 100 else number, touches, chance)
        gc.freeze()  # the sample is no garbage to look through while the clock runs
        say(f"{len(leads):,} leads with {touches} touches each")
        figures[f"with_{touches}_touches_each"] = _beside(model, plain, leads, arguments.rounds)
        if touches == 20:
            figures["a_score"] = _a_score(model, leads[:2_000])
    return figures


def _beside(model: Model, plain: PlainScore, leads: Sequence[LeadFacts], rounds: int) -> Figures:
    """Both over the same leads, in turns, so that what else the machine does falls on both; medians count."""
    ours, theirs, differing = [], [], 0
    for _ in range(rounds):
        took, totals = _timed(lambda: [score(model, lead, AS_OF).total for lead in leads])
        ours.append(took)
        took, plain_totals = _timed(lambda: [plain.total(lead, AS_OF) for lead in leads])
        theirs.append(took)
        differing += sum(one != other for one, other in zip(totals, plain_totals, strict=True))
    return {
        "leads": len(leads),
        "leads_per_s": round(len(leads) / median(ours)),
        "plain_loop_leads_per_s": round(len(leads) / median(theirs)),
        "times_the_plain_loop": ratio(median(ours), median(theirs)),
        "totals_that_differ": differing,
    }


def _timed(work: Callable[[], list[T]]) -> tuple[float, list[T]]:
    """With the CPU time it took: others on the machine make that waver less than the clock on the wall."""
    gc.collect()
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


def _a_score(model: Model, leads: Sequence[LeadFacts]) -> Figures:
    """What one score costs besides: the memory while it is kept, its ledger as JSON, and the moment at which it falls."""
    tracemalloc.start()
    kept = [score(model, lead, AS_OF) for lead in leads]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    as_json, _ = _timed(lambda: [ledger_to_json(one.ledger) for one in kept])
    few = [(lead, tier_of(one.total, model.thresholds)) for lead, one in zip(leads[:300], kept, strict=False)]
    falling, _ = _timed(lambda: [falls_at(model, lead, AS_OF, tier) for lead, tier in few])
    return {
        "rows_of_its_ledger": round(sum(len(one.ledger) for one in kept) / len(kept), 1),
        "kb_of_memory_while_kept": round(held / len(kept) / 1024, 1),
        "its_ledger_to_json_us": round(1e6 * as_json / len(kept), 1),
        "when_its_tier_falls_us": round(1e6 * falling / len(few)),
    }


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each of the two runs over the leads (5)")
    parser.add_argument("--seed", type=int, default=7, help="of the leads (7)")
    parser.add_argument("--quick", action="store_true", help="2,000 leads, done within 45 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args(given)
    figures = measure(arguments)
    _report.show(figures, as_json=arguments.json)
    return 1 if any(part.get("totals_that_differ") for part in figures.values() if isinstance(part, dict)) else 0


if __name__ == "__main__":
    sys.exit(main())
