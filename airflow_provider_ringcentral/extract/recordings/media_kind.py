"""Whether an answer is the media that was asked for. A proxy's page is none, whatever its status says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors.arguments import NotMedia

_RECORDING_PATH = re.compile(r"/recording/[^/]+/content/?\Z")
_TOLD_LENGTH = 80
_PAGES: Final = ("text/html", "application/xhtml+xml")
_ERRORS: Final = ("application/json",)


@dataclass(frozen=True, slots=True)
class MediaKind:
    """Media of one kind, called `name`: content types that match one of `accepted` and none of `refused`."""

    name: str
    accepted: tuple[str, ...] = ("*/*",)
    refused: tuple[str, ...] = ()

    def accepts(self, content_type: str | None) -> bool:
        """Whether an answer of that `Content-Type` is of this kind."""
        plain = plain_type(content_type)
        return _matches(plain, self.accepted) and not _matches(plain, self.refused)

    def check(self, content_type: str | None, size: int | None = None) -> None:
        """Raises `NotMedia` for an answer of another `Content-Type`, or of no bytes; a `size` of None is not known."""
        if not self.accepts(content_type):
            found = plain_type(content_type)[:_TOLD_LENGTH] or "no content type"
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
"""What readCallRecordingContent gives: audio/mpeg and audio/wav, formerly audio/x-wav."""

ANY_MEDIA: Final = MediaKind("media file", refused=_PAGES + _ERRORS)
"""Attachments come in many types, and in none that pages and errors have."""

API_ANSWER: Final = MediaKind("RingCentral answer", accepted=("*",), refused=_PAGES)
"""RingCentral's API answers with JSON, media, CSV or archives, and never with a page."""


def kind_of(uri: str) -> MediaKind:
    """What the answer to `uri`, of a path or URL, must be."""
    return RECORDING if _RECORDING_PATH.search(urlsplit(uri).path) else ANY_MEDIA


def plain_type(content_type: str | None) -> str:
    """A content type without parameters, in lower case."""
    return (content_type or "").partition(";")[0].strip().lower()


def _matches(plain: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(plain, pattern) for pattern in patterns)
