"""How a fax shall look: resolution and cover page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.text import checked_text, utf16_units

RESOLUTIONS = ("High", "Low")
LAST_COVER = 13
MOST_UNITS = 1024
"""UTF-16 units on a cover page (FACTS 7.7)."""


@dataclass(frozen=True, slots=True)
class FaxStyle:
    """`cover` is a cover page's index, 0 for none, None for the user's own default."""

    resolution: str = "High"
    cover: int | None = None
    cover_text: str = ""

    def fields(self) -> dict[str, str | int]:
        """As RingCentral calls them."""
        named = {"faxResolution": self.resolution, "coverIndex": self.cover, "coverPageText": self.cover_text or None}
        return {name: value for name, value in named.items() if value is not None}


def fax_style(resolution: Any, cover: Any, cover_text: Any, *, has_text: bool = False) -> FaxStyle:
    """The style that an author asks for; with `has_text`, a text is wanted. Raises `BadArgument`."""
    word = str(resolution).strip().capitalize()
    if word not in RESOLUTIONS:
        raise BadArgument(f"resolution {resolution!r} is unknown; it is 'High' or 'Low'.", parameter="resolution")
    index, text = _cover(cover), cover_text or ""
    if not isinstance(text, str) or utf16_units(text) > MOST_UNITS:
        raise BadArgument(
            f"cover_text is no text of up to {MOST_UNITS} UTF-16 units; shorten it, or fax it as a page: "
            'files=[{"name": "letter.txt", "text": "…"}, …].',
            parameter="cover_text",
        )
    checked_text(text, MOST_UNITS, name="cover_text", may_be_empty=not has_text)
    if text and index == 0:
        raise BadArgument("cover_text stands on a cover page, and cover=0 is none; give 1 to 13.", parameter="cover")
    return FaxStyle(word, index, text)


def _cover(value: Any) -> int | None:
    if value is None or str(value).strip() in ("", "None"):
        return None
    text = "" if isinstance(value, bool) else str(value).strip()
    if not (text.isascii() and text.isdigit()) or int(text) > LAST_COVER:
        raise BadArgument(
            f"cover {value!r} is no cover page; give 0 for none, 1 to {LAST_COVER}, or leave it out for the user's "
            "own default.",
            parameter="cover",
        )
    return int(text)
