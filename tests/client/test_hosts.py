"""Which URLs may receive secrets."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.hosts import canonical, may_receive_secrets


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
