"""The CRM's opportunities in the words of the record."""

from dataclasses import asdict

from domain.verbs.selling import Word
from integrations.crm_ports import CrmOpportunity


def key_of(installation: str, handoff_id: int) -> str:
    """Our name for the opportunity of a handoff, in the CRM."""
    return f"{installation}-handoff-{handoff_id}"


def word_of(system: str, installation: str, said: CrmOpportunity) -> Word:
    fields = asdict(said)
    return Word(system=system, handoff_id=_handoff_of(installation, fields.pop("key")), **fields)


def _handoff_of(installation: str, key: str | None) -> int | None:
    ours, _, number = (key or "").rpartition("-")
    return int(number) if ours == f"{installation}-handoff" and number.isdecimal() else None
