"""The end of an erasure: the address goes once those were told who know the person by it."""

from domain.verbs import erasing
from domain.verbs.telling import CRM, MARKETING, PROGRAMMES
from handlers.draining import link_system
from handlers.jobs import Running, finishing, job, reading
from handlers.sending import Job
from integrations import registry
from kit.clock import utcnow
from kit.outside import TryLater


@job(Job.FORGET_ADDRESS)
def forget_address(running: Running, lead_id: int) -> None:
    with reading() as session:
        waits = erasing.waits_for(session, lead_id, _plugged_in(), utcnow())
    if waits:
        raise TryLater("Another system has not been told yet", after=running.patience)
    with finishing(running) as session:
        erasing.forget_address(session, lead_id)


def _plugged_in() -> list[str]:
    """The names under which links keep what those systems know that can be told."""
    told = [link_system(base, one) for base in (MARKETING, PROGRAMMES) for one in registry.automations()]
    return [*told, *([CRM] if registry.crm() else [])]
