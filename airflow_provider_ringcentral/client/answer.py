"""What an answer says: its error codes, its rate-limit headers, its waiting time. Reading only, no judgement."""

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
"""Each reads a text once, however it is made: what a server sends must not take seconds."""

_MESSAGE_LIMIT = 300
_WORD_LIMIT = 100
_EARLIEST = 946_684_800.0
"""The year 2000: a clock that shows another millennium shows nothing, and arithmetic with it may overflow."""

_MOST_PARTS = 20
log = logging.getLogger(__name__)

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""More is not believed: everybody who shares the quota would stand still for it. RingCentral's penalty is a minute."""

LONGEST_WINDOW_SECONDS = 3600.0

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is no JSON, is not in UTF-8, or has a thousand levels."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (case-insensitive mapping) and the whole body of an HTTP answer.

    `refused` is the seconds to stay silent after a 429, where they were read from the headers already.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    refused: float | None = None


@dataclass(slots=True)
class _Found:
    codes: list[str] = field(default_factory=list)
    message: str = ""
    parameter: str | None = None
    permission: str | None = None

    def take(self, part: Mapping[str, Any], code_key: str = "errorCode", message_key: str = "message") -> None:
        code = one_word(part.get(code_key))
        if code and code not in self.codes:
            self.codes.append(code)
        message = part.get(message_key)
        self.message = self.message or (message if isinstance(message, str) else "")
        self.parameter = self.parameter or one_word(part.get("parameterName"))
        self.permission = self.permission or one_word(part.get("permissionName"))


def error_fields(answer: Answer, *, show_personal_data: bool = False) -> dict[str, Any]:
    """The keyword arguments of an error: every code, the first message, parameter, permission, request id, remedy.

    Body shapes of FACTS 4.1: the code of `errors[0]` first, then the top-level one, which may be a word, then OAuth's.
    """
    body = json_object(answer.body)
    found = _Found()
    for part in _parts(body):
        found.take(part)
    found.take(body)
    found.take(body, "error", "error_description")
    message = _line(found.message)[:_MESSAGE_LIMIT] if show_personal_data else without_personal_data(found.message)
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
    """`text` with phone numbers, e-mail addresses and quoted parameter values replaced by an ellipsis.

    RingCentral's messages repeat what was sent ("Parameter [to] value [+1650…] is invalid").
    """
    for pattern in _PERSONAL:
        text = pattern.sub("…", text)
    return _line(text)[:_MESSAGE_LIMIT]


def request_id(answer: Answer) -> str | None:
    """What RingCentral's support asks for."""
    return one_word(answer.headers.get("RCRequestId"))


def rate_limit_info(headers: Mapping[str, str], penalty: float | None = None) -> RateLimitInfo:
    """What the `X-Rate-Limit-*` headers say; both spellings of the guide are accepted (FACTS 3.2)."""
    limit, remaining, window = (_number(_rate(headers, name)) for name in ("Limit", "Remaining", "Window"))
    return RateLimitInfo(
        limit=int(limit or 0) or None,
        seconds=min(window or 0.0, LONGEST_WINDOW_SECONDS) or None,
        remaining=None if remaining is None else int(remaining),
        penalty=penalty,
    )


def group_named(headers: Mapping[str, str]) -> str | None:
    """The throttling group the answer names, in lower case; names may change, so they are opaque (FACTS 3.2)."""
    name = one_word(_rate(headers, "Group"))
    return name.lower() if name else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`, given as seconds or as an HTTP date; None when absent or unreadable.

    At most an hour; what is cut or cannot be read is said in the log.
    """
    text = headers.get("Retry-After")
    if text is None:
        return None
    seconds = _number(text)
    if seconds is None:
        seconds = _until(text, headers)
    if seconds is None:
        log.warning("The answer asks to wait, but its Retry-After cannot be read (%.40r). It is ignored.", text)
    elif seconds > LONGEST_RETRY_AFTER_SECONDS:
        longest = LONGEST_RETRY_AFTER_SECONDS
        log.warning("The answer asks to wait for %.0f s (Retry-After). The wait is cut to %.0f s.", seconds, longest)
        return longest
    return seconds


def objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects of what should be a list of them; none of what is something else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def is_json(body: bytes) -> bool:
    """Whether `body` is one complete JSON value."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except UNREADABLE:
        return False
    return True


def decoded(body: bytes) -> Any:
    """The value of a body whose form `is_json` has checked, None for an empty one. Raises `Unavailable`."""
    try:
        return msgspec.json.decode(body) if body else None
    except UNREADABLE:
        # Checking a body for its form only lets such values through.
        raise Unavailable("the answer is JSON with a text, a number or a depth that cannot be read") from None


def in_utf8(body: bytes) -> bytes:
    """The body with U+FFFD in place of what is not UTF-8, so that a name cut in the middle does not spoil a page."""
    if body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(errors="replace").encode()
    return body


MOST_BEHIND_SECONDS = 900.0
"""A date that is older is taken for a proxy's."""


def clock_behind(headers: Mapping[str, str]) -> float:
    """Seconds by which the clock of who answers is behind ours, by an answer that has just come.

    0 for what the way of the answer and dates in whole seconds explain.
    """
    date = _instant(headers.get("Date", ""))
    behind = 0.0 if date is None else time.time() - date - 1.0
    return behind if 2.0 < behind < MOST_BEHIND_SECONDS else 0.0


def date_behind(headers: Mapping[str, str]) -> float:
    """Seconds by which the date of an answer that has just come is behind our clock, however many; 0 without a date.

    What is subtracted from our time with it is never ahead of RingCentral's.
    """
    date = _instant(headers.get("Date", ""))
    return 0.0 if date is None else max(0.0, time.time() - date)


def _until(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds from the answer's own date until an HTTP date."""
    then = _instant(text)
    if then is None:
        return None
    now = _instant(headers.get("Date", ""))
    return max(0.0, then - (time.time() if now is None else now))


def _instant(text: str) -> float | None:
    """The epoch second of an HTTP date; None for what is none, and for one that no clock shows."""
    if len(text) > _WORD_LIMIT:
        return None
    try:
        found = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return found if found >= _EARLIEST else None


def _rate(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(f"X-Rate-Limit-{name}") or headers.get(f"X-RateLimit-{name}")


def _number(text: str | None) -> float | None:
    """A number that is not negative and could be one of seconds or of requests."""
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0.0 <= number < 1e15 else None


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object, or an empty one when it is anything else."""
    try:
        decoded = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _parts(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = body.get("errors")
    yield from objects(errors[:_MOST_PARTS] if isinstance(errors, list) else None)


def one_word(value: Any) -> str | None:
    """A code or a name, as one short word of printable characters; None for anything else."""
    return _line(value)[:_WORD_LIMIT].strip() or None if isinstance(value, str) else None


def _line(text: str) -> str:
    """A text of a server on one line, without what moves the cursor of a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
