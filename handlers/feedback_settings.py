"""What an operator may say of the loops: when each comes, or that it does not; where the monthly pack goes."""

from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.rules.feedback import minute_of
from domain.rules.working_hours import read_zone

OFF = "off"


def _minute(said: object) -> int | None:
    """`08:30` in minutes after midnight; `off`: never."""
    return None if str(said).strip().casefold() == OFF else minute_of(str(said))


Minute = Annotated[int | None, NoDecode, BeforeValidator(_minute)]
Zone = Annotated[str, BeforeValidator(lambda said: read_zone(str(said)))]


class FeedbackSettings(BaseSettings):
    """Times are `08:30`, or `off`. The daily and the pulse come by each person's own clock and calendar, the others by `zone`'s."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_", env_file=".env", env_ignore_empty=True, extra="ignore")

    daily: Minute = Field(default="08:30", validate_default=True)
    weekly: Minute = Field(default="09:00", validate_default=True)
    """On Mondays."""
    monthly: Minute = Field(default="09:00", validate_default=True)
    """On the first working day of the month."""
    pulse: Minute = Field(default="15:00", validate_default=True)
    """On the last working day of the month."""
    zone: Zone = "UTC"
    """Whose midnight a week and a month begin at."""
    channel: str | None = None
    """Slack's id of the channel where the monthly pack is posted; without one every manager and marketing person gets it."""
    quiet_days: bool = False
    """Whether a day on which nothing happened is worth a line."""

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@cache
def feedback_settings() -> FeedbackSettings:
    return FeedbackSettings()
