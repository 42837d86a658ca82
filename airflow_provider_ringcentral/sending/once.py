"""send_once: one message for one order, whatever happens on the way. The contract is in the room's docstring."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.client.remedies import DAG_AUTHOR, Remedy
from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.sending.draft import Draft, Record, Sent
from airflow_provider_ringcentral.sending.look import Look
from airflow_provider_ringcentral.sending.notebook import Entry, Notebook

C = TypeVar("C")
log = logging.getLogger(__name__)

ON_UNKNOWN = ("look", "resend", "fail")
ON_RERUN = ("send", "skip")
MOST_SENDS = 2
LOOK_BACK_SECONDS = 6 * 24 * 3600.0
"""Older than this, claims may be forgotten, so that a message found might be another's."""


def send_once(
    client: C,
    draft: Draft[C],
    notebook: Notebook,
    *,
    on_unknown: str = "look",
    on_rerun: str = "send",
    settling: float | None = None,
) -> Sent:
    """Send `draft` through `client` unless this order of the task has already sent it; what it is at the server.

    `settling` is in seconds (None: as the channel says). Raises `OutcomeUnknown` when nobody can tell whether the
    message went out (a retry looks for it first), and what refused it otherwise.
    """
    for name, value, known in (("on_unknown", on_unknown, ON_UNKNOWN), ("on_rerun", on_rerun, ON_RERUN)):
        if value not in known:
            raise BadArgument(
                f"{name} {value!r} is unknown; it is one of {', '.join(map(repr, known))}.", parameter=name
            )
    entry = notebook.read(draft.key)
    if entry is not None and (entry.closed or (notebook.is_past(entry) and not (entry.id and on_rerun == "skip"))):
        entry = None
    if entry is not None and entry.id:
        if entry.content != draft.content:
            log.warning("An earlier try sent %s %s with other content; it is not sent again.", draft.channel, entry.id)
        return Sent(entry.id, entry.kept, entry.found, earlier=True)
    seconds = draft.settling if settling is None else settling
    return Errand(client, draft, notebook, entry, on_unknown=on_unknown, settling=seconds).run()


