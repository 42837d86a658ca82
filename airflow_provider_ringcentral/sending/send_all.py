"""The messages of one task: each is tried, and what became of each is told.

Who of a list failed in an earlier leg or try, so that they do not stand in the way of the others again.

Whether a refusal concerns one recipient or everybody: the text, the sender, or the right to send at all. Pure.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec

from airflow_provider_ringcentral.client.errors import (
    ConfigurationError,
    LoginFailed,
    OutcomeUnknown,
    RateLimited,
    RingCentralError,
    Unavailable,
    error_of,
)
from airflow_provider_ringcentral.sending.once.message import Message
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import PREFIX, IdempotencyStore
from airflow_provider_ringcentral.sending.outcomes import MessageOutcome, Outcomes, SendStatus

PAGE = f"{PREFIX}failed"
SHORT = 12
"""Digits of a draft's key that tell it from the others of its task, so that a thousand fit into a page."""

MOST_ERRORS = 10
"""Different refusals that are kept in full; whoever met another one is asked again."""


class Refused(msgspec.Struct):
    """An error as `RingCentralError.as_json` gives it, and whom it met."""

    error: dict[str, object]
    keys: list[str]


class Page(msgspec.Struct):
    """What try `attempt` met: refusals that are final, and everybody who failed."""

    attempt: int = 0
    refused: list[Refused] = []
    failed: list[str] = []


class FailedBefore:
    """What the notes of a task say of those who failed before."""

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store
        self._page = _page(store.values.get(PAGE))
        same = self._page.attempt == store.attempt
        self._refused = {key: one.error for one in self._page.refused for key in one.keys} if same else {}

    def order(self, keys: Sequence[str]) -> list[int]:
        """In which order to try: whoever failed before comes last."""
        failed = set(self._page.failed)
        return sorted(range(len(keys)), key=lambda place: keys[place][:SHORT] in failed)

    def refusal(self, key: str) -> RingCentralError | None:
        """What this try was refused with, before it came back from a deferral."""
        error = self._refused.get(key[:SHORT])
        return None if error is None else error_of(error)

    def note(self, failures: Iterable[tuple[str, RingCentralError]]) -> None:
        """Note who failed, by the key of the draft: something may pass, so there is another leg or try."""
        page = Page(self._store.attempt)
        kinds: dict[bytes, Refused] = {}
        for key, error in failures:
            page.failed.append(key[:SHORT])
            if not isinstance(error, (OutcomeUnknown, RateLimited, Unavailable)):
                told = error.as_json()
                kind = kinds.setdefault(msgspec.json.encode(told), Refused(told, []))
                kind.keys.append(key[:SHORT])
        page.refused = list(kinds.values())[:MOST_ERRORS]
        self._store.values.set(PAGE, msgspec.to_builtins(page))


def _page(value: object) -> Page:
    try:
        return Page() if value is None else msgspec.convert(value, Page)
    except msgspec.ValidationError:
        return Page()


FOR_EVERYBODY = frozenset(
    {
        # The app, the user's role, or the plan.
        *("CMN-109", "CMN-401", "CMN-402", "CMN-403", "CMN-404", "CMN-405", "CMN-408", "BIL-101", "BIL-103"),
        *("InsufficientPermissions", "MSG-340", "MSG-341", "MSG-384", "MSG-397"),
        # The sender.
        *("MSG-242", "MSG-245", "MSG-304", "MSG-330", "MSG-331", "MSG-332", "MSG-367", "MSG-380"),
        # The text or the files.
        *("MSG-337", "MSG-338", "MSG-347", "MSG-348", "MSG-349", "MSG-350", "MSG-351", "MSG-352"),
    }
)
"""Error codes that any other recipient would get, too. Source: guide page "Error codes" and the operations' own lists.

Codes that may mean the recipient are not here, such as MSG-241 (a fax number, of whichever side): one request too many
costs less than a recipient who is never tried.
"""

SHARED_PARAMETERS = ("from", "text", "attachment", "file", "subject", "body")
"""Parameters that all messages of a list have in common, by which a general code (`CMN-101`) can be placed."""


def concerns_everybody(error: RingCentralError) -> bool:
    """Whether the other recipients of the same list would meet the same error."""
    if isinstance(error, (ConfigurationError, LoginFailed)):
        return True
    if isinstance(error, RateLimited) and error.status is None:
        # No answer of the server: the quota that all share is used up for longer than the client waits.
        return True
    parameter = (error.parameter or "").lower()
    return not FOR_EVERYBODY.isdisjoint(error.codes) or parameter.startswith(SHARED_PARAMETERS)


