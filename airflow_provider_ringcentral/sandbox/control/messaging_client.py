"""Controlling messages over the sandbox's port."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.sandbox.control.control_port import ControlPort


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
        request itself fail with that code. A fax takes its faxErrorCode; with RingOut the status is how a phone ends:
        Busy, NoAnswer, Rejected, NoAnsweringMachine (Queued: it rings for ever).
        """
        self._call("POST", "/outcomes", number=number, **outcome)

    def opt_out(self, *numbers: str, out: bool = True, sender: str | None = None) -> None:
        """Opts recipients out (or in): a text to them is accepted and fails later with SMS-RC-413.

        It holds for texts from every number of the company, or from `sender`.
        """
        self._call("POST", "/opt-outs", numbers=list(numbers), out=out, sender=sender)

    def batches(self, *, messages: bool = True) -> list[dict[str, Any]]:
        """All A2P batches at the server, oldest first: the truth for tests.

        Each has id, from, size (of what was accepted), processed, status, created, rejected (as the POST told them),
        and messages (id, to, text, status, code) unless these are not wanted.
        """
        return list(self._call("GET", "/batches", messages=messages))

    def calls_placed(self) -> list[dict[str, Any]]:
        """All calls that RingOut placed, oldest first, also those nobody can ask for any more: the truth for tests.

        Each has id, user, from, to, caller_id, prompt, created, cancelled, callStatus, callerStatus, calleeStatus.
        """
        return list(self._call("GET", "/rings"))

    def posts(self, chat: str | None = None) -> list[dict[str, Any]]:
        """All posts at the server, or those of a chat, oldest first: the truth for tests.

        Each has id, chat, creator (extension id), text, created, modified, attachments (id, type; of a file name, size,
        sha256; of a card the card), and what a webhook gave: activity, title, iconUri.
        """
        return list(self._call("GET", "/posts", **({} if chat is None else {"chat": chat})))

    def add_post(self, chat: str, text: str, creator: int | None = None) -> dict[str, Any]:
        """Lets a colleague (or the extension `creator`) write into a chat."""
        return dict(self._call("POST", "/posts", chat=chat, text=text, creator=creator))

    def files(self) -> list[dict[str, Any]]:
        """All files that were uploaded: id, name, content_type, size, sha256."""
        return list(self._call("GET", "/files"))

    def chats(self) -> list[dict[str, Any]]:
        """All chats of the company, as the API shows them."""
        return list(self._call("GET", "/chats"))

    def add_chat(self, **fields: Any) -> dict[str, Any]:
        """Makes a chat: type (Team), name, description, public, status, members (extension ids)."""
        return dict(self._call("POST", "/chats", **fields))

    def add_webhook(self, chat: str | None = None, status: str = "Active") -> str:
        """Makes an incoming webhook of a chat (the first team unless told otherwise); its URL."""
        return str(self._call("POST", "/webhooks", chat=chat, status=status)["uri"])

    def webhook_posts(self) -> list[dict[str, Any]]:
        """What incoming webhooks accepted, oldest first: webhook (id), chat, path, time, body."""
        return list(self._call("GET", "/webhook-posts"))
