"""Who of a list failed in an earlier leg or try, so that they do not stand in the way of the others again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from airflow_provider_ringcentral.client.errors import (
    OutcomeUnknown,
    RateLimited,
    RingCentralError,
    Unavailable,
    error_of,
)
from airflow_provider_ringcentral.sending.once.store import PREFIX, Notebook

PAGE = f"{PREFIX}failed"
SHORT = 12
"""Digits of a draft's key that tell it from the others of its task, so that a thousand fit into a page."""

MOST_ERRORS = 10
"""Different refusals that are kept in full; whoever met another one is asked again."""


class Refused(msgspec.Struct):
    """An error as `RingCentralError.as_json` gives it, and whom it met."""

    error: dict[str, object]
    keys: list[str]


class Page(msgspec.Struct):
    """What try `attempt` met: refusals that are final, and everybody who failed."""

    attempt: int = 0
    refused: list[Refused] = []
    failed: list[str] = []


class FailedBefore:
    """What the notes of a task say of those who failed before."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._page = _page(notebook.pages.get(PAGE))
        same = self._page.attempt == notebook.attempt
        self._refused = {key: one.error for one in self._page.refused for key in one.keys} if same else {}

    def order(self, keys: Sequence[str]) -> list[int]:
        """In which order to try: whoever failed before comes last."""
        failed = set(self._page.failed)
        return sorted(range(len(keys)), key=lambda place: keys[place][:SHORT] in failed)

    def refusal(self, key: str) -> RingCentralError | None:
        """What this try was refused with, before it came back from a deferral."""
        error = self._refused.get(key[:SHORT])
        return None if error is None else error_of(error)

    def note(self, failures: Iterable[tuple[str, RingCentralError]]) -> None:
        """Note who failed, by the key of the draft: something may pass, so there is another leg or try."""
        page = Page(self._notebook.attempt)
        kinds: dict[bytes, Refused] = {}
        for key, error in failures:
            page.failed.append(key[:SHORT])
            if not isinstance(error, (OutcomeUnknown, RateLimited, Unavailable)):
                told = error.as_json()
                kind = kinds.setdefault(msgspec.json.encode(told), Refused(told, []))
                kind.keys.append(key[:SHORT])
        page.refused = list(kinds.values())[:MOST_ERRORS]
        self._notebook.pages.set(PAGE, msgspec.to_builtins(page))


def _page(value: object) -> Page:
    try:
        return Page() if value is None else msgspec.convert(value, Page)
    except msgspec.ValidationError:
        return Page()
