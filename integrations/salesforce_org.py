"""A Salesforce organisation to which we are signed in: every call goes through the gate, and its errors become ours."""

import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import jwt
import requests
from simple_salesforce.api import Salesforce as SalesforceClient
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError, SalesforceExpiredSession
from simple_salesforce.format import format_soql
from simple_salesforce.login import SalesforceLogin

from integrations.reading import dig, sentence, unreadable
from integrations.salesforce_settings import Settings
from integrations.salesforce_wire import session
from kit.outside import Refused, TryLater
from kit.quota import Gate, Limit, account_of

API_VERSION = "59.0"
LOCKED = "UNABLE_TO_LOCK_ROW"
LATER = {LOCKED, "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"}
"""What keeps one record of a collection from being written now."""
USED_UP = "REQUEST_LIMIT_EXCEEDED"
WAIT_FOR_REQUESTS = 900.0
"""Seconds. The daily limit rolls over 24 hours, so a few requests come free all the time."""
OF_A_RECORD = frozenset(
    {
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "DUPLICATES_DETECTED",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "FIELD_FILTER_VALIDATION_EXCEPTION",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "REQUIRED_FIELD_MISSING",
    }
)
"""What is wrong with a record by the organisation's own rules: its sentence is for the rep, as it is."""
SPEAKING = OF_A_RECORD | {"INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND"}
"""Errors whose sentence names fields or an admin's rule, not a person: these may be shown."""
MOST_KEYS = 200
"""Of one query: addresses have a length."""

Record = Mapping[str, Any]


