"""Salesforce as the CRM. Leads and tasks carry our key in a custom field marked external id, and are upserted by it."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

import requests
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from simple_salesforce.api import Salesforce as SalesforceClient
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError
from simple_salesforce.format import format_soql

from domain.rules.field_maps import FieldMap
from integrations.ports import Crm, CrmLead, CrmTask, LeadStatus, Upserted
from integrations.reading import dig, sentence, text, unreadable
from integrations.salesforce_wire import session
from kit.outside import Refused, TryLater
from kit.quota import OPEN, Gate, account_of

API_VERSION = "59.0"
BATCH_SIZE = 200
FILLERS = {"LastName": "[unknown]", "Company": "[unknown]"}
"""Salesforce insists on these two; this is what others write where there is none."""
STATUSES = {
    LeadStatus.NEW: "Open - Not Contacted",
    LeadStatus.WORKING: "Working - Contacted",
    # The standard list has no word of its own for an SQL; who adds one to it names it in SALESFORCE_STATUSES.
    LeadStatus.QUALIFIED: "Working - Contacted",
    LeadStatus.NURTURING: "Open - Not Contacted",
    LeadStatus.UNQUALIFIED: "Closed - Not Converted",
}
"""Salesforce's standard pick list. An organisation with other words sets SALESFORCE_STATUSES to a JSON object."""
USER = "005"
"""With this an id begins that is a user's; a lead's owner may also be a queue."""
LOCKED = "UNABLE_TO_LOCK_ROW"
REQUIRED = "REQUIRED_FIELD_MISSING"
USED_UP = "REQUEST_LIMIT_EXCEEDED"
WAIT_FOR_REQUESTS = 900.0
"""Seconds. The daily limit rolls over 24 hours, so a few requests come free all the time."""
SPEAKING = frozenset({"INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND", "FIELD_CUSTOM_VALIDATION_EXCEPTION"})
"""Errors whose sentence names fields or an admin's rule, not a person: these may be shown as they are."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SALESFORCE_", env_file=".env", extra="ignore")

    domain: str = ""
    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    url: str = ""
    prefix: str = "Handoff"
    statuses: dict[str, str] = {}
    timeout: float = 10.0

    def configured(self) -> bool:
        return bool(self.domain and self.client_id.get_secret_value() and self.client_secret.get_secret_value())


class Salesforce(Crm):
    name = "salesforce"
    batch_size = BATCH_SIZE
    default_map = FieldMap()

    def __init__(self, settings: Settings, gate: Gate = OPEN) -> None:
        self._settings = settings
        self._key_field = f"{settings.prefix}_Key__c"
        self._statuses = {str(ours): theirs for ours, theirs in STATUSES.items()} | settings.statuses
        self._session = session(settings.timeout, settings.url)
        self._gate = gate
        self._account = account_of(self.name, f"{settings.domain} {settings.client_id.get_secret_value()}")
        self._lock = threading.Lock()
        self._signed_in: SalesforceClient | None = None

    def upsert_leads(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        answers = [self._upsert(leads[at : at + BATCH_SIZE]) for at in range(0, len(leads), BATCH_SIZE)]
        return [upserted for answer in answers for upserted in answer]

    def _upsert(self, leads: Sequence[CrmLead]) -> list[Upserted]:
        """One batch. New leads without a required field are sent again with a filler.

        The filler is not sent at once: it would overwrite the name that a rep has found out since.
        """
        results = self._send([self._record(lead) for lead in leads])
        lacking = [at for at, result in enumerate(results) if REQUIRED in _codes(result)]
        if lacking:
            again = self._send([FILLERS | self._record(leads[at]) for at in lacking])
            for at, result in zip(lacking, again, strict=True):
                results[at] = result
        return [self._read(lead, result) for lead, result in zip(leads, results, strict=True)]

    def _send(self, records: list[dict[str, Any]]) -> list[object]:
        """Salesforce's result for each record, in the order given."""
        body = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}} | record for record in records]}
        path = f"composite/sobjects/Lead/{self._key_field}"
        results = self._call(lambda sf: sf.restful(path, method="PATCH", json=body))
        if not isinstance(results, list) or len(results) != len(records):
            raise unreadable("Salesforce")
        return results

    def _record(self, lead: CrmLead) -> dict[str, Any]:
        """The fields of one lead, each cut to what Salesforce holds: a hostile form must not block the rest."""
        prefix = self._settings.prefix
        fields = {
            "Email": lead.email,
            "FirstName": text(lead.first_name, 40),
            "LastName": text(lead.last_name, 80),
            "Company": text(lead.company, 255),
            "Title": text(lead.title, 128),
            "Phone": text(lead.phone, 40),
            "Country": text(lead.country, 80),
            "LeadSource": text(lead.source, 255),
            "Status": self._statuses.get(lead.status, lead.status),
            "OwnerId": lead.owner_id,
            self._key_field: lead.key,
            f"{prefix}_Score__c": lead.score,
            f"{prefix}_Tier__c": lead.tier or None,
        }
        return {name: value for name, value in fields.items() if value is not None} | dict(lead.fields)

    def _read(self, lead: CrmLead, result: object) -> Upserted:
        if dig(result, "success") is True:
            return Upserted(lead.key, external_id=str(dig(result, "id")))
        codes = _codes(result)
        if LOCKED in codes:
            return Upserted(lead.key, later=True)
        if "DUPLICATES_DETECTED" in codes and (adopted := self._adopt(lead)):
            return Upserted(lead.key, external_id=adopted)
        message = next(iter(codes.values()), None)
        return Upserted(lead.key, problem=sentence(message, "Salesforce refused this lead"))

    def _adopt(self, lead: CrmLead) -> str | None:
        """Sales may have entered the person by hand before: that lead gets our key, instead of a twin beside it."""
        lead_id = self.find_lead_by_email(lead.email)
        if lead_id is None:
            return None
        body = self._record(lead)
        try:
            self._call(lambda sf: sf.restful(f"sobjects/Lead/{lead_id}", method="PATCH", json=body))
        except Refused:
            return None
        return lead_id

    def log_task(self, task: CrmTask) -> str:
        fields = {
            "WhoId": task.lead_id,
            "OwnerId": task.owner_id,
            "Subject": text(task.subject, 255) or "Handoff",
            "ActivityDate": task.due.isoformat() if task.due else None,
            "Description": task.description[:32_000] or None,
            "Status": "Not Started",
            "Priority": "Normal",
        }
        body = {name: value for name, value in fields.items() if value is not None}
        # The library puts the value into the address as it is; a slash or a question mark would change the address.
        path = f"sobjects/Task/{self._key_field}/{quote(task.key, safe='')}"
        task_id = dig(self._call(lambda sf: sf.restful(path, method="PATCH", json=body)), "id")
        if not isinstance(task_id, str):
            raise unreadable("Salesforce")
        return task_id

    def find_owner(self, email: str) -> str | None:
        return self._first_id(format_soql("SELECT Id FROM User WHERE Email = {} AND IsActive = true LIMIT 1", email))

    def find_lead_by_email(self, email: str) -> str | None:
        """The newest lead with this e-mail that has not become a contact."""
        wanted = "SELECT Id FROM Lead WHERE Email = {} AND IsConverted = false ORDER BY CreatedDate DESC LIMIT 1"
        return self._first_id(format_soql(wanted, email))

    def find_account_owner(self, email: str, domain: str | None, company: str | None) -> str | None:
        """The account's owner; without an account, whoever has the person as a contact, or as a lead that is not ours."""
        # Our own leads have the owner that we gave them: they would answer with our own last word.
        not_ours = (
            "SELECT OwnerId FROM Lead WHERE Email = {} AND IsConverted = false AND {:literal} = null "
            "ORDER BY CreatedDate DESC LIMIT 1"
        )
        questions = [
            format_soql("SELECT OwnerId FROM Contact WHERE Email = {} ORDER BY LastModifiedDate DESC LIMIT 1", email),
            format_soql(not_ours, email, self._key_field),
        ]
        if domain is not None:
            by_website = "SELECT OwnerId FROM Account WHERE Website IN {} ORDER BY LastModifiedDate DESC LIMIT 1"
            questions.insert(0, format_soql(by_website, _spellings(domain)))
        elif company:
            by_name = "SELECT OwnerId FROM Account WHERE Name = {} ORDER BY LastModifiedDate DESC LIMIT 1"
            questions.insert(0, format_soql(by_name, company[:255]))
        owners = (self._first(question, "OwnerId") for question in questions)
        return next((owner for owner in owners if owner is not None and owner.startswith(USER)), None)

    def _first_id(self, soql: str) -> str | None:
        return self._first(soql, "Id")

    def _first(self, soql: str, field: str) -> str | None:
        records = dig(self._call(lambda sf: sf.query(soql)), "records")
        if not isinstance(records, list):
            raise unreadable("Salesforce")
        found = dig(records[0], field) if records else None
        return found if isinstance(found, str) else None

    def _call(self, what: Callable[[SalesforceClient], Any]) -> Any:
        return self._gate.call(self._account, lambda: self._answer(what))

    def _answer(self, what: Callable[[SalesforceClient], Any]) -> Any:
        """Errors of the library hold addresses and bodies: they become ours here and are not chained to."""
        try:
            return what(self._client())
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

    def _client(self) -> SalesforceClient:
        """Making the client signs in, so it is made at the first call, once."""
        with self._lock:
            if self._signed_in is None:
                self._signed_in = SalesforceClient(
                    domain=_my_domain(self._settings.domain),
                    consumer_key=self._settings.client_id.get_secret_value(),
                    consumer_secret=self._settings.client_secret.get_secret_value(),
                    version=API_VERSION,
                    session=self._session,
                )
            return self._signed_in

    def close(self) -> None:
        self._session.close()


