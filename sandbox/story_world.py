"""The sandbox and Handoff seen from outside, and how a story waits for what it expects."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

PATIENCE = 30.0
"""Seconds that each expectation has to come true."""
T = TypeVar("T")
JSON = dict[str, Any]

SAM, ELI, ADA, ALEX = "U0SAMSDR001", "U0ELISDR001", "U0ADAAE0001", "U0ALEXAE001"
MORGAN, GALE = "U0MORGAN001", "U0GALEGST01"
EMEA, MANAGERS = "C0SDREMEA01", "C0MANAGERS1"
MQL = {"title": "Marketing Manager", "industry": "Software", "employees": 320, "country": "DE"}
HQL = {"title": "VP Sales", "industry": "Software", "employees": 640, "country": "DE"}


class NotSo(Exception):
    """Something that the story expects did not happen."""


@dataclass(frozen=True)
class Card:
    """A lead card as somebody sees it."""

    channel: str
    ts: str
    text: str
    buttons: dict[str, JSON]

    @property
    def addressed_to(self) -> str:
        """The Slack user id in "For <@U...>"."""
        return self.text.split("For <@", 1)[1].split(">", 1)[0]


class World:
    """The sandbox and Handoff, seen from outside."""

    def __init__(self, sandbox: str, handoff: str, key: str) -> None:
        self.sandbox = httpx.Client(base_url=sandbox, headers={"X-Sandbox": "page"}, timeout=10.0, trust_env=False)
        self.handoff = httpx.Client(
            base_url=handoff, headers={"Authorization": f"Bearer {key}"}, timeout=10.0, trust_env=False
        )

    def post(self, key: str, **body: Any) -> JSON:
        answer = self.handoff.post("/capture/website", json=body, headers={"Idempotency-Key": key})
        if answer.status_code >= 300:
            raise NotSo(f"the capture door answered {answer.status_code}: {answer.text}")
        found: JSON = answer.json()
        return found

    def lead(self, arrival: int) -> JSON:
        found: JSON = self.handoff.get(f"/capture/website/{arrival}").raise_for_status().json()["lead"]
        return found

    def messages(self, eyes: str, channel: str) -> list[JSON]:
        answer = self.sandbox.get(f"/_api/as/{eyes}/messages", params={"channel": channel, "limit": 200})
        found: list[JSON] = answer.raise_for_status().json()["messages"]
        return found

    def direct_messages(self, eyes: str) -> str:
        conversations = self.sandbox.get(f"/_api/as/{eyes}/conversations").raise_for_status().json()
        return str(next(one["id"] for one in conversations if one["kind"] == "im"))

    def card(self, eyes: str, channel: str, name: str, says: str = "") -> Card | None:
        """The newest card about `name` that says `says`, if it is there."""
        for message in reversed(self.messages(eyes, channel)):
            text = json.dumps(message["blocks"], ensure_ascii=False)
            if name in text and says in text and not message["ephemeral"]:
                buttons = {
                    element["action_id"]: {"block_id": block["block_id"], "value": element["value"]}
                    for block in message["blocks"]
                    if block["type"] == "actions"
                    for element in block["elements"]
                    if element["type"] == "button"
                }
                return Card(channel, message["ts"], text, buttons)
        return None

    def press(self, eyes: str, card: Card, action: str) -> JSON:
        body = {"channel": card.channel, "ts": card.ts, "action_id": action, **card.buttons[action]}
        return self._ask(f"/_api/as/{eyes}/press", body)

    def thread(self, eyes: str, card: Card) -> str:
        """What is said under the card."""
        place = {"channel": card.channel, "thread_ts": card.ts}
        answer = self.sandbox.get(f"/_api/as/{eyes}/messages", params=place).raise_for_status().json()
        return json.dumps(answer["messages"][1:], ensure_ascii=False)

    def home(self, eyes: str, says: str) -> JSON | None:
        """Look at one's Home; it is drawn anew for the next look."""
        view: JSON | None = self.sandbox.get(f"/_api/as/{eyes}/home").raise_for_status().json()["view"]
        return view if view and says in json.dumps(view, ensure_ascii=False) else None

    def press_home(self, eyes: str, home: JSON, action: str) -> JSON:
        block_id = next(
            block["block_id"]
            for block in home["blocks"]
            if block["type"] == "actions" and any(one["action_id"] == action for one in block["elements"])
        )
        return self._ask(f"/_api/as/{eyes}/press", {"view_id": home["id"], "block_id": block_id, "action_id": action})

    def view(self, eyes: str) -> JSON | None:
        """The window on somebody's screen, once there is something in it to be filled in and sent."""
        views = self.sandbox.get(f"/_api/as/{eyes}/views").raise_for_status().json()["views"]
        return views[-1] if views and views[-1].get("submit") else None

    def submit(self, eyes: str, view: JSON, **chosen: str) -> JSON:
        values = {
            block["block_id"]: {block["element"]["action_id"]: _input(block["element"], chosen.get(block["block_id"]))}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        return self._ask(f"/_api/as/{eyes}/submit", {"view_id": view["id"], "values": values})

    def command(self, eyes: str, channel: str, command: str, text: str = "") -> JSON:
        return self._ask(f"/_api/as/{eyes}/command", {"channel": channel, "command": command, "text": text})

    def whispered(self, eyes: str, channel: str, words: str) -> str | None:
        for message in reversed(self.messages(eyes, channel)):
            text = message["text"] + json.dumps(message["blocks"] or [], ensure_ascii=False)
            if message["ephemeral"] and words in text:
                return str(message["text"])
        return None

    def answered(self, eyes: str, channel: str) -> str:
        """The last thing that was said to this person alone, with its blocks."""
        said = [one for one in self.messages(eyes, channel) if one["ephemeral"]]
        return json.dumps(said[-1]["blocks"], ensure_ascii=False) if said else ""

    def operate(self, *words: str) -> str:
        """`handoff WORDS`, as an operator types it; returns what it says."""
        command = [sys.executable, "-m", "handlers", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode:
            raise NotSo(f"handoff {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def state(self, system: str) -> JSON:
        found: JSON = self.sandbox.get(f"/{system}/_state").raise_for_status().json()
        return found

    def _ask(self, path: str, body: JSON) -> JSON:
        answer = self.sandbox.post(path, json=body)
        if answer.status_code >= 300:
            raise NotSo(f"{path} answered {answer.status_code}: {answer.text}")
        found: JSON = answer.json()
        return found


def _input(element: JSON, chosen: str | None) -> JSON:
    if element["type"] == "static_select":
        option = next((one for one in element["options"] if one["value"] == chosen), None)
        return {"type": element["type"], "selected_option": option}
    if element["type"] == "datetimepicker":
        return {"type": element["type"], "selected_date_time": int(chosen) if chosen else None}
    return {"type": element["type"], "value": chosen}


def until(what: str, look: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Look again and again until there is something to see; raises NotSo after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise NotSo(f"not seen within {patience:.0f} s: {what}")


def expect(what: str, seen: object) -> None:
    """Say what was seen, or raise NotSo."""
    if not seen:
        raise NotSo(what)
    sys.stdout.write(f"  ✓ {what}\n")
    sys.stdout.flush()


def chapter(title: str) -> None:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.flush()


def warm_up(world: World, person: JSON, name: str) -> int:
    """The touches of somebody with a project; returns the last arrival."""
    world.post(f"{name}-1", **person, kind="content_download", content="ROI calculator", channel="organic_search")
    webinar = {"kind": "webinar", "content": "Handing leads over in minutes", "campaign": "autumn-series"}
    return int(world.post(f"{name}-2", **person, **webinar)["arrival"])


def if_so(seen: T, so: Callable[[T], bool]) -> T | None:
    return seen if so(seen) else None
