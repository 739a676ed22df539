"""What an operator may say of learning: when it runs, and how what it finds is tried."""

from datetime import datetime, timedelta
from functools import cache

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.rules.learning import Goal


class LearningSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="LEARNING_", env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    weekly: bool = True
    """Off: nothing is learnt unless somebody says `handoff learn --now`."""
    weekday: int = Field(default=0, ge=0, le=6)
    """0 is Monday."""
    hour: int = Field(default=6, ge=0, le=23)
    """UTC."""
    goal: Goal = Goal.SQL
    shadow_days: float = Field(default=7, ge=0, le=90)
    """How long an approved model is tried in shadow before it is asked about again. 0: it is in force at once."""
    channel: str | None = Field(
        default=None, validation_alias=AliasChoices("LEARNING_CHANNEL", "FEEDBACK_CHANNEL", "channel")
    )
    """Where proposals are posted (C0…). Unset: to the first manager, by direct message."""
    backtest_days: int = Field(default=90, ge=1, le=365)
    backtest_leads: int = Field(default=20_000, ge=100, le=1_000_000)
    """With more leads than these in that time, a shorter one is replayed."""
    backtest_seconds: float = Field(default=120, gt=0, le=3600)
    """What takes longer is left out of the evidence."""

    @property
    def shadow(self) -> timedelta:
        return timedelta(days=self.shadow_days)

    def slot(self, now: datetime) -> datetime:
        """When the newest weekly run was to begin."""
        today = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        slot = today - timedelta(days=(today.weekday() - self.weekday) % 7)
        return slot if slot <= now else slot - timedelta(weeks=1)


@cache
def learning_settings() -> LearningSettings:
    return LearningSettings()
