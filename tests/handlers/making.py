"""The doors as a customer's site and Slack see them: our real server on a socket, and the sandbox as the whole outside."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import Engine, delete, func, select, true, update

from bot import messenger
from bot.limits import check_message
from bot.listening.app import WINDOWS_AT_ONCE
from bot.settings import slack_settings
from domain.tables import JobRow, Rep, Role
from domain.verbs import capturing, staffing
from domain.verbs.offering import hand_over
from handlers import ledger, moments, web
from handlers.feedback_settings import feedback_settings
from handlers.jobs import execute, reading, transaction
from handlers.system import hash_of
from integrations import registry
from kit import db
from kit.clock import utcnow
from tests.domain.making import MQL, Team, make_lead

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "hk_a-sample-key"
SAM, DANA, ADA, ALEX, MORGAN, GUEST = (
    "U0SAMSDR001",
    "U0DANASDR01",
    "U0ADAAE0001",
    "U0ALEXAE001",
    "U0MORGAN001",
    "U0GALEGST01",
)
BOT = "U0HANDOFF01"
STAFF = (
    (SAM, "Sam Sample", Role.SDR),
    (DANA, "Dana Demo", Role.SDR),
    (ADA, "Ada Account", Role.AE),
    (ALEX, "Alex Closer", Role.AE),
    (MORGAN, "Morgan Manager", Role.MANAGER),
)
OURS = ("SLACK_", "HUBSPOT_", "SALESFORCE_", "ZOOMINFO_", "CLEARBIT_", "DNS_", "MARKETO_", "PARDOT_")
ROUNDS = 40
_numbers = count(1)
_windows = count(1)
_openers: list[Executor] = []
_one_meeting = threading.Lock()


@dataclass(frozen=True)
class Outside:
    """The sandbox: Slack through somebody's eyes, and what the other systems received."""

    environment: dict[str, str]
    page: httpx.Client
    url: str
    more: dict[str, str] = field(default_factory=dict)
    """Settings of what is not plugged in unless a test asks for it."""

    def new_channel(self) -> str:
        """A channel with everybody in it, empty."""
        members = [*[user for user, _, _ in STAFF], GUEST, BOT]
        made = self.page.post("/_api/channels", json={"name": f"sdr-{next(_numbers)}", "members": members})
        return str(made.raise_for_status().json()["id"])

    def messages(self, channel: str, eyes: str = SAM) -> list[dict[str, Any]]:
        answer = self.page.get(f"/_api/as/{eyes}/messages", params={"channel": channel})
        return list(answer.raise_for_status().json()["messages"])

    def act(self, user: str, what: str, **body: Any) -> dict[str, Any]:
        """What somebody does; a window that follows from it stands on their screen when this returns."""
        done = dict(self.page.post(f"/_api/as/{user}/{what}", json=body).raise_for_status().json())
        windows_settle()
        return done

    def press(self, user: str, message: dict[str, Any], action_id: str) -> dict[str, Any]:
        """Press a button of a message, or choose in its menu what stands for that button. Raises if there is neither."""
        elements = [
            (block["block_id"], one)
            for block in message["blocks"]
            if block["type"] == "actions"
            for one in block["elements"]
        ]
        for block_id, one in elements:
            place = {"channel": message["channel"], "ts": message["ts"], "block_id": block_id}
            if one["action_id"] == action_id:
                return self.act(user, "press", action_id=action_id, **place)
            for option in one.get("options", ()):
                if option["value"].startswith(f"{action_id} "):
                    return self.act(user, "press", action_id=one["action_id"], **place, selected_option=option)
        raise LookupError(f"no button {action_id}")

    def top_view(self, user: str) -> dict[str, Any]:
        return dict(self.page.get(f"/_api/as/{user}/views").json()["views"][-1])

    def posts(self) -> int:
        """How many messages were posted, in all channels since the sandbox started."""
        return int(self.page.get("/_api/counts").json()["posts"])

    def state(self, system: str) -> dict[str, Any]:
        return dict(self.page.get(f"/{system}/_state").raise_for_status().json())


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A sandbox as a process of its own: it sees nothing of ours but HTTP."""
    ready = tmp_path_factory.mktemp("sandbox") / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--ready-file", str(ready), "--pace", "off"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline, "the sandbox did not start"
            threading.Event().wait(0.02)
        said = json.loads(ready.read_text())
        with httpx.Client(base_url=said["base_url"], headers={"X-Sandbox": "page"}, trust_env=False) as page:
            yield Outside(said["environment"], page, said["base_url"], said["more_environment"])
        process.terminate()


@contextmanager
def pointed_at(outside: Outside, *systems: str) -> Iterator[None]:
    """Our settings say the sandbox, for these prefixes; nothing else of this machine's environment counts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        for name, value in outside.environment.items():
            if name.startswith(systems):
                patch.setenv(name, value)
        patch.setenv("SLACK_POST_SECONDS", "0")
        for loop in ("DAILY", "WEEKLY", "MONTHLY", "PULSE"):
            # What is due by the clock on the wall would come into any test.
            patch.setenv(f"FEEDBACK_{loop}", "off")
        _forget()
        yield
    _forget()


