"""Controlling messages over the sandbox's port."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.sandbox.control_port import ControlPort


class MessagingControl(ControlPort):
    """The part of `SandboxControl` that is about messages."""

    def messages(self, **filters: Any) -> list[dict[str, Any]]:
        """All messages at the server, oldest first, whether lists show them or not: the truth for tests.

        Filters, which must all be equal: id, extension, type, direction, from (write `**{"from": …}`), to, text,
        status, availability, conversation. Each has these and code, recipients (number, status, code), attachments
        (id, type, filename, content_type, size, sha256), read, created, modified (ISO) and extra.
        """
        return list(self._call("GET", "/messages", **filters))

    def receive_message(
        self,
        type: str = "SMS",  # noqa: A002 - as RingCentral names it
        *,
        from_number: str | None = None,
        text: str = "",
        **fields: Any,
    ) -> dict[str, Any]:
        """Lets an SMS, VoiceMail, Fax or Pager message arrive; what `messages` says of it.

        Fields: to, extension (id), created (ISO), after_seconds, duration (s, of a voicemail), pages (of a fax), media.
        The text of a voicemail is its transcription. `from_number` is an extension's number for a pager message.
        """
        return dict(self._call("POST", "/messages", type=type, text=text, **{"from": from_number}, **fields))

    def change_message(self, message_id: int, status: str, code: str | None = None) -> dict[str, Any]:
        """Gives a message a status now; it keeps that."""
        return dict(self._call("PATCH", "/messages", id=message_id, status=status, code=code))

    def number_outcome(self, number: str, **outcome: Any) -> None:
        """Chooses what becomes of messages to a number from now on.

        `status` is where it ends: Delivered, Sent or Queued (for ever), SendingFailed, DeliveryFailed, or any word;
        `code`, such as SMS-CAR-413 (or LineBusy for a fax); `after_seconds` (scaled). `refuse="MSG-243"` makes the
        request itself fail with that code.
        """
        self._call("POST", "/outcomes", number=number, **outcome)

    def opt_out(self, *numbers: str, out: bool = True) -> None:
        """Opts recipients out (or in): a text to them is accepted and fails later with SMS-RC-413."""
        self._call("POST", "/opt-outs", numbers=list(numbers), out=out)
