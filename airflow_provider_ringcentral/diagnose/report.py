"""A diagnosis as text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator

from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis, Finding

GAP = "  "
NARROWEST = 40
"""Columns that causes and cures get at least."""


def report(diagnosis: Diagnosis, width: int | None = None) -> str:
    """The verdict, then one row a finding, its cure below it; `width` in columns, None: the terminal's.

    Links are never broken: somebody wants to click on them.
    """
    columns = width or shutil.get_terminal_size((100, 24)).columns
    head = Finding("finding", "ok", "what it is")
    names = max(len(finding.code) for finding in (head, *diagnosis.findings))
    margin = len("severity") + names + 2 * len(GAP)
    room = max(NARROWEST, columns - margin)
    lines = [diagnosis.verdict, "", f"severity{GAP}{head.code:<{names}}{GAP}{head.cause}"]
    lines.append(GAP.join("-" * length for length in (len("severity"), names, room)))
    for finding in diagnosis.findings:
        first, *more = _told(finding, room)
        lines.append(f"{finding.severity:<8}{GAP}{finding.code:<{names}}{GAP}{first}")
        lines += [" " * margin + line for line in more]
    return "\n".join(lines)


def _told(finding: Finding, room: int) -> Iterator[str]:
    yield from _wrapped(finding.cause, room)
    if finding.cure:
        yield from _wrapped(f"Fix ({finding.who}): {finding.cure}", room)
    if finding.link:
        yield finding.link


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
