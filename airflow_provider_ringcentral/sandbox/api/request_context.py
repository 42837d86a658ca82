"""One request as the operations see it: its parameters and body, read strictly, and the state of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.company import ACCOUNT_ID
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import utf16_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.api.uploads import Upload
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.identity import Token
    from airflow_provider_ringcentral.sandbox.model.state import State


@dataclass(slots=True)
class RequestContext:
    """A request and the state that it meets. `query` holds the parameters as sent, with repeated names.

    `token` is set when the operation needs one, `ids` are the variables of the path. An operation that takes uploads
    gets its body in `upload` instead, unless the body is JSON.
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
        """Return every value of a query parameter."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str) -> str | None:
        """Return the value of a query parameter, or None; more than one is an error (CMN-406)."""
        values = self.values(name)
        if len(values) > 1:
            raise responses.api_error(400, "CMN-406", f"Duplicate value for parameter [{name}] found", parameter=name)
        return values[0] if values else None

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str | None:
        """Return a parameter that must be one of `allowed`."""
        value = self.value(name)
        if value is None:
            return default
        if value not in allowed:
            raise responses.invalid_parameter(name, value)
        return value

    def choices(self, name: str, allowed: set[str]) -> frozenset[str]:
        """Return the values of a repeated parameter, each of which must be one of `allowed`.

        A comma-joined list is accepted and matches nothing, as with RingCentral (guide page basics/uris).
        """
        values = frozenset(self.values(name))
        for value in values:
            if value not in allowed and "," not in value:
                raise responses.invalid_parameter(name, value)
        return values

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """Return a whole number from 1 to `most`."""
        value = self.value(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal()) or int(value) < 1 or (most is not None and int(value) > most):
            raise responses.invalid_parameter(name, value)
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:  # noqa: FBT001, FBT002 - it is a boolean parameter
        """Return a parameter that is `true` or `false`."""
        return self.choice(name, ("true", "false"), str(default).lower()) == "true"

    def timestamp(self, name: str) -> int | None:
        """Return a date-time with a zone, in ms."""
        value = self.value(name)
        if value is None:
            return None
        try:
            return timestamps.parse(value)
        except ValueError:
            raise responses.invalid_parameter(name, value) from None

    def time_bounds(self) -> tuple[int, int, int]:
        """Return the first and last millisecond of the response, and `dateFrom` as its links spell it out.

        `dateTo` is now unless given, `dateFrom` a day before it.
        """
        options = self.state.options
        date_from, date_to = self.timestamp("dateFrom"), self.timestamp("dateTo")
        if date_to is None:
            date_to = self.state.now()
        if date_from is None:
            date_from = date_to - timestamps.DAY
        if date_from > date_to:
            raise responses.invalid_parameter("dateFrom", self.value("dateFrom"), detail="is after dateTo")
        first = date_from
        if options.date_bounds == "seconds":
            first, date_to = (value // timestamps.SECOND * timestamps.SECOND for value in (first, date_to))
        return first, date_to if options.date_to == "inclusive" else date_to - 1, date_from

    def uri(self, **changes: object) -> str:
        """Return the absolute URI of this request, without `~`, with query parameters replaced or appended."""
        pairs = [(key, value) for key, value in self.query if key not in changes]
        pairs += [(key, str(value)) for key, value in changes.items()]
        path = self.path.replace("/account/~", f"/account/{ACCOUNT_ID}", 1)
        if self.token is not None:
            path = path.replace("/extension/~", f"/extension/{self.token.user.id}", 1)
        return f"{self.state.url}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def check_account(self) -> None:
        """Refuse an account other than the token's own (404)."""
        if (account := self.ids.get("accountId", "~")) not in {"~", str(ACCOUNT_ID)}:
            raise responses.not_found("accountId", account)

    def user_id(self) -> int:
        """Return the extension id of the token's user."""
        if self.token is None:
            raise responses.unauthorized("OAU-213", "Token not found")
        return self.token.user.id

    def extension(self) -> Extension:
        """Return the extension of the path, `~` for the token's user; 404, or 403 when the role has no access to it."""
        own = str(self.user_id())
        self.check_account()
        wanted = self.ids.get("extensionId", "~")
        found = self.state.company.find(own if wanted == "~" else wanted)
        if found is None:
            raise responses.not_found("extensionId", wanted)
        if str(found.id) != own and self.token is not None and not self.token.user.extended:
            raise responses.other_extension(self.user_permission or "ReadExtensions")
        return found

    def own_extension(self) -> Extension:
        """Return the extension of the path, which must be that of the token's user (403), as for sending."""
        extension = self.extension()
        if extension.id != self.user_id():
            raise responses.access_denied("Access to another extension is denied")
        return extension

    def json(self, value: object, status: int = 200) -> ApiResponse:
        """Return a JSON response, compact or over many lines as the options say."""
        return responses.json_response(value, status, pretty=self.state.options.pretty)

    def page_of(self, records: list[Any], show: Callable[[Any], dict[str, Any]] = dict) -> ApiResponse:
        """Return one page of a list, by `page` and `perPage` (default 100; more than 1000 count as 1000).

        `show` makes the record of an entry; it is called for the entries of this page only.
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

    def json_value(self) -> Any:
        """Return the JSON of the body; 415 for another Content-Type, 400 CMN-103 when it cannot be parsed."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {responses.JSON, responses.MULTIPART_JSON}:
            raise responses.api_error(415, "CMN-104", f"Content-Type [{kind}] is not supported")
        try:
            return responses.decode(self.body)
        except ValueError:
            raise _unparsable() from None

    def json_object(self) -> dict[str, Any]:
        """Return the JSON object of the body; errors as of `json_value`."""
        value = self.json_value()
        if not isinstance(value, dict):
            raise _unparsable()
        return value


def _unparsable() -> responses.ApiError:
    return responses.api_error(400, "CMN-103", "JSON cannot be parsed")


def text_field(body: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """Return a text of 1 to `longest` UTF-16 units; "" when it is absent and not required."""
    value = body.get(name)
    if value is None:
        if required:
            raise responses.missing_parameter(name)
        return ""
    if not isinstance(value, str) or utf16_units(value) > longest or (required and not value):
        raise responses.invalid_parameter(name, detail=f"1 to {longest} symbols")
    return value


def choice_field(body: dict[str, Any], name: str, allowed: tuple[str, ...], *, required: bool = True) -> str | None:
    """Return one of `allowed`; None when it is absent and not required."""
    value = body.get(name)
    if value is None:
        if required:
            raise responses.missing_parameter(name)
        return None
    if value not in allowed:
        raise responses.invalid_parameter(name, str(value))
    return str(value)


def list_field(body: dict[str, Any], name: str, *, required: bool = True) -> list[dict[str, Any]]:
    """Return a list of objects, which is not empty if required."""
    value = body.get(name)
    if value is None or (required and value == []):
        if required:
            raise responses.missing_parameter(name)
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise responses.invalid_parameter(name)
    return value