def build(settings: Settings, gate: Gate) -> Salesforce:
    return Salesforce(settings, gate)


def _my_domain(host: str) -> str:
    """What the library puts before `.salesforce.com`: `acme.my`, also from an address copied out of the browser."""
    return host.strip().removeprefix("https://").rstrip("/").removesuffix(".salesforce.com")


def _spellings(domain: str) -> list[str]:
    """How an account's website is written: the field is free text. A part of it would find other companies as well."""
    return [
        f"{before}{www}{domain}{end}"
        for before in ("", "http://", "https://")
        for www in ("", "www.")
        for end in ("", "/")
    ]


def _codes(result: object) -> dict[str, Any]:
    """The sentence for each error of one record."""
    errors = dig(result, "errors")
    return {str(dig(one, "statusCode")): dig(one, "message") for one in errors} if isinstance(errors, list) else {}


def _sign_in_error(code: object) -> Exception:
    """`code` is OAuth's word for it, or the status where the answer was not JSON. Busy and broken never get here."""
    if isinstance(code, str) and code not in {"server_error", "temporarily_unavailable"}:
        return Refused(f"Salesforce does not accept the client id and secret ({sentence(code, 'no reason given')})")
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
    return Refused(f"Salesforce refused the request with status {status} ({sentence(why, 'no reason given')})")
