"""The tree of everything that can go wrong.

RingCentralError          status, code, codes, message, request_id, parameter, permission, retry_after, remedy
├─ ConfigurationError     the Connection itself: nothing was sent
├─ LoginFailed            JWT, client or app refused
├─ PermissionDenied       app scope or user role
├─ BadRequest             a parameter
├─ NotFound               a resource
├─ RateLimited            retry_after seconds
├─ Unavailable            5xx, network, broken body
├─ OutcomeUnknown         a send that may have happened
└─ DeliveryFailed         accepted, then refused by the carrier
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.client.errors.remedy import Remedy

_TOLD = ("status", "codes", "request_id", "parameter", "permission", "retry_after", "remedy")


class RingCentralError(Exception):
    """Something RingCentral, the network or the set-up refused.

    `status` is the HTTP status, `codes` every error code of the answer (`code` the first of them), `message`
    RingCentral's own words or ours (`verdict.py` takes personal data out of theirs), `request_id` the RCRequestId that
    RingCentral support asks for, `parameter` and `permission` what the answer names, `retry_after` seconds until
    trying again makes sense, `remedy` cause, cure and who fixes it.
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
        """The keyword arguments that make an equal error."""
        return {name: getattr(self, name) for name in _TOLD}

    def as_json(self) -> dict[str, Any]:
        """Kind, message and fields as JSON values, for `error_of` in another process."""
        fields = {name: value for name, value in self.fields().items() if name in _TOLD}
        kind = next(ancestor.__name__ for ancestor in type(self).__mro__ if ancestor.__module__ == __name__)
        remedy = [self.remedy.cause, self.remedy.cure, self.remedy.who] if self.remedy else None
        return {"kind": kind, "message": self.message, **fields, "codes": list(self.codes), "remedy": remedy}

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.fields())

    def __str__(self) -> str:
        head = " ".join(part for part in (f"HTTP {self.status}" if self.status else "", " ".join(self.codes)) if part)
        said = ": ".join(part for part in (head, self.message) if part)
        sentences = [said if said.endswith((".", "!", "?", "…")) or not said else f"{said}."]
        if self.parameter:
            sentences.append(f"Parameter: {self.parameter}.")
        if self.permission:
            sentences.append(f"Permission: {self.permission}.")
        if self.remedy:
            sentences.append(f"Cause: {self.remedy.cause} Cure ({self.remedy.who}): {self.remedy.cure}")
        if self.retry_after is not None:
            sentences.append(f"Trying again makes sense after {self.retry_after:.0f} s.")
        if self.request_id:
            sentences.append(f"RCRequestId: {self.request_id}.")
        return " ".join(sentence for sentence in sentences if sentence)


def _rebuild(kind: type[RingCentralError], message: str, fields: dict[str, Any]) -> RingCentralError:
    return kind(message, **fields)


HOST_REFUSED = "host"
"""Kind of the problem of a link, of whomever, that leads where the access token must not go."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a Connection: the field, what is wrong with its value, and the cure.

    `kind` is `missing`, `no jwt` (a JWT that is none by its form), `host` (see `HOST_REFUSED`) or `invalid`.
    """

    field: str
    text: str
    kind: str = "invalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


class ConfigurationError(RingCentralError):
    """The Connection cannot work as it is; every gap and bad value is named at once, and nothing was sent.

    `problems` holds one `Problem` a field.
    """

    def __init__(self, message: str = "", *, problems: Sequence[Problem] = (), **fields: Any) -> None:
        super().__init__(message or "; ".join(map(str, problems)), **fields)
        self.problems = tuple(problems)

    def fields(self) -> dict[str, Any]:
        """As for every error, and the problems."""
        return {**super().fields(), "problems": self.problems}


class LoginFailed(RingCentralError):
    """The token endpoint refused the JWT, the client or the app: trying again cannot help."""


class PermissionDenied(RingCentralError):
    """The app's scopes or the user's role do not allow the call; `permission` names which."""


class BadRequest(RingCentralError):
    """A parameter is wrong; `parameter` names it."""


class NotFound(RingCentralError):
    """The resource does not exist, or no longer."""


class RateLimited(RingCentralError):
    """The quota is used up for longer than the caller will wait; `retry_after` seconds from now it is open again."""


class Unavailable(RingCentralError):
    """RingCentral or the network failed in a way that may pass."""


class OutcomeUnknown(RingCentralError):
    """A send may or may not have happened; it was not repeated."""


class DeliveryFailed(RingCentralError):
    """The message was accepted and later refused by the carrier; `temporary` when sending it anew may help."""

    def __init__(self, message: str = "", *, temporary: bool = False, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.temporary = temporary

    def fields(self) -> dict[str, Any]:
        """As for every error, and whether it may pass."""
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
    """The error that `as_json` wrote down: the class of this module, not that of a room above."""
    fields: dict[str, Any] = {name: values.get(name) for name in _TOLD}
    fields["codes"] = values.get("codes") or ()
    fields["remedy"] = Remedy(*values["remedy"]) if values.get("remedy") else None
    return _KINDS.get(str(values.get("kind")), RingCentralError)(str(values.get("message") or ""), **fields)
