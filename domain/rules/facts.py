"""What is known about a lead when it is scored: plain values, and the touches in the order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | frozenset[str]


class TouchKind(StrEnum):
    """The kinds we have words for. A kind is open text: one that does not stand here is kept and can be scored."""

    FORM_SUBMISSION = "form_submission"
    CONTENT_DOWNLOAD = "content_download"
    EVENT_ATTENDANCE = "event_attendance"
    WEBINAR = "webinar"
    DEMO_REQUEST = "demo_request"
    PRICING_VIEW = "pricing_view"
    PAGE_VIEW = "page_view"
    EMAIL_OPEN = "email_open"
    EMAIL_CLICK = "email_click"
    CHAT = "chat"
    CALL = "call"
    UNSUBSCRIBE = "unsubscribe"
    OTHER = "other"


class Attribute(StrEnum):
    """The attributes that every lead is scored with; a model may read any imported attribute besides."""

    PERSONA = "persona"
    SENIORITY = "seniority"
    FUNCTION = "function"
    INDUSTRY = "industry"
    COMPANY_SIZE = "company_size"  # a band of personas.CompanySize
    EMPLOYEES = "employees"  # a number
    COUNTRY = "country"  # two letters, ISO 3166
    REGION = "region"  # emea, americas, apac
    SUB_REGION = "sub_region"  # dach, nordics, north_america ...: regions.py
    TECHNOLOGIES = "technologies"  # a set
    COMPANY_PRESENT = "company_present"
    FREE_MAIL = "free_mail"
    DISPOSABLE_MAIL = "disposable_mail"
    ROLE_INBOX = "role_inbox"
    QUALITY_NOTES = "quality_notes"  # a set of notes.Note codes
    DATA_QUALITY = "data_quality"  # A to D, quality.Grade
    MAIL_DOMAIN = "mail_domain"  # receives, no_mail or gone, as DNS says
    COMPETITOR = "competitor"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Touch:
    """One marketing contact or behaviour of a person. `occurred_at` knows its time zone."""

    kind: str
    occurred_at: datetime
    campaign: str | None = None
    channel: str | None = None
    content: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class LeadFacts:
    attributes: Mapping[str, Value] = field(default_factory=dict)
    touches: Sequence[Touch] = ()
