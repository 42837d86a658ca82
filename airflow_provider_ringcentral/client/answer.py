"""Reads an HTTP response: error codes, rate limit headers, waiting time, JSON. Decides nothing."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.remedies import remedy_for
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo

_PERSONAL = (
    re.compile(r"value \[[^\]]*+\]?"),
    re.compile(r"(?<![^\s@\[\]])[^\s@\[\]]++@[^\s@\[\]]*"),
    re.compile(r"\+?\d[\d\s().-]{5,}\d"),
)
"""Each takes linear time on any text, since a server's text must not block us for seconds."""

_MAX_MESSAGE = 300
_MAX_WORD = 100
_MAX_ERRORS = 20
_EARLIEST = 946_684_800.0
"""The year 2000. An earlier date comes from a broken clock, and arithmetic with it may overflow."""

log = logging.getLogger(__name__)

MAX_RETRY_AFTER_SECONDS = 3600.0
"""A longer wait is not believed: everybody who shares the quota would wait. RingCentral's penalty is a minute."""

MAX_WINDOW_SECONDS = 3600.0

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not JSON, is not UTF-8, or is nested a thousand levels deep."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (a case-insensitive mapping) and the whole body of an HTTP response.

    `penalty` is how many seconds to send nothing after a 429, if that was read from the headers before.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    penalty: float | None = None


@dataclass(slots=True)
class _ErrorFields:
    codes: list[str] = field(default_factory=list)
    message: str = ""
    parameter: str | None = None
    permission: str | None = None

    def add(self, values: Mapping[str, Any], code_key: str = "errorCode", message_key: str = "message") -> None:
        code = one_word(values.get(code_key))
        if code and code not in self.codes:
            self.codes.append(code)
        message = values.get(message_key)
        self.message = self.message or (message if isinstance(message, str) else "")
        self.parameter = self.parameter or one_word(values.get("parameterName"))
        self.permission = self.permission or one_word(values.get("permissionName"))


def error_fields(answer: Answer, *, show_personal_data: bool = False) -> dict[str, Any]:
    """Return the keyword arguments of an error: all codes, first message, parameter, permission, request id, remedy.

    Codes come in this order: those of `errors`, the top-level one, which may be a word, and OAuth's `error` (guide page
    "API error handling", basics/errors).
    """
    body = json_object(answer.body)
    found = _ErrorFields()
    for each in _listed_errors(body):
        found.add(each)
    found.add(body)
    found.add(body, "error", "error_description")
    message = _one_line(found.message)[:_MAX_MESSAGE] if show_personal_data else without_personal_data(found.message)
    return {
        "message": message,
        "status": answer.status,
        "codes": tuple(found.codes),
        "parameter": found.parameter,
        "permission": found.permission,
        "request_id": request_id(answer),
        "remedy": remedy_for(found.codes, status=answer.status, parameter=found.parameter, permission=found.permission),
    }


def without_personal_data(text: str) -> str:
    """Return `text` with phone numbers, e-mail addresses and quoted parameter values replaced by an ellipsis.

    RingCentral's messages repeat what was sent ("Parameter [to] value [+1650…] is invalid").
    """
    for pattern in _PERSONAL:
        text = pattern.sub("…", text)
    return _one_line(text)[:_MAX_MESSAGE]


def request_id(answer: Answer) -> str | None:
    """Return the request id that RingCentral's support asks for."""
    return one_word(answer.headers.get("RCRequestId"))


def rate_limit_info(headers: Mapping[str, str], penalty: float | None = None) -> RateLimitInfo:
    """Return what the `X-Rate-Limit-*` headers say. The guide page basics/rate-limits spells them in two ways."""
    limit, remaining, window = (_number(_rate_limit(headers, name)) for name in ("Limit", "Remaining", "Window"))
    return RateLimitInfo(
        limit=int(limit or 0) or None,
        seconds=min(window or 0.0, MAX_WINDOW_SECONDS) or None,
        remaining=None if remaining is None else int(remaining),
        penalty=penalty,
    )


