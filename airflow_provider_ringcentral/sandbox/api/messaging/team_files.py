"""Files of Team Messaging (`createGlipFileNew`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.messaging.sms import malformed
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_of, me
from airflow_provider_ringcentral.sandbox.api.messaging.team_posts import check_daily_cap, file_attachment, file_uri
from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import SharedFile

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer

MOST_BYTES = 30_000_000


def create_file(visit: Visit) -> Answer:
    """`createGlipFileNew`: a raw body or a form; with `groupId` the files are posted too. The answer is an array."""
    rooms, group = visit.state.desk.rooms, visit.one("groupId")
    chat = chat_of(visit, "groupId", given=group) if group is not None else None
    parts = _parts(visit)
    for part in parts:
        if part.blob.size == 0:
            raise bodies.invalid("body", detail="the file is empty")
        if part.blob.size > MOST_BYTES:
            raise bodies.refusal(413, "MSG-337", "Attachment is too large")
    if chat is not None:
        check_daily_cap(visit)
    files = []
    for part in parts:
        name = visit.one("name") or part.filename or "file"
        file = SharedFile(rooms.next_id(), name, part.content_type, part.blob)
        rooms.files[file.id] = file
        files.append(file)
    if chat is not None:
        attachments = [file_attachment(visit.state, file.id) for file in files]
        rooms.add_post(chat.id, me(visit), "", visit.state.now(), attachments=attachments)
    shown = [{"id": file.id, "contentUri": file_uri(visit.state, file.id), "name": file.name} for file in files]
    return visit.json(shown)


def _parts(visit: Visit) -> list[Part]:
    upload: Upload | None = visit.upload
    if upload is None:
        raise bodies.refusal(415, "CMN-104", "Content-Type is not supported")
    if upload.broken or not upload.parts:
        raise malformed()
    return upload.parts
