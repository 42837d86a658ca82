"""Recordings as rows of the call log and their legs name them, and the sidecars of stored recordings."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.extract.call_log.page import parse_start_time

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

log = logging.getLogger(__name__)

ANY_TYPE = "All"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of a recording that the call log has.

    `start` (aware), `duration` (seconds), `direction`, `from_` and `to` (as RingCentral sent them) are those of the leg
    that names the recording, else of the row. `leg` is the index of that leg, None for the row itself. `extension_id`
    is the internal id of the row's extension.
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
        """When the call, or its leg, ended. The recording may appear from then on."""
        try:
            return self.start + timedelta(seconds=self.duration or 0)
        except OverflowError:
            return self.start


def recordings_of(row: Mapping[str, Any], wanted: str | None = ANY_TYPE) -> Iterator[Recording]:
    """Yield the recordings that a row of the call log (view Detailed) and its legs name, the row's first.

    The same recording may come more than once. `wanted` is `Automatic` or `OnDemand`; other values mean every type.
    """
    legs = row.get("legs")
    sources: list[tuple[int | None, Any]] = [(None, row), *enumerate(legs if isinstance(legs, list) else ())]
    for leg, source in sources:
        named = source.get("recording") if isinstance(source, dict) else None
        if not isinstance(named, dict) or _text(named.get("id")) is None:
            continue
        kind = _text(named.get("type"))
        if wanted in (None, ANY_TYPE) or kind == wanted:
            yield _recording(row, source, leg, named)


def _recording(
    row: Mapping[str, Any], source: Mapping[str, Any], leg: int | None, named: Mapping[str, Any]
) -> Recording:
    def of_call(name: str) -> Any:
        return source.get(name) if source.get(name) is not None else row.get(name)

    return Recording(
        recording_id=str(named["id"]),
        recording_type=_text(named.get("type")),
        content_uri=_text(named.get("contentUri")),
        call_id=str(row.get("id")),
        session_id=_text(row.get("sessionId")),
        telephony_session_id=_text(of_call("telephonySessionId")),
        leg=leg,
        direction=_text(of_call("direction")),
        start=parse_start_time(str(of_call("startTime"))),
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
    """The JSON file beside a stored recording. It is written last, so it shows that the recording is complete.

    `file` is relative to the destination; `bytes` and `sha256` (hexadecimal) are those of the file.
    """

    file: str
    content_type: str | None
    bytes: int
    sha256: str


def sidecar_of(recording: Recording, *, file: str, content_type: str | None, size: int, sha256: str) -> Sidecar:
    """Make the sidecar of a stored recording."""
    known = {name: getattr(recording, name) for name in Recording.__struct_fields__}
    return Sidecar(**known, file=file, content_type=content_type, bytes=size, sha256=sha256)


def read_sidecar(fs: AbstractFileSystem, name: str) -> Sidecar | None:
    """Read a sidecar. None when it is missing or damaged; the recording is then downloaded again."""
    try:
        return msgspec.json.decode(fs.cat_file(name), type=Sidecar)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError:
        log.info("Discarded the sidecar %s: it cannot be read, so its recording is downloaded again.", name)
        return None


def json_line(recording: Recording) -> bytes:
    """Encode a recording, or a sidecar, as one line of JSON."""
    return msgspec.json.encode(recording) + b"\n"
