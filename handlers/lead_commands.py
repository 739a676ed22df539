"""`handoff leads`: who somebody is, which two leads are one person, and which company they are of."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from domain import duplicates, finding
from domain.rules.merging import Contest, Sourced, merge_people
from domain.rules.money import money
from domain.tables import Company, Lead, Opportunity
from domain.verbs import erasing
from domain.verbs.companies import set_company
from domain.verbs.describing import sourced_fields
from domain.verbs.merging import merge_leads
from domain.verbs.merging import unmerge as take_back
from handlers.jobs import reading, transaction
from integrations import registry
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="Who they are, and who is one person.")
# Names and reasons come from outside: none of it is markup.
out = Console(markup=False, emoji=False)

Email = Annotated[str, typer.Argument(help="The lead's e-mail address.", metavar="EMAIL")]


@app.command("show")
def show(email: Email) -> None:
    """Who the lead is, which company it is of and why, where each field comes from, and what became of its deals."""
    with reading() as session:
        lead = finding.lead_by_email(session, email)
        company = session.get(Company, lead.company_id) if lead.company_id else None
        addresses = finding.addresses_of(session, lead)
        merges = finding.merges_of(session, lead)
        deals = finding.opportunities_of(session, lead)
    out.print(f"{finding.name_of(lead)}, lead {lead.id}, {lead.stage.value.replace('_', ' ')}")
    out.print(f"Addresses: {', '.join(addresses)}")
    out.print(f"Company: {_company_words(lead, company)}")
    table = Table("field", "value", "source", "since")
    for field, said in sourced_fields(lead).items():
        table.add_row(field, str(said.value), said.source, f"{said.at:%Y-%m-%d}")
    out.print(table)
    for deal, owner in deals:
        out.print(_deal_words(deal, owner))
    for merge in merges:
        undone = f", taken back on {merge.undone_at:%Y-%m-%d}" if merge.undone_at else ""
        out.print(f"Merge {merge.id}: lead {merge.merged_id} into {merge.kept_id} on {merge.at:%Y-%m-%d}{undone}.")


@app.command("merge")
def merge(
    kept_email: Annotated[str, typer.Argument(help="The lead that goes on.")],
    other_email: Annotated[str, typer.Argument(help="The lead that turns out to be the same person.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make two leads one. Shows what would win before it does anything."""
    order = [enricher.name for enricher in registry.enrichers()]
    with reading() as session:
        kept, other = finding.lead_by_email(session, kept_email), finding.lead_by_email(session, other_email)
        _, contests = merge_people(sourced_fields(kept), sourced_fields(other), order)
    out.print(_what_would_win(contests))
    out.print(f"{finding.name_of(other)} (lead {other.id}) becomes part of {finding.name_of(kept)} (lead {kept.id}).")
    if not yes:
        typer.confirm("Merge them?", abort=True)
    with transaction() as session:
        done = merge_leads(session, kept.id, other.id, by=None, now=utcnow(), order=order)
    touches = len(done.moved.get("touches", ()))
    out.print(f"Merge {done.id}: {touches} touches came over. Take it back with `handoff leads unmerge {done.id}`.")


@app.command("erase")
def erase(email: Email, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Forget somebody who asks for it: what is personal goes for good, the numbers stay. It cannot be taken back."""
    with reading() as session:
        lead = finding.lead_by_email(session, email)
        addresses = finding.addresses_of(session, lead)
    out.print(f"{finding.name_of(lead)} (lead {lead.id}, {', '.join(addresses)}) will be erased for good.")
    if not yes:
        typer.confirm("Erase them?", abort=True)
    with transaction() as session:
        erasing.erase(session, lead.id, None, utcnow())
    out.print("Erased. The address itself goes once CRM and marketing automation were told, after a day at the latest.")
    out.print("Delete their records there, and what was written about them in Slack, by those systems' own means.")


@app.command("unmerge")
def unmerge(merge_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1)]) -> None:
    """Take a merge back, if nothing else has happened with the lead since."""
    with transaction() as session:
        done = take_back(session, merge_id, utcnow())
    out.print(f"Leads {done.kept_id} and {done.merged_id} are two again.")


@app.command("duplicates")
def list_duplicates(limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50) -> None:
    """Pairs of leads that are likely one person: the same telephone, or the same name at the same company."""
    with reading() as session:
        pairs = duplicates.likely(session, limit)
    table = Table("one", "other", "why")
    for pair in pairs:
        table.add_row(pair.one, pair.other, pair.why)
    out.print(table)
    out.print(f"{len(pairs)} pairs." if pairs else "No two leads look like one person.")


@app.command("company")
def company(
    email: Email,
    *,
    name: Annotated[str | None, typer.Option(help="The company's name or domain.")] = None,
    none: Annotated[bool, typer.Option("--none", help="They are of no company that we know.")] = False,
) -> None:
    """Put right which company the lead is of. It stays so, whatever arrives later."""
    if (name is None) is not none:
        raise typer.BadParameter("give either --name or --none.")
    with transaction() as session:
        lead = finding.lead_by_email(session, email)
        meant = set_company(session, lead.id, name, by=None, now=utcnow())
        words = _company_words(lead, meant)
    out.print(f"{finding.name_of(lead)} is of: {words}")


_BY = {
    "domain": "the domain of the address",
    "name": "the same name in the same country",
    "likeness": "a name much like it in the same country",
    "new": "nobody else had said this name",
    "person": "a person said so",
    "tie": "more than one company could be meant",
}


def _company_words(lead: Lead, company: Company | None) -> str:
    """Which company, and how it was found."""
    match = lead.company_match or {}
    said = (company.name or company.domain or str(company.id)) if company else "none"
    reasons = [_BY.get(str(match.get("by")), "")]
    if match.get("likeness") is not None:
        reasons.append(f"likeness {match['likeness']:g}")
    if match.get("runner_up"):
        reasons.append(f"next company {match['runner_up']['company']} with {match['runner_up']['likeness']:g}")
    if match.get("tiebreak"):
        reasons.append(f"decided by {match['tiebreak']}")
    why = ", ".join(filter(None, reasons))
    return f"{said} ({why})" if why else said


def _deal_words(deal: Opportunity, owner: str | None) -> str:
    """What it was won for, or why it was lost, and when; else how far it is. All of it by the CRM's last word."""
    amount = money(deal.amount, deal.currency) if deal.amount is not None else "no amount"
    named = f"Deal {deal.name}" + (f" ({deal.external_id})" if deal.external_id else "")
    whose = f", with {owner}" if owner else ""
    if deal.closed_at is None:
        return f"{named}: in {deal.stage} since {deal.stage_since:%Y-%m-%d}, {amount}{whose}."
    if deal.won:
        return f"{named}: won on {deal.closed_at:%Y-%m-%d}, {amount}{whose}."
    return f"{named}: lost on {deal.closed_at:%Y-%m-%d}, {amount}{whose}: {deal.lost_reason or 'no reason given'}."


def _what_would_win(contests: dict[str, Contest]) -> Table:
    table = Table("field", "wins", "against")
    for field, contest in contests.items():
        table.add_row(field, _said(contest.won), _said(contest.lost))
    return table


def _said(sourced: Sourced | None) -> str:
    return f"{sourced.value} ({sourced.source}, {sourced.at:%Y-%m-%d})" if sourced else ""
