"""A post in a chat of Team Messaging."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import as_text, is_digits, parse_id
from airflow_provider_ringcentral.client.answer import decoded, objects
from airflow_provider_ringcentral.client.endpoints import CREATE_FILE, CREATE_POST, UPDATE_POST
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.http.request_body import FormPart, MultipartBody
from airflow_provider_ringcentral.sending.channels.attachment import FileAttachment, size_of
from airflow_provider_ringcentral.sending.channels.team_messaging.chats import own_posts
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post, resolve
from airflow_provider_ringcentral.sending.text import same_text

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

MOST_UNITS = 10_000
MOST_FILES = 25
MOST_BYTES = 30_000_000
"""Of one file (operationId createGlipFileNew)."""

FILE = "File"


@dataclass(frozen=True)
class TeamPost(Message["RingCentralClient"]):
    """A text, which may be empty, with files, to the chat with the id `chat`.

    Source: operationId createGlipPostNew, app scope TeamMessaging; 40 requests a minute, 2,500 posts a day. Files are
    uploaded before (createGlipFileNew, 10 a minute); nobody sees a file that no post attaches.
    """

    chat: str
    text: str
    files: tuple[FileAttachment, ...] | Callable[[], tuple[FileAttachment, ...]] = ()

    channel: ClassVar[str] = "post"

    @property
    def key(self) -> str:
        """A digest of the chat."""
        return digest(self.channel, self.chat)

    @property
    def content(self) -> str:
        """A digest of chat, text and number of files."""
        return _content(self.chat, self.text, len(resolve(self.files)))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Upload each file, then send the post."""
        body: dict[str, Any] = {"text": self.text} if self.text else {}
        if files := resolve(self.files):
            body["attachments"] = [{"id": upload(client, file), "type": FILE} for file in files]
        return post(client, CREATE_POST.at(chatId=self.chat), observer, json=body)

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterable[Record]:
        """List what the user posted in the chat since `start`."""
        return own_posts(client, self.chat, start)

    def content_of(self, record: Record) -> str | None:
        """Compute the digest of a post."""
        attached = sum(one.get("type") == FILE for one in objects(record.get("attachments")))
        return _content(self.chat, record.get("text"), attached)


def upload(client: RingCentralClient, file: FileAttachment) -> str:
    """Upload a file without posting it; return its id. If the answer is lost, it is uploaded again."""
    body = MultipartBody([FormPart("body", file.size, file.chunks, file.name, file.content_type)])
    answer = decoded(
        client.raw_json(
            "POST",
            CREATE_FILE.at(),
            params={"name": file.name},
            data=body,
            headers={"Content-Type": body.content_type},
            repeatable=True,
        )
    )
    found = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(found, dict) or not found.get("id"):
        raise Unavailable("the answer to an upload has no id of a file")
    return str(found["id"])


def change_post(client: RingCentralClient, chat: str, post_id: Any, text: str) -> Record:
    """Change the text of an earlier post of the user; return its record. Source: operationId patchGlipPostNew."""
    post_id = parse_id("update_post_id", post_id, "give the id that the task that posted it returned")
    record = client.request_json("PATCH", UPDATE_POST.at(chatId=chat, postId=post_id), json={"text": text})
    return record if isinstance(record, dict) else {}


def post_files(paths: Sequence[UPath]) -> tuple[FileAttachment, ...]:
    """Validate the files at `paths`, before any is read. Raises `BadArgument` that names the file."""
    if len(paths) > MOST_FILES:
        raise BadArgument(f"files has {len(paths)} files, and a post takes at most {MOST_FILES}.", parameter="files")
    files = tuple(FileAttachment(path.name, _type_of(path.name), size_of(path), path) for path in paths)
    for file in files:
        if file.size > MOST_BYTES:
            raise BadArgument(
                f"the file {file.name} has {file.size} bytes; the limit is {MOST_BYTES}. Shrink it, or post a link.",
                parameter="files",
            )
    return files


def mention(name: str, value: Any, chat: str) -> str:
    """Return the text that mentions a person (by id), or everybody in the chat (by the word `team`)."""
    word = as_text(value)
    if word.lower() == "team":
        return f"![:Team]({chat})"
    if not is_digits(word):
        raise BadArgument(f"{name} is neither the id of a person (digits) nor the word 'team'.", parameter="mentions")
    return f"![:Person]({word})"


def _type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _content(chat: str, text: Any, files: int) -> str:
    return digest(chat, same_text(text), files)
