"""Sandboxes with chosen options, and clients of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from airflow_provider_ringcentral.sandbox import Sandbox

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Caller:
    """A client that sends plain requests to a sandbox, with a token that it fetches once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self._token: str | None = None

    def post_form(self, path: str = "/restapi/oauth/token", *, auth: Any = "default", **form: Any) -> requests.Response:
        if auth == "default":
            auth = (self.sandbox.client_id, self.sandbox.client_secret)
        return self.http.post(self.sandbox.url + path, data=form, auth=auth)

    def login(self, jwt: str | None = None, **how: Any) -> requests.Response:
        return self.post_form(grant_type=GRANT, assertion=jwt or self.sandbox.jwt, **how)

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = self.login().json()["access_token"]
        return self._token

    def log_in(self) -> None:
        """Fetch the token now, so that no later fault affects the login."""
        assert self.token

    def get(self, path: str, params: Any = None, **headers: str) -> requests.Response:
        if path.startswith("/"):
            path = self.sandbox.url + path
        return self.http.get(path, params=params, headers={"Authorization": f"Bearer {self.token}", **headers})

    def send(self, method: str, path: str, **how: Any) -> requests.Response:
        """Send any request with the token; `how` are arguments of requests."""
        headers = {"Authorization": f"Bearer {self.token}", **how.pop("headers", {})}
        return self.http.request(method, self.sandbox.url + path, headers=headers, **how)

    def post(self, path: str, body: Any, **how: Any) -> requests.Response:
        """Post JSON with the token."""
        return self.send("POST", path, json=body, **how)

    def log(self, **params: Any) -> requests.Response:
        return self.get("/restapi/v1.0/account/~/call-log", params)

    def records(self, **params: Any) -> list[dict[str, Any]]:
        """Return all calls of a query, by following nextPage."""
        answer = self.log(**params).json()
        records = answer["records"]
        while "nextPage" in answer["navigation"]:
            answer = self.get(answer["navigation"]["nextPage"]["uri"]).json()
            records += answer["records"]
        return records


def starter() -> Iterator[Callable[..., Caller]]:
    with ExitStack() as stack:

        def start(**options: Any) -> Caller:
            caller = Caller(stack.enter_context(Sandbox(**{"limits": False} | options)))
            stack.callback(caller.http.close)
            return caller

        yield start


@pytest.fixture
def start():
    """Start sandboxes with chosen options (by default without limits), and return clients of them."""
    yield from starter()


@pytest.fixture(scope="module")
def shared():
    """Like `start`, for the tests of a module that only read."""
    yield from starter()
