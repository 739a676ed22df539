"""What an operator may say of the exchange with outside systems."""

from enum import StrEnum
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OpenedBy(StrEnum):
    HANDOFF = "handoff"
    """An SQL gets its opportunity in the CRM from us."""
    SALES = "sales"
    """Sales opens it there; we follow."""


class SyncSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SYNC_", env_file=".env", env_ignore_empty=True, extra="ignore")

    poll_seconds: int = Field(default=120, ge=1, le=86_400)
    """How often opportunities and activities are read."""
    sweep_hour: int = Field(default=2, ge=0, le=23)
    """From which hour (UTC) on the nightly sweep runs."""
    opportunities: OpenedBy = OpenedBy.HANDOFF
    fetch_missed: bool = True
    """Whether a sweep makes leads of contacts that we were never told of."""


@cache
def sync_settings() -> SyncSettings:
    return SyncSettings()