class Errand(Generic[C]):
    """One draft on its way. It is the `Passage` of the request that sends."""

    def __init__(
        self,
        client: C,
        draft: Draft[C],
        notebook: Notebook,
        entry: Entry | None,
        *,
        on_unknown: str,
        settling: float,
    ) -> None:
        self._client = client
        self._draft = draft
        self._notebook = notebook
        self._noted = entry is not None
        self._entry = entry or Entry(notebook.order, draft.content)
        self._on_unknown = on_unknown
        self._settling = settling
        self._out = False

    def run(self) -> Sent:
        """Send, or find what an earlier try sent."""
        entry, notebook = self._entry, self._notebook
        doubt: OutcomeUnknown | None = None
        deadline = entry.since + notebook.flight + self._settling
        if entry.sends:
            doubt = OutcomeUnknown(f"an earlier try sent this {self._draft.channel}, and its answer is lost")
        elif not self._noted and notebook.retried_since is not None and (found := self._look_for_forgotten()):
            return found
        while True:
            if doubt is not None:
                cleared = notebook.order > entry.order
                looks = self._draft.lookable and (cleared or self._on_unknown != "fail")
                if looks and (found := self._look(doubt, deadline)):
                    return found
                if not cleared and (self._on_unknown != "resend" or entry.sends >= MOST_SENDS):
                    raise self._told(doubt)
                log.warning("The %s was not found at the server; it is sent again.", self._draft.channel)
            try:
                return self._send()
            except OutcomeUnknown as error:
                log.warning("The answer to a %s was lost: %s", self._draft.channel, error)
                doubt, deadline = error, notebook.now() + self._settling

    def departs(self) -> None:
        """Note that it goes out."""
        entry, now = self._entry, self._notebook.now()
        if not entry.sends or entry.content != self._draft.content:
            # A text that somebody has changed since is looked for from now on.
            entry.content, entry.since = self._draft.content, now
        entry.sends += 1
        entry.order = self._notebook.order
        self._out = True
        self._notebook.write(self._draft.key, entry)
        self._notebook.rivals.enter(entry.content, entry.ticket, now + self._notebook.flight)

    def refused(self) -> None:
        """Note that nothing is out."""
        if self._out:
            self._out = False
            self._entry.sends -= 1
            self._notebook.write(self._draft.key, self._entry)
            self._notebook.rivals.leave(self._entry.content, self._entry.ticket)

    def _send(self) -> Sent:
        self._out = False
        try:
            record = self._draft.send(self._client, self)
            if not self._draft.id_of(record):
                raise OutcomeUnknown("the answer to a send names no id")
        except OutcomeUnknown:
            self._notebook.rivals.leave(self._entry.content, self._entry.ticket)
            raise
        except RingCentralError:
            self.refused()
            raise
        sent = self._claimed(record)
        self._notebook.rivals.leave(self._entry.content, self._entry.ticket)
        return sent

    def _claimed(self, record: Record) -> Sent:
        """The message as ours, or its double when somebody whose answer was lost has found ours first."""
        own = self._draft.id_of(record)
        if self._notebook.claims.take(self._draft.channel, own, self._entry.ticket):
            return self._note(record, found=False)
        log.warning("Another task has taken %s %s for its own; looking for its message.", self._draft.channel, own)
        try:
            double = self._finder().until(self._notebook.now() + self._settling, self._settling)
        except RingCentralError as error:
            log.warning("Could not look for it: %s", error)
            double = None
        return self._note(double or record, found=double is not None)

    def _look(self, doubt: OutcomeUnknown, deadline: float) -> Sent | None:
        if self._notebook.now() - self._entry.since > LOOK_BACK_SECONDS:
            raise self._told(doubt)
        try:
            record = self._finder().until(deadline, self._settling)
        except (RateLimited, Unavailable):
            # Not looked is not "not found": a retry begins with the look.
            raise
        except RingCentralError as error:
            raise self._told(doubt, f", and it cannot be looked for: {error}") from error
        if record is None:
            return None
        log.info("Found: %s %s.", self._draft.channel, self._draft.id_of(record))
        return self._note(record, found=True)

    def _look_for_forgotten(self) -> Sent | None:
        """A retry without notes: they may lie on another machine, but mostly there are none to be had."""
        self._entry.since = self._notebook.retried_since or 0.0
        try:
            record = self._finder().once() if self._draft.lookable else None
        except (RateLimited, Unavailable):
            raise
        except RingCentralError as error:
            log.warning("What an earlier try may have sent cannot be looked for: %s", error)
            return None
        return None if record is None else self._note(record, found=True)

    def _finder(self) -> Look[C]:
        return Look(self._client, self._draft, self._notebook, self._entry)

    def _note(self, record: Record, *, found: bool) -> Sent:
        entry = self._entry
        entry.id, entry.found, entry.kept = self._draft.id_of(record), found, self._draft.kept(record)
        self._notebook.write(self._draft.key, entry)
        return Sent(entry.id, record, found)

    def _told(self, doubt: OutcomeUnknown, more: str = "") -> OutcomeUnknown:
        """The error for whoever has to decide."""
        looks = self._draft.lookable and self._on_unknown != "fail"
        unsure = "" if self._draft.exact else ", or cannot be told from others"
        looked = f", and it was not found within {self._settling:g} s{unsure}" if looks else ""
        error = OutcomeUnknown(f"{doubt.message}{more or looked}", **doubt.fields())
        error.remedy = Remedy(
            f"The {self._draft.channel} may or may not have gone out: RingCentral has no way to ask with certainty.",
            "Look at the recipient's or the sender's messages. If it is not there, clear the task: it looks once more "
            "and then sends. on_unknown='resend' would send again by itself, at the risk of a second message.",
            DAG_AUTHOR,
        )
        return error
