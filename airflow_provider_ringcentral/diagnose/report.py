"""Find the Connection that the command line names, and print its diagnosis as a table."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections.abc import Iterator
from typing import IO

from airflow_provider_ringcentral.hooks.connection import json_problem
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis, Finding
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

GIVEN = "ringcentral_given"


class NotAConnection(Exception):
    """Standard input does not hold a Connection."""


def hook_by_id(conn_id: str) -> RingCentralJWTHook:
    """Return the hook of a Connection in the environment, a secrets backend or Airflow's database."""
    # Without this a script on Airflow 3 does not see the database; `airflow connections test` sets the same.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    return RingCentralJWTHook(conn_id)


def hook_of_json(stream: IO[str]) -> RingCentralJWTHook:
    """Return the hook of a Connection in Airflow's JSON form, read from `stream`.

    Not from an argument: every user of the machine can read the arguments of a process.
    """
    try:
        connection = json.loads(stream.read())
    except ValueError:
        raise NotAConnection("standard input is not JSON") from None
    if not isinstance(connection, dict):
        raise NotAConnection('standard input is not a JSON object like {"login": "…", "password": "…", "extra": {…}}')
    given = {name: value for name, value in connection.items() if value is not None and name != "conn_id"}
    if problem := json_problem(given):
        # Airflow silently drops a Connection that it cannot read, and then says that it isn't defined.
        raise NotAConnection(problem)
    os.environ[f"AIRFLOW_CONN_{GIVEN.upper()}"] = json.dumps({"conn_type": "ringcentral", **given})
    return RingCentralJWTHook(GIVEN)


GAP = "  "
NARROWEST = 40
"""Columns, the least for causes and cures."""


def report(diagnosis: Diagnosis, width: int | None = None) -> str:
    """Return the headline and a table with one row for each finding, its cure below it.

    `width` is in columns; None means the terminal's. Links are not broken, so that they can be clicked on.
    """
    columns = width or shutil.get_terminal_size((100, 24)).columns
    head = Finding("finding", "ok", "what it is")
    names = max(len(finding.code) for finding in (head, *diagnosis.findings))
    margin = len("severity") + names + 2 * len(GAP)
    room = max(NARROWEST, columns - margin)
    lines = [diagnosis.headline, "", f"severity{GAP}{head.code:<{names}}{GAP}{head.cause}"]
    lines.append(GAP.join("-" * length for length in (len("severity"), names, room)))
    for finding in diagnosis.findings:
        first, *more = _lines_of(finding, room)
        lines.append(f"{finding.severity:<8}{GAP}{finding.code:<{names}}{GAP}{first}")
        lines += [" " * margin + line for line in more]
    return "\n".join(lines)


def _lines_of(finding: Finding, room: int) -> Iterator[str]:
    yield from _wrapped(finding.cause, room)
    if finding.cure:
        yield from _wrapped(f"Fix ({finding.who}): {finding.cure}", room)
    if finding.link:
        yield finding.link


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
