"""The address in `response_url`: an answer without a token, five times within thirty minutes."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.slack import limits
from sandbox.slack.blocks import checked_blocks
from sandbox.slack.interactions import show_answer
from sandbox.slack.records import ResponseUrl
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace
from sandbox.slack.web_api import Space

FIELDS = {
    "text",
    "blocks",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "metadata",
    "unfurl_links",
    "unfurl_media",
}

router = APIRouter()


@router.post("/hooks/actions/{_team}/{key}")
async def respond(_team: str, key: str, request: Request, space: Space) -> JSONResponse:
    try:
        place = usable(space, key)
        answer(space, place, read(await request.body()))
    except SlackRefusal as refusal:
        space.counts.errors["response_url"][refusal.code] += 1
        return JSONResponse({"ok": False, "error": refusal.code}, 404 if refusal.code in GONE else 400)
    place.uses += 1
    space.counts.ok["response_url"] += 1
    return JSONResponse({"ok": True})


GONE = {"used_url", "expired_url", "no_such_url"}


def usable(space: Workspace, key: str) -> ResponseUrl:
    place = space.response_urls.get(key)
    if place is None:
        raise SlackRefusal("no_such_url")
    if space.now() - place.born > limits.RESPONSE_URL_SECONDS:
        raise SlackRefusal("expired_url")
    if place.uses >= limits.RESPONSE_URL_USES:
        raise SlackRefusal("used_url")
    return place


def read(body: bytes) -> JSON:
    try:
        said: Any = json.loads(body)
    except ValueError as broken:
        raise SlackRefusal("invalid_payload") from broken
    if not isinstance(said, dict) or not said.keys() <= FIELDS:
        raise SlackRefusal("invalid_payload")
    return said


def answer(space: Workspace, place: ResponseUrl, said: JSON) -> None:
    original = place.original
    if original and said.get("delete_original"):
        space.delete(original)
    elif original and said.get("replace_original"):
        blocks = checked_blocks(said.get("blocks") or [], space.files.can_be_shown)
        text = said.get("text")
        if not isinstance(text, str) or not text.strip():
            raise SlackRefusal("no_text")
        space.change(original, text=text, blocks=blocks, metadata=None)
    else:
        thread_ts = original.thread_ts if original else None
        show_answer(space, place.user, space.channels[place.channel], said, thread_ts=thread_ts)
