"""What an operator may set, read once from the environment and from `.env`. Vendors keep their own settings in their own files."""

from functools import cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The ground's settings. Each has a default with which one machine runs everything."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: SecretStr | None = None
    """Postgres 14 or later. Unset: the embedded one."""

    broker_url: SecretStr = SecretStr("stub://")
    """`stub://` (no broker to install), `redis://host` or `amqp://host`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    worker_threads: int = Field(default=8, ge=1, le=64)
    database_connections: int = Field(default=20, ge=2, le=200)

    lease_seconds: int = Field(default=30, ge=5, le=3600)
    """How long a claimed job may run before another worker may take it over."""

    body_limit: int = Field(default=256 * 1024, ge=1024)
    """Bytes that a request may have; more is answered 413 and not stored."""

    public_url: str | None = None
    """Where the world reaches `web`, https://…; `handoff doctor` looks there."""

    metrics_token: SecretStr | None = None
    """Bearer token for `/metrics`. Unset: there is no such page."""

    log_level: str = Field(default="INFO", pattern="(?i)^(debug|info|warning|error|critical)$")
    log_json: bool = False


@cache
def settings() -> Settings:
    return Settings()