def _forget() -> None:
    slack_settings.cache_clear()
    feedback_settings.cache_clear()
    messenger.forget()
    registry.forget()


@pytest.fixture
def slack(committed: Engine, sandbox_process: Outside) -> Iterator[Outside]:
    """Slack alone: no CRM, no marketing automation, no provider."""
    with pointed_at(sandbox_process, "SLACK_"):
        yield sandbox_process


@pytest.fixture
def everything(committed: Engine, sandbox_process: Outside) -> Iterator[Outside]:
    """All systems that the demo plugs in."""
    with pointed_at(sandbox_process, *OURS):
        yield sandbox_process


@pytest.fixture(scope="module")
def door_url(migrated: Engine, sandbox_process: Outside) -> Iterator[str]:
    """Our web door on a socket, as uvicorn runs it in production. The sandbox sends its clicks there."""
    with pointed_at(sandbox_process, "SLACK_"):
        application = web.make_web()
    _openers.append(application.state.slack.listener_runner.listener_executor)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox_process.page.post("/_api/app", json={"url": f"{url}/slack/events"}).raise_for_status()
    yield url
    _openers.clear()
    server.should_exit = True
    thread.join(5)
    listener.close()
    assert not thread.is_alive()


def windows_settle() -> None:
    """Wait until our server has done what it does after it answered: when all threads that open windows meet, none is at work."""
    with _one_meeting:
        for opener in _openers:
            meeting = threading.Barrier(WINDOWS_AT_ONCE)
            wait([opener.submit(meeting.wait, 10) for _ in range(WINDOWS_AT_ONCE)])


@contextmanager
def _client(url: str) -> Iterator[httpx.Client]:
    """A client of our own door, on an empty database with the source `website`."""
    with transaction() as session:
        capturing.add_source(session, "website", hash_of(KEY))
    with httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


@pytest.fixture
def door(door_url: str, slack: Outside) -> Iterator[httpx.Client]:
    with _client(door_url) as client:
        yield client


@pytest.fixture
def door_to_everything(door_url: str, everything: Outside) -> Iterator[httpx.Client]:
    """The same door, with all systems plugged in."""
    with _client(door_url) as client:
        yield client


def make_staff(channel: str) -> Team:
    """The sandbox's sample people as our reps, known in Slack, with one pool each for SDRs and AEs."""
    dms = {user: messenger.direct_channel(user) for user, _, _ in STAFF}
    with transaction() as session:
        now = utcnow()
        reps = []
        for user, name, role in STAFF:
            email = f"{name.replace(' ', '.').lower()}@example.com"
            rep = staffing.save_rep(session, now, name=name, email=email, role=role, crm_user_id=None)
            staffing.know_in_slack(session, rep.id, user, dms[user], now)
            reps.append(rep)
        sam, dana, ada, alex, morgan = reps
        sdrs = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel=channel, manager=morgan)
        aes = staffing.save_pool(session, name="AE", role=Role.AE, slack_channel=None, manager=morgan)
        staffing.set_members(session, sdrs, {sam.id: 1, dana.id: 1})
        staffing.set_members(session, aes, {ada.id: 1, alex.id: 1})
        staffing.set_territories(session, Role.SDR, [({}, sdrs.id)])
        staffing.set_territories(session, Role.AE, [({}, aes.id)])
    clear_jobs()
    return Team(sam, dana, ada, alex, morgan, sdrs, aes)


def offer_a_lead(kinds: tuple[str, ...] = MQL, email: str = "kim@buyer.example.com") -> int:
    """A lead that was just offered, with its jobs waiting; returns the handoff's id."""
    with transaction() as session:
        now = utcnow()
        handoff = hand_over(session, make_lead(session, kinds, email, now=now).id, now)
        assert handoff is not None
    return handoff.id


