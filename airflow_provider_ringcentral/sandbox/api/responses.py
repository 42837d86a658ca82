"""Answers, and the bodies of errors in the shapes that RingCentral uses (`docs/basics/errors.md`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

JSON = "application/json"
HTML = b"<html>\n<head><title>Service error</title></head>\n<body><h1>Service error</h1></body>\n</html>\n"


@dataclass(slots=True)
class ApiResponse:
    """What goes back to the client.

    A `media_type` of None sends no Content-Type; `rated`: the limits of its group may be told with it.
    """

    status: int = 200
    body: bytes = b""
    media_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)
    rated: bool = True


class ApiError(Exception):
    """Ends the handling of a request with an error answer."""

    def __init__(self, response: ApiResponse) -> None:
        super().__init__(response.status)
        self.response = response


def encode(value: object, *, pretty: bool = False) -> bytes:
    """JSON, compact or over many lines."""
    text = msgspec.json.encode(value)
    return msgspec.json.format(text, indent=2) if pretty else text


def decode(body: bytes) -> Any:
    """The value of a JSON body."""
    return msgspec.json.decode(body)


def json_response(value: object, status: int = 200, *, pretty: bool = False) -> ApiResponse:
    """An answer with a JSON body."""
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
    """An error of the REST API.

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
    """400: a parameter's value is wrong."""
    message = f"Parameter [{parameter}] value is invalid" + (f" [{detail}]" if detail else ".")
    return api_error(400, code, message, word="InvalidParameter", parameter=parameter, value=value)


def missing_parameter(parameter: str) -> ApiError:
    """400: a mandatory parameter is absent."""
    return api_error(400, "CMN-100", f"Parameter [{parameter}] is mandatory.", parameter=parameter)


def not_found(parameter: str, value: str) -> ApiError:
    """404: nothing has that id."""
    message = f"Resource for parameter [{parameter}] is not found"
    return api_error(404, "CMN-102", message, parameter=parameter, value=value)


def unauthorized(code: str, message: str) -> ApiError:
    """401: the bearer token is no good."""
    return api_error(401, code, message, word="TokenInvalid" if code.startswith("OAU") else None)


def unknown_route() -> ApiError:
    """404 of the gateway: there is no such path."""
    return api_error(404, "AGW-404", "Resource not found")


def app_permission_missing(permission: str) -> ApiError:
    """403: the app was not granted a scope (or the token is older than the grant)."""
    message = f"In order to call this API endpoint, application needs to have [{permission}] permission"
    return api_error(403, "CMN-401", message, word="InsufficientPermissions", permission=permission)


def user_permission_missing(permission: str) -> ApiError:
    """403: the user's role does not allow it."""
    message = (
        f"In order to call this API endpoint, user needs to have [{permission}] permission for requested resource."
    )
    return api_error(403, "CMN-408", message, word="InsufficientPermissions", permission=permission)


def other_extension(permission: str) -> ApiError:
    """403: the user's role does not reach other extensions."""
    message = (
        "In order to call this API endpoint for another extension, user needs to have "
        f"[{permission}] permission granted with extended scope"
    )
    return api_error(403, "CMN-419", message, word="InsufficientPermissions", permission=permission)


def rate_exceeded(headers: dict[str, str]) -> ApiError:
    """429, with whatever headers the limiter has to tell."""
    return api_error(429, "CMN-301", "Request rate exceeded", headers=headers)


def login_refused(status: int, error: str, code: str | None, description: str) -> ApiError:
    """An error of the token endpoint: OAuth's fields, and RingCentral's list where a code is known."""
    body: dict[str, Any] = {"error": error, "error_description": description}
    if code is not None:
        body |= {"errorCode": code, "message": description, "errors": [{"errorCode": code, "message": description}]}
    return ApiError(ApiResponse(status, encode(body)))
