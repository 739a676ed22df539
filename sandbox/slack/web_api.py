"""The door /api/<method>: who calls, with which arguments, how often; the methods themselves are beside this file."""

import json
import secrets
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from sandbox.slack import methods_chat, methods_conversations, methods_files, methods_people, methods_views, seed
from sandbox.slack.calls import Call, Method
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        *methods_chat.METHODS,
        *methods_conversations.METHODS,
        *methods_files.METHODS,
        *methods_people.METHODS,
        *methods_views.METHODS,
    )
}
POSTS = {"chat.postMessage", "chat.postEphemeral"}

router = APIRouter()


def workspace(request: Request) -> Workspace:
    found: Workspace = request.app.state.workspace
    return found


Space = Annotated[Workspace, Depends(workspace)]


@router.api_route("/api/{name}", methods=["GET", "POST"])
async def call(name: str, request: Request, space: Space) -> JSONResponse:
    try:
        method = known(name)
        args = arguments(method, request, await request.body())
        authenticate(request, args, space.credentials.bot_token)
        check_scope(space, method, args)
        if wait := seconds_to_wait(space, method, args):
            space.counts.limited[name] += 1
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": str(wait)})
        check_names(method, args)
        result = method.run(Call(space, name, args))
    except SlackRefusal as refusal:
        space.counts.errors[name if name in METHODS else "unknown"][refusal.code] += 1
        return JSONResponse(as_error(refusal), headers=scope_headers(space, name))
    space.counts.ok[name] += 1
    return JSONResponse({"ok": True, **result}, headers=scope_headers(space, name))


def scope_headers(space: Workspace, name: str) -> dict[str, str]:
    """What the token may do, and what this method asks for."""
    accepted = METHODS[name].scope if name in METHODS else ""
    return {"X-OAuth-Scopes": ",".join(sorted(space.scopes)), "X-Accepted-OAuth-Scopes": accepted.format("channels")}


def check_scope(space: Workspace, method: Method, args: JSON) -> None:
    """Raises SlackRefusal unless the token may do this; `{}` in a scope stands for the kind of conversation meant."""
    channel = str(args.get("channel", ""))
    kinds = conversation_types(args) if "types" in method.may else ["im" if channel.startswith("D") else "channels"]
    needed = dict.fromkeys(method.scope.format(kind) for kind in kinds)
    missing = [scope for scope in needed if scope and scope not in space.scopes]
    if missing:
        raise SlackRefusal("missing_scope", needed=missing[0], provided=",".join(sorted(space.scopes)))


def conversation_types(args: JSON) -> list[str]:
    asked = str(args.get("types") or "public_channel").replace(" ", "").split(",")
    words = {"public_channel": "channels", "private_channel": "groups", "mpim": "mpim", "im": "im"}
    return [words[one] for one in asked if one in words]


def known(name: str) -> Method:
    if name not in METHODS:
        raise SlackRefusal("unknown_method")
    return METHODS[name]


def as_error(refusal: SlackRefusal) -> JSON:
    error: JSON = {"ok": False, "error": refusal.code, **refusal.more}
    if refusal.messages:
        error["response_metadata"] = {"messages": refusal.messages}
    return error


def arguments(method: Method, request: Request, body: bytes) -> JSON:
    """The query of a GET, or a form or a JSON object of a POST; JSON is for methods that write, as at Slack."""
    if request.method == "GET":
        if not method.reads:
            raise SlackRefusal("invalid_post_type")
        return dict(request.query_params)
    if "token" in request.query_params:
        raise SlackRefusal("invalid_auth", ["[ERROR] a token does not belong into an address"])
    if not body:
        return {}  # Slack's own client calls an empty body JSON
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and not method.reads:
        return json_arguments(body)
    if kind in {"application/x-www-form-urlencoded", ""}:
        return form_arguments(body)
    raise SlackRefusal("invalid_post_type")


def json_arguments(body: bytes) -> JSON:
    try:
        given: Any = json.loads(body)
    except ValueError as broken:
        raise SlackRefusal("invalid_json") from broken
    if not isinstance(given, dict):
        raise SlackRefusal("json_not_object")
    return {name: value for name, value in given.items() if value is not None}


def form_arguments(body: bytes) -> JSON:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as broken:
        raise SlackRefusal("invalid_form_data") from broken


def authenticate(request: Request, args: JSON, token: str) -> None:
    in_form = args.pop("token", "") if request.method == "POST" else ""
    scheme, _, in_header = request.headers.get("authorization", "").partition(" ")
    given = in_header.strip() if scheme.lower() == "bearer" else in_form
    if not given:
        raise SlackRefusal("not_authed")
    if not secrets.compare_digest(str(given).encode(), token.encode()):
        raise SlackRefusal("invalid_auth")


def check_names(method: Method, args: JSON) -> None:
    if args.pop("team_id", seed.TEAM_ID) != seed.TEAM_ID:  # Bolt's client sends it with everything
        raise SlackRefusal("invalid_arguments", ["[ERROR] another workspace's team_id"])
    missing = [f"[ERROR] missing required field: {name}" for name in sorted(method.needs - args.keys())]
    unknown = [f"[ERROR] unknown argument: {name}" for name in sorted(args.keys() - method.needs - method.may)]
    if missing or unknown:
        raise SlackRefusal("invalid_arguments", missing + unknown)


def seconds_to_wait(space: Workspace, method: Method, args: JSON) -> int:
    if method.name in POSTS:
        return space.pace.post(method.name, str(args.get("channel")))
    return space.pace.call(method.name, method.per_minute) if method.per_minute else 0
