"""`python -m airflow_provider_ringcentral.diagnose CONN_ID`: is this Connection right, and if not, who fixes what."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_ringcentral.hooks.diagnosis import Diagnosis

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the diagnosis; 0 when work can be done, 1 when a finding is an error, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="ringcentral-diagnose", description=__doc__)
    parser.add_argument("conn_id", nargs="?", default="ringcentral_default", help="id of the Connection")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--conn-json", choices=["-"], help="read the Connection as JSON from standard input")
    parser.add_argument("--ledger", action="store_true", help="show token age, quota and penalties; sends nothing")
    asked = parser.parse_args(arguments)
    # Airflow logs to standard output in places, and this command's output is for programs too.
    with contextlib.redirect_stdout(sys.stderr):
        from airflow_provider_ringcentral.diagnose.lookup import NotAConnection, hook_by_id, hook_of_json
        from airflow_provider_ringcentral.hooks.ledger_view import ledger_view

        try:
            hook = hook_of_json(sys.stdin) if asked.conn_json else hook_by_id(asked.conn_id)
        except NotAConnection as error:
            print(error, file=sys.stderr)
            return USAGE_ERROR
        view = ledger_view(hook.credentials) if asked.ledger else None
        diagnosis = None if asked.ledger else hook.diagnose()
    if view is not None:
        print(json.dumps(view.as_dict(), indent=2) if asked.json else view.text())
        return 0
    if diagnosis is None:
        return USAGE_ERROR
    print(json.dumps(diagnosis.as_dict(), indent=2)) if asked.json else _table(diagnosis)
    return 0 if diagnosis.ok else 1


def _table(diagnosis: Diagnosis) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "warning": "yellow", "error": "red"}
    table = Table("", "finding", "what it is", "cure", "who", show_lines=True)
    for finding in diagnosis.findings:
        colour = colours[finding.severity]
        cells = (finding.code, finding.cause, finding.cure, finding.who)
        table.add_row(Text(finding.severity, style=colour), *(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
