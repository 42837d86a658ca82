"""One request, as handlers see it.

Request bodies, read strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.company import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.api.uploads import Upload
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.identity import Token
    from airflow_provider_ringcentral.sandbox.model.state import State


@dataclass(slots=True)
class RequestContext:
    """A request and the world it came to. `query` is the list of parameters as sent, repeated keys and all.

    `token` is set when the operation needs one, `ids` are the variables of the path. An operation that
    takes uploads has its body in `upload` instead, unless that is JSON.
    """

    state: State
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    ids: dict[str, str]
    user_permission: str | None = None
    token: Token | None = None
    upload: Upload | None = None

    def values(self, name: str) -> list[str]:
        """Every value of a query parameter."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str) -> str | None:
        """The value of a query parameter, None when absent; more than one is an error (CMN-406)."""
        values = self.values(name)
        if len(values) > 1:
            raise responses.api_error(400, "CMN-406", f"Duplicate value for parameter [{name}] found", parameter=name)
        return values[0] if values else None

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str | None:
        """A parameter that must be one of `allowed`."""
        value = self.value(name)
        if value is None:
            return default
        if value not in allowed:
            raise responses.invalid_parameter(name, value)
        return value

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """A whole number from 1 to `most`."""
        value = self.value(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal()) or int(value) < 1 or (most is not None and int(value) > most):
            raise responses.invalid_parameter(name, value)
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:  # noqa: FBT001, FBT002 - it is a boolean parameter
        """`true` or `false`."""
        return self.choice(name, ("true", "false"), str(default).lower()) == "true"

    def timestamp(self, name: str) -> int | None:
        """A date-time with a zone, in ms."""
        value = self.value(name)
        if value is None:
            return None
        try:
            return timestamps.parse(value)
        except ValueError:
            raise responses.invalid_parameter(name, value) from None

    def uri(self, **changes: object) -> str:
        """The absolute URI of this request, ids spelled out, with query parameters replaced (or appended)."""
        pairs = [(key, value) for key, value in self.query if key not in changes]
        pairs += [(key, str(value)) for key, value in changes.items()]
        path = self.path.replace("/account/~", f"/account/{ACCOUNT_ID}", 1)
        if self.token is not None:
            path = path.replace("/extension/~", f"/extension/{self.token.user.id}", 1)
        return f"{self.state.url}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def check_account(self) -> None:
        """404 for an account other than the token's own."""
        if (account := self.ids.get("accountId", "~")) not in {"~", str(ACCOUNT_ID)}:
            raise responses.not_found("accountId", account)

    def extension(self) -> Extension:
        """The extension of the path, `~` for the token's user; 404, or 403 when the role does not reach it."""
        if self.token is None:
            raise responses.unauthorized("OAU-213", "Token not found")
        self.check_account()
        wanted = self.ids.get("extensionId", "~")
        own = str(self.token.user.id)
        found = self.state.company.find(own if wanted == "~" else wanted)
        if found is None:
            raise responses.not_found("extensionId", wanted)
        if str(found.id) != own and not self.token.user.extended:
            raise responses.other_extension(self.user_permission or "ReadExtensions")
        return found

    def json(self, value: object, status: int = 200) -> ApiResponse:
        """A JSON answer in the sandbox's style."""
        return responses.json_response(value, status, pretty=self.state.options.pretty)

    def page_of(self, records: list[Any], show: Callable[[Any], dict[str, Any]] = dict) -> ApiResponse:
        """A list by page and perPage (default 100, at most 1000, over-large ones clamped).

        `show` makes the record of an entry; those of other pages are not made.
        """
        page, size = self.number("page", 1, most=1000), min(self.number("perPage", 100), 1000)
        first = (page - 1) * size
        shown = [show(record) for record in records[first : first + size]]
        pages = max(1, -(-len(records) // size))
        navigation = {"firstPage": 1, "lastPage": pages}
        if page < pages:
            navigation["nextPage"] = page + 1
        if page > 1:
            navigation["previousPage"] = page - 1
        body = {
            "uri": self.uri(page=page, perPage=size),
            "records": shown,
            "paging": {
                "page": page,
                "perPage": size,
                "pageStart": first,
                "pageEnd": max(first, first + len(shown) - 1),
                "totalPages": pages,
                "totalElements": len(records),
            },
            "navigation": {name: {"uri": self.uri(page=to, perPage=size)} for name, to in navigation.items()},
        }
        return self.json(body)


def units(text: str) -> int:
    """Length in UTF-16 units, which is how RingCentral counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def json_value(context: RequestContext) -> Any:
    """The JSON of a body; 415 for another Content-Type, 400 CMN-103 for what is no JSON."""
    kind = context.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {responses.JSON, "application/vnd.ringcentral.multipart+json"}:
        raise responses.api_error(415, "CMN-104", f"Content-Type [{kind}] is not supported")
    try:
        return responses.decode(context.body)
    except ValueError:
        raise responses.api_error(400, "CMN-103", "JSON cannot be parsed") from None


def json_object(context: RequestContext) -> dict[str, Any]:
    """As `json_value`, and it is an object."""
    value = json_value(context)
    if not isinstance(value, dict):
        raise responses.api_error(400, "CMN-103", "JSON cannot be parsed")
    return value


def text_field(body: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """A text of 1 to `longest` UTF-16 units; "" when it is absent and may be."""
    value = body.get(name)
    if value is None:
        if required:
            raise responses.missing_parameter(name)
        return ""
    if not isinstance(value, str) or units(value) > longest or (required and not value):
        raise responses.invalid_parameter(name, detail=f"1 to {longest} symbols")
    return value


def choice_field(body: dict[str, Any], name: str, allowed: tuple[str, ...], *, required: bool = True) -> str | None:
    """One of `allowed`, None when it is absent and may be."""
    value = body.get(name)
    if value is None:
        if required:
            raise responses.missing_parameter(name)
        return None
    if value not in allowed:
        raise responses.invalid_parameter(name, str(value))
    return str(value)


def list_field(body: dict[str, Any], name: str, *, required: bool = True) -> list[dict[str, Any]]:
    """A list of objects, not empty if required."""
    value = body.get(name)
    if value is None or (required and value == []):
        if required:
            raise responses.missing_parameter(name)
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise responses.invalid_parameter(name)
    return value
