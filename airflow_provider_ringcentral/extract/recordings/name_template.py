"""File names of recordings by the user's template, which no value of a call can lead out of the destination."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any, Final

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.recordings.media_kind import plain_type
from airflow_provider_ringcentral.extract.recordings.recording import Recording
from airflow_provider_ringcentral.files.id_set import IdSet

DEFAULT_TEMPLATE: Final = "{start:%Y/%m/%d}/{start:%H%M%S}-{recording_id}.{ext}"
MANIFESTS: Final = "manifests"
"""The folder of the manifests, where no recording may be stored."""

EXTENSIONS: Final[Mapping[str, str]] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
}
"""File extensions by content type. The schema GetCallRecordingResponse has MPEG and WAV; unknown types get `bin`."""

_VALUE_LENGTH = 64
_COMPONENT_LENGTH = 200
"""Bytes in one component of a path. File systems allow 255, and files beside a recording have longer names."""

_UNSAFE = re.compile(r"[^A-Za-z0-9+_-]")
_DIRECTIVE = re.compile(r"%(.?)")
_DIRECTIVES = "YymdHMSjVGu%"
_PLAIN_START = "%Y%m%dT%H%M%SZ"


def _party(party: Mapping[str, Any]) -> Any:
    return party.get("phoneNumber") or party.get("extensionNumber")


FIELDS: Final[Mapping[str, Callable[[Recording], Any]]] = {
    "recording_id": lambda recording: recording.recording_id,
    "recording_type": lambda recording: recording.recording_type,
    "call_id": lambda recording: recording.call_id,
    "session_id": lambda recording: recording.session_id,
    "telephony_session_id": lambda recording: recording.telephony_session_id,
    "extension_id": lambda recording: recording.extension_id,
    "direction": lambda recording: recording.direction,
    "from_number": lambda recording: _party(recording.from_),
    "to_number": lambda recording: _party(recording.to),
}
"""The fields of a template besides `start` (UTC, with a format such as `%Y/%m/%d`) and `ext`."""

ALLOWED: Final = (*FIELDS, "start", "ext")

_SAMPLE = Recording(
    recording_id="1",
    recording_type="Automatic",
    content_uri=None,
    call_id="1",
    session_id="1",
    telephony_session_id="1",
    leg=None,
    direction="Inbound",
    start=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    duration=60,
    from_={},
    to={},
    extension_id="1",
)


class NameTemplate:
    """Names relative to the destination, folders included, such as `2026/01/31/093000-5021.mp3`.

    A template may use the fields of `ALLOWED`. Of their values, at most 64 characters are kept, and characters other
    than letters, digits, `+`, `_` and `-` become `_`; a missing value becomes `unknown`. Raises `BadArgument` for an
    invalid template and for one whose names lead out of the destination.
    """

    def __init__(self, template: str) -> None:
        self.text = template
        self._pieces = [*_pieces(template)]
        self._names_ext = any(field == "ext" for _, field, _ in self._pieces)
        self.name(_SAMPLE, "mp3")
        self.sidecar(_SAMPLE)

    def name(self, recording: Recording, ext: str) -> str:
        """Return the name of the recording's file; `ext` has no dot."""
        return _checked("".join(text + self._value(recording, ext, *field) for text, *field in self._pieces))

    def sidecar(self, recording: Recording) -> str:
        """Return the name of the sidecar, with `json` for `ext` or added: it does not depend on the content type."""
        name = self.name(recording, "json")
        return name if self._names_ext else _checked(f"{name}.json")

    def _value(self, recording: Recording, ext: str, field: str | None, spec: str | None) -> str:
        if field is None:
            return ""
        if field == "ext":
            return ext
        if field == "start":
            return recording.start.astimezone(UTC).strftime(spec or _PLAIN_START)
        return _safe(FIELDS[field](recording))


def extension_of(content_type: str | None) -> str:
    """Return the file extension of a content type, `bin` for an unknown one."""
    return EXTENSIONS.get(plain_type(content_type), "bin")


def _safe(value: Any) -> str:
    return _UNSAFE.sub("_", str(value))[:_VALUE_LENGTH] if value not in (None, "") else "unknown"


def _pieces(template: Any) -> list[tuple[str, str | None, str | None]]:
    """Split a template into texts, each with the field that follows it (None at the end) and its format."""
    if not isinstance(template, str) or not template:
        raise _bad("is not a text, or is empty")
    try:
        parsed = [*Formatter().parse(template)]
    except ValueError as error:
        raise _bad(f"cannot be read: {error}; write {{{{ and }}}} for literal braces") from None
    for _, field, spec, conversion in parsed:
        if field is None:
            continue
        if field not in ALLOWED:
            # str.format is never used: it would follow attributes and indexes of a field to any object.
            raise _bad(f"names the unknown field {{{field}}}; fields are {', '.join(ALLOWED)}")
        if conversion or (spec and field != "start"):
            raise _bad(f"gives {field} a format; only start may have one, such as {{start:%Y-%m-%d}}")
        if spec and (wrong := [each for each in _DIRECTIVE.findall(spec) if not each or each not in _DIRECTIVES]):
            raise _bad(f"formats start with %{wrong[0]}; directives are {' '.join(f'%{each}' for each in _DIRECTIVES)}")
        if spec and "{" in spec:
            raise _bad("has a field inside a format")
    return [(text, field, spec) for text, field, spec, _ in parsed]


def _checked(name: str) -> str:
    """Return the name. Raises `BadArgument` when it is invalid or leads out of the destination."""
    if any(character == "\\" or not character.isprintable() for character in name):
        raise _bad("has a backslash or a control character")
    components = name.split("/")
    if components[0] == "" or ":" in components[0]:
        raise _bad("makes an absolute path; names are relative to the destination")
    if ".." in components or "." in components:
        raise _bad("leads out of the destination: a component of the path is . or ..")
    if "" in components:
        raise _bad("makes a path with an empty component, or without a file name")
    if any(component.startswith(".") for component in components):
        raise _bad("makes a hidden name, which begins with a dot: hidden names are reserved for the operator")
    if components[0] == MANIFESTS:
        raise _bad(f"leads into {MANIFESTS}/, the folder of the manifests")
    if any(len(component.encode()) > _COMPONENT_LENGTH for component in components):
        raise _bad(f"makes names of more than {_COMPONENT_LENGTH} bytes")
    return name


def _bad(problem: str) -> BadArgument:
    return BadArgument(f"name_template {problem}. The default is {DEFAULT_TEMPLATE}", parameter="name_template")


def check_names(recordings: Iterable[Recording], template: NameTemplate) -> int:
    """Count the different recordings. Raises `BadArgument` when two of them would have the same name."""
    ids, names, total = IdSet(), IdSet(), 0
    for recording in recordings:
        if not ids.add(recording.recording_id):
            continue
        total += 1
        # The sidecar's name is compared: two names that differ in the extension only share it.
        if not names.add(template.sidecar(recording)):
            raise BadArgument(
                f"name_template {template.text!r} gives recording {recording.recording_id} the same name as another "
                "recording of this run; add {recording_id} to it. Nothing was downloaded.",
                parameter="name_template",
            )
    return total
