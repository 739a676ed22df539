"""Uploads: from the announced name to a picture that blocks may show, and the address that takes the bytes."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from sandbox.slack import limits
from sandbox.slack.records import Upload
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.shapes import JSON

PICTURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}

router = APIRouter()


@dataclass
class Files:
    now: Callable[[], float]
    kept: dict[str, Upload] = field(default_factory=dict)

    def announce(self, name: str, length: int, alt: str) -> Upload:
        upload = Upload(f"F{secrets.token_hex(5).upper()}", secrets.token_urlsafe(24), name, length, alt)
        self.kept[upload.id] = upload
        if len(self.kept) > limits.FILES_KEPT:
            del self.kept[next(iter(self.kept))]
        return upload

    def at_key(self, key: str) -> Upload | None:
        return next((one for one in self.kept.values() if secrets.compare_digest(one.key, key)), None)

    def can_be_shown(self, slack_file: JSON) -> bool:
        """Whether a block may show it: a picture that was uploaded, completed, and looked at by Slack."""
        found = self.kept.get(slack_file.get("id", ""))
        if found is None or found.completed_at is None or picture_type(found) is None:
            return False
        return self.now() - found.completed_at >= limits.FILE_READY_SECONDS


def picture_type(upload: Upload) -> str | None:
    content = upload.content or b""
    return next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)


@router.post("/upload/v1/{key}")
async def take(key: str, request: Request) -> PlainTextResponse:
    """The bytes, as the whole body. Who has the address may use it, once; what is not as long as announced is refused."""
    files: Files = request.app.state.workspace.files
    upload = files.at_key(key)
    if upload is None or upload.content is not None:
        return PlainTextResponse("There is no such upload, or it has been used.", 404)
    content = await request.body()
    if len(content) != upload.length:
        return PlainTextResponse(f"{upload.length} bytes were announced, and {len(content)} came.", 400)
    upload.content = content
    return PlainTextResponse(f"OK - {len(content)}")


@router.get("/_api/files/{file_id}")
async def show(file_id: str, request: Request) -> Response:
    """The file, for our own page. A real Slack asks who is looking; here the page is one of everybody's. What is no picture
    may do nothing in the browser but be read.
    """
    files: Files = request.app.state.workspace.files
    upload = files.kept.get(file_id)
    if upload is None or upload.content is None:
        raise PageRefusal(404, "There is no such file.")
    kind = picture_type(upload)
    kept = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    if kind is not None:
        return Response(upload.content, media_type=kind, headers=kept)
    page = "text/html" if upload.name.endswith(".html") else "text/plain"
    return Response(upload.content, media_type=page, headers=kept | {"Content-Security-Policy": "sandbox"})
