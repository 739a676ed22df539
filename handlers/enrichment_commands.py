"""`handoff enrichment ...`: who is asked about leads, for how much; and ask about one of them now."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from domain import finding
from domain.rules.waterfall import Outcome, Provider
from domain.stats.providers import Figures, Period, figures
from domain.tables import Lead
from domain.verbs import enriching
from handlers import enrichment
from handlers.enrichment import Answered
from handlers.jobs import reading, send, transaction
from handlers.sending import Priority
from integrations import registry
from integrations.ports import Enricher
from kit.clock import utcnow
from kit.outside import Refused, TryLater

app = typer.Typer(no_args_is_help=True, help="Who is asked about leads, and what it costs.")

# What providers say comes from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)


@app.command()
def status() -> None:
    """The providers in the order of trust: what they know, what they cost, how often they helped."""
    configured = {one.name: one.terms for one in registry.enrichers()}
    with reading() as session:
        found = figures(session, list(configured.values()), utcnow())
    table = Table("provider", "provides", "price", "cap a day", "today", "30 days", "hits", "knew nobody", "searching")
    for plug in registry.ENRICHERS:
        terms = configured.get(plug.name)
        if terms is None:
            table.add_row(plug.name, f"off: {plug.switch} is not set", *[""] * 7)
        else:
            table.add_row(*_row(terms, found[terms.name]))
    out.print(table)


def _row(terms: Provider, figures: Figures) -> list[str]:
    rate = figures.month.hit_rate
    return [
        terms.name,
        ", ".join(sorted(terms.provides)),
        _money(terms.cost_cents),
        "none" if terms.daily_cap_cents is None else _money(terms.daily_cap_cents),
        _words(figures.today),
        _words(figures.month),
        "" if rate is None else f"{rate:.0%}",
        str(figures.nobody_known),
        str(figures.searching),
    ]


@app.command()
def ask(email: Annotated[str, typer.Argument(help="The address of a lead.")]) -> None:
    """Ask every provider about this lead now, whatever they said before. Caps hold."""
    with reading() as session:
        lead_id = finding.lead_by_email(session, email).id
    table = Table("provider", "outcome", "cost", "what it said")
    for enricher in registry.enrichers():
        table.add_row(enricher.name, *_asked(enricher, lead_id))
    out.print(table)
    with reading() as session:
        fields = session.get_one(Lead, lead_id).fields
    won = Table("field", "what is believed", "who said it", "when")
    for name, said in sorted(fields.items()):
        won.add_row(name, str(said["value"]), said["source"], said["at"][:16].replace("T", " "))
    out.print(won)


def _asked(enricher: Enricher, lead_id: int) -> tuple[str, str, str]:
    """Ask one provider, learn what it says, and say it: outcome, cost and fields."""
    with reading() as session:
        person = enrichment.person_of(session, lead_id)
    try:
        answered = enrichment.question(enricher, person)
    except (TryLater, Refused) as no:
        return "no answer", "", no.why
    if answered is None:
        return "not asked", "", "The budget of the day has no room for it."
    _learn(answered, lead_id)
    profile = answered.profile
    said = "\n".join(f"{name}: {value}" for name, value in sorted(profile.fields.items()))
    again = f"Asked again in {profile.again_after:.0f} s." if profile.again_after else ""
    return profile.outcome.value.replace("_", " "), _money(profile.cost_cents), said or again


def _learn(answered: Answered, lead_id: int) -> None:
    said, now = enrichment.said_by(answered.profile), utcnow()
    with transaction() as session:
        onward = enriching.go_on(session, lead_id, said, [one.terms for one in registry.enrichers()], now)
        if said.outcome == Outcome.PENDING and onward.again_after is not None:
            send(session, enrichment.asking(lead_id, said.provider, Priority.LIVE, after=onward.again_after))
        enrichment.settle(session, answered)


def _words(period: Period) -> str:
    return f"{period.asked} asked, {period.matched} matched, {_money(period.cents)}"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
