"""What an answer means: a value. Nothing here waits, sends or remembers.

The retry matrix is FACTS 4.3, from RingCentral's guide pages basics/errors.md and basics/rate-limits.md.
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
from airflow_provider_ringcentral.client.http.multi_status import MULTI_STATUS, Part, parts_of, sentence_of
from airflow_provider_ringcentral.client.rate_limit.windows import DEFAULT_PENALTY_SECONDS

DEAD_TOKEN_CODES = frozenset({"OAU-128", "OAU-129", "OAU-149", "OAU-213", "TokenInvalid"})
WRONG_PATH_CODES = frozenset({"CMN-120", "AGW-404"})
SCOPE_CODE = "CMN-401"
DAILY_LIMIT_TEXT = "You have exceeded your limits for this action"
LOGIN_RETRY_SECONDS = 10.0
"""Between two tries of the token endpoint after 408, 500 or a timeout (guide: basics/errors.md)."""


class Action(Enum):
    """What to do about an answer."""

    DONE = "done"
    RETRY = "retry"
    LOG_IN = "log in"
    ASK_SCOPE = "log in if a scope may have been granted since"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Classification:
    """An action and, unless all is well, the error it is about; `delay` seconds before trying again, None: back off."""

    action: Action
    error: RingCentralError | None = None
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Classifier:
    """How answers of one request are read.

    `repeatable`: a request of unknown fate may be sent again. `wants_json`: a body that is no JSON is a failure, unless
    it is empty and `may_be_empty`. `show_personal_data`: error messages repeat RingCentral's words in full.
    `gone_is_done`: 404 says that what was to be deleted is not there. `partial_ok`: parts of a 207 may have failed.
    """

    repeatable: bool
    wants_json: bool = False
    may_be_empty: bool = False
    show_personal_data: bool = False
    gone_is_done: bool = False
    partial_ok: bool = False

    def judge(self, answer: Answer) -> Classification:
        """What an answer of the API means."""
        if 200 <= answer.status < 300 or answer.status == 304:
            return self._success(answer)
        fields = error_fields(answer, show_personal_data=self.show_personal_data)
        codes = set(fields["codes"])
        status = answer.status
        if status == 401:
            dead = not codes or codes & DEAD_TOKEN_CODES
            return Classification(Action.LOG_IN if dead else Action.FAIL, LoginFailed(**fields))
        if status == 403:
            return Classification(Action.ASK_SCOPE if SCOPE_CODE in codes else Action.FAIL, PermissionDenied(**fields))
        if status == 404:
            # Not when the path leads nowhere, or somebody else answers.
            if self.gone_is_done and not codes & WRONG_PATH_CODES and (not answer.body or json_object(answer.body)):
                return Classification(Action.DONE)
            return Classification(Action.FAIL, NotFound(**fields))
        if (wait := answer.refused or refused_for(status, answer.headers)) is not None:
            return Classification(Action.RETRY, RateLimited(**{**fields, "retry_after": wait}), wait)
        if status == 503 and (pause := retry_after(answer.headers)) is not None:
            # Zero says that it was not executed, but not that it will be at once: back off.
            return Classification(Action.RETRY, Unavailable(**{**fields, "retry_after": pause or None}), pause or None)
        if status == 500 and DAILY_LIMIT_TEXT.encode() in answer.body:
            return Classification(Action.FAIL, RateLimited(**fields))
        if status == 408 or (status >= 500 and status != 501):
            return self.lost(Unavailable(**fields))
        return Classification(Action.FAIL, BadRequest(**fields))

    def lost(self, error: Unavailable) -> Classification:
        """No answer that tells whether the request was executed."""
        if self.repeatable:
            return Classification(Action.RETRY, error)
        unknown = OutcomeUnknown(f"RingCentral may have executed this request, it was not repeated: {error.message}")
        for name in ("status", "codes", "request_id"):
            setattr(unknown, name, getattr(error, name))
        return Classification(Action.FAIL, unknown)

    def too_large(self, error: Unavailable) -> Classification:
        """The answer has more bytes than are read: the request was executed, and would be answered alike again."""
        if not self.repeatable:
            return self.lost(error)
        text = f"{error.message}; ask for less at a time (a smaller page or window), or write the answer to a file"
        return Classification(Action.FAIL, BadRequest(text))

    def never_sent(self, error: Unavailable) -> Classification:
        """No connection was made, so nothing was executed."""
        return Classification(Action.RETRY, error)

    def _success(self, answer: Answer) -> Classification:
        if answer.status == MULTI_STATUS:
            return self._parts(answer)
        bare = not answer.body and (self.may_be_empty or answer.status == 204)
        if self.wants_json and not bare and not is_json(answer.body):
            kind = answer.headers.get("Content-Type", "no content type")[:100]
            return self.lost(
                Unavailable(
                    f"the answer is not JSON ({kind}, {len(answer.body)} bytes)",
                    status=answer.status,
                    request_id=request_id(answer),
                )
            )
        return Classification(Action.DONE)

    def _parts(self, answer: Answer) -> Classification:
        """207 alone is no success: each part is judged."""
        parts = parts_of(answer.body)
        if parts is None:
            return self.lost(Unavailable("the answer for several ids cannot be read", status=answer.status))
        judged = [(part, self._error_of(part)) for part in parts]
        failed = [(part, error) for part, error in judged if error is not None]
        if not failed or self.partial_ok:
            return Classification(Action.DONE)
        lasting = [error for _, error in failed if not isinstance(error, RateLimited | Unavailable)]
        told = [(part, " ".join([f"HTTP {part.status}", *error.codes])) for part, error in failed]
        first = lasting[0] if lasting else failed[0][1]
        fields = {**first.fields(), "request_id": request_id(answer)}
        if lasting:
            return Classification(Action.FAIL, type(first)(sentence_of(told, len(parts)), **fields))
        return self.lost(Unavailable(sentence_of(told, len(parts)), **fields))

    def _error_of(self, part: Part) -> RingCentralError | None:
        """None when all is well with a part."""
        if not part.status:
            return Unavailable("the answer does not say what became of it")
        alone = replace(self, wants_json=False, repeatable=True)
        return alone.judge(Answer(part.status, {}, part.body)).error


def refused_for(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds to stay silent when the answer is a 429, else None."""
    return (retry_after(headers) or DEFAULT_PENALTY_SECONDS) if status == 429 else None


def classify_login(answer: Answer, *, show_personal_data: bool = False) -> Classification:
    """What an answer of the token endpoint means: 408 and 500 are repeated, 429 and 503 waited for, the rest is final.

    Source: guide page basics/errors.md (FACTS 2.7).
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
    """Whether `value` can be sent in a header."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and " " not in value
