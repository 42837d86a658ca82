"""One recording of a call, as its row or one of its legs names it.

The JSON beside each recording: whose call it is, and what its file must be like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.extract.call_log.page import start_moment

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

ANY_TYPE = "All"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recording before its bytes are.

    `start` (aware), `duration` (seconds), `direction`, `from_` and `to` (as RingCentral sent them) are of the leg that
    names it, else of the row; `leg` is the place of that leg in the row's list, None for the row itself.
    `extension_id` is the internal id of whose row it is.
    """

    recording_id: str
    recording_type: str | None
    content_uri: str | None
    call_id: str
    session_id: str | None
    telephony_session_id: str | None
    leg: int | None
    direction: str | None
    start: datetime
    duration: float | None
    from_: dict[str, Any] = msgspec.field(name="from")
    to: dict[str, Any]
    extension_id: str | None

    @property
    def end(self) -> datetime:
        """When the call, or its leg, was over: from then on its recording can be expected."""
        try:
            return self.start + timedelta(seconds=self.duration or 0)
        except OverflowError:
            return self.start


def recordings_of(row: Mapping[str, Any], wanted: str | None = ANY_TYPE) -> Iterator[Recording]:
    """The recordings that a row of the call log (Detailed) and its legs name, the row's first; some may repeat.

    `wanted` is `Automatic` or `OnDemand`, anything else lets every type through.
    """
    legs = row.get("legs")
    parts: list[tuple[int | None, Any]] = [(None, row), *enumerate(legs if isinstance(legs, list) else ())]
    for leg, part in parts:
        named = part.get("recording") if isinstance(part, dict) else None
        if not isinstance(named, dict) or _text(named.get("id")) is None:
            continue
        kind = _text(named.get("type"))
        if wanted in (None, ANY_TYPE) or kind == wanted:
            yield _recording(row, part, leg, named)


def _recording(row: Mapping[str, Any], part: Mapping[str, Any], leg: int | None, named: Mapping[str, Any]) -> Recording:
    def of_call(name: str) -> Any:
        return part.get(name) if part.get(name) is not None else row.get(name)

    return Recording(
        recording_id=str(named["id"]),
        recording_type=_text(named.get("type")),
        content_uri=_text(named.get("contentUri")),
        call_id=str(row.get("id")),
        session_id=_text(row.get("sessionId")),
        telephony_session_id=_text(of_call("telephonySessionId")),
        leg=leg,
        direction=_text(of_call("direction")),
        start=start_moment(str(of_call("startTime"))),
        duration=_number(of_call("duration")),
        from_=_object(of_call("from")),
        to=_object(of_call("to")),
        extension_id=_text(_object(row.get("extension")).get("id")),
    )


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class Sidecar(Recording, frozen=True, kw_only=True):
    """A stored recording. Written after its file, so that a sidecar says: it is there, and complete.

    `file` is its name relative to the destination; `bytes` and `sha256` (hexadecimal) are of the file.
    """

    file: str
    content_type: str | None
    bytes: int
    sha256: str


def sidecar_of(recording: Recording, *, file: str, content_type: str | None, size: int, sha256: str) -> Sidecar:
    """The sidecar of a recording whose bytes are there."""
    known = {name: getattr(recording, name) for name in Recording.__struct_fields__}
    return Sidecar(**known, file=file, content_type=content_type, bytes=size, sha256=sha256)


def read_sidecar(fs: AbstractFileSystem, name: str) -> Sidecar | None:
    """The sidecar of that name; None when there is none, or one that is damaged: then the recording is fetched anew."""
    try:
        return msgspec.json.decode(fs.cat_file(name), type=Sidecar)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def as_json(recording: Recording) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(recording) + b"\n"
