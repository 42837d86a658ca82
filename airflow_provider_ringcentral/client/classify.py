"""What a response means, as a value. Nothing here waits, sends or remembers.

Which responses are retried follows RingCentral's guide pages "API error handling" (basics/errors) and "Rate limits"
(basics/rate-limits).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from airflow_provider_ringcentral.client.answer import (
    Answer,
    error_fields,
    is_json,
    json_object,
    request_id,
    retry_after,
)
from airflow_provider_ringcentral.client.auth.token_cache import lifetime
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    LoginFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.remedies import login_remedy
from airflow_provider_ringcentral.client.http.multi_status import (
    MULTI_STATUS,
    ResourceResult,
    failure_message,
    results_of,
)
from airflow_provider_ringcentral.client.rate_limit.windows import DEFAULT_PENALTY_SECONDS

INVALID_TOKEN_CODES = frozenset({"OAU-128", "OAU-129", "OAU-149", "OAU-213", "TokenInvalid"})
WRONG_PATH_CODES = frozenset({"CMN-120", "AGW-404"})
SCOPE_CODE = "CMN-401"
DAILY_LIMIT_TEXT = "You have exceeded your limits for this action"
LOGIN_RETRY_SECONDS = 10.0
"""Between two attempts at the token endpoint after 408, 500 or a timeout (guide page basics/errors)."""


class Action(Enum):
    """What to do after a response."""

    DONE = "done"
    RETRY = "retry"
    LOG_IN = "log in"
    ASK_SCOPE = "log in if a scope may have been granted since"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Classification:
    """An action and, unless it is DONE, the error; `delay` is seconds before a retry (None: back off)."""

    action: Action
    error: RingCentralError | None = None
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Classifier:
    """Classifies the responses to one request.

    `repeatable`: the request may be sent again when its outcome is unknown. `wants_json`: a body that is not JSON is a
    failure, unless it is empty and `may_be_empty`. `show_personal_data`: error messages repeat RingCentral's words in
    full. `gone_is_done`: 404 means that what was to be deleted does not exist. `partial_ok`: a 207 is a success even if
    some of its ids failed.
    """

    repeatable: bool
    wants_json: bool = False
    may_be_empty: bool = False
    show_personal_data: bool = False
    gone_is_done: bool = False
    partial_ok: bool = False

    def classify(self, answer: Answer) -> Classification:
        """Classify a response of the API."""
        if 200 <= answer.status < 300 or answer.status == 304:
            return self._success(answer)
        fields = error_fields(answer, show_personal_data=self.show_personal_data)
        codes = set(fields["codes"])
        status = answer.status
        if status == 401:
            invalid = not codes or codes & INVALID_TOKEN_CODES
            return Classification(Action.LOG_IN if invalid else Action.FAIL, LoginFailed(**fields))
        if status == 403:
            return Classification(Action.ASK_SCOPE if SCOPE_CODE in codes else Action.FAIL, PermissionDenied(**fields))
        if status == 404:
            # A wrong path or an answer of somebody else (a proxy's page) does not mean that the resource is gone.
            if self.gone_is_done and not codes & WRONG_PATH_CODES and (not answer.body or json_object(answer.body)):
                return Classification(Action.DONE)
            return Classification(Action.FAIL, NotFound(**fields))
        if (wait := answer.penalty or penalty_of(status, answer.headers)) is not None:
            return Classification(Action.RETRY, RateLimited(**{**fields, "retry_after": wait}), wait)
        if status == 503 and (pause := retry_after(answer.headers)) is not None:
            # Zero means "not executed", but not "will work at once": back off.
            return Classification(Action.RETRY, Unavailable(**{**fields, "retry_after": pause or None}), pause or None)
        if status == 500 and DAILY_LIMIT_TEXT.encode() in answer.body:
            return Classification(Action.FAIL, RateLimited(**fields))
        if status == 408 or (status >= 500 and status != 501):
            return self.lost(Unavailable(**fields))
        return Classification(Action.FAIL, BadRequest(**fields))

    def lost(self, error: Unavailable) -> Classification:
        """Classify the lack of a response that tells whether the request was executed."""
        if self.repeatable:
            return Classification(Action.RETRY, error)
        unknown = OutcomeUnknown(f"RingCentral may have executed this request; it was not repeated: {error.message}")
        for name in ("status", "codes", "request_id"):
            setattr(unknown, name, getattr(error, name))
        return Classification(Action.FAIL, unknown)

    def too_large(self, error: Unavailable) -> Classification:
        """Classify a response that is larger than we read: the request was executed, and a retry would not help."""
        if not self.repeatable:
            return self.lost(error)
        text = f"{error.message}; ask for less at a time (a smaller page or window), or write the response to a file"
        return Classification(Action.FAIL, BadRequest(text))

    def not_sent(self, error: Unavailable) -> Classification:
        """Classify a failed connection: nothing was executed."""
        return Classification(Action.RETRY, error)

    def _success(self, answer: Answer) -> Classification:
        if answer.status == MULTI_STATUS:
            return self._multi_status(answer)
        empty = not answer.body and (self.may_be_empty or answer.status == 204)
        if self.wants_json and not empty and not is_json(answer.body):
            content_type = answer.headers.get("Content-Type", "no content type")[:100]
            return self.lost(
                Unavailable(
                    f"the response is not JSON ({content_type}, {len(answer.body)} bytes)",
                    status=answer.status,
                    request_id=request_id(answer),
                )
            )
        return Classification(Action.DONE)

    def _multi_status(self, answer: Answer) -> Classification:
        """Classify a 207, which alone is not a success: each id has its own status."""
        results = results_of(answer.body)
        if results is None:
            return self.lost(Unavailable("the response for several ids cannot be read", status=answer.status))
        failed = [(each, error) for each in results if (error := self._error_of(each)) is not None]
        if not failed or self.partial_ok:
            return Classification(Action.DONE)
        message = failure_message(
            [(each, " ".join([f"HTTP {each.status}", *error.codes])) for each, error in failed], len(results)
        )
        permanent = [error for _, error in failed if not isinstance(error, RateLimited | Unavailable)]
        first = permanent[0] if permanent else failed[0][1]
        fields = {**first.fields(), "request_id": request_id(answer)}
        if permanent:
            return Classification(Action.FAIL, type(first)(message, **fields))
        return self.lost(Unavailable(message, **fields))

    def _error_of(self, result: ResourceResult) -> RingCentralError | None:
        """Return the error of one id, or None if it succeeded."""
        if not result.status:
            return Unavailable("the response has no status for this id")
        alone = replace(self, wants_json=False, repeatable=True)
        return alone.classify(Answer(result.status, {}, result.body)).error


def penalty_of(status: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds to send nothing after a 429, or None for another status."""
    return (retry_after(headers) or DEFAULT_PENALTY_SECONDS) if status == 429 else None


