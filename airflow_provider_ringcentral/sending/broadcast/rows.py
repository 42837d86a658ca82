"""The recipients of a broadcast, from a list or a file, validated and with their texts; and opt-outs."""

from __future__ import annotations

import codecs
import csv
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import SEARCH_CONSENTS
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.broadcast.a2p import MOST_UNITS
from airflow_provider_ringcentral.sending.phone_numbers import parse_phone_number
from airflow_provider_ringcentral.sending.text import parse_text

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient

log = logging.getLogger(__name__)

MOST_RECORDS = 1000


def opted_out(client: RingCentralClient, sender: str) -> set[str]:
    """Return the numbers that have opted out of texts from `sender`, reading 1000 in a request.

    If they cannot be read, none is returned, and RingCentral's own check remains: it accepts a text to them, which then
    fails with SMS-RC-413. Source: operationId searchSmsConsentRecords, app scope SMS.
    """
    found: set[str] = set()
    body: dict[str, Any] = {"from": [sender], "optStatus": "OptOut", "perPage": MOST_RECORDS}
    while True:
        try:
            answer = client.request_json("POST", SEARCH_CONSENTS.at(accountId=OWN), json=body)
        except (PermissionDenied, BadRequest, NotFound) as error:
            log.info("Opt-outs cannot be read before sending: %s", error)
            return found
        found.update(str(record.get("to")) for record in answer.get("records") or ())
        token = (answer.get("paging") or {}).get("nextPageToken")
        if not token or token == body.get("pageToken"):
            return found
        body = {**body, "pageToken": token}


PLACEHOLDER = re.compile(r"\{(\w+)\}")
LIST, FILE = "to", "recipients_file"
"""The arguments that recipients come from."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient who gets `text`; `row` is the row of the input, from 1."""

    row: int
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RawRecipient:
    """A recipient as given: a number, or a mapping with `to`. Errors name it by `where`."""

    where: str
    parameter: str
    value: Any = field(repr=False)


def addressees(raw_recipients: Iterable[RawRecipient], text: str | None) -> Iterator[Addressee]:
    """Validate recipients, each with its own `text`, or else with `text`, whose placeholders `{name}` are filled in.

    Raises `BadArgument`, which says where, and repeats neither number nor text.
    """
    for row, one in enumerate(raw_recipients, start=1):
        values = one.value if isinstance(one.value, Mapping) else {"to": one.value}
        try:
            number = parse_phone_number("to", values.get("to"))
            personal = parse_text(values.get("text") or _filled(text, values), MOST_UNITS)
        except BadArgument as error:
            raise BadArgument(f"{one.where}: {error.message}", parameter=one.parameter) from None
        yield Addressee(row, number, personal)


def recipients_in_list(to: Any) -> Iterator[RawRecipient]:
    """Read the recipients of a list, or a single one."""
    values = [to] if isinstance(to, str | Mapping) else to
    if not isinstance(values, Iterable):
        raise BadArgument(
            f"to must be a list of numbers, or of dicts with 'to', not {type(to).__name__}.", parameter=LIST
        )
    for place, value in enumerate(values):
        yield RawRecipient(f"to[{place}]", LIST, value)


def recipients_in_file(path: UPath) -> Iterator[RawRecipient]:
    """Stream the recipients of a UTF-8 file: CSV with a column `to`, or NDJSON with an object or number a line."""
    name = path.name.lower()
    rows = _csv if name.endswith(".csv") else _ndjson if name.endswith((".ndjson", ".jsonl")) else None
    if rows is None:
        raise BadArgument(f"the file {path.name} is neither .csv nor .ndjson nor .jsonl.", parameter=FILE)
    try:
        with path.fs.open(path.path, "rb") as raw:
            for line, value in rows(raw):
                yield RawRecipient(f"{path.name}, line {line}", FILE, value)
    except OSError as error:
        raise BadArgument(
            f"the file {path} cannot be read: {error.strerror or type(error).__name__}.", parameter=FILE
        ) from error
    except UnicodeDecodeError:
        raise BadArgument(f"the file {path.name} is not UTF-8; save it as UTF-8.", parameter=FILE) from None


def _csv(raw: Any) -> Iterator[tuple[int, Any]]:
    lines = csv.DictReader(codecs.iterdecode(raw, "utf-8-sig"))
    if "to" not in (lines.fieldnames or ()):
        raise BadArgument("the file has no column 'to'; its first line must name the columns.", parameter=FILE)
    for row in lines:
        if None in row or None in row.values():
            raise BadArgument(
                f"line {lines.line_num} of the file does not have as many cells as the header; quote commas.",
                parameter=FILE,
            )
        # This provider's CSV files put an apostrophe before what a spreadsheet takes for a formula, such as +1….
        yield lines.line_num, {**row, "to": row["to"].strip().removeprefix("'")}


def _ndjson(raw: Any) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(raw, start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line)
            except msgspec.DecodeError:
                raise BadArgument(f"line {number} of the file is not JSON.", parameter=FILE) from None


def _filled(text: str | None, values: Mapping[str, Any]) -> str:
    if not text:
        raise BadArgument("there is no text; give text, or each recipient a 'text'.", parameter="text")

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            raise BadArgument(f"text names {match[0]}, and the recipient has no {match[1]!r}.", parameter="text")
        return str(found)

    return PLACEHOLDER.sub(value, text)
