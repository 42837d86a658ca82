"""Calling a sandbox's controls over its port."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener


class SandboxError(Exception):
    """The sandbox refused a control call; the message says why."""


class ControlPort:
    """Where a sandbox listens."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._identity: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The server URL, without a slash at its end."""
        return self._url

    def _call(self, method: str, path: str = "", /, **given: Any) -> Any:
        url = f"{self.url}/sandbox{path}"
        body = None
        if method == "GET":
            url += f"?{urlencode(given)}" if given else ""
        else:
            body = json.dumps(given).encode()
        request = Request(url, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback only
        # A proxy of the environment must not be asked for loopback addresses.
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return json.loads(response.read() or b"null")
        except HTTPError as error:
            with error:
                raise SandboxError(json.loads(error.read()).get("error", "")) from None
