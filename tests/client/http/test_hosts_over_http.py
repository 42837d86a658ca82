"""Where secrets go over a real connection: links, redirects, `~/.netrc` and proxies change nothing about it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest, ConfigurationError
from airflow_provider_ringcentral.client.http.download import download
from tests.client.conftest import EXTENSION, LOG, UNKNOWN

EVIL = "https://foreign.invalid"
LIST = "/restapi/v1.0/account/~/extension"


@pytest.fixture
def foreign(requests_mock):
    """A host that is not RingCentral's and would answer; everything else goes over the wire."""
    requests_mock.real_http = True
    return requests_mock.register_uri("GET", f"{EVIL}/", json={"records": [{"id": "stolen"}]}, complete_qs=False)


def to_foreign(requests_mock) -> list[str]:
    return [request.url for request in requests_mock.request_history if "foreign.invalid" in request.url]


def test_a_next_page_elsewhere_is_not_asked_for(start, client_of, foreign, requests_mock):
    sandbox = start()
    sandbox.fault("foreign_links", host=EVIL, every=1)
    pages = client_of(sandbox).pages(LOG, {"perPage": 10, "dateFrom": "2020-01-01T00:00:00Z"})
    assert len(next(pages)["records"]) == 10

    with pytest.raises(ConfigurationError, match=r"foreign\.invalid.*allowed_hosts"):
        next(pages)
    assert to_foreign(requests_mock) == []
    assert sandbox.stats()["operations"]["readCompanyCallLog"] == 1


def test_media_elsewhere_is_not_asked_for(start, client_of, foreign, requests_mock):
    client = client_of(start())
    client.request_json("GET", EXTENSION)

    with pytest.raises(ConfigurationError, match=r"foreign\.invalid"):
        download(client, f"{EVIL}/restapi/v1.0/account/~/recording/5/content", lambda _: None)
    assert to_foreign(requests_mock) == []


@pytest.mark.parametrize("port", [1, 8080])
@pytest.mark.parametrize("how", ["next page", "redirect", "media", "path"])
def test_the_bearer_of_a_real_server_goes_to_no_local_port(odd, client_of, requests_mock, how, port):
    server, local = "https://platform.ringcentral.com", f"http://127.0.0.1:{port}"
    requests_mock.post(f"{server}/restapi/oauth/token", json=odd.token)
    requests_mock.get(f"{server}{LIST}", json={"records": [], "navigation": {"nextPage": {"uri": f"{local}/x"}}})
    requests_mock.get(f"{server}{EXTENSION}", status_code=302, headers={"Location": f"{local}/x"})
    stolen = requests_mock.get(f"{local}/x", json={"records": []})
    client = client_of(odd, credentials={"server": server})
    ask = {
        "next page": lambda: list(client.pages(LIST)),
        "redirect": lambda: client.request_json("GET", EXTENSION),
        "media": lambda: download(client, f"{local}/x", lambda _: None),
        "path": lambda: client.request("GET", f"{local}/x"),
    }

    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1 on this machine, not to the Connection's server"):
        ask[how]()
    assert not stolen.called


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "host", [EVIL, "http://media.ringcentral.com", "https://platform.ringcentral.com.evil.example"]
)
@pytest.mark.usefixtures("foreign")
def test_a_redirect_elsewhere_is_not_followed(start, client_of, requests_mock, host, status):
    sandbox = start()
    sandbox.fault("redirect", host=host, status=status, operation="readExtension")

    with pytest.raises(ConfigurationError):
        client_of(sandbox).request_json("GET", EXTENSION)
    assert {request.netloc for request in requests_mock.request_history} == {sandbox.url.partition("//")[2]}


@pytest.mark.parametrize(
    "path",
    ["https://evil.example\\.ringcentral.com/x", "https://x@platform.ringcentral.com/x", "https://[::1", "x", ""],
)
def test_a_url_that_could_lead_elsewhere_is_refused_before_the_login(start, client_of, path):
    sandbox = start()

    with pytest.raises(ConfigurationError, match="path"):
        client_of(sandbox).request_json("GET", path)
    assert sandbox.stats()["requests"] == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_allowed_hosts_is_followed(start, client_of, seen, status):
    sandbox = start()
    other = sandbox.url.replace("127.0.0.1", "localhost")
    sandbox.fault("redirect", host=other, status=status, operation="readCompanyCallLog")
    page = client_of(sandbox).request_json("GET", LOG, params={"perPage": 5, "dateFrom": "2020-01-01T00:00:00+02:00"})

    assert len(page["records"]) == 5
    first, second = seen(sandbox, "readCompanyCallLog")
    assert (first["status"], second["status"]) == (status, 200)
    assert first["query"] == second["query"]
    assert second["authorization"] == "Bearer"


def test_certificates_are_not_looked_at_on_loopback_only(odd, client_of, requests_mock):
    requests_mock.post(f"{odd.url}/restapi/oauth/token", json=odd.token)
    requests_mock.get("https://media.ringcentral.com/x", json={})
    client_of(odd, credentials={"verify": False}).request_json("GET", "https://media.ringcentral.com/x")

    assert [(request.hostname, bool(request.verify)) for request in requests_mock.request_history] == [
        ("127.0.0.1", False),
        ("media.ringcentral.com", True),
    ]


def test_a_post_is_not_redirected(start, client_of):
    sandbox = start()
    sandbox.fault("redirect", location=UNKNOWN + "/2", status=307, path=UNKNOWN)

    with pytest.raises(BadRequest, match="redirects this POST") as caught:
        client_of(sandbox).request("POST", UNKNOWN, json={})
    assert caught.value.status == 307
    assert len([entry for entry in sandbox.requests() if entry["path"].startswith(UNKNOWN)]) == 1


def test_redirects_end(start, client_of, seen):
    sandbox = start()
    sandbox.fault("redirect", location=EXTENSION, operation="readExtension", every=1)

    with pytest.raises(BadRequest, match="redirects"):
        client_of(sandbox).request_json("GET", EXTENSION)
    assert len(seen(sandbox, "readExtension")) == 6


def test_a_netrc_file_changes_nothing(start, client_of, monkeypatch, tmp_path: Path):
    sandbox = start()
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    client.request("GET", LOG, headers={"Accept": "application/json"})

    assert [entry["authorization"] for entry in sandbox.requests()] == ["Basic", "Bearer", "Bearer"]
    assert sandbox.stats()["statuses"] == {"200": 3}


def test_a_header_of_the_caller_does_not_replace_the_token(start, client_of):
    sandbox = start()
    client_of(sandbox).request("GET", EXTENSION, headers={"Authorization": "Basic c29tZWJvZHk6ZWxzZQ=="})

    assert sandbox.stats()["statuses"] == {"200": 2}


@pytest.fixture
def proxy():
    """Something that listens and says how many connections came."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(1)
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("where", ["environment", "connection"])
def test_loopback_is_never_asked_through_a_proxy(start, client_of, monkeypatch, proxy, where):
    url, connections = proxy
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    credentials = {}
    if where == "environment":
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, url)
    else:
        credentials = {"proxies": {"http": url, "https": url}}
    sandbox = start()
    client_of(sandbox, credentials=credentials).request_json("GET", EXTENSION)

    assert connections == []
    assert sandbox.stats()["logins"] == 1
