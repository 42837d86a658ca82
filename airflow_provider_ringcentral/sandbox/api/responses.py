"""Responses, and the bodies of errors as RingCentral writes them (guide page basics/errors)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

JSON = "application/json"
MULTIPART_JSON = "application/vnd.ringcentral.multipart+json"
HTML = b"<html>\n<head><title>Service error</title></head>\n<body><h1>Service error</h1></body>\n</html>\n"


@dataclass(slots=True)
class ApiResponse:
    """A response of the API.

    A `media_type` of None sends no Content-Type. `rated`: it may carry the X-Rate-Limit headers of its group.
    """

    status: int = 200
    body: bytes = b""
    media_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)
    rated: bool = True


class ApiError(Exception):
    """Ends the handling of a request with an error response."""

    def __init__(self, response: ApiResponse) -> None:
        super().__init__(response.status)
        self.response = response


def encode(value: object, *, pretty: bool = False) -> bytes:
    """Return JSON, compact or over many lines."""
    text = msgspec.json.encode(value)
    return msgspec.json.format(text, indent=2) if pretty else text


def decode(body: bytes) -> Any:
    """Return the value of a JSON body; ValueError when it cannot be parsed."""
    return msgspec.json.decode(body)


def json_response(value: object, status: int = 200, *, pretty: bool = False) -> ApiResponse:
    """Return a response with a JSON body."""
    return ApiResponse(status, encode(value, pretty=pretty))


def api_error(
    status: int,
    code: str,
    message: str,
    *,
    word: str | None = None,
    parameter: str | None = None,
    value: str | None = None,
    permission: str | None = None,
    headers: dict[str, str] | None = None,
) -> ApiError:
    """Return an error of the REST API.

    The top-level `errorCode` may be a word ("InsufficientPermissions") while `errors[0]` holds the code.
    """
    extras: dict[str, Any] = {}
    if parameter is not None:
        extras["parameterName"] = parameter
    if permission is not None:
        extras["permissionName"] = permission
    entry: dict[str, Any] = {"errorCode": code, "message": message} | extras
    if value is not None:
        entry["parameterValue"] = value
    body = {"errorCode": word or code, "message": message, "errors": [entry], **extras}
    return ApiError(ApiResponse(status, encode(body), headers=headers or {}))


def invalid_parameter(parameter: str, value: str | None = None, *, code: str = "CMN-101", detail: str = "") -> ApiError:
    """Return 400: the value of a parameter is wrong."""
    message = f"Parameter [{parameter}] value is invalid" + (f" [{detail}]" if detail else ".")
    return api_error(400, code, message, word="InvalidParameter", parameter=parameter, value=value)


def missing_parameter(parameter: str) -> ApiError:
    """Return 400: a mandatory parameter is absent."""
    return api_error(400, "CMN-100", f"Parameter [{parameter}] is mandatory.", parameter=parameter)


def not_found(parameter: str, value: str) -> ApiError:
    """Return 404: nothing has that id."""
    message = f"Resource for parameter [{parameter}] is not found"
    return api_error(404, "CMN-102", message, parameter=parameter, value=value)


def unauthorized(code: str, message: str) -> ApiError:
    """Return 401: the bearer token is not accepted."""
    return api_error(401, code, message, word="TokenInvalid" if code.startswith("OAU") else None)


def unknown_route() -> ApiError:
    """Return 404 of the gateway: the path does not exist."""
    return api_error(404, "AGW-404", "Resource not found")


def app_permission_missing(permission: str) -> ApiError:
    """Return 403: the app was not granted a scope (or the token is older than the grant)."""
    message = f"In order to call this API endpoint, application needs to have [{permission}] permission"
    return api_error(403, "CMN-401", message, word="InsufficientPermissions", permission=permission)


def user_permission_missing(permission: str) -> ApiError:
    """Return 403: the user's role does not allow it."""
    message = (
        f"In order to call this API endpoint, user needs to have [{permission}] permission for requested resource."
    )
    return api_error(403, "CMN-408", message, word="InsufficientPermissions", permission=permission)


def other_extension(permission: str) -> ApiError:
    """Return 403: the user's role has no access to other extensions."""
    message = (
        "In order to call this API endpoint for another extension, user needs to have "
        f"[{permission}] permission granted with extended scope"
    )
    return api_error(403, "CMN-419", message, word="InsufficientPermissions", permission=permission)


def access_denied(message: str) -> ApiError:
    """Return 403: the user may not use or change the object."""
    return api_error(403, "CMN-404", message, word="InsufficientPermissions")


def rate_exceeded(headers: dict[str, str]) -> ApiError:
    """Return 429, with the headers of the limiter."""
    return api_error(429, "CMN-301", "Request rate exceeded", headers=headers)


def login_refused(status: int, error: str, code: str | None, description: str) -> ApiError:
    """Return an error of the token endpoint: OAuth's fields, and RingCentral's list where a code is known."""
    body: dict[str, Any] = {"error": error, "error_description": description}
    if code is not None:
        body |= {"errorCode": code, "message": description, "errors": [{"errorCode": code, "message": description}]}
    return ApiError(ApiResponse(status, encode(body)))


def batch_too_large(size: int, most: int, parameter: str | None = None) -> ApiError:
    """Return 400: a request names more ids or items than are allowed at once."""
    return api_error(400, "CMN-106", f"Batch size [{size}] exceeds the limit [{most}]", parameter=parameter)


def seconds_text(seconds: float) -> str:
    """Return seconds as headers state them: `60`, or with decimals when time is scaled, `0.6`."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