C = TypeVar("C")
log = logging.getLogger(__name__)

FAILING_SECONDS = 300.0
"""When nothing has gone through for this long, RingCentral is down, and the rest is left to the next try."""


@dataclass(frozen=True)
class AddressedMessage(Generic[C]):
    """A draft, and the places of its recipients in the operator's `to` (from 0)."""

    message: Message[C]
    places: tuple[int, ...]


def send_all(
    client: C,
    messages: Sequence[AddressedMessage[C]],
    store: IdempotencyStore,
    *,
    on_unknown: str = "look",
    on_rerun: str = "send",
    settling: float | None = None,
) -> Outcomes:
    """Send every parcel once, in their order; what became of each, in that order. Raises none of their errors.

    No recipient keeps the others back: after a refusal, an unknown fate or an outage the next one is tried. It stops
    for what all have in common only (`refusals.py`), and when nothing has gone through for `FAILING_SECONDS`. What is
    not sent yet is sent by a retry or after a deferral: first whoever was not tried, then whoever failed; what this try
    was refused for good is not asked again.
    """
    before = FailedBefore(store)
    outcomes = [MessageOutcome(addressed.places, channel=addressed.message.channel) for addressed in messages]
    failing_since: float | None = None
    for place in before.order([addressed.message.key for addressed in messages]):
        addressed = messages[place]
        error = before.refusal(addressed.message.key)
        if error is None and failing_since is not None and store.now() - failing_since > FAILING_SECONDS:
            break
        try:
            if error is not None:
                raise error
            sent = send_once(
                client, addressed.message, store, on_unknown=on_unknown, on_rerun=on_rerun, settling=settling
            )
        except RingCentralError as caught:
            outcomes[place] = replace(
                outcomes[place], status=_fate(caught), error=caught, out=_is_out(store, addressed, caught)
            )
            if concerns_everybody(caught):
                break
            if isinstance(caught, (OutcomeUnknown, RateLimited, Unavailable)) and failing_since is None:
                failing_since = store.now()
        else:
            outcomes[place] = replace(outcomes[place], status=SendStatus.SENT, sent=sent)
            failing_since = None
            whom = f", for to{list(addressed.places)}" if addressed.places else ""
            log.info("%s %s is at RingCentral%s%s.", addressed.message.channel, sent.id, sent.log_suffix, whom)
    result = Outcomes(tuple(outcomes))
    if result.retryable:
        before.note(_failures(messages, result))
    return result


def send_all_then_look(
    client: C, messages: Sequence[AddressedMessage[C]], store: IdempotencyStore, *, settling: float | None = None
) -> Outcomes:
    """As `send_all`, for who has little time: lost answers are looked for when everybody was sent to."""
    outcomes = send_all(client, messages, store, on_unknown="fail", settling=settling)
    unknown = [place for place, one in enumerate(outcomes.all) if one.status is SendStatus.UNKNOWN]
    if not unknown:
        return outcomes
    # What was lost was lost here, so that nothing is under way any more.
    store.in_flight_seconds = 0.0
    looked = send_all(client, [messages[place] for place in unknown], store, settling=settling)
    found = {place: one for place, one in zip(unknown, looked.all, strict=True) if one.status is SendStatus.SENT}
    return Outcomes(tuple(found.get(place, one) for place, one in enumerate(outcomes.all)))


def _fate(error: RingCentralError) -> SendStatus:
    if isinstance(error, OutcomeUnknown):
        return SendStatus.UNKNOWN
    return SendStatus.LATER if isinstance(error, (RateLimited, Unavailable)) else SendStatus.REFUSED


def _is_out(store: IdempotencyStore, addressed: AddressedMessage[C], error: RingCentralError) -> bool:
    """Whether it may be at the server all the same: it went out, and the look for it got no answer."""
    if isinstance(error, OutcomeUnknown):
        return True
    entry = store.read(addressed.message.key) if isinstance(error, (RateLimited, Unavailable)) else None
    return entry is not None and bool(entry.id or entry.sends)


def _failures(messages: Sequence[AddressedMessage[C]], result: Outcomes) -> Iterator[tuple[str, RingCentralError]]:
    for addressed, outcome in zip(messages, result.all, strict=True):
        if outcome.error is not None:
            yield addressed.message.key, outcome.error
