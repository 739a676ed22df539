"""A backtest as one page that needs nothing from outside. Names and addresses are hostile; the template escapes them all."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from domain.backtest.report import Report
from domain.rules.tiers import Tier
from handlers import backtest_words as words


def page(report: Report) -> str:
    """The HTML text."""
    return _template().render(
        report=report,
        words=words,
        remarks=list(words.remarks(report)),
        volumes=[
            pair._replace(label=words.TIER_WORDS[tier])
            for tier, pair in zip((Tier.MQL, Tier.HQL), report.tiers, strict=True)
        ],
        tiers=list(Tier),
        steps=[step for step, _ in report.groups[0].reached],
        largest_cell=max(
            count for was, counts in report.matrix for now, count in zip(Tier, counts, strict=True) if now is not was
        ),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("handlers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("backtest.html")
