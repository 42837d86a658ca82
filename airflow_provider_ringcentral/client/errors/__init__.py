"""The errors that the provider raises.

RingCentralError          status, code, codes, message, request_id, parameter, permission, retry_after, remedy
├─ ConfigurationError     the Connection is incomplete or wrong: no request was sent
├─ LoginFailed            RingCentral refused the JWT, the client or the app
├─ PermissionDenied       an app scope or a user permission is missing
├─ BadRequest             a parameter is wrong
├─ NotFound               the resource does not exist
├─ RateLimited            the rate limit is used up
├─ Unavailable            5xx, network failure, unreadable body
├─ OutcomeUnknown         a message may or may not have been sent
└─ DeliveryFailed         accepted by RingCentral, but not delivered
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.client.errors.remedy import Remedy

_FIELDS = ("status", "codes", "request_id", "parameter", "permission", "retry_after", "remedy")


class RingCentralError(Exception):
    """The base of all errors: RingCentral, the network or the configuration refused something.

    `status` is the HTTP status, and `codes` has every error code of the answer. `message` is RingCentral's text without
    personal data, or the provider's own. `request_id` is the RCRequestId that RingCentral support asks for, `parameter`
    and `permission` are the names in the answer. `retry_after` is the number of seconds after which another attempt
    makes sense. `remedy` has the cause, the cure, and who applies it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        codes: Sequence[str] = (),
        request_id: str | None = None,
        parameter: str | None = None,
        permission: str | None = None,
        retry_after: float | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.codes = tuple(codes)
        self.request_id = request_id
        self.parameter = parameter
        self.permission = permission
        self.retry_after = retry_after
        self.remedy = remedy

    @property
    def code(self) -> str | None:
        """The first error code of the answer, such as `CMN-401`."""
        return self.codes[0] if self.codes else None

    def fields(self) -> dict[str, Any]:
        """Return the keyword arguments that make an equal error."""
        return {name: getattr(self, name) for name in _FIELDS}

    def as_json(self) -> dict[str, Any]:
        """Return kind, message and fields as JSON values, from which `error_of` makes the error in another process."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        kind = next(ancestor.__name__ for ancestor in type(self).__mro__ if ancestor.__module__ == __name__)
        remedy = [self.remedy.cause, self.remedy.cure, self.remedy.who] if self.remedy else None
        return {"kind": kind, "message": self.message, **fields, "codes": list(self.codes), "remedy": remedy}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.fields())

    def __str__(self) -> str:
        head = " ".join(part for part in (f"HTTP {self.status}" if self.status else "", " ".join(self.codes)) if part)
        text = ": ".join(part for part in (head, self.message) if part)
        sentences = [text if text.endswith((".", "!", "?", "…")) or not text else f"{text}."]
        if self.parameter:
            sentences.append(f"Parameter: {self.parameter}.")
        if self.permission:
            sentences.append(f"Permission: {self.permission}.")
        if self.remedy:
            sentences.append(f"Cause: {self.remedy.cause} Cure ({self.remedy.who}): {self.remedy.cure}")
        if self.retry_after is not None:
            sentences.append(f"Try again after {self.retry_after:.0f} s.")
        if self.request_id:
            sentences.append(f"RCRequestId: {self.request_id}.")
        return " ".join(sentence for sentence in sentences if sentence)


def _rebuild(kind: type[RingCentralError], message: str, fields: dict[str, Any]) -> RingCentralError:
    return kind(message, **fields)


HOST_REFUSED = "host"
"""The kind of a URL whose host must not receive the access token."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem of a Connection: the field, and a text that says what is wrong with its value and how to fix it.

    `kind` is `missing`, `malformed jwt` (the value does not look like a JWT), `host` (see `HOST_REFUSED`) or `invalid`.
    """

    field: str
    text: str
    kind: str = "invalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


class ConfigurationError(RingCentralError):
    """The Connection cannot work as it is configured, so no request was sent.

    `problems` has one `FieldProblem` per field: all missing and wrong values together.
    """

    def __init__(self, message: str = "", *, problems: Sequence[FieldProblem] = (), **fields: Any) -> None:
        super().__init__(message or "; ".join(map(str, problems)), **fields)
        self.problems = tuple(problems)

    def fields(self) -> dict[str, Any]:
        """Return the keyword arguments of every error, and `problems`."""
        return {**super().fields(), "problems": self.problems}


class LoginFailed(RingCentralError):
    """The token endpoint refused the JWT, the client or the app. A retry cannot help."""


class PermissionDenied(RingCentralError):
    """The app's scopes or the user's role do not allow the request; `permission` names what is missing."""


class BadRequest(RingCentralError):
    """RingCentral refused the request as it is; `parameter` names the wrong parameter."""


class NotFound(RingCentralError):
    """The resource does not exist, or does not exist any more."""


class RateLimited(RingCentralError):
    """The rate limit is used up for longer than the caller waits; the request is allowed in `retry_after` seconds."""


class Unavailable(RingCentralError):
    """RingCentral or the network failed temporarily."""


class OutcomeUnknown(RingCentralError):
    """A message may or may not have been sent. It was not sent again."""


class DeliveryFailed(RingCentralError):
    """RingCentral accepted the message, and it was not delivered. With `temporary`, sending it again may help."""

    def __init__(self, message: str = "", *, temporary: bool = False, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.temporary = temporary

    def fields(self) -> dict[str, Any]:
        """Return the keyword arguments of every error, and `temporary`."""
        return {**super().fields(), "temporary": self.temporary}


_KINDS: dict[str, type[RingCentralError]] = {
    kind.__name__: kind
    for kind in (
        ConfigurationError,
        LoginFailed,
        PermissionDenied,
        BadRequest,
        NotFound,
        RateLimited,
        Unavailable,
        OutcomeUnknown,
        DeliveryFailed,
    )
}


def error_of(values: Mapping[str, Any]) -> RingCentralError:
    """Return the error that `as_json` wrote, in a class of this module even if the original was a subclass of it."""
    fields: dict[str, Any] = {name: values.get(name) for name in _FIELDS}
    fields["codes"] = values.get("codes") or ()
    fields["remedy"] = Remedy(*values["remedy"]) if values.get("remedy") else None
    return _KINDS.get(str(values.get("kind")), RingCentralError)(str(values.get("message") or ""), **fields)
