"""One lead whose every field is an attack goes the whole road. It is harmless at each border, and leaves no trace in logs."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from bot.ids import Press
from domain.tables import Handoff, Lead, LeadEvent, ScoreRow, SystemLink
from domain.verbs import capturing
from handlers.jobs import reading, send, transaction
from handlers.sending import Priority, show_card
from handlers.system import System, hash_of
from tests.bot.making import texts
from tests.domain.making import Team
from tests.handlers.making import (
    MORGAN,
    SAM,
    Outside,
    door_to_everything,
    door_url,
    everything,
    jobs,
    make_staff,
    pointed_at,
    sandbox_process,
    work_off,
)

__all__ = ["door_to_everything", "door_url", "everything", "sandbox_process"]  # fixtures

MARK = "zqx"
"""Stands in every field: where it is found, the lead's own words are."""
EMAIL = "o'zqx+tag@buyer.example.com"
ATTACK = (
    f"<!channel> <@{SAM}> <https://evil.example|zqx> *b* _i_ ~s~ `c` :tada: <script>alert('zqx')</script> "
    "' OR Name != '' \\' \u202egnp.exe\u202c \u200b\x1b[31m & &lt;"
)
HOSTILE: dict[str, Any] = {
    "email": EMAIL,
    "kind": "demo_request",
    "first_name": f'=HYPERLINK("http://evil.example","zqx") {ATTACK}',
    "last_name": f"@zqx {ATTACK}" + "\r\n" + "x" * 4000,
    "title": f"VP Sales <!here> zqx {ATTACK}",
    "company": f"-1+1|zqx {ATTACK}",
    "phone": f"+49zqx{ATTACK}",
    "country": "DE",
    "industry": "Software",
    "employees": 300,
    "message": f"zqx {ATTACK}\n<script>" * 50,
    "campaign": f"+zqx {ATTACK}",
    "content": f"<!everyone> zqx {ATTACK}",
    "page": f"https://evil.example/zqx?{ATTACK}",
    "website": f"javascript:alert('zqx') {ATTACK}",
    f"=zqx {ATTACK}"[:90]: f"zqx {ATTACK}",
    "attributes": {"plan": f"zqx {ATTACK}"},
}
NOTE = f"zqx note {ATTACK}"
OUR_TIMES = re.compile(r"<!date\^\d+\^[^|<>]*\|[^|<>]*>")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]")


@pytest.fixture
def channel(everything: Outside) -> str:
    return everything.new_channel()


