"""What a workspace consists of."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.shapes import JSON


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    real_name: str
    email: str
    title: str
    role: str
    color: str
    is_bot: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Command:
    command: str
    description: str
    usage_hint: str


@dataclass
class Message:
    """`ephemeral_to` is the one person who sees it; `replies` holds the ts of its thread's messages."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[JSON]
    posted_at: float
    metadata: JSON | None = None
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited_ts: str | None = None
    replies: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[JSON] = field(default_factory=list)


@dataclass
class Channel:
    """A channel, or the direct messages of one person with the app (`with_user`)."""

    id: str
    name: str
    members: list[str]
    with_user: str | None = None
    archived: bool = False
    opened: bool = True
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, dict[str, Message]] = field(default_factory=dict)

    @property
    def is_im(self) -> bool:
        return self.with_user is not None


@dataclass
class View:
    """A modal on somebody's screen or somebody's Home tab; `given` is what the app asked to be shown."""

    id: str
    user: str
    given: JSON
    root_id: str
    previous_id: str | None = None
    hash: str = ""
    values: JSON = field(default_factory=dict)

    def show(self, given: JSON, ts: str) -> None:
        self.given = given
        self.hash = f"{ts.partition('.')[0]}.{secrets.token_hex(4)}"


@dataclass
class Upload:
    """A file on its way: announced, then `content` arrives, then it is completed, and a moment later it can be shown."""

    id: str
    key: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    content: bytes | None = None
    completed_at: float | None = None


@dataclass
class Trigger:
    user: str
    born: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where an app may answer an interaction: `original` is the message that it was about, if any."""

    channel: str
    user: str
    born: float
    original: Message | None = None
    uses: int = 0


@dataclass(frozen=True)
class Credentials:
    """New at every start, so that nobody comes to rely on them."""

    bot_token: str = field(default_factory=lambda: f"xoxb-sandbox-{secrets.token_urlsafe(24)}")
    app_token: str = field(default_factory=lambda: f"xapp-sandbox-{secrets.token_urlsafe(24)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_urlsafe(18))


@dataclass(frozen=True)
class Sent:
    """One thing that was sent to the app, for the log on the page. No bodies."""

    at: float
    kind: str
    status: int | None
    took_ms: float

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "kind": self.kind, "status": self.status, "took_ms": self.took_ms}
