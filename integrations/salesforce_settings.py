"""What an operator says of their Salesforce. It loads nothing of its library: the web process reads the webhook's secret here."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Opening(StrEnum):
    """How an SQL becomes an opportunity, where Handoff opens it (`SYNC_OPPORTUNITIES`)."""

    CREATE = "create"
    """Contact, account and opportunity are made; the lead stays a lead."""
    CONVERT = "convert"
    """The lead is converted, through the Apex class of docs/salesforce."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SALESFORCE_", env_file=".env", env_ignore_empty=True, extra="ignore")

    domain: str = ""
    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    username: str = ""
    """With a private key: whom the JWT speaks for."""
    private_key: SecretStr = SecretStr("")
    """PEM; line ends may be written as \\n."""
    private_key_file: Path | None = None
    login: str = ""
    """The JWT's audience, login or test; unset: test for a domain that says it is a sandbox's."""
    url: str = ""
    prefix: str = Field(default="Handoff", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,20}$")
    statuses: dict[str, str] = {}
    timeout: float = 10.0
    opening: Opening = Opening.CREATE
    first_stage: str = ""
    """The stage of a new opportunity; unset: the first open one of the organisation's list."""
    close_days: int = Field(default=90, ge=0, le=3650)
    """When a new opportunity is expected to close, if nobody knows better."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """Of amounts, where the organisation has only one."""
    lost_reason_field: str = Field(default="", pattern=r"^\w*$")
    """The API name of the opportunity's field with the reason of a loss; Salesforce has none by itself."""
    daily_calls: int | None = Field(default=None, ge=1)
    """How many calls of the organisation's daily allowance Handoff may make. Unset: as many as Salesforce lets it."""
    webhook_secret: SecretStr = SecretStr("")

    def configured(self) -> bool:
        return bool(self.domain and self.client_id.get_secret_value() and (self.by_key or self.client_secret))

    @property
    def by_key(self) -> bool:
        """Whether it signs in by JWT bearer rather than by client credentials."""
        return bool(self.username and (self.private_key.get_secret_value() or self.private_key_file))

    @property
    def my_domain(self) -> str:
        """What the library puts before `.salesforce.com`: `acme.my`, also from an address copied out of the browser."""
        return self.domain.strip().removeprefix("https://").rstrip("/").removesuffix(".salesforce.com")

    @property
    def audience(self) -> str:
        return self.login or ("test" if ".sandbox." in f"{self.my_domain}." else "login")
