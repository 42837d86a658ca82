"""Which URLs may receive secrets."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.client.http.hosts import canonical, checked_path, may_receive_secrets
from airflow_provider_ringcentral.client.webhook import webhook_address


@pytest.mark.parametrize(
    "url",
    [
        "https://platform.ringcentral.com",
        "https://platform.ringcentral.com:443/restapi",
        "https://media.ringcentral.com/x",
        "https://MEDIA.RingCentral.COM/x",
        "https://platform.ringcentral.biz/",
        "http://127.0.0.1:8080/x",
        "http://localhost/x",
        "http://[::1]:8080/x",
        "https://127.0.0.1/x",
        "https://gateway.example.com/x",
    ],
)
def test_allowed(url):
    assert may_receive_secrets(url, ["Gateway.example.com"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost/x", "https://[::1]:8443/x"])
@pytest.mark.parametrize(
    ("server", "allowed"),
    [
        ("http://127.0.0.1:5000", True),
        ("http://localhost:5000", True),
        ("https://platform.ringcentral.com", False),
        ("https://gateway.example.com", False),
    ],
)
def test_this_machine_is_told_secrets_only_where_the_server_runs_on_it(url, server, allowed):
    assert may_receive_secrets(url, ["gateway.example.com"], server) is allowed


def test_a_local_gateway_that_is_listed_is_told_over_https():
    assert may_receive_secrets("https://localhost:8443/x", ["localhost"], "https://platform.ringcentral.com")
    assert not may_receive_secrets("http://localhost:8443/x", ["localhost"], "https://platform.ringcentral.com")


@pytest.mark.parametrize("path", ["/restapi/v1.0/account/~", "/", "/team-messaging/v1/chats?recordCount=5"])
def test_own_paths(path):
    assert checked_path(path) == path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("https://platform.ringcentral.com/restapi/v1.0", "is a URL.*only the path.*server comes from the Conn"),
        ("http://127.0.0.1:9/x", "is a URL"),
        ("restapi/v1.0", "'restapi/v1.0', and must start with /"),
        ("@evil.example/x", "must start with /"),
        (None, "must start with /"),
        (5, "must start with /"),
        ("", "must start with /"),
    ],
)
def test_paths_that_are_none(path, says):
    with pytest.raises(BadRequest, match=says) as caught:
        checked_path(path)
    assert caught.value.parameter == "path"


@pytest.mark.parametrize(
    "url",
    [
        "http://platform.ringcentral.com",
        "https://ringcentral.com.evil.example",
        "https://evilringcentral.com",
        "https://evil.example\\.ringcentral.com/x",
        "https://platform.ringcentral.com\t.evil.example/",
        "https://evil.example/ringcentral.com",
        "https://platform.ringcentral.com@evil.example/",
        "https://user:pw@platform.ringcentral.com/",
        "http://gateway.example.com/x",
        "https://127.0.0.1.evil.example/",
        "ftp://127.0.0.1/",
        "//platform.ringcentral.com/x",
        "https://",
        "https://[::1",
        "https://platform.ringcentral.com:port/",
        "",
    ],
)
def test_refused(url):
    assert not may_receive_secrets(url, ["gateway.example.com"])


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://Platform.RingCentral.com:443", "https://platform.ringcentral.com"),
        ("https://platform.ringcentral.com.:443/Path/?Q=A:443", "https://platform.ringcentral.com/Path/?Q=A:443"),
        ("https://platform.ringcentral.com:8443/", "https://platform.ringcentral.com:8443/"),
        ("http://LocalHost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://[::1", "https://[::1"),
        ("https://user:pw@Platform.ringcentral.com/", "https://user:pw@Platform.ringcentral.com/"),
        ("https://platform.ringcentral.com\t.Evil.example/", "https://platform.ringcentral.com\t.Evil.example/"),
        ("https://platform.ringcentral.com:Port/", "https://platform.ringcentral.com:Port/"),
        ("/restapi/V1.0", "/restapi/V1.0"),
    ],
)
def test_one_spelling_of_a_server(url, same):
    assert canonical(url) == same


def test_a_webhook_in_two_spellings_has_one_quota():
    spellings = ("https://hooks.ringcentral.com/webhook/v2/abc", "https://Hooks.RingCentral.com:443/webhook/v2/abc")

    assert len({webhook_address(url).server for url in spellings}) == 1
