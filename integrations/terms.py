"""On which terms a provider is asked, as its settings say them: PREFIX_COST_CENTS, PREFIX_DAILY_CAP_CENTS, PREFIX_KEEP_DAYS ..."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from domain.rules.waterfall import Provider

PERSON_AND_COMPANY = frozenset(
    {
        "first_name",
        "last_name",
        "title",
        "phone",
        "seniority",
        "company",
        "domain",
        "industry",
        "employees",
        "country",
        "company_country",
    }
)
"""What a provider of people and their companies usually knows."""


class TermsSettings(BaseSettings):
    """What each provider's Settings have besides its address and its key."""

    cost_cents: int = Field(default=0, ge=0)
    """What one question costs that is answered. Prices are in your contract; 0 asks without counting money."""
    daily_cap_cents: int | None = Field(default=None, ge=0)
    """What may be spent in a day (UTC). Unset: no cap."""
    keep_days: int = Field(default=90, ge=1)
    """How long an answer is believed."""
    no_match_days: int = Field(default=30, ge=1)
    """How long a provider that knew nobody is not asked again about the same lead."""

    def terms(self, name: str, provides: frozenset[str]) -> Provider:
        return Provider(
            name=name,
            provides=provides,
            keeps_for=timedelta(days=self.keep_days),
            keeps_no_match_for=timedelta(days=self.no_match_days),
            cost_cents=self.cost_cents,
            daily_cap_cents=self.daily_cap_cents,
        )
