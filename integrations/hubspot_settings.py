"""What an operator says of their HubSpot account. Light, so that the web process needs nothing of HubSpot's library for a webhook."""

from functools import cache
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.settings import settings

WEBHOOKS = "/webhooks/hubspot"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HUBSPOT_", env_file=".env", env_ignore_empty=True, extra="ignore")

    access_token: SecretStr = SecretStr("")
    url: str = "https://api.hubapi.com"
    timeout: float = 10.0
    calls_in_10_seconds: int = Field(default=190, ge=1)
    """What the account's plan allows: 100 with Free and Starter, 250 with the add-on."""
    calls_per_day: int | None = Field(default=None, ge=1)
    """Unset: we go on until HubSpot says that the day's calls are used up."""
    time_zone: str | None = None
    """The account's, as `handoff setup hubspot` shows it: its day of calls ends at midnight there."""

    client_secret: SecretStr = SecretStr("")
    """Of the app: it signs the webhooks."""
    webhook_uri: str = ""
    """The address exactly as HubSpot calls it; unset: PUBLIC_URL and the path of the door."""
    portal_id: int | None = None
    """The account. Where the app is installed in others too, their events are passed over."""

    deal_key: str = ""
    """The property of deals that holds the id of the CRM's opportunity; unset: contacts are not tied to deals."""
    web_events: str = ""
    """Events of HubSpot's Enterprise plan to be read, separated by commas, such as e_visited_page."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"{name} is no time zone; Europe/Berlin is one")
        return name

    def configured(self) -> bool:
        return bool(self.access_token.get_secret_value())

    @property
    def signed_uri(self) -> str:
        """What a webhook's signature is made over. Empty: nobody said under which address HubSpot calls us."""
        public = settings().public_url
        return self.webhook_uri or (public.rstrip("/") + WEBHOOKS if public else "")


@cache
def hubspot_settings() -> Settings:
    """Read once, for the door."""
    return Settings()
