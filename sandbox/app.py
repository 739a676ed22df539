"""The process that stands in for the whole outside: Slack with its page, and the twins of the other systems."""

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from sandbox.guard import Guard
from sandbox.slack import files, page_api, page_workspace, response_urls, seed, socket_mode, web_api
from sandbox.slack.delivery import Delivery
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.state import Workspace
from sandbox.twins import Twin, faults_router

STATIC = Path(__file__).parent / "static"

pages = APIRouter(include_in_schema=False)


@pages.get("/")
def index() -> FileResponse:
    return FileResponse(STATIC / "index.html")


@pages.get("/archives/{channel}/p{digits}")
def permalink(channel: str, digits: str) -> RedirectResponse:
    return RedirectResponse(f"/#in={quote(channel)}&at={quote(digits[:-6])}.{quote(digits[-6:])}")


@pages.get("/outside")
def outside() -> FileResponse:
    return FileResponse(STATIC / "outside.html")


@pages.get("/_api/received")
async def received(request: Request) -> dict[str, list[Any]]:
    return {twin.name: list(twin.received) for twin in request.app.state.twins}


@pages.get("/_api/received/{system}")
async def received_by(
    system: str, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, list[Any]]:
    for twin in request.app.state.twins:
        if twin.name == system:
            return {system: list(twin.received)[-limit:]}
    raise PageRefusal(404, f"There is no system {system}.")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.delivery = Delivery(app.state.workspace)
    with ExitStack() as opened:
        for twin in app.state.twins:
            opened.callback(twin.close)
            twin.open()
        yield
    await app.state.delivery.close()


def create_app(space: Workspace, twins: Sequence[Twin]) -> FastAPI:
    app = FastAPI(title="Sandbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.workspace = space
    app.state.twins = twins
    app.state.paces = [space.pace, *(twin.pace for twin in twins)]
    for pace in app.state.paces:
        pace.on = space.pace.on
    app.add_middleware(Guard)
    app.add_exception_handler(PageRefusal, page_api.refused)
    # Before the Web API, which knows every other method and one door less.
    app.include_router(socket_mode.router)
    for router in (web_api.router, files.router, response_urls.router, page_api.router, page_workspace.router, pages):
        app.include_router(router)
    for twin in twins:
        app.include_router(twin.router)
    app.include_router(faults_router(twins))
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False))
    return app


def description(space: Workspace, twins: Sequence[Twin]) -> dict[str, Any]:
    """What whoever started the sandbox needs to know: credentials, people, channels."""
    environment = {
        "SLACK_BOT_TOKEN": space.credentials.bot_token,
        "SLACK_SIGNING_SECRET": space.credentials.signing_secret,
        "SLACK_TEAM_ID": seed.TEAM_ID,
        "SLACK_API_URL": f"{space.base_url}/api/",
    }
    # Who sets it gets everything over Socket Mode; without it, over HTTP.
    others: dict[str, str] = {"SLACK_APP_TOKEN": space.credentials.app_token}
    for twin in twins:
        (environment if twin.in_demo else others).update(twin.credentials(space.base_url))
    return {
        "base_url": space.base_url,
        "environment": environment,
        "more_environment": others,
        "people": [
            {"slack_user_id": person.id, "name": person.real_name, "email": person.email, "role": person.role}
            for person in space.people.values()
            if not person.is_bot
        ],
        "channels": [
            {"id": channel.id, "name": channel.name} for channel in space.channels.values() if not channel.is_im
        ],
    }
