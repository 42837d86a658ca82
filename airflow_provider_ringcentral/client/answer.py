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
from airflow_provider_ringcentral.client.pacing import Heard
from airflow_provider_ringcentral.client.remedies import remedy_for

_PERSONAL = re.compile(r"value \[[^\]]*\]|\+?\d[\d\s().-]{5,}\d|[^\s@\[\]]+@[^\s@\[\]]+")
_MESSAGE_LIMIT = 300
log = logging.getLogger(__name__)

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""More is not believed: everybody who shares the quota would stand still for it. RingCentral's penalty is a minute."""

LONGEST_WINDOW_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (case-insensitive mapping) and the whole body of an HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Found:
    codes: list[str] = field(default_factory=list)
    message: str = ""
    parameter: str | None = None
    permission: str | None = None

    def take(self, part: Mapping[str, Any], code_key: str = "errorCode", message_key: str = "message") -> None:
        code = part.get(code_key)
        if isinstance(code, str) and code not in self.codes:
            self.codes.append(code)
        self.message = self.message or str(part.get(message_key) or "")
        self.parameter = self.parameter or part.get("parameterName")
        self.permission = self.permission or part.get("permissionName")


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
    message = found.message if show_personal_data else without_personal_data(found.message)
    return {
        "message": message,
        "status": answer.status,
        "codes": tuple(found.codes),
        "parameter": found.parameter,
        "permission": found.permission,
        "request_id": answer.headers.get("RCRequestId"),
        "remedy": remedy_for(found.codes, status=answer.status, parameter=found.parameter, permission=found.permission),
    }


def without_personal_data(text: str) -> str:
    """`text` with phone numbers, e-mail addresses and quoted parameter values replaced by an ellipsis.

    RingCentral's messages repeat what was sent ("Parameter [to] value [+1650…] is invalid").
    """
    return _PERSONAL.sub("…", text)[:_MESSAGE_LIMIT]


def heard(headers: Mapping[str, str], refused: float | None = None) -> Heard:
    """What the `X-Rate-Limit-*` headers say; both spellings of the guide are accepted (FACTS 3.2)."""
    limit, remaining, window = (_number(_rate(headers, name)) for name in ("Limit", "Remaining", "Window"))
    return Heard(
        limit=int(limit or 0) or None,
        seconds=min(window or 0.0, LONGEST_WINDOW_SECONDS) or None,
        remaining=None if remaining is None else int(remaining),
        refused=refused,
    )


def group_named(headers: Mapping[str, str]) -> str | None:
    """The throttling group the answer names, in lower case; names may change, so they are opaque (FACTS 3.2)."""
    name = _rate(headers, "Group")
    return name.strip().lower() if name and name.strip() else None


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


def is_json(body: bytes) -> bool:
    """Whether `body` is one complete JSON value."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def decoded(body: bytes) -> Any:
    """The value of a body whose form `is_json` has checked, None for an empty one. Raises `Unavailable`."""
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Checking a body for its form only lets such values through.
        raise Unavailable("the answer is JSON with a text or number that cannot be read") from None


def _until(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds from the answer's own date until an HTTP date."""
    then = _instant(text)
    if then is None:
        return None
    now = _instant(headers.get("Date", ""))
    return max(0.0, then - (time.time() if now is None else now))


def _instant(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


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
    except msgspec.DecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _parts(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = body.get("errors")
    for part in errors if isinstance(errors, list) else ():
        if isinstance(part, dict):
            yield part
