"""Stage 1: ask the providers about a new lead. Scoring does not wait for them longer than 30 s (`flow.ENRICHMENT_PATIENCE`)."""

from domain import finding
from domain.verbs import enriching
from handlers.flow import Job, Priority, Sending
from handlers.jobs import Running, finishing, job, reading, send
from integrations import registry
from integrations.ports import Outcome, Person
from kit.clock import utcnow
from kit.outside import TryLater


@job(Job.ENRICH)
def enrich(running: Running, lead_id: int) -> None:
    """Send one question to each provider that is configured; with none, the lead is as enriched as it gets."""
    providers = [enricher.name for enricher in registry.enrichers()]
    with finishing(running) as session:
        if not providers:
            enriching.learn(session, lead_id, None, utcnow())
        for provider in providers:
            args: dict[str, int | str] = {"lead_id": lead_id, "provider": provider}
            send(session, Sending(Job.ASK_PROVIDER, args, key=f"{lead_id}:{provider}", priority=Priority.LIVE))


@job(Job.ASK_PROVIDER)
def ask_provider(running: Running, lead_id: int, provider: str) -> None:
    """One provider, one lead. What it says is merged field by field, whenever it comes."""
    enrichers = {one.name: one for one in registry.enrichers()}
    enricher = enrichers.get(provider)
    if enricher is None:
        return
    with reading() as session:
        asked = finding.identity_of(session, lead_id)
    profile = enricher.look_up(Person(asked.email, asked.first_name, asked.last_name, asked.company, asked.domain))
    if profile.outcome is Outcome.PENDING:
        raise TryLater(f"{provider} is still searching")
    said = enriching.Said(provider, profile.outcome.value, dict(profile.fields), profile.cost_cents)
    with finishing(running) as session:
        enriching.learn(session, lead_id, said, utcnow(), order=list(enrichers))
