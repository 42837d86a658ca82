"""The URL of an incoming webhook: whoever knows it can post, so it is a secret."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors import HOST_REFUSED, ConfigurationError, Problem
from airflow_provider_ringcentral.client.http.hosts import canonical, host_of, is_loopback, may_receive_secrets

HOSTS = ("hooks.glip.com",)
"""Of webhooks, besides those of RingCentral's domains (FACTS 8.4)."""

FIELD = "password"
_PATH = re.compile(r"/webhooks?/(?:v2/)?([A-Za-z0-9_-]+)/?")


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where a webhook is and how to reach it; made by `webhook_address`. Also what `Transport` asks for (`Reach`)."""

    server: str
    webhook_id: str = field(repr=False)
    timeout: float = 60.0
    verify: bool = True
    proxies: Mapping[str, str] | None = field(default=None, repr=False, hash=False)
    allowed_hosts: Collection[str] = HOSTS

    @property
    def session_key(self) -> str:
        """Names this webhook without telling it."""
        return hashlib.sha256(f"webhook\n{self.server}\n{self.webhook_id}".encode()).hexdigest()[:32]

    @property
    def path(self) -> str:
        """The path of format 2. Old URLs have no `v2`, and take it when it is put there (guide: incoming-webhooks)."""
        return f"/webhook/v2/{self.webhook_id}"


def webhook_address(
    url: str,
    allowed_hosts: Collection[str] = (),
    *,
    timeout: float = 60.0,
    proxies: Mapping[str, str] | None = None,
) -> WebhookAddress:
    """The address in a URL as RingCentral's app shows it, such as `https://hooks.ringcentral.com/webhook/v2/<id>`.

    Raises `ConfigurationError` that repeats no more of the URL than its host.
    """
    text, hosts = url.strip(), (*HOSTS, *allowed_hosts)
    problem = _problem(text, hosts)
    if problem is not None:
        raise ConfigurationError(problems=[problem])
    parts = urlsplit(text)
    match = _PATH.fullmatch(parts.path)
    if match is None or parts.query or parts.fragment:
        raise ConfigurationError(
            problems=[
                Problem(FIELD, "is no URL of an incoming webhook, …/webhook/v2/<id>; copy it whole from RingCentral")
            ]
        )
    server = canonical(f"{parts.scheme}://{parts.netloc}")
    return WebhookAddress(server, match[1], timeout, proxies=proxies, allowed_hosts=hosts)


def _problem(url: str, hosts: Collection[str]) -> Problem | None:
    """What is wrong with where a URL leads."""
    if not url:
        return Problem(FIELD, "is missing; put the URL of the incoming webhook there", "missing")
    host = host_of(url)
    if "://" not in url or not host:
        return Problem(FIELD, "is no URL; put the whole URL of the incoming webhook there, https and all")
    if may_receive_secrets(url, hosts):
        return None
    if urlsplit(url).scheme != "https" and not is_loopback(host):
        return Problem(FIELD, f"is no https URL, and whoever reads the URL on its way can post; write https://{host}/…")
    return Problem(
        FIELD,
        f"leads to {host}, which is no host of RingCentral's webhooks; if that is right, list it in [ringcentral] "
        "allowed_hosts",
        HOST_REFUSED,
    )
