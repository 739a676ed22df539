"""The workspace: everything that the stand-in remembers, and the few ways in which messages change.

All of it is touched from the event loop only, so nothing here needs a lock.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sandbox.slack import limits, seed, show
from sandbox.slack.files import Files
from sandbox.slack.hub import Hub
from sandbox.slack.pace import Counts, Pace
from sandbox.slack.records import (
    Channel,
    Command,
    Credentials,
    Message,
    Person,
    ResponseUrl,
    Sent,
    Trigger,
    View,
)
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON

TRIGGERS_KEPT = 5_000


class Workspace:
    def __init__(
        self,
        base_url: str,
        *,
        now: Callable[[], float] = time.time,
        pace: bool = True,
        app_url: str | None = None,
        answer_seconds: float = limits.ANSWER_SECONDS,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.now = now
        self.app_url = app_url
        self.answer_seconds = answer_seconds
        self.credentials = Credentials()
        self.scopes = set(seed.SCOPES)
        self.files = Files(now)
        self.unknown_blocks: set[str] = set()  # types of blocks that this workspace does not show yet
        self.hub = Hub()
        self.pace = Pace(now, on=pace)
        self.counts = Counts()
        self.people: dict[str, Person] = {person.id: person for person in seed.PEOPLE}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in seed.channels()}
        self.commands: dict[str, Command] = {command.command: command for command in seed.COMMANDS}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.suggested: dict[str, dict[str, list[JSON]]] = {}  # message or view -> block and action -> what was found
        self.last_read: dict[tuple[str, str], str] = {}
        self.sent: deque[Sent] = deque(maxlen=1_000)
        self.last_micros = 0
        for person in seed.PEOPLE:
            self.add_im(person)

    def next_ts(self) -> str:
        """Seconds and microseconds; unique and increasing in the whole workspace, as cards are found by it."""
        self.last_micros = max(self.last_micros + 1, int(self.now() * 1_000_000))
        return f"{self.last_micros // 1_000_000}.{self.last_micros % 1_000_000:06d}"

    # --- who and where -------------------------------------------------------------------------------------------

    def add_im(self, person: Person) -> None:
        if not person.is_bot:
            im = Channel(f"D{person.id[1:]}", "directmessage", [person.id, seed.BOT_USER], person.id, opened=False)
            self.channels[im.id] = im

    def add_person(self, person: Person) -> None:
        self.people[person.id] = person
        self.add_im(person)

    def im_record(self, user: str) -> Channel:
        return self.channels[f"D{user[1:]}"]

    def im_of(self, user: str) -> Channel:
        im = self.im_record(user)
        im.opened = True
        return im

    def channel(self, channel_id: str) -> Channel:
        """A channel that the app can name. Raises channel_not_found, also for a user id and a DM never opened."""
        found = self.channels.get(channel_id)
        if found is None or not found.opened:
            raise SlackRefusal("channel_not_found")
        return found

    def person(self, user_id: str) -> Person:
        if user_id not in self.people:
            raise SlackRefusal("user_not_found")
        return self.people[user_id]

    # --- messages ------------------------------------------------------------------------------------------------

    def post(self, channel: Channel, text: str, blocks: list[JSON], **more: Any) -> Message:
        """`more`: metadata, thread_ts, ephemeral_to, files."""
        made = Message(
            self.next_ts(), channel.id, seed.BOT_USER, text[: limits.MESSAGE_TEXT], blocks, self.now(), **more
        )
        if made.ephemeral_to:
            channel.ephemerals.setdefault(made.ephemeral_to, {})[made.ts] = made
            self.hub.tell([made.ephemeral_to], "ephemeral", show.message_to_page(made))
            return made
        channel.messages[made.ts] = made
        if made.thread_ts:
            parent = channel.messages[made.thread_ts]
            parent.replies.append(made.ts)
            self.hub.tell(channel.members, "changed", show.message_to_page(parent))
        if len(channel.messages) > limits.MESSAGES_KEPT:
            del channel.messages[next(iter(channel.messages))]
        self.hub.tell(channel.members, "message", show.message_to_page(made))
        return made

    def change(self, message: Message, *, text: str | None, blocks: list[JSON] | None, metadata: JSON | None) -> None:
        """What is None stays as it was; an empty metadata object removes it."""
        message.text = message.text if text is None else text[: limits.MESSAGE_TEXT]
        message.blocks = message.blocks if blocks is None else blocks
        message.metadata = message.metadata if metadata is None else (metadata or None)
        message.edited_ts = self.next_ts()
        self.hub.tell(self.viewers(message), "changed", show.message_to_page(message))

    def delete(self, message: Message) -> None:
        channel = self.channels[message.channel]
        if message.ephemeral_to:
            channel.ephemerals[message.ephemeral_to].pop(message.ts, None)
        else:
            channel.messages.pop(message.ts, None)
        parent = channel.messages.get(message.thread_ts or "")
        if parent and message.ts in parent.replies:
            parent.replies.remove(message.ts)
        self.hub.tell(self.viewers(message), "deleted", {"channel": channel.id, "ts": message.ts})

    def viewers(self, message: Message) -> list[str]:
        return [message.ephemeral_to] if message.ephemeral_to else self.channels[message.channel].members

    # --- interactions --------------------------------------------------------------------------------------------

    def new_trigger(self, user: str) -> str:
        name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(user, self.now())
        if len(self.triggers) > TRIGGERS_KEPT:
            del self.triggers[next(iter(self.triggers))]
        return name

    def take_trigger(self, name: str) -> str:
        """The user who made it; it works once, and for three seconds."""
        trigger = self.triggers.get(name)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self.now() - trigger.born > limits.TRIGGER_SECONDS:
            raise SlackRefusal("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def new_response_url(self, channel: Channel, user: str, original: Message | None = None) -> str:
        key = secrets.token_urlsafe(24)
        self.response_urls[key] = ResponseUrl(channel.id, user, self.now(), original)
        if len(self.response_urls) > TRIGGERS_KEPT:
            del self.response_urls[next(iter(self.response_urls))]
        return f"{self.base_url}/hooks/actions/{seed.TEAM_ID}/{key}"
