"""`send_all`: send the messages of one task, so that no recipient keeps the others from theirs."""

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

C = TypeVar("C")
log = logging.getLogger(__name__)

FAILING_SECONDS = 300.0
"""If no message has gone through for this long, RingCentral is down, and the rest is left to the next try."""

FAILURES_KEY = f"{PREFIX}failed"
KEY_DIGITS = 12
"""Digits of a message's key that tell it from the others of its task, so that a thousand of them fit into one value."""

MOST_ERRORS = 10
"""Different refusals that are recorded; recipients with further ones are tried again after a deferral."""

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

Codes that may be about the recipient are left out, such as MSG-241 (the fax number of either side): a request too many
costs less than a recipient who is never tried.
"""

SHARED_PARAMETERS = ("from", "text", "attachment", "file", "subject", "body")
"""Parameters that all messages of a list share, by which a general code (`CMN-101`) can be attributed."""


@dataclass(frozen=True)
class AddressedMessage(Generic[C]):
    """A message, and the positions of its recipients in the operator's `to` (from 0)."""

    message: Message[C]
    positions: tuple[int, ...]


def send_all(
    client: C,
    messages: Sequence[AddressedMessage[C]],
    store: IdempotencyStore,
    *,
    on_unknown: str = "look",
    on_rerun: str = "send",
    settling: float | None = None,
) -> Outcomes:
    """Send every message once, in their order; return what became of each. Raises none of their errors.

    After a refusal, an unknown outcome or an outage, the next message is tried. Sending stops early for an error that
    all messages would get, and if nothing has gone through for `FAILING_SECONDS`. A retry, or the task after a
    deferral, sends the rest: first what was not tried, then what failed. A refusal of this try is not requested again.
    """
    earlier = EarlierFailures(store)
    outcomes = [MessageOutcome(one.positions, channel=one.message.channel) for one in messages]
    failing_since: float | None = None
    for index in earlier.order([one.message.key for one in messages]):
        message, positions = messages[index].message, messages[index].positions
        error = earlier.refusal(message.key)
        if error is None and failing_since is not None and store.now() - failing_since > FAILING_SECONDS:
            break
        try:
            if error is not None:
                raise error
            sent = send_once(client, message, store, on_unknown=on_unknown, on_rerun=on_rerun, settling=settling)
        except RingCentralError as caught:
            may_be_out = _may_be_out(store, message, caught)
            outcomes[index] = replace(outcomes[index], status=_status(caught), error=caught, may_be_out=may_be_out)
            if concerns_everybody(caught):
                break
            if isinstance(caught, (OutcomeUnknown, RateLimited, Unavailable)) and failing_since is None:
                failing_since = store.now()
        else:
            outcomes[index] = replace(outcomes[index], status=SendStatus.SENT, sent=sent)
            failing_since = None
            recipients = f", for to{list(positions)}" if positions else ""
            log.info("%s %s is at RingCentral%s%s.", message.channel, sent.id, sent.log_suffix, recipients)
    result = Outcomes(tuple(outcomes))
    if result.retryable:
        earlier.record(_failures(messages, result))
    return result


def send_all_then_look_up(
    client: C, messages: Sequence[AddressedMessage[C]], store: IdempotencyStore, *, settling: float | None = None
) -> Outcomes:
    """Do as `send_all`, when time is short: lost answers are looked up after everything has been sent."""
    outcomes = send_all(client, messages, store, on_unknown="fail", settling=settling)
    unknown = [index for index, one in enumerate(outcomes.all) if one.status is SendStatus.UNKNOWN]
    if not unknown:
        return outcomes
    # These requests were lost in this process, so none of them is in flight any more.
    store.in_flight_seconds = 0.0
    looked_up = send_all(client, [messages[index] for index in unknown], store, settling=settling)
    found = {index: one for index, one in zip(unknown, looked_up.all, strict=True) if one.status is SendStatus.SENT}
    return Outcomes(tuple(found.get(index, one) for index, one in enumerate(outcomes.all)))


def concerns_everybody(error: RingCentralError) -> bool:
    """Whether the other recipients of the same list would get the same error."""
    if isinstance(error, (ConfigurationError, LoginFailed)):
        return True
    if isinstance(error, RateLimited) and error.status is None:
        # Not an answer of the server: the quota that all share is used up for longer than the client waits.
        return True
    parameter = (error.parameter or "").lower()
    return not FOR_EVERYBODY.isdisjoint(error.codes) or parameter.startswith(SHARED_PARAMETERS)


def _status(error: RingCentralError) -> SendStatus:
    if isinstance(error, OutcomeUnknown):
        return SendStatus.UNKNOWN
    return SendStatus.LATER if isinstance(error, (RateLimited, Unavailable)) else SendStatus.REFUSED


def _may_be_out(store: IdempotencyStore, message: Message[C], error: RingCentralError) -> bool:
    """Whether the message may be at the server despite the error, such as a lookup that got no answer."""
    if isinstance(error, OutcomeUnknown):
        return True
    state = store.read(message.key) if isinstance(error, (RateLimited, Unavailable)) else None
    return state is not None and state.may_be_out


def _failures(messages: Sequence[AddressedMessage[C]], result: Outcomes) -> Iterator[tuple[str, RingCentralError]]:
    for one, outcome in zip(messages, result.all, strict=True):
        if outcome.error is not None:
            yield one.message.key, outcome.error


class Refusal(msgspec.Struct):
    """An error in the form of `RingCentralError.as_json`, and the messages that got it."""

    error: dict[str, object]
    keys: list[str]


class Failures(msgspec.Struct):
    """Which messages the try `attempt` could not send, and which of them were refused for good."""

    attempt: int = 0
    refused: list[Refusal] = []
    failed: list[str] = []


class EarlierFailures:
    """What the store knows of messages that failed before: in an earlier try, or before a deferral."""

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store
        failures = _decode(store.values.get(FAILURES_KEY))
        self._failed = set(failures.failed)
        same_try = failures.attempt == store.attempt
        self._refused = {key: one.error for one in failures.refused for key in one.keys} if same_try else {}

    def order(self, keys: Sequence[str]) -> list[int]:
        """Return the order in which to send: what failed before comes last."""
        return sorted(range(len(keys)), key=lambda index: keys[index][:KEY_DIGITS] in self._failed)

    def refusal(self, key: str) -> RingCentralError | None:
        """Return the error with which this try was refused, before it came back from a deferral."""
        error = self._refused.get(key[:KEY_DIGITS])
        return None if error is None else error_of(error)

    def record(self, failures: Iterable[tuple[str, RingCentralError]]) -> None:
        """Record the messages that failed, by key, for the next try or the time after a deferral."""
        recorded = Failures(self._store.attempt)
        refusals: dict[bytes, Refusal] = {}
        for key, error in failures:
            recorded.failed.append(key[:KEY_DIGITS])
            if not isinstance(error, (OutcomeUnknown, RateLimited, Unavailable)):
                as_json = error.as_json()
                refusal = refusals.setdefault(msgspec.json.encode(as_json), Refusal(as_json, []))
                refusal.keys.append(key[:KEY_DIGITS])
        recorded.refused = list(refusals.values())[:MOST_ERRORS]
        self._store.values.set(FAILURES_KEY, msgspec.to_builtins(recorded))


def _decode(value: object) -> Failures:
    try:
        return Failures() if value is None else msgspec.convert(value, Failures)
    except msgspec.ValidationError:
        return Failures()
