"""Check by its content type that an answer is the requested media, and not the page of a proxy with status 200."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors.arguments import NotMedia

_RECORDING_PATH = re.compile(r"/recording/[^/]+/content/?\Z")
_SHOWN_LENGTH = 80
_PAGES: Final = ("text/html", "application/xhtml+xml")
_ERRORS: Final = ("application/json",)


@dataclass(frozen=True, slots=True)
class MediaKind:
    """A kind of media called `name`: the content types that match one of `accepted` and none of `refused`."""

    name: str
    accepted: tuple[str, ...] = ("*/*",)
    refused: tuple[str, ...] = ()

    def accepts(self, content_type: str | None) -> bool:
        """Whether this kind includes the value of a `Content-Type` header."""
        plain = plain_type(content_type)
        return _matches(plain, self.accepted) and not _matches(plain, self.refused)

    def check(self, content_type: str | None, size: int | None = None) -> None:
        """Raise `NotMedia` for a `Content-Type` of another kind and an empty answer. A `size` of None is unknown."""
        if not self.accepts(content_type):
            found = plain_type(content_type)[:_SHOWN_LENGTH] or "no content type"
        elif size == 0:
            found = "empty"
        else:
            return
        cause = (
            ""
            if found not in _PAGES + _ERRORS
            else " A proxy or a sign-in page probably answered in RingCentral's place."
        )
        raise NotMedia(f"The answer is not a {self.name} ({found}); nothing was stored.{cause}", found=found)


RECORDING: Final = MediaKind("recording", accepted=("audio/*",))
"""Answers of readCallRecordingContent: audio/mpeg and audio/wav, formerly audio/x-wav."""

ANY_MEDIA: Final = MediaKind("media file", refused=_PAGES + _ERRORS)
"""Attachments, which may have any type but those of pages and errors."""

API_ANSWER: Final = MediaKind("RingCentral answer", accepted=("*",), refused=_PAGES)
"""Answers of RingCentral's API: JSON, media, CSV or archives, but never a page."""


def kind_of(uri: str) -> MediaKind:
    """Return the kind of media that a path or URL must answer with."""
    return RECORDING if _RECORDING_PATH.search(urlsplit(uri).path) else ANY_MEDIA


def plain_type(content_type: str | None) -> str:
    """Return a content type in lower case without parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def _matches(plain: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(plain, pattern) for pattern in patterns)
