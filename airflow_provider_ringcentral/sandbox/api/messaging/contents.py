"""The bytes of attachments (`readMessageContent`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api import media
from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.messaging.message_store import find

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer


def read_message_content(visit: Visit) -> Answer:
    """`readMessageContent`."""
    message, wanted = find(visit, visit.ids["messageId"]), visit.ids["attachmentId"]
    found = next((attachment for attachment in message.attachments if str(attachment.id) == wanted), None)
    if found is None:
        raise bodies.not_found("attachmentId", wanted)
    return media.serve(visit, found.blob, found.content_type, found.filename or wanted)
