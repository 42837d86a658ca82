"""A client outside the ledger that uses the same app and user, at its own pace and without reading headers."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import requests

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.login import JWT_GRANT
from scenarios.quota_jobs import CALL_LOG

AGENT = "other client"


class OtherClient:
    """Send a Heavy request every `every` seconds while the block runs; after a 429, wait a little longer than asked."""

    def __init__(self, credentials: Credentials, every: float) -> None:
        self._credentials = credentials
        self._every = every
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        who, server = self._credentials, self._credentials.server
        with requests.Session() as session:
            session.headers["User-Agent"] = AGENT
            form = {"grant_type": JWT_GRANT, "assertion": who.jwt}
            basic = (who.client_id, who.client_secret)
            answer = session.post(f"{server}/restapi/oauth/token", data=form, auth=basic, timeout=30)
            session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            pause = 0.0
            while not self._end.wait(pause):
                answer = session.get(f"{server}{CALL_LOG}", params={"perPage": "1"}, timeout=30)
                pause = float(answer.headers.get("Retry-After", 0)) * 1.1 if answer.status_code == 429 else self._every
