"""The sentences of a backtest, the same in the terminal and on the page."""

from collections.abc import Iterator

from domain.backtest.history import Outcome
from domain.backtest.intervals import Share
from domain.backtest.report import GroupLine, Pair, Report
from domain.backtest.sharing import Load
from domain.backtest.tally import Group
from domain.rules.counting import how_many
from domain.rules.deadlines import TARGETS, ClockKind
from domain.rules.tiers import Tier

TIER_WORDS = {Tier.MQL: "MQL, to an SDR", Tier.HQL: "HQL, straight to an AE"}
GROUP_WORDS = {
    Group.KEPT: "Kept: by both",
    Group.GAINED: "Gained: new only",
    Group.LOST: "Lost: old only",
}
STEP_WORDS = {
    Outcome.ACCEPTED: "accepted",
    Outcome.CONTACTED: "contacted",
    Outcome.QUALIFIED: "SQL",
    Outcome.CONVERTED: "opportunity",
    Outcome.WON: "won",
}


def headline(report: Report) -> str:
    old, new = report.total.old, report.total.new
    return f"{new:,} leads to sales instead of {old:,} ({change(report.total)})"


def change(pair: Pair) -> str:
    """`+23 %`, `-4 %`; of a number that was 0, the difference."""
    difference = pair.new - pair.old
    if not difference:
        return "no change"
    if not pair.old:
        return f"{difference:+,}"
    return f"{100 * difference / pair.old:+.0f} %"


def days(report: Report) -> str:
    since, until = report.window.since, report.window.until
    return f"{since:%-d %b %Y} to {until:%-d %b %Y}"


def share(of: Share) -> str:
    """`31 % (24-39)`, or why there is no number."""
    if not of.enough:
        return f"too few to say (n={of.of})" if of.of else "none yet"
    low, high = of.interval
    return f"{100 * of.rate:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def load(of: Load) -> str:
    """`mean / 95th percentile / peak`."""
    return f"{of.mean:.1f} / {of.p95:,} / {of.peak:,}"


def counts(line: GroupLine) -> dict[str, int]:
    """Of a group of leads; the shares are of those decided."""
    return {
        "leads": line.leads,
        "in reality not": line.unknown,
        "decided": line.reached[0][1].of,
        "still run": line.running,
    }


def at_once(report: Report) -> str | None:
    """What happens in the first hour of the new model, if anything does."""
    found = [how_many(count, tier.label()) for tier, count in report.at_once]
    if not found:
        return None
    return f"Activated today, it would send {' and '.join(found)} to sales at once: leads that wait in nurture now."


def remarks(report: Report) -> Iterator[str]:
    """What a reader must know so as not to believe too much."""
    unknown = {line.group: line.unknown for line in report.groups}
    contact = " and ".join(
        f"{TARGETS[tier][ClockKind.FIRST_CONTACT].total_seconds() / 3600:.0f} h for an {tier.label()}"
        for tier in TARGETS
    )
    yield (
        "A lead is scored again at every touch, whenever more became known of it, and on each month's last day, with what was "
        "known of it then; a tier holds until the score is below it by the model's hysteresis. The first time a lead stands at MQL or "
        "HQL, outside of a rest, it counts as handed over; once a lead."
    )
    if unknown[Group.GAINED]:
        yield (
            f"{unknown[Group.GAINED]:,} of the gained leads were never handed over in reality. What sales would have made of "
            "them nobody knows: their rates speak of the others only, and those are no random sample."
        )
    yield (
        "Rates are of the leads on whom sales decided (accepted or rejected); what still runs may become more. In brackets "
        "the 95 % interval (Wilson): where two of them overlap widely, the data show no difference."
    )
    if report.with_sales:
        yield f"{report.with_sales:,} leads were with sales when the window began, or through with it: no model hands them over."
    if report.earlier.old or report.earlier.new:
        yield (
            f"Under the old model {report.earlier.old:,} leads stood at MQL or HQL when the window began, under the new one "
            f"{report.earlier.new:,}: they count as handed over before it."
        )
    yield (
        "The shares are those of today's territories, pools, weights and people, from where the rotation stands today; "
        f"nobody rejects. A first contact falls due after {contact}; weekends count for the Monday."
    )
    if report.guessed:
        yield (
            f"Of {report.guessed:,} of {report.leads:,} leads nothing is kept of what was known earlier: today's attributes stand "
            "for all times."
        )
