"""ZoomInfo: the GTM API (OAuth2 client credentials, JSON:API), or the older Enterprise API, which is being retired, by its JWT."""

from collections.abc import Sequence

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from domain.rules.waterfall import Outcome
from integrations.ports import Enricher, Person, Profile
from integrations.reading import ask, json_object, unreadable
from integrations.terms import PERSON_AND_COMPANY, TermsSettings
from integrations.tokens import Token, TokenEnded
from integrations.zoominfo_token import Issuer, client_credentials, key_pair, password
from integrations.zoominfo_wire import (
    GTM,
    LEGACY,
    WAIT_FOR_CREDITS,
    Record,
    fields_of,
    quota_of,
    raise_for,
    records_of,
)
from kit.http import client
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate, Limit, account_of

BATCH = 25
MATCHES = frozenset({"FULL_MATCH", "CONTACT_ONLY_MATCH", "COMPANY_ONLY_MATCH"})
"""An allow-list: a status we do not know must not put another person's data on a lead."""
PLANS = {
    "builder": (Limit("second", 1, 5), Limit("hour", 3600, 10_800), Limit("day", 86_400, 129_600)),
    "standard": (Limit("second", 1, 25),),
    "scaling": (Limit("second", 1, 35),),
}
"""What is known of the limits of each package. Where hours and days are not, ZoomInfo's own 429 says when to come again."""
LEGACY_LIMITS = (Limit("second", 1, 25),)
SIGN_IN_LIMITS = (Limit("second", 1, 1),)


class Settings(TermsSettings):
    """With `client_secret` the GTM API is asked; with `username` and a password or a private key, the Enterprise API."""

    model_config = SettingsConfigDict(env_prefix="ZOOMINFO_", env_file=".env", extra="ignore")

    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    url: str = "https://api.zoominfo.com/gtm"
    token_url: str = "https://okta-login.zoominfo.com/oauth2/default/v1/token"  # noqa: S105  (an address, no password)
    plan: str = Field(default="builder", pattern=f"^({'|'.join(PLANS)})$")
    username: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")
    private_key: SecretStr = SecretStr("")
    """PEM; line breaks may be written as backslash n."""
    legacy_url: str = "https://api.zoominfo.com"
    timeout: float = 10.0

    @property
    def is_gtm(self) -> bool:
        return bool(self.client_id.get_secret_value() and self.client_secret.get_secret_value())

    def configured(self) -> bool:
        by_key = self.private_key.get_secret_value() and self.client_id.get_secret_value()
        secret = self.password.get_secret_value() or by_key
        return self.is_gtm or bool(self.username.get_secret_value() and secret)


class ZoomInfo(Enricher):
    name = "zoominfo"
    batch_size = BATCH

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self.terms = settings.terms(self.name, PERSON_AND_COMPANY)
        self._gate = gate
        self._api = GTM if settings.is_gtm else LEGACY
        identity = (settings.client_id if settings.is_gtm else settings.username).get_secret_value()
        limits = PLANS[settings.plan] if settings.is_gtm else LEGACY_LIMITS
        self._account = account_of(self.name, identity, limits)
        self._http = _client(settings.url if settings.is_gtm else settings.legacy_url, settings)
        self._http.headers.update({"Content-Type": self._api.media_type, "Accept": self._api.media_type})
        self._sign_in = _client("", settings)
        issues = account_of(self.name, f"sign in {identity}", () if settings.is_gtm else SIGN_IN_LIMITS)
        self._token = Token(lambda: gate.call(issues, lambda: issue(self._sign_in)))
        issue = _issuer(settings)

    def look_up(self, person: Person) -> Profile:
        (answer,) = self.look_up_many([person])
        if isinstance(answer, TryLater):
            raise answer
        return answer

    def look_up_many(self, persons: Sequence[Person]) -> list[Profile | TryLater]:
        token = self._token.current()
        try:
            return self._gate.call(self._account, lambda: self._ask(persons, token))
        except TokenEnded:
            renewed = self._token.renewed(token)
        return self._gate.call(self._account, lambda: self._ask(persons, renewed, again=True))

    def _ask(self, persons: Sequence[Person], token: str, *, again: bool = False) -> list[Profile | TryLater]:
        """If nobody gets an answer, that is the error of the whole call."""
        answer = ask(self._http, self._request(persons, token), "ZoomInfo")
        if answer.status_code == 401:
            raise Refused("ZoomInfo does not accept the token it has just issued") if again else TokenEnded
        raise_for(answer)
        records = records_of(self._api, json_object(answer, "ZoomInfo"), persons)
        if records is None:
            raise unreadable("ZoomInfo")
        if quota := quota_of(answer):
            self._gate.note(self._account, *quota)
        answers = [self._answer(record) for record in records]
        failed = [one for one in answers if isinstance(one, TryLater)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        return answers

    def _request(self, persons: Sequence[Person], token: str) -> httpx.Request:
        authorization = {"Authorization": f"Bearer {token}"}
        return self._http.build_request("POST", self._api.path, json=self._api.body(persons), headers=authorization)

    def _answer(self, record: Record) -> Profile | TryLater:
        if record.status == "LIMIT_EXCEEDED":
            return TryLater("ZoomInfo's credits are used up", after=WAIT_FOR_CREDITS)
        if record.status == "SERVICE_ERROR":
            return TryLater("ZoomInfo could not look this person up now")
        fields = fields_of(record.attributes) if record.status in MATCHES else {}
        if not fields:
            return Profile(self.name, Outcome.NO_MATCH)
        return Profile(self.name, Outcome.MATCHED, fields, cost_cents=self.terms.cost_cents)

    def close(self) -> None:
        self._http.close()
        self._sign_in.close()


def build(settings: Settings, gate: Gate) -> ZoomInfo:
    return ZoomInfo(settings, gate)


def _client(url: str, settings: Settings) -> httpx.Client:
    made = client(url)
    made.timeout = httpx.Timeout(settings.timeout, connect=3.0)
    return made


def _issuer(settings: Settings) -> Issuer:
    """How this installation gets its tokens."""
    client_id = settings.client_id.get_secret_value()
    if settings.is_gtm:
        return client_credentials(settings.token_url, client_id, settings.client_secret.get_secret_value())
    url, username = f"{settings.legacy_url}/authenticate", settings.username.get_secret_value()
    key = settings.private_key.get_secret_value().replace("\\n", "\n")
    if key and client_id:
        return key_pair(url, username, client_id, key)
    return password(url, username, settings.password.get_secret_value())
