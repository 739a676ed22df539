"""Whether a score written by hand puts those first who buy: on real leads that the one who set the points had not seen.

`python -m benchmarks.ranking --data leads_oldest_70pct.csv` scores the leads of an online school by docs/examples/xeducation: the
newest 30 % of the file's rows. `--part oldest` takes the part that the points were chosen on, and flatters. No database, no network.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks._ground import NotMeasured
from benchmarks._report import Figures, machine, ratio, say, show
from domain.backtest.intervals import Share
from domain.rules.facts import LeadFacts
from domain.rules.lifecycle import Stage
from domain.rules.scoring import Model, read_model, score
from domain.rules.tiers import Tier, tier_of
from domain.rules.validation import check
from domain.stats.ranking import Ranking, difference, ranking, rises
from domain.tables import Lead
from domain.verbs.capturing import take_in, touch_of
from domain.verbs.scoring import attributes
from handlers.import_map import BadImportMap, ImportMap, read_map
from handlers.import_rows import Row, RowRefused, UnusableFile, open_csv
from kit.clock import utcnow

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "xeducation"
OLDEST = 0.7
"""The share of the file's rows, which stand in the order of time, that the points were chosen on."""
PARTS = ("newest", "oldest", "whole")
TIME_ON_SITE = "seconds_on_site"
OUTCOME, WON = "Converted", "1"
QUICK = 4
LEAST_AUC = 0.70
REMARKS = [
    "Intervals are of 95 %: DeLong's for the ROC-AUC, Wilson's for shares. They say what chance does to so many leads;",
    "they say nothing of another company, or of another year.",
]


@dataclass(frozen=True, slots=True)
class Scored:
    total: int
    tier: Tier
    seconds: float  # on the site: the one number that would order them without a model
    won: bool


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="leads_oldest_70pct.csv of the X Education data")
    parser.add_argument("--part", choices=PARTS, default=PARTS[0], help="which of its rows (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK}th row of them")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args(given)
    try:
        figures = measure(arguments.data, arguments.part, quick=arguments.quick)
    except NotMeasured as why:
        sys.stderr.write(f"{why}\n")
        return 2
    show(figures, as_json=arguments.json)
    return 0 if all(figures["targets"].values()) else 1


def measure(data: Path, part: str, *, quick: bool = False) -> Figures:
    """Raises NotMeasured without the file, or if it cannot be read."""
    if not data.is_file():
        raise NotMeasured(f"There is no file {data}. It is not part of the project; --data names where you have it.")
    say(f"scoring the {part} rows of {data.name}")
    try:
        imap = read_map(EXAMPLE / "map.toml")
        first, rows = rows_of(data, imap, part)
        leads = list(scored(_model(), imap, rows[:: QUICK if quick else 1], utcnow()))
        figures = _figures(_model(), leads)
    except (BadImportMap, RowRefused, UnusableFile, ValueError) as wrong:
        raise NotMeasured(f"{data}: {wrong}") from wrong
    settings = {"part": part, "rows": f"{first} to {first + len(rows) - 1}", "quick": quick}
    return {"benchmark": "ranking", "machine": machine(), "settings": settings} | figures


def _model() -> Model:
    return read_model((EXAMPLE / "model.toml").read_text("utf-8"))


def rows_of(data: Path, imap: ImportMap, part: str) -> tuple[int, list[Row]]:
    """The number of a part's first row (from 1), and its rows. Those of the other part are counted, and not looked into."""
    source = open_csv(data, {column for _, column in imap.columns()}, None, None)
    imap.check_columns(source.header)
    if OUTCOME not in source.header:
        raise NotMeasured(f"{data} has no column {OUTCOME}: without an outcome there is nothing to compare with.")
    older = int(OLDEST * sum(1 for _ in source.rows()))
    start, stop = {"newest": (older, None), "oldest": (0, older), "whole": (0, None)}[part]
    return start + 1, list(islice(source.rows(), start, stop))


def scored(model: Model, imap: ImportMap, rows: Sequence[Row], now: datetime) -> Iterator[Scored]:
    """Each row as `handoff import` would score it before any enrichment. Raises RowRefused for one that it would refuse."""
    for row in rows:
        if row.broken:
            raise row.broken
        delivery = imap.delivery(row.cells, now, timedelta(0))
        checked = check(delivery.person)
        lead = Lead(email=checked.email, stage=Stage.CAPTURED, source=imap.source, fields={}, attributes={}, notes=[])
        take_in(lead, checked, delivery)
        known = attributes(lead.attributes, lead.source)
        total = score(model, LeadFacts(known, [touch_of(delivery)]), now).total
        seconds = known.get(TIME_ON_SITE)
        yield Scored(
            total=total,
            tier=tier_of(total, model.thresholds),
            seconds=seconds if isinstance(seconds, int | float) else 0,
            won=row.cells[OUTCOME].strip() == WON,
        )


def _figures(model: Model, leads: Sequence[Scored]) -> Figures:
    won = [lead.won for lead in leads]
    ours, time_alone = ranking([lead.total for lead in leads], won), ranking([lead.seconds for lead in leads], won)
    base = sum(won) / len(won)
    tiers = {tier: _tier([lead.won for lead in leads if lead.tier is tier], len(leads), base) for tier in Tier}
    rising = rises([tiers[tier]["share"] for tier in Tier])
    return {
        "leads": {"scored": len(leads), "converted": sum(won), "share": round(base, 3)},
        "roc_auc": _orders(ours, time_alone),
        "conversion": {tier.label(): figures for tier, figures in tiers.items()},
        "reliability": {tier.label(): _reliability(model, tier, tiers[tier]) for tier in Tier},
        "targets": {f"auc_at_least_{LEAST_AUC:.2f}": ours.auc >= LEAST_AUC, "conversion_rises_with_each_tier": rising},
        "remarks": REMARKS,
    }


def _orders(ours: Ranking, time_alone: Ranking) -> Figures:
    return {
        "score": {"auc": round(ours.auc, 3), "interval": _rounded(ours.interval)},
        "time_on_site_alone": {"auc": round(time_alone.auc, 3), "interval": _rounded(time_alone.interval)},
        "any_order": {"auc": 0.5},
        "score_above_time_alone": {
            "difference": round(ours.auc - time_alone.auc, 3),
            "interval": _rounded(difference(ours, time_alone)),
        },
    }


def _tier(won: Sequence[bool], of: int, base: float) -> Figures:
    share = Share(sum(won), len(won))
    return {
        "leads": share.of,
        "of_all": round(share.of / of, 3),
        "converted": share.hit,
        "share": round(share.rate, 3) if share.of else None,
        "interval": _rounded(share.interval),
        "lift": ratio(share.rate, base) if share.of else None,
    }


def _reliability(model: Model, tier: Tier, measured: Figures) -> Figures:
    """What the model expects of the tier beside what was seen."""
    expected, (low, high) = model.expected_conversion.get(tier), measured["interval"]
    return {
        "expected": expected,
        "observed": measured["share"],
        "within_interval": None if expected is None else low <= expected <= high,
    }


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(end, 3) for end in interval]


if __name__ == "__main__":
    sys.exit(main())