def rate_limit_group(headers: Mapping[str, str]) -> str | None:
    """Return the throttling group that a response names, in lower case. Names may change, so any is accepted."""
    name = one_word(_rate_limit(headers, "Group"))
    return name.lower() if name else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait by `Retry-After` (seconds or an HTTP date), None if it is absent or invalid.

    At most an hour. A value that is cut or invalid is logged.
    """
    text = headers.get("Retry-After")
    if text is None:
        return None
    seconds = _number(text)
    if seconds is None:
        seconds = _seconds_until(text, headers)
    if seconds is None:
        log.warning("Ignoring the response's Retry-After, which cannot be read: %.40r.", text)
    elif seconds > MAX_RETRY_AFTER_SECONDS:
        log.warning(
            "The response asks to wait for %.0f s (Retry-After). Waiting for %.0f s.", seconds, MAX_RETRY_AFTER_SECONDS
        )
        return MAX_RETRY_AFTER_SECONDS
    return seconds


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the JSON objects in a list; an empty list if `value` is not a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def is_json(body: bytes) -> bool:
    """Return whether `body` is one complete JSON value."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except DECODE_ERRORS:
        return False
    return True


def decoded(body: bytes) -> Any:
    """Return the value of a body that `is_json`, None for an empty one. Raises `Unavailable`."""
    try:
        return msgspec.json.decode(body) if body else None
    except DECODE_ERRORS:
        # is_json checks the syntax only and lets such values through.
        raise Unavailable("the response is JSON with a string, a number or a depth that cannot be decoded") from None


def replace_invalid_utf8(body: bytes) -> bytes:
    """Return the body with U+FFFD in place of invalid UTF-8, so that one cut name does not spoil a page."""
    if body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(errors="replace").encode()
    return body


MAX_CLOCK_DIFFERENCE_SECONDS = 900.0
"""An older date is assumed to be that of a cached response."""


def clock_behind(headers: Mapping[str, str]) -> float:
    """Return how many seconds the server's clock is behind ours, by a response that has just arrived.

    0 for a difference that the response's way and dates in whole seconds explain.
    """
    date = _http_date(headers.get("Date", ""))
    behind = 0.0 if date is None else time.time() - date - 1.0
    return behind if 2.0 < behind < MAX_CLOCK_DIFFERENCE_SECONDS else 0.0


def date_behind(headers: Mapping[str, str]) -> float:
    """Return how many seconds the date of a response that has just arrived is behind our clock; 0 without a date.

    Our time minus this is never ahead of RingCentral's.
    """
    date = _http_date(headers.get("Date", ""))
    return 0.0 if date is None else max(0.0, time.time() - date)


def _seconds_until(text: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds from the response's own date until an HTTP date."""
    then = _http_date(text)
    if then is None:
        return None
    now = _http_date(headers.get("Date", ""))
    return max(0.0, then - (time.time() if now is None else now))


def _http_date(text: str) -> float | None:
    """Return an HTTP date in epoch seconds, None if it is invalid or absurd."""
    if len(text) > _MAX_WORD:
        return None
    try:
        found = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return found if found >= _EARLIEST else None


def _rate_limit(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(f"X-Rate-Limit-{name}") or headers.get(f"X-RateLimit-{name}")


def _number(text: str | None) -> float | None:
    """Return a number that is not negative and small enough for seconds or requests."""
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0.0 <= number < 1e15 else None


def json_object(body: bytes) -> dict[str, Any]:
    """Return the body as a JSON object, or an empty one if it is something else."""
    try:
        value = msgspec.json.decode(body)
    except DECODE_ERRORS:
        return {}
    return value if isinstance(value, dict) else {}


def _listed_errors(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = body.get("errors")
    yield from objects(errors[:_MAX_ERRORS] if isinstance(errors, list) else None)


def one_word(value: Any) -> str | None:
    """Return a code or a name as one short line of printable characters, None if it is not a string or empty."""
    return _one_line(value)[:_MAX_WORD].strip() or None if isinstance(value, str) else None


def _one_line(text: str) -> str:
    """Return a server's text on one line, without characters that control a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
