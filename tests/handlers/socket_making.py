"""Our web process with Socket Mode instead of an address that Slack knows."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from handlers import web
from sandbox.story_world import until
from tests.handlers.making import Outside, pointed_at


@contextmanager
def settings_for_socket_mode(outside: Outside) -> Iterator[None]:
    """An app-level token, and no signing secret."""
    kept = {name: value for name, value in outside.environment.items() if name != "SLACK_SIGNING_SECRET"}
    token = outside.more["SLACK_APP_TOKEN"]
    with pointed_at(Outside(kept | {"SLACK_APP_TOKEN": token}, outside.page, outside.url), "SLACK_"):
        yield


def connections(outside: Outside) -> int:
    return int(outside.page.get("/_api/sockets").raise_for_status().json()["connections"])


@contextmanager
def served_by_socket(outside: Outside) -> Iterator[str]:
    """Our web process as `handoff web` serves it, with a connection to the sandbox instead of an address that it knows."""
    was = outside.page.get("/_api/workspace").json()["app_url"]
    outside.page.post("/_api/app", json={"url": None}).raise_for_status()
    listener = socket.create_server(("127.0.0.1", 0))
    with settings_for_socket_mode(outside):
        server = uvicorn.Server(uvicorn.Config(web.make_web(), log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until("a connection", lambda: connections(outside) == 1)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(15)
            listener.close()
            outside.page.post("/_api/app", json={"url": was}).raise_for_status()
    assert not thread.is_alive()
    until("the end of the connection", lambda: connections(outside) == 0)
