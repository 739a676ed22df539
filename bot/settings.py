"""How we reach Slack."""

from functools import cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SlackSettings(BaseSettings):
    """From the environment and `.env`. Without bot token and team id there is no Slack; without signing secret or app-level token
    there is no door for its clicks.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    """With it Slack's requests are let in over HTTP."""
    slack_app_token: SecretStr = SecretStr("")
    """`xapp-...`: with it we connect to Slack (Socket Mode), and no address of ours need be reachable."""
    slack_team_id: str = ""
    """The one workspace this installation serves. Clicks from any other are refused."""
    slack_api_url: str = "https://slack.com/api/"
    slack_post_seconds: float = Field(default=1.05, ge=0)
    """Rest between two posts in one channel. Slack allows about one a second."""

    @property
    def configured(self) -> bool:
        """Whether what people do in Slack can reach us, through one door or both."""
        return bool(self.slack_bot_token.get_secret_value() and self.slack_team_id) and (self.signed or self.by_socket)

    @property
    def signed(self) -> bool:
        """Whether requests can be told to be Slack's. Without the secret, HTTP stays shut: anybody could sign with nothing."""
        return bool(self.slack_signing_secret.get_secret_value())

    @property
    def by_socket(self) -> bool:
        return bool(self.slack_app_token.get_secret_value())


@cache
def slack_settings() -> SlackSettings:
    return SlackSettings()
