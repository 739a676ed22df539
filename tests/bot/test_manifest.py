"""The manifest of the Slack app, held to Slack's schema and to what our code asks of Slack."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from slack_sdk import WebClient

from bot.ids import Command
from bot.listening import HOME_OPENED
from bot.scopes import BOT_SCOPES, METHODS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "slack-manifest.yaml"
HELPERS = {"files_upload_v2": {"files.getUploadURLExternal", "files.completeUploadExternal"}}
"""Methods of Slack's client that call others."""


def manifest(door: str) -> dict[str, Any]:
    """As it stands (Socket Mode), or for HTTP as the file's head says to make it."""
    text = FILE.read_text("utf-8")
    if door == "http":
        text = text.replace("#http ", "").replace("socket_mode_enabled: true", "socket_mode_enabled: false")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@pytest.mark.parametrize("door", ["socket", "http"])
def test_slack_would_take_the_manifest(door: str, shared_folder: Path) -> None:
    schema = json.loads((shared_folder / "contracts/slack/manifest.schema.2.0.0.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, manifest(door))


def test_slacks_schema_refuses_what_is_no_manifest(shared_folder: Path) -> None:
    schema = json.loads((shared_folder / "contracts/slack/manifest.schema.2.0.0.json").read_text("utf-8"))
    broken = manifest("http")
    broken["features"]["slash_commands"][0]["command"] = "leadstats"
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, broken)


def test_the_manifest_has_the_commands_that_we_answer() -> None:
    assert {one["command"] for one in manifest("socket")["features"]["slash_commands"]} == set(Command)


def test_the_manifest_asks_for_the_scopes_that_our_methods_need_and_no_more() -> None:
    scopes = manifest("socket")["oauth_config"]["scopes"]
    assert (sorted(scopes["bot"]), list(scopes)) == (sorted(BOT_SCOPES), ["bot"])


def test_every_scope_is_explained() -> None:
    section = FILE.read_text("utf-8").split("    bot:\n")[1].split("settings:")[0]
    explained = False
    for line in section.splitlines():
        explained = "#" in line or (explained and line.strip().startswith("-"))
        assert explained, line


def test_every_method_that_we_call_has_its_scopes_written_down() -> None:
    called = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and re.fullmatch(r"[a-z]+_[A-Za-z0-9_]+", node.attr):
                called |= methods_of(node.attr)
    assert called - {"apps.connections.open"} == set(METHODS)


def methods_of(name: str) -> set[str]:
    """The Web API methods behind an attribute, if it is a method of Slack's client: `chat_postMessage` is chat.postMessage."""
    if name in HELPERS:
        return HELPERS[name]
    family = name.partition("_")[0]
    known = family in {"auth", "apps", "chat", "conversations", "files", "reactions", "users", "views", "team", "bots"}
    return {name.replace("_", ".")} if known and hasattr(WebClient, name) else set()


def test_the_manifest_listens_to_the_events_that_we_hear() -> None:
    assert manifest("socket")["settings"]["event_subscriptions"]["bot_events"] == [HOME_OPENED]


def test_over_http_everything_comes_to_our_one_address() -> None:
    said = manifest("http")
    settings = said["settings"]
    urls = {one["url"] for one in said["features"]["slash_commands"]}
    urls |= {settings["event_subscriptions"]["request_url"], settings["interactivity"]["request_url"]}
    urls.add(settings["interactivity"]["message_menu_options_url"])
    assert (urls, settings["socket_mode_enabled"]) == ({"https://handoff.example.com/slack/events"}, False)


def test_over_socket_mode_no_address_is_named() -> None:
    said = manifest("socket")
    assert "https://" not in json.dumps(said)
    assert said["settings"]["socket_mode_enabled"]
