"""Check a RingCentral Connection: what is wrong with it, and who fixes it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the diagnosis. Returns 0 when the Connection works, 1 when a finding is an error, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    # Airflow logs to standard output in places, and this command's output is for programs too.
    with contextlib.redirect_stdout(sys.stderr):
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_ringcentral.client.errors import RingCentralError
        from airflow_provider_ringcentral.diagnose.report import NotAConnection, hook_by_id, hook_of_json

        try:
            hook = hook_of_json(sys.stdin) if options.conn_json else hook_by_id(options.conn_id)
            text, works = (_ledger if options.ledger else _diagnosis)(hook, as_json=options.json)
        except NotAConnection as error:
            print(error, file=sys.stderr)
            return USAGE_ERROR
        except (AirflowNotFoundException, RingCentralError) as error:
            print(error, file=sys.stderr)
            return 1
    print(text)
    return 0 if works else 1


def _diagnosis(hook: RingCentralJWTHook, *, as_json: bool) -> tuple[str, bool]:
    from airflow_provider_ringcentral.diagnose.report import report

    diagnosis = hook.diagnose()
    return json.dumps(diagnosis.as_dict(), indent=2) if as_json else report(diagnosis), diagnosis.ok


def _ledger(hook: RingCentralJWTHook, *, as_json: bool) -> tuple[str, bool]:
    from airflow_provider_ringcentral.hooks.diagnosis.ledger_view import ledger_view

    view = ledger_view(hook.credentials)
    return json.dumps(view.as_dict(), indent=2) if as_json else view.text(), True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ringcentral-diagnose", description=__doc__)
    parser.add_argument("conn_id", nargs="?", default="ringcentral_default", help="id of the Connection")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--conn-json", type=_standard_input, metavar="-", help="read the Connection as JSON from standard input"
    )
    parser.add_argument("--ledger", action="store_true", help="show token age, quota and penalties; sends nothing")
    return parser


def _standard_input(text: str) -> str:
    # `choices` of argparse would print the argument, which may be the Connection with its secrets.
    if text != "-":
        raise argparse.ArgumentTypeError(
            "give - and write the Connection to standard input; every user of the machine can read a command line"
        )
    return text


if __name__ == "__main__":
    sys.exit(main())
