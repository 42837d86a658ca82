"""Names of recordings by a template of the user's: what callers send cannot lead them anywhere else.

The names of all recordings of a run, looked at before the first one is downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any, Final

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.recordings.recording import Recording
from airflow_provider_ringcentral.files.id_set import IdSet

DEFAULT_TEMPLATE: Final = "{start:%Y/%m/%d}/{start:%H%M%S}-{recording_id}.{ext}"
MANIFESTS: Final = "manifests"
"""The folder of the manifests, which no recording may lie in."""

EXTENSIONS: Final[Mapping[str, str]] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
}
"""By content type; RingCentral's specification names MPEG and WAV (FACTS 6.8). Any other is `bin`."""

_VALUE_LENGTH = 64
_COMPONENT_LENGTH = 200
"""Bytes of one part of a path; disks take 255, and what is written beside a recording has a longer name."""

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
"""What a template may name besides `start` (UTC, with a format such as `%Y/%m/%d`) and `ext`."""

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

    Only the fields of `ALLOWED` can be named, and of their values only letters, digits, `+`, `_` and `-` are kept, at
    most 64; a missing one is `unknown`. Raises `BadArgument` for a template that is none or leads out of the folder.
    """

    def __init__(self, template: str) -> None:
        self.text = template
        self._pieces = [*_pieces(template)]
        self._names_ext = any(field == "ext" for _, field, _ in self._pieces)
        self.name(_SAMPLE, "mp3")
        self.sidecar(_SAMPLE)

    def name(self, recording: Recording, ext: str) -> str:
        """The name of the recording's file; `ext` without a dot."""
        return _checked("".join(text + self._value(recording, ext, *field) for text, *field in self._pieces))

    def sidecar(self, recording: Recording) -> str:
        """The name of the sidecar, known before the content type is: `json` in place of `ext`, or after all of it."""
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
    """The end of a file name for a content type, `bin` for an unknown one."""
    return EXTENSIONS.get((content_type or "").partition(";")[0].strip().lower(), "bin")


def _safe(value: Any) -> str:
    return _UNSAFE.sub("_", str(value))[:_VALUE_LENGTH] if value not in (None, "") else "unknown"


def _pieces(template: Any) -> list[tuple[str, str | None, str | None]]:
    """Text, the field that follows it (None at the end) and its format."""
    if not isinstance(template, str) or not template:
        raise _bad("is no text")
    try:
        parsed = [*Formatter().parse(template)]
    except ValueError as error:
        raise _bad(f"cannot be read: {error}; write {{{{ and }}}} for braces that are meant") from None
    for _, field, spec, conversion in parsed:
        if field is None:
            continue
        if field not in ALLOWED:
            # Never handed to str.format, which would follow attributes and indexes to anything there is.
            raise _bad(f"names the unknown field {{{field}}}; fields are {', '.join(ALLOWED)}")
        if conversion or (spec and field != "start"):
            raise _bad(f"gives {field} a format, which only start can have, such as {{start:%Y-%m-%d}}")
        if spec and (wrong := [each for each in _DIRECTIVE.findall(spec) if not each or each not in _DIRECTIVES]):
            raise _bad(f"formats start by %{wrong[0]}; directives are {' '.join(f'%{each}' for each in _DIRECTIVES)}")
        if spec and "{" in spec:
            raise _bad("has a field inside a format")
    return [(text, field, spec) for text, field, spec, _ in parsed]


def _checked(name: str) -> str:
    """The name, unless it is none or leads elsewhere."""
    if any(character == "\\" or not character.isprintable() for character in name):
        raise _bad("has a backslash or a control character")
    components = name.split("/")
    if components[0] == "" or ":" in components[0]:
        raise _bad("begins like an absolute path; names are relative to the destination")
    if ".." in components or "." in components:
        raise _bad("climbs out of the destination: a part of the path is . or ..")
    if "" in components:
        raise _bad("has an empty part between two slashes, or no file name")
    if any(component.startswith(".") for component in components):
        raise _bad("begins a part of the path with a dot: hidden names are the operator's own")
    if components[0] == MANIFESTS:
        raise _bad(f"leads into {MANIFESTS}/, where the manifests are")
    if any(len(component.encode()) > _COMPONENT_LENGTH for component in components):
        raise _bad(f"gives names of more than {_COMPONENT_LENGTH} bytes")
    return name


def _bad(problem: str) -> BadArgument:
    return BadArgument(f"name_template {problem}. The default is {DEFAULT_TEMPLATE}", parameter="name_template")


def check_names(recordings: Iterable[Recording], template: NameTemplate) -> int:
    """How many there are; each counts once. Raises `BadArgument` when two of them would have one name."""
    known, names, total = IdSet(), IdSet(), 0
    for recording in recordings:
        if not known.add(recording.recording_id):
            continue
        total += 1
        # A name with another end would still share the sidecar, whose name is known before the content type.
        if not names.add(template.sidecar(recording)):
            raise BadArgument(
                f"name_template {template.text!r} gives recording {recording.recording_id} the name of another one of "
                "the same run; add {recording_id}. Nothing was downloaded.",
                parameter="name_template",
            )
    return total