class Org:
    """One serves all worker threads."""

    def __init__(self, name: str, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._session = session(settings.timeout, settings.url)
        self._gate = gate
        day = [Limit("day", 86_400, settings.daily_calls)] if settings.daily_calls else []
        self._account = account_of(name, f"{settings.domain} {settings.client_id.get_secret_value()}", day)
        self._lock = threading.Lock()
        self._signed_in: SalesforceClient | None = None
        self._described: dict[str, Mapping[str, Record]] = {}

    @property
    def key_field(self) -> str:
        return f"{self._settings.prefix}_Key__c"

    def get(self, path: str) -> Any:
        return self._call(lambda sf: sf.restful(path))

    def send(self, method: str, path: str, body: object) -> Any:
        return self._call(lambda sf: sf.restful(path, method=method, json=body))

    def collection(self, method: str, path: str, records: list[dict[str, Any]]) -> list[Any]:
        """Salesforce's result for each record, in the order given."""
        results = self.send(method, path, {"allOrNone": False, "records": records})
        if not isinstance(results, list) or len(results) != len(records):
            raise unreadable("Salesforce")
        return results

    def upsert(self, sobject: str, key: str, fields: Record) -> str:
        """The id of the record with our key, which exists once however often this is called."""
        # The library puts the value into the address as it is; a slash or a question mark would change the address.
        path = f"sobjects/{sobject}/{self.key_field}/{quote(key, safe='')}"
        made = dig(self.send("PATCH", path, {name: value for name, value in fields.items() if value is not None}), "id")
        return made if isinstance(made, str) else self._id_of(sobject, key)

    def _id_of(self, sobject: str, key: str) -> str:
        """Organisations of some versions answer an update with nothing."""
        found = self.first(
            format_soql("SELECT Id FROM {:literal} WHERE {:literal} = {} LIMIT 1", sobject, self.key_field, key)
        )
        if found is None:
            raise unreadable("Salesforce")
        return str(found["Id"])

    def apex(self, path: str, body: Record) -> Any:
        return self._call(lambda sf: sf.apexecute(path, method="POST", data=dict(body)))

    def query(self, soql: str, *, deleted: bool = False) -> list[Record]:
        """The records, with those in the recycle bin if `deleted`."""
        records = dig(self._call(lambda sf: sf.query_all(soql, include_deleted=deleted)), "records")
        if not isinstance(records, list) or not all(isinstance(one, Mapping) for one in records):
            raise unreadable("Salesforce")
        return records

    def first(self, soql: str) -> Record | None:
        return next(iter(self.query(soql)), None)

    def fields_of(self, sobject: str) -> Mapping[str, Record]:
        """Salesforce's description of each field, by its name. It is asked for once: a new field wants a restart."""
        if sobject not in self._described:
            fields = dig(self.get(f"sobjects/{sobject}/describe"), "fields")
            if not isinstance(fields, list):
                raise unreadable("Salesforce")
            self._described[sobject] = {str(dig(one, "name")): one for one in fields}
        return self._described[sobject]

    def forget_fields(self) -> None:
        self._described.clear()

    def _call(self, what: Callable[[SalesforceClient], Any]) -> Any:
        return self._gate.call(self._account, lambda: self._answer(what))

    def _answer(self, what: Callable[[SalesforceClient], Any]) -> Any:
        """Errors of the library hold addresses and bodies: they become ours here and are not chained to."""
        try:
            return self._signed(what)
        except SalesforceAuthenticationFailed as failed:
            raise _sign_in_error(failed.code) from None
        except SalesforceError as refused:
            raise _error(refused.status, refused.content) from None
        except requests.TooManyRedirects:
            raise Refused("Salesforce redirected the request, which is not followed") from None
        except requests.RequestException as gone:
            raise TryLater(f"Salesforce did not answer ({type(gone).__name__})") from None
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            # The library takes apart what it is sent without looking: this is how a torn or foreign answer shows.
            raise unreadable("Salesforce") from None

    def _signed(self, what: Callable[[SalesforceClient], Any]) -> Any:
        """A session that has ended is renewed once."""
        client = self._client()
        try:
            answer = what(client)
        except SalesforceExpiredSession:
            client = self._client(instead_of=client)
            answer = what(client)
        usage = client.api_usage.get("api-usage")
        if usage is not None:
            self._gate.note(self._account, usage.used, usage.total)
        return answer

    def _client(self, instead_of: SalesforceClient | None = None) -> SalesforceClient:
        """The one that all threads use; the first to find it ended makes the next."""
        with self._lock:
            if self._signed_in is None or self._signed_in is instead_of:
                token, instance = self._sign_in()
                self._signed_in = SalesforceClient(
                    session_id=token,
                    instance=instance,
                    version=API_VERSION,
                    session=self._session,
                    # Amounts of money are no floats.
                    parse_float=Decimal,
                )
            return self._signed_in

    def _sign_in(self) -> tuple[str, str]:
        with warnings.catch_warnings():
            # It prints a link with the client's id where an app is not approved; the error says the same.
            warnings.simplefilter("ignore")
            try:
                return SalesforceLogin(**self._who())
            except (jwt.PyJWTError, ValueError):
                raise Refused("Salesforce's private key cannot be read: it must be a PEM of an RSA key") from None

    def _who(self) -> dict[str, Any]:
        """By JWT bearer (signed for three minutes, for `audience`), else by client credentials."""
        said = self._settings
        who: dict[str, Any] = {"consumer_key": said.client_id.get_secret_value(), "session": self._session}
        if said.by_key:
            key = {"username": said.username, "privatekey": self._private_key()}
            return who | key | {"domain": said.audience, "instance_url": said.my_domain}
        return who | {"domain": said.my_domain, "consumer_secret": said.client_secret.get_secret_value()}

    def _private_key(self) -> str:
        if self._settings.private_key_file is None:
            return self._settings.private_key.get_secret_value().replace("\\n", "\n")
        try:
            return self._settings.private_key_file.read_text(encoding="ascii")
        except OSError as gone:
            raise Refused(f"SALESFORCE_PRIVATE_KEY_FILE cannot be read ({type(gone).__name__})") from None

    def close(self) -> None:
        self._session.close()


def codes_of(result: object) -> dict[str, Any]:
    """The sentence for each error of one record of a collection."""
    errors = dig(result, "errors")
    return {str(dig(one, "statusCode")): dig(one, "message") for one in errors} if isinstance(errors, list) else {}


def _sign_in_error(code: object) -> Exception:
    """`code` is OAuth's word for it, or the status where the answer was not JSON. Busy and broken never get here."""
    if isinstance(code, str) and code not in {"server_error", "temporarily_unavailable"}:
        return Refused(
            f"Salesforce does not accept the client id and its secret or key ({sentence(code, 'no reason given')})"
        )
    return unreadable("Salesforce")


def _error(status: int, content: object) -> Exception:
    errors: Iterable[object] = content if isinstance(content, list) else []
    codes = {str(dig(error, "errorCode")): dig(error, "message") for error in errors}
    if USED_UP in codes:
        return TryLater("Salesforce's request limit is reached", after=WAIT_FOR_REQUESTS)
    if LOCKED in codes:
        return TryLater("Salesforce is changing the same record")
    if status == 401:
        return Refused("Salesforce ended the session and did not open another one")
    why = "; ".join(sentence(codes[code], code) if code in SPEAKING else code for code in codes)
    if codes and OF_A_RECORD.issuperset(codes):
        return Refused(why)
    return Refused(f"Salesforce refused the request with status {status} ({sentence(why, 'no reason given')})")