def classify_login(answer: Answer, *, show_personal_data: bool = False) -> Classification:
    """Classify a response of the token endpoint: 408 and 500 are retried, 429 and 503 waited for, the rest is final.

    Source: operationId getToken, guide page "API error handling" (basics/errors).
    """
    fields = error_fields(answer, show_personal_data=show_personal_data)
    if answer.status == 200:
        parsed = json_object(answer.body)
        if _is_token(parsed.get("access_token")) and lifetime(parsed.get("expires_in")) is not None:
            return Classification(Action.DONE)
        broken = Unavailable("the token endpoint answered without a token", status=200, request_id=fields["request_id"])
        return Classification(Action.RETRY, broken, LOGIN_RETRY_SECONDS)
    if answer.status in (429, 503):
        wait = retry_after(answer.headers) or DEFAULT_PENALTY_SECONDS
        kind = RateLimited if answer.status == 429 else Unavailable
        return Classification(Action.RETRY, kind(**{**fields, "retry_after": wait}), wait)
    if answer.status in (408, 500):
        return Classification(Action.RETRY, Unavailable(**fields), LOGIN_RETRY_SECONDS)
    if answer.status > 500:
        return Classification(Action.FAIL, Unavailable(**fields))
    fields["remedy"] = login_remedy(fields["codes"], answer.status, fields["remedy"])
    return Classification(Action.FAIL, LoginFailed(**fields))


def _is_token(value: Any) -> bool:
    """Return whether `value` can be sent in a header."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and " " not in value