@pytest.fixture
def team(door_to_everything: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


def the_whole_road(door: httpx.Client, outside: Outside, channel: str) -> dict[str, Any]:
    """Captured, enriched, scored, offered, wrongly clicked, accepted, called, given back; returns the card."""
    assert door.post("/capture/website", json=HOSTILE, headers={"Idempotency-Key": "zqx"}).status_code == 202
    work_off()
    (card,) = outside.messages(channel)
    rep = SAM if f"<@{SAM}>" in json.dumps(card["blocks"]) else "U0DANASDR01"
    other = "U0DANASDR01" if rep == SAM else SAM
    for user in (other, rep, MORGAN):
        outside.press(user, card, Press.ACCEPT)
    work_off()
    (card,) = [message for message in outside.messages(channel) if not message["ephemeral"]]
    for press, chosen in ((Press.LOG_CONTACT, ("outcome", "spoke")), (Press.REJECT, ("reason", "other"))):
        assert outside.press(rep, card, press)["ok"]
        name, value = chosen
        values = {name: {name: {"selected_option": {"value": value}}}, "note": {"note": {"value": NOTE}}}
        view = outside.top_view(rep)
        assert harmless(list(texts(view["blocks"], "mrkdwn")))
        assert outside.act(rep, "submit", view_id=view["id"], values=values)["ok"]
        work_off()
        (card,) = [message for message in outside.messages(channel) if not message["ephemeral"]]
    return card


def harmless(mrkdwn: list[str]) -> bool:
    """Whether all that is left between angle brackets is ours: times, and people of the staff."""
    staff = re.compile("<@U0(SAMSDR001|DANASDR01)>|\n> ")
    return not any(re.search("[<>]", staff.sub("", OUR_TIMES.sub("", one))) for one in mrkdwn)


def test_slack_shows_the_lead_and_obeys_nothing_of_it(
    door_to_everything: httpx.Client, everything: Outside, team: Team, channel: str
) -> None:
    card = the_whole_road(door_to_everything, everything, channel)
    shown = list(texts(card["blocks"], "mrkdwn"))
    assert MARK in " ".join(shown)
    assert harmless(shown)
    assert harmless([card["text"]])
    obeyed = " ".join([*shown, card["text"]])
    for command in ("<!", "<@U0MORGAN", "<https", "<script", ":tada:"):
        assert command not in OUR_TIMES.sub("", obeyed), command
    everything_shown = " ".join([obeyed, *texts(card["blocks"], "plain_text")])
    assert UNSEEN.search(everything_shown) is None
    assert all(text["verbatim"] for text in mrkdwn_objects(card["blocks"]))
    assert json.dumps(card["metadata"]["event_payload"]).count(MARK) == 0


def mrkdwn_objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value
        for inside in value.values():
            yield from mrkdwn_objects(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from mrkdwn_objects(inside)


def test_crm_and_marketing_hold_the_lead_as_one_record_of_plain_text(
    door_to_everything: httpx.Client, everything: Outside, team: Team, channel: str
) -> None:
    the_whole_road(door_to_everything, everything, channel)
    with reading() as session:
        lead = session.scalars(select(Lead)).one()
        links = {link.system: link for link in session.scalars(select(SystemLink))}
    assert {name: (link.problem, link.external_id is not None) for name, link in links.items()} == {
        "crm": (None, True),
        "marketing": (None, True),
    }
    in_crm = [one for one in everything.state("salesforce")["leads"].values() if one.get("Email") == EMAIL]
    assert len(in_crm) == 1
    assert lead.title is not None
    assert lead.title.startswith(in_crm[0]["Title"])  # Salesforce's fields are shorter than ours
    in_marketing = [one for one in records(everything.state("hubspot")) if one.get("email") == EMAIL]
    assert len(in_marketing) == 1
    for stored in (in_crm, in_marketing):
        assert UNSEEN.search(" ".join(str(value) for value in stored[0].values())) is None


def records(value: object) -> Iterator[dict[str, Any]]:
    """Every object anywhere in `value` that has an e-mail."""
    if isinstance(value, dict):
        if "email" in value:
            yield value
        for inside in value.values():
            yield from records(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from records(inside)


def test_events_jobs_and_lanes_hold_ids_and_codes_alone(
    door_to_everything: httpx.Client, everything: Outside, team: Team, channel: str, committed: Engine
) -> None:
    assert door_to_everything.post("/capture/website", json=HOSTILE).status_code == 202
    written: list[object] = []
    while waiting := jobs():
        written += [[job.name, job.args, job.key, job.lane, job.problem] for job in waiting]
        work_off(waiting[0].name)
    (card,) = everything.messages(channel)
    for user in (SAM, MORGAN, "U0DANASDR01", "U0GALEGST01"):
        everything.press(user, card, Press.ACCEPT)
    written += [[job.name, job.args, job.key, job.lane, job.problem] for job in jobs()]
    with Session(committed) as session:
        written += [event.data for event in session.scalars(select(LeadEvent))]
        written += [row.trace for row in session.scalars(select(Handoff))]
    whole = json.dumps(written, ensure_ascii=False)
    assert len(written) > 15
    for secret in (MARK, "evil", "@buyer", "Sam", "Morgan", "hooks.slack", "<"):
        assert secret not in whole, secret


def test_the_processes_log_ids_and_nothing_of_anybody(committed: Engine, tmp_path: Path) -> None:
    """Real processes at their most talkative, since what a library logs is not ours to read. Starting them takes seconds."""
    url = committed.url.render_as_string(hide_password=False)
    system = System(url, tmp_path)
    try:
        with transaction() as session:
            capturing.add_source(session, "website", hash_of(system.capture_key))
        system.start(lambda _step: None, pace=False, more={"LOG_LEVEL": "DEBUG", "SLACK_POST_SECONDS": "0"})
        with httpx.Client(base_url=system.sandbox_url, headers={"X-Sandbox": "page"}, trust_env=False) as page:
            outside = Outside(system.sandbox["environment"], page, system.sandbox_url)
            with pointed_at(outside, "SLACK_"):
                log_the_road(system, outside)
    finally:
        system.stop()
    logs = {
        path.name: path.read_text(errors="replace") for path in tmp_path.glob("*.log") if path.name != "sandbox.log"
    }
    assert set(logs) == {"web.log", "worker.log", "clock.log"}
    assert "click.refused" in logs["web.log"]
    assert "request.broke" in logs["web.log"]
    for name, log in logs.items():
        for secret in (MARK, "evil", EMAIL, "@buyer", "Sample", "sam.sample", "hooks", system.capture_key, "xoxb-"):
            assert secret not in log, f"{secret} in {name}"


def log_the_road(system: System, outside: Outside) -> None:
    """What goes right and what goes wrong, so that the lines of both are written."""
    channel = outside.new_channel()
    make_staff(channel)
    hostile = json.dumps(HOSTILE)
    with httpx.Client(base_url=system.url, trust_env=False) as client:
        for source, key, body, status in (
            ("website", system.capture_key, hostile, 202),
            ("website", system.capture_key, hostile[:-1], 400),
            ("website", system.capture_key, json.dumps({"email": f"{MARK} evil"}), 422),
            ("website", MARK, hostile, 401),
            (MARK, system.capture_key, hostile, 401),
        ):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"{MARK}-{status}"}
            assert client.post(f"/capture/{source}", content=body, headers=headers).status_code == status
    until(lambda: len(outside.messages(channel)) == 1)
    (card,) = outside.messages(channel)
    # Once it is accepted the card may be redrawn at any moment, and its button be gone: one press of each kind is enough.
    for user in ("U0GALEGST01", MORGAN):
        outside.press(user, card, Press.ACCEPT)
    until(lambda: any(message["ephemeral"] for message in outside.messages(channel, "U0GALEGST01")))
    with transaction() as session:
        # Records that break whoever reads them, with errors whose own texts would hold what stands there.
        lead = session.scalars(select(Lead)).one()
        lead.fields = {"first_name": {"value": MARK, "source": "form", "at": f"{MARK} is no time"}}
        session.execute(update(ScoreRow).values(ledger=[{"group": MARK}]))
        handoff_id = session.scalars(select(Handoff.id)).one()
        send(session, show_card(handoff_id, channel, Priority.CLICK))
    with httpx.Client(base_url=system.url, trust_env=False) as client:
        answer = client.post(
            "/capture/website", content=hostile, headers={"Authorization": f"Bearer {system.capture_key}"}
        )
        assert (answer.status_code, MARK in answer.text) == (500, False)
    until(lambda: "job.failed" in (system.logs / "worker.log").read_text())


def until(reached: Callable[[], bool]) -> None:
    """Look again and again until it is so: other processes are at work."""
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline, "the processes did not get there within 20 s"
        threading.Event().wait(0.05)
