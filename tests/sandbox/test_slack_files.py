"""Pictures that the app uploads, with Slack's own client."""

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import EMEA, SAM, Sandbox

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"


def upload(sandbox: Sandbox, content: bytes = PNG) -> str:
    answer = sandbox.client.files_upload_v2(content=content, filename="funnel.png", title="The funnel")
    return str(answer["file"]["id"])


def picture(file_id: str) -> dict[str, object]:
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": "The funnel of 30 days"}


def show(sandbox: Sandbox, file_id: str) -> None:
    sandbox.client.chat_postMessage(channel=EMEA, text="the funnel", blocks=[picture(file_id)])


def test_a_picture_that_was_uploaded_can_be_shown_a_moment_later(calm_sandbox: Sandbox) -> None:
    file_id = upload(calm_sandbox)
    with pytest.raises(SlackApiError, match="invalid slack file"):
        show(calm_sandbox, file_id)
    calm_sandbox.clock.moved += 0.5
    show(calm_sandbox, file_id)
    calm_sandbox.client.chat_postEphemeral(channel=EMEA, user=SAM, text="t", blocks=[picture(file_id)])
    calm_sandbox.client.views_publish(user_id=SAM, view={"type": "home", "blocks": [picture(file_id)]})
    seen = calm_sandbox.page.get(f"/_api/files/{file_id}")
    assert (seen.headers["content-type"], seen.content) == ("image/png", PNG)


def test_bytes_that_are_not_as_many_as_announced_are_refused(calm_sandbox: Sandbox) -> None:
    told = calm_sandbox.client.files_getUploadURLExternal(filename="funnel.png", length=len(PNG))
    assert httpx.post(str(told["upload_url"]), content=PNG + b"!").status_code == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        calm_sandbox.client.files_completeUploadExternal(files=[{"id": told["file_id"]}])
    assert httpx.post(str(told["upload_url"]), content=PNG).text == f"OK - {len(PNG)}"
    assert httpx.post(str(told["upload_url"]), content=PNG).status_code == 404
    assert httpx.post(f"{calm_sandbox.url}/upload/v1/guessed", content=PNG).status_code == 404


def test_a_file_that_was_not_completed_cannot_be_shown(calm_sandbox: Sandbox) -> None:
    told = calm_sandbox.client.files_getUploadURLExternal(filename="funnel.png", length=len(PNG))
    httpx.post(str(told["upload_url"]), content=PNG).raise_for_status()
    calm_sandbox.clock.moved += 5
    with pytest.raises(SlackApiError, match="invalid slack file"):
        show(calm_sandbox, told["file_id"])
    assert calm_sandbox.page.get("/_api/files/F0UNKNOWN01").status_code == 404


@pytest.mark.parametrize("file_id", ["F0UNKNOWN01", "unknown"])
def test_a_file_that_nobody_uploaded_cannot_be_shown(calm_sandbox: Sandbox, file_id: str) -> None:
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        show(calm_sandbox, file_id)
    with pytest.raises(SlackApiError, match="file_not_found"):
        calm_sandbox.client.files_completeUploadExternal(files=[{"id": file_id}])


def test_what_is_no_picture_is_no_picture_block(calm_sandbox: Sandbox) -> None:
    file_id = upload(calm_sandbox, b"<script>alert(1)</script>")
    calm_sandbox.clock.moved += 5
    with pytest.raises(SlackApiError, match="invalid slack file"):
        show(calm_sandbox, file_id)
    seen = calm_sandbox.page.get(f"/_api/files/{file_id}")
    assert seen.headers["content-type"].startswith("text/plain")
    assert (seen.headers["content-security-policy"], seen.headers["x-content-type-options"]) == ("sandbox", "nosniff")


def test_files_are_shared_in_one_message_in_a_channel_or_its_thread(calm_sandbox: Sandbox) -> None:
    client = calm_sandbox.client
    parent = str(client.chat_postMessage(channel=EMEA, text="the month")["ts"])
    files = [{"filename": "a.png", "content": PNG}, {"filename": "b.html", "content": b"<p>The pack</p>"}]
    client.files_upload_v2(file_uploads=files, channel=EMEA, thread_ts=parent, initial_comment="both")
    reply = client.conversations_replies(channel=EMEA, ts=parent)["messages"][-1]
    assert (reply["text"], [one["name"] for one in reply["files"]]) == ("both", ["a.png", "b.html"])
    html = calm_sandbox.page.get(f"/_api/files/{reply['files'][1]['id']}")
    assert html.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("channel", "refusal"), [(SAM, "invalid_arguments"), ("C0NOSUCH001", "channel_not_found")])
def test_files_are_shared_in_conversations_that_there_are(calm_sandbox: Sandbox, channel: str, refusal: str) -> None:
    with pytest.raises(SlackApiError, match=refusal):
        calm_sandbox.client.files_upload_v2(content=PNG, filename="funnel.png", channel=channel)
