"""The HTTP door: captures, Slack, health, metrics. Every request is limited in size and authenticated before it is kept."""

import secrets
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated

import structlog
from anyio import to_thread
from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from slack_bolt import App
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.listening import dispatch, make_app
from bot.settings import slack_settings
from domain.rules.refusal import Refusal
from handlers import capture, hubspot_door, moments, salesforce_door, socket_mode
from handlers.heart import beating
from handlers.jobs import reading
from handlers.problems import Problem, problem
from handlers.slack_door import SlackDoor
from kit.log import where_it_broke
from kit.settings import settings

log = structlog.get_logger()

turned_away = Counter("handoff_turned_away_total", "Requests that were not let in", ["door", "status"])


async def limited_body(request: Request) -> bytes:
    """The raw body, read no further than the limit."""
    limit = settings().body_limit
    declared = request.headers.get("content-length", "0")
    body = bytearray()
    if not declared.isdecimal() or int(declared) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    turned_away.labels(request.url.path.split("/")[1], "413").inc()
    raise Problem(413, "too_large", f"A request may have at most {limit // 1024} KB.")


Body = Annotated[bytes, Depends(limited_body)]


def make_web(*, heart: bool = False) -> FastAPI:
    """The web application of one process. While it is served, it keeps Slack's other door open as well, if there is one; with a
    `heart` it says that it lives.
    """
    web = FastAPI(title="Handoff", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_while_served)
    slack = slack_settings()
    listening = make_app(SlackDoor()) if slack.configured and moments else None
    web.state.slack = listening if slack.signed else None
    web.state.heart = heart
    web.state.slack_by_socket = listening if slack.by_socket else None
    web.add_exception_handler(Problem, _answer_problem)
    web.add_exception_handler(Refusal, _answer_refusal)
    web.add_exception_handler(HTTPException, _answer_http)
    web.add_exception_handler(RequestValidationError, _answer_bad_address)
    web.add_middleware(Breakages)
    web.post("/capture/{source}")(_capture)
    web.get("/capture/{source}/{arrival_id}")(_captured)
    web.post("/slack/events")(_slack)
    web.post("/webhooks/salesforce")(_salesforce)
    web.post("/webhooks/hubspot")(_hubspot)
    web.get("/healthz")(_health)
    web.get("/metrics")(_metrics)
    return web


AT_ONCE = 8
"""Requests that are answered side by side; the others wait their turn. With the 40 threads that come with the framework they
fight for one interpreter: at 200 clicks a second p99 was 610 ms, with 8 it is 13 ms (`benchmarks.ack`).
"""


@asynccontextmanager
async def _while_served(web: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = AT_ONCE
    with ExitStack() as held:
        if web.state.heart:
            held.enter_context(beating("web"))
        if web.state.slack_by_socket is not None:
            held.enter_context(socket_mode.connected(web.state.slack_by_socket))
        yield
        # It may take seconds: clicks under way are answered first.
        await run_in_threadpool(held.close)


def _capture(source: str, request: Request, body: Body) -> JSONResponse:
    try:
        answer = capture.capture(
            source, request.headers.get("authorization", ""), request.headers.get("idempotency-key"), body
        )
    except Problem as refused:
        if refused.status == 401:
            turned_away.labels("capture", "401").inc()
        raise
    return JSONResponse(answer.body, status_code=answer.status)


ArrivalId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def _captured(source: str, arrival_id: ArrivalId, request: Request) -> JSONResponse:
    return JSONResponse(capture.what_became_of(source, request.headers.get("authorization", ""), arrival_id))


def _slack(request: Request, body: Body) -> Response:
    """Bolt verifies the signature; this route runs in the thread pool, so that it never holds up the event loop."""
    app: App | None = request.app.state.slack
    if app is None:
        raise Problem(503, "slack_not_set_up", "SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_TEAM_ID are not set.")
    answer = dispatch(app, body, request.headers)
    if answer.status == 401:
        turned_away.labels("slack", "401").inc()
    headers = {name: value[0] for name, value in answer.headers.items() if name.lower() != "content-length"}
    return Response(answer.body, status_code=answer.status, headers=headers)


def _salesforce(request: Request, body: Body) -> Response:
    """The header is a Flow's; an outbound message can only send what stands in its address."""
    secret = request.headers.get("x-handoff-secret") or request.query_params.get("secret", "")
    try:
        xml = salesforce_door.receive(secret, body)
    except Problem as refused:
        if refused.status == 401:
            turned_away.labels("salesforce", "401").inc()
        raise
    return JSONResponse({"ok": True}) if xml is None else Response(xml, media_type="text/xml")


def _hubspot(request: Request, body: Body) -> Response:
    signed, at = (request.headers.get(f"x-hubspot-{name}", "") for name in ("signature-v3", "request-timestamp"))
    try:
        hubspot_door.receive(body, signed, at)
    except Problem as refused:
        if refused.status == 401:
            turned_away.labels("hubspot", "401").inc()
        raise
    return JSONResponse({"ok": True})


def _health() -> JSONResponse:
    """200 while the database answers."""
    try:
        with reading() as session:
            session.execute(text("select 1"))
    except SQLAlchemyError:
        return JSONResponse({"ok": False, "database": "gone"}, status_code=503)
    return JSONResponse({"ok": True})


def _metrics(request: Request) -> Response:
    token = settings().metrics_token
    wanted = f"Bearer {token.get_secret_value()}" if token else secrets.token_hex()
    if not compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
        raise Problem(401 if token else 404, "no_metrics", "Metrics need METRICS_TOKEN, sent as a bearer token.")
    return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _answer_problem(_request: Request, error: Exception) -> Response:
    return error.answer() if isinstance(error, Problem) else problem(500, "broken", "Something broke on our side.")


def _answer_refusal(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        return problem(500, "broken", "Something broke on our side.")
    return problem(error.status, error.key, error.sentence({}))


def _answer_http(_request: Request, error: Exception) -> Response:
    """What the framework says itself: no such page, no such method."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    name = HTTPStatus(status)
    answer = problem(status, name.name.lower(), f"{name.description or 'That cannot be done'}.")
    answer.headers.update(headers or {})
    return answer


def _answer_bad_address(_request: Request, _error: Exception) -> Response:
    return problem(404, "not_found", "There is nothing at this address.")


class Breakages:
    """Answers for what broke unexpectedly. The framework's own way would hand the error on to the server, which prints its text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001  (the last stop before the server)
            trace = secrets.token_hex(4)
            log.error("request.broke", trace=trace, error=where_it_broke(error))  # noqa: TRY400  (its text may hold people)
            if begun:
                return
            if isinstance(error, OperationalError):
                busy = problem(503, "database_busy", "The database does not answer. Nothing was kept: send it again.")
                busy.headers["Retry-After"] = "2"
                await busy(scope, receive, send)
                return
            sentence = f"Something broke on our side. Quote the number {trace} to your admin."
            await problem(500, "broken", sentence)(scope, receive, send)