def jobs() -> list[JobRow]:
    """What waits, by id."""
    with reading() as session:
        return list(session.scalars(select(JobRow).order_by(JobRow.id)))


def clear_jobs() -> None:
    """Forget what waits: a test speaks of the jobs that follow its own deed."""
    with db.new_session() as session, session.begin():
        session.execute(delete(JobRow))


def work_off(*names: str) -> list[str]:
    """Do what waits until nothing does, and what follows from it, in this thread; returns the names of what was done.

    With names, only these. Nobody waits for the time of a job to come. A job that fails is in the end dead, and stays.
    """
    done: list[str] = []
    assert moments
    for _ in range(ROUNDS):
        with db.new_session() as session, session.begin():
            session.execute(update(JobRow).values(run_at=func.now() + timedelta(hours=1)))
            wanted = JobRow.name.in_(names) if names else true()
            session.execute(update(JobRow).where(wanted).values(run_at=func.now()))
            claimed = ledger.claim(session, "tests", lease=timedelta(seconds=30), window=50)
        if not claimed:
            return done
        for job in claimed:
            done.append(job.name)
            execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())
    raise AssertionError(f"after {ROUNDS} rounds there is still work: {[job.name for job in jobs()]}")


def rep_in_slack(slack_user_id: str) -> Rep:
    with reading() as session:
        return session.scalars(select(Rep).where(Rep.slack_user_id == slack_user_id)).one()


# ---- what Slack sends -------------------------------------------------------------------------------------------------


def signed(body: str, *, secret: str | None = None, age: float = 0) -> dict[str, str]:
    """Slack's headers for `body`, signed `age` seconds ago."""
    secret = secret or slack_settings().slack_signing_secret.get_secret_value()
    at = str(int(time.time() - age))
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
    assert signature is not None
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": signature,
    }


def click(action_id: str, value: str, *, user: str = SAM, channel: str = "C0SDREMEA01", team: str = "") -> str:
    """The body of a pressed button."""
    payload = {
        "type": "block_actions",
        "team": {"id": team or slack_settings().slack_team_id, "domain": "sandbox"},
        "user": {"id": user, "username": "somebody", "team_id": team},
        "api_app_id": "A0HANDOFF01",
        "trigger_id": "1.2.a-trigger-that-slack-does-not-know",
        "response_url": "https://hooks.slack.com/actions/T0/1/a-secret-of-slack",
        "channel": {"id": channel, "name": "sdr"},
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "decide.1", "value": value, "action_ts": "1"}
        ],
    }
    return urlencode({"payload": json.dumps(payload)})


def submission(callback_id: str, ref: str, *, user: str = SAM, **values: str | None) -> str:
    """The body of a submitted modal; each value stands in the input of its name."""
    state = {
        name: {name: {"type": "plain_text_input", "value": value}}
        if name == "note"
        else {name: {"type": "static_select", "selected_option": {"value": value} if value else None}}
        for name, value in values.items()
    }
    team = slack_settings().slack_team_id
    payload = {
        "type": "view_submission",
        "team": {"id": team, "domain": "sandbox"},
        "user": {"id": user, "username": "somebody", "team_id": team},
        "api_app_id": "A0HANDOFF01",
        "view": {
            "id": f"V{next(_windows)}",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": ref,
            "state": {"values": state},
        },
    }
    return urlencode({"payload": json.dumps(payload)})


def command(text: str, *, user: str = SAM, name: str = "/leadstats") -> str:
    """The body of a typed command."""
    return urlencode(
        {
            "command": name,
            "text": text,
            "user_id": user,
            "team_id": slack_settings().slack_team_id,
            "channel_id": "C0SDREMEA01",
            "response_url": "https://hooks.slack.com/commands/T0/1/a-secret-of-slack",
            "trigger_id": "1.2.x",
        }
    )


def tell(door: httpx.Client, body: str, **headers: str) -> httpx.Response:
    """Send it to our Slack door as Slack does; what is done after the answer is done when this returns."""
    answer = door.post("/slack/events", content=body.encode(), headers=signed(body) | headers)
    windows_settle()
    return answer


def ask(door: httpx.Client, name: str, text: str, user: str = SAM) -> dict[str, Any]:
    """Type a command; returns the answer that only `user` sees, which Slack would take."""
    answer = tell(door, command(text, user=user, name=name))
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    assert said["response_type"] == "ephemeral"
    if said.get("blocks"):
        check_message(said["blocks"])
    return said
