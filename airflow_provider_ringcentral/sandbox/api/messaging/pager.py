"""Messages between extensions (`createInternalTextMessage`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.messaging.sms import text_attachment
from airflow_provider_ringcentral.sandbox.api.request_context import list_field, text_field
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import StatusChange
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.company import Extension

LONGEST_TEXT = 1024


def create_internal_text_message(context: RequestContext) -> ApiResponse:
    """`createInternalTextMessage`; a pager message is sent at once."""
    state, body = context.state, context.json_object()
    extension = context.own_extension()
    text = text_field(body, "text", LONGEST_TEXT)
    _check_sender(extension, body.get("from") or {})
    thread = _replied_to(context, extension, body)
    entries = list_field(body, "to", required=thread is None)
    found = [_recipient(context, entry) for entry in entries]
    to = [party(one) for one in found] if thread is None or found else _other_parties(thread, extension)
    now, mailbox = state.now(), state.messaging.mailbox
    message_id = mailbox.next_id()
    others = frozenset(str(one["extensionId"]) for one in to)
    message = Message(
        id=message_id,
        owner=extension.id,
        type="Pager",
        direction="Outbound",
        created=now,
        sender=party(extension),
        to=[Recipient(one, (StatusChange(now, "Sent"),)) for one in to],
        text=text,
        attachments=[text_attachment(message_id, text)],
        conversation=thread.conversation if thread else mailbox.conversation(extension.id, others),
        visible=now + state.options.milliseconds(state.options.message_lag),
        extra={"pgToDepartment": any(one.type == "Department" for one in found)},
    )
    mailbox.add(message)
    return context.json(message_record(state, message, now))


def party(extension: Extension) -> dict[str, Any]:
    """Return an extension as a party of a message."""
    return {"extensionNumber": extension.number, "extensionId": str(extension.id), "name": extension.name}


def _check_sender(extension: Extension, sender: dict[str, Any]) -> None:
    number, extension_id = sender.get("extensionNumber"), sender.get("extensionId")
    if number is not None and str(number) != extension.number:
        detail = "Sender extension number does not correspond to logged in extension"
        raise responses.invalid_parameter("from", str(number), code="MSG-331", detail=detail)
    if extension_id is not None and str(extension_id) != str(extension.id):
        detail = "Sender extension id does not correspond to logged in extension"
        raise responses.invalid_parameter("from", str(extension_id), code="MSG-332", detail=detail)


def _replied_to(context: RequestContext, extension: Extension, body: dict[str, Any]) -> Message | None:
    if body.get("replyOn") is None:
        return None
    found = context.state.messaging.mailbox.find(extension.id, str(body["replyOn"]))
    if found is None or found.type != "Pager":
        raise responses.not_found("replyOn", str(body["replyOn"]))
    return found


def _other_parties(thread: Message, extension: Extension) -> list[dict[str, Any]]:
    parties = [thread.sender, *(recipient.party for recipient in thread.to)]
    return [one for one in parties if one["extensionId"] != str(extension.id)]


def _recipient(context: RequestContext, entry: dict[str, Any]) -> Extension:
    extension_id, number = entry.get("extensionId"), entry.get("extensionNumber")
    if extension_id is None and number is None:
        raise responses.missing_parameter("to.extensionNumber")
    if extension_id is not None:
        found = context.state.company.find(str(extension_id))
    else:
        found = next((one for one in context.state.company.extensions if one.number == str(number)), None)
    if found is None:
        shown = str(extension_id or number)
        raise responses.invalid_parameter("to", shown, code="MSG-316", detail="Target extension not found")
    if number is not None and found.number != str(number):
        raise responses.api_error(
            400, "MSG-335", "Recipient extension number does not correspond to ID", parameter="to"
        )
    user = context.state.identity.users.get(found.id)
    if user is not None and user.status != "Enabled":
        raise responses.api_error(400, "MSG-324", "Extension is of unappropriate state", parameter="to")
    return found
