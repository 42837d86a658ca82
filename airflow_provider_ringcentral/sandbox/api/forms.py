"""Request bodies, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit


def units(text: str) -> int:
    """Length in UTF-16 units, which is how RingCentral counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def json_value(visit: Visit) -> Any:
    """The JSON of a body; 415 for another Content-Type, 400 CMN-103 for what is no JSON."""
    kind = visit.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {bodies.JSON, "application/vnd.ringcentral.multipart+json"}:
        raise bodies.refusal(415, "CMN-104", f"Content-Type [{kind}] is not supported")
    try:
        return bodies.decode(visit.body)
    except ValueError:
        raise bodies.refusal(400, "CMN-103", "JSON cannot be parsed") from None


def json_object(visit: Visit) -> dict[str, Any]:
    """As `json_value`, and it is an object."""
    value = json_value(visit)
    if not isinstance(value, dict):
        raise bodies.refusal(400, "CMN-103", "JSON cannot be parsed")
    return value


def text_field(body: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """A text of 1 to `longest` UTF-16 units; "" when it is absent and may be."""
    value = body.get(name)
    if value is None:
        if required:
            raise bodies.missing(name)
        return ""
    if not isinstance(value, str) or units(value) > longest or (required and not value):
        raise bodies.invalid(name, detail=f"1 to {longest} symbols")
    return value


def choice_field(body: dict[str, Any], name: str, allowed: tuple[str, ...], *, required: bool = True) -> str | None:
    """One of `allowed`, None when it is absent and may be."""
    value = body.get(name)
    if value is None:
        if required:
            raise bodies.missing(name)
        return None
    if value not in allowed:
        raise bodies.invalid(name, str(value))
    return str(value)


def list_field(body: dict[str, Any], name: str, *, required: bool = True) -> list[dict[str, Any]]:
    """A list of objects, not empty if required."""
    value = body.get(name)
    if value is None or (required and value == []):
        if required:
            raise bodies.missing(name)
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise bodies.invalid(name)
    return value
