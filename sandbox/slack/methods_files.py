"""files.*: the two calls around an upload, the second of which may share it into a channel or a thread."""

from typing import Any

from sandbox.slack import limits, seed
from sandbox.slack.calls import Call, method
from sandbox.slack.methods_chat import thread, writable
from sandbox.slack.records import Upload
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON


def get_upload_url(call: Call) -> JSON:
    name = call.text("filename")
    if not name.strip():
        raise call.bad("filename", "must not be empty")
    upload = call.space.files.announce(name, call.number("length", 0, limits.FILE_BYTES), call.text("alt_txt"))
    return {"upload_url": f"{call.space.base_url}/upload/v1/{upload.key}", "file_id": upload.id}


def complete_upload(call: Call) -> JSON:
    given: Any = call.structure("files", "invalid_arguments")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) and "id" in one for one in given):
        raise call.bad("files", "must be an array of files with an id")
    uploads = [uploaded(call, one) for one in given]
    for upload, one in zip(uploads, given, strict=True):
        upload.title = str(one.get("title") or upload.name)
        upload.completed_at = call.space.now()
    files = [file_to_app(call, upload) for upload in uploads]
    if call.text("channel_id"):
        share(call, files)
    return {"files": files}


def share(call: Call, files: list[JSON]) -> None:
    """As a message of the app's, in an id of a channel or of direct messages: a person's id is refused."""
    if not call.text("channel_id").startswith(("C", "G", "D")):
        raise call.bad("channel_id", "must be the id of a conversation")
    channel = writable(call, "channel_id")
    call.space.post(channel, call.text("initial_comment"), [], thread_ts=thread(call, channel), files=files)


def uploaded(call: Call, given: JSON) -> Upload:
    found = call.space.files.kept.get(str(given["id"]))
    if found is None or found.content is None or found.completed_at is not None:
        raise SlackRefusal("file_not_found")
    return found


def file_to_app(call: Call, upload: Upload) -> JSON:
    """What is known at once: Slack fills in the kind of file a moment later."""
    private = f"{call.space.base_url}/files/{seed.TEAM_ID}/{upload.id}"
    return {"id": upload.id, "title": upload.title, "name": upload.name, "mimetype": "", "url_private": private}


METHODS = (
    method(
        "files.getUploadURLExternal",
        get_upload_url,
        needs="filename length",
        may="alt_txt snippet_type",
        scope="files:write",
        per_minute=limits.TIER_4,
    ),
    method(
        "files.completeUploadExternal",
        complete_upload,
        needs="files",
        may="channel_id initial_comment thread_ts",
        scope="files:write",
        per_minute=limits.TIER_4,
    ),
)
