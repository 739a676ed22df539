"""How we reach Slack."""

from functools import cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SlackSettings(BaseSettings):
    """From the environment and `.env`. Without token, signing secret and team id there is no Slack door."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_team_id: str = ""
    """The one workspace this installation serves. Clicks from any other are refused."""
    slack_api_url: str = "https://slack.com/api/"
    slack_post_seconds: float = Field(default=1.05, ge=0)
    """Rest between two posts in one channel. Slack allows about one a second."""

    @property
    def configured(self) -> bool:
        secrets = (self.slack_bot_token.get_secret_value(), self.slack_signing_secret.get_secret_value())
        return all(secrets) and bool(self.slack_team_id)


@cache
def slack_settings() -> SlackSettings:
    return SlackSettings()
