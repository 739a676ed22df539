"""A plug of `sample_systems`, as a vendor's file is one."""

from kit.quota import Gate
from tests.handlers.sample_systems import SampleCrm, Settings

__all__ = ["Settings"]


def build(settings: Settings, gate: Gate) -> SampleCrm:
    return SampleCrm(gate)
