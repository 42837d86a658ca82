"""What is sent is sent again byte for byte, whatever it was given as; what cannot be sent is refused before anything is."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.client.http import request_body
from airflow_provider_ringcentral.client.http.request_body import MultipartBody, text_part
from tests.client.conftest import UNKNOWN

CONTENT = "a text of some bytes"


class Unseekable(io.RawIOBase):
    """A pipe, say."""

    def __init__(self) -> None:
        self._left = io.BytesIO(CONTENT.encode())

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._left.read(min(size, 3) if size >= 0 else size)


def halfway(file):
    file.seek(7)
    return file


def in_a_file(folder: Path) -> Path:
    path = folder / "content.txt"
    path.write_text(CONTENT)
    return path


DATA = {
    "bytes": lambda _: CONTENT.encode(),
    "text": lambda _: CONTENT,
    "bytearray": lambda _: bytearray(CONTENT.encode()),
    "BytesIO": lambda _: io.BytesIO(CONTENT.encode()),
    "StringIO": lambda _: io.StringIO(CONTENT),
    "from where it stands": lambda _: halfway(io.BytesIO(b"before " + CONTENT.encode())),
    "file": lambda folder: in_a_file(folder).open("rb"),
    "text file": lambda folder: in_a_file(folder).open(),
    "pipe": lambda _: Unseekable(),
    "generator": lambda _: (letter for letter in CONTENT),
    "iterator of bytes": lambda _: iter([b"a text ", b"", b"of some bytes"]),
    "iterator of memory": lambda _: iter([memoryview(b"a text of "), bytearray(b"some bytes")]),
    "list of bytes": lambda _: [b"a text ", b"of some bytes"],
    "map": lambda _: map(str.encode, CONTENT),
}


@pytest.fixture(params=[401, 429, 503])
def asked_twice(odd, request):
    """A server that takes the second try."""
    odd.tell(request.param, b"{}", Retry_After="0.01")
    odd.tell(200, b'{"id": 5}')
    return odd


@pytest.mark.parametrize("ask", ["request", "request_json"])
@pytest.mark.parametrize("make", DATA.values(), ids=DATA)
def test_a_repeated_request_sends_the_same_bytes(asked_twice, client_of, tmp_path, make, ask):
    odd, data = asked_twice, make(tmp_path)
    getattr(client_of(odd), ask)("POST", UNKNOWN, data=data)
    if hasattr(data, "close"):
        data.close()

    assert [body.decode() for _, _, _, body in odd.calls] == [CONTENT, CONTENT]
    assert {sent["Content-Length"] for _, _, sent, _ in odd.calls} == {str(len(CONTENT))}


FORMS = {
    "fields": ({"data": {"a": "1", "b": ["2", "3"]}}, b"a=1&b=2&b=3", "application/x-www-form-urlencoded"),
    "a field that is used up": ({"data": {"a": iter("12")}}, b"a=1&a=2", "application/x-www-form-urlencoded"),
    "pairs": ({"data": [("a", "1"), ("a", "2")]}, b"a=1&a=2", "application/x-www-form-urlencoded"),
    "json": ({"json": {"text": "Zoë"}}, b'{"text": "Zo\\u00eb"}', "application/json"),
    "empty json": ({"json": {}}, b"{}", "application/json"),
    "own type": ({"data": io.BytesIO(b"x"), "headers": {"content-type": "text/x"}}, b"x", "text/x"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_and_json_are_made_once(odd, client_of, form):
    options, body, kind = form
    odd.tell(503, Retry_After="0.01")
    odd.tell()
    client_of(odd).request_json("PUT", UNKNOWN, **options)

    sent = [({name.lower(): value for name, value in headers.items()}, body) for _, _, headers, body in odd.calls]
    assert [(headers["content-type"], data) for headers, data in sent] == [(kind, body)] * 2


@pytest.mark.parametrize("ask", ["request", "request_json"])
def test_files_are_sent_again(odd, client_of, ask):
    odd.tell(503, Retry_After="0.01")
    odd.tell()
    files = {"attachment": ("a.txt", io.BytesIO(b"contents"), "text/plain")}
    getattr(client_of(odd), ask)("POST", UNKNOWN, data={"to": "x"}, files=files)

    first, second = (body for _, _, _, body in odd.calls)
    assert first == second
    assert b"contents" in first
    assert b'name="to"' in first


def test_what_can_be_iterated_again_stays_on_the_disk(odd, client_of):
    odd.tell(503, Retry_After="0.01")
    odd.tell()
    body = MultipartBody([text_part("to", "x")])
    client_of(odd).request_json("POST", UNKNOWN, data=body, headers={"Content-Type": body.content_type})

    assert [sent for _, _, _, sent in odd.calls] == [b"".join(body)] * 2


async def test_a_coroutine_sends_the_same_bytes_again(odd, client_of):
    odd.tell(503, Retry_After="0.01")
    odd.tell(200, b'{"id": 5}')

    async def nobody(secret: str) -> None:
        """Nothing is masked here."""

    plain = client_of(odd)
    client = AsyncRingCentralClient(plain.credentials, lambda _: plain, nobody)
    assert await client.request_json("POST", UNKNOWN, data=io.BytesIO(CONTENT.encode())) == {"id": 5}
    client.close()

    assert [body.decode() for _, _, _, body in odd.calls] == [CONTENT, CONTENT]


def numbers():
    yield from range(3)


def without_end():
    while True:
        yield bytes(1 << 20)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"data": numbers()}, "yields a int instead of bytes"),
        ({"data": 5}, "data is a int"),
        ({"data": object()}, "data is a object"),
        ({"data": without_end()}, "more than 64 MiB"),
        ({"data": bytes(request_body.MAX_BYTES + 1)}, "more than 64 MiB"),
        ({"json": {1, 2}}, "the request cannot be sent"),
        ({"json": {"a": float("nan")}}, "the request cannot be sent"),
        ({"data": "x", "files": {"a": b"b"}}, "the request cannot be sent"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "header 'X-A'"),
        ({"headers": {"X-A": "☎"}}, "header 'X-A'"),
        ({"headers": {"X-A": 5}}, "header 'X-A'|cannot be sent"),
    ],
    ids=[
        "numbers",
        "int",
        "object",
        "without end",
        "large",
        "set",
        "nan",
        "data and files",
        "crlf",
        "unicode",
        "number",
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(odd, client_of, options, says):
    odd.tell()

    with pytest.raises(BadRequest, match=says):
        client_of(odd).request_json("POST", UNKNOWN, **options)
    assert odd.got == []


def test_an_error_does_not_repeat_a_header(odd, client_of):
    odd.tell()

    with pytest.raises(BadRequest) as caught:
        client_of(odd).request_json("GET", UNKNOWN, headers={"X-Number": "+16505550100\n"})
    assert "6505550100" not in str(caught.value)


def test_json_is_compact_enough_to_be_read_back(odd, client_of):
    odd.tell()
    client_of(odd).request_json("POST", UNKNOWN, json={"to": [{"phoneNumber": "+16505550100"}]})

    assert json.loads(odd.calls[0][3]) == {"to": [{"phoneNumber": "+16505550100"}]}
