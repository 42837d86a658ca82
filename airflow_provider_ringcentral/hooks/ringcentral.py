"""RingCentralJWTHook: from a Connection to a client whose errors Airflow understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook, mask_secret

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.connection import read_credentials
from airflow_provider_ringcentral.hooks.errors import airflow_errors, for_airflow
from airflow_provider_ringcentral.provider_info import CONNECTION_TYPE, HOOK_NAME, get_provider_info

if TYPE_CHECKING:
    import requests
    from upath import UPath

    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.multi_status import PartialFailure
    from airflow_provider_ringcentral.files.receipt import Receipt
    from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis
    from airflow_provider_ringcentral.hooks.task_state import WorkerRun


class RingCentralJWTHook(BaseHook):
    """Logs in with the JWT of a Connection and talks to RingCentral within the quota of its app and user.

    Every method raises the errors of `client/errors.py`; those that trying again cannot cure are also
    `AirflowFailException`, so that Airflow does not burn retries on a wrong secret or a missing scope.

    :param ringcentral_conn_id: the Connection.
    :param max_wait: seconds that one request may wait for its place in the quota, where the Connection does not say.
    """

    conn_name_attr = "ringcentral_conn_id"
    default_conn_name = "ringcentral_default"
    conn_type = CONNECTION_TYPE
    hook_name = HOOK_NAME

    def __init__(
        self,
        ringcentral_conn_id: str = default_conn_name,
        *,
        max_wait: float = DEFAULT_MAX_WAIT_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ringcentral_conn_id = ringcentral_conn_id
        self.max_wait = max_wait
        self.worker_run: WorkerRun | None = None
        """The task whose client this hook makes, if it is one that may be deferred."""

    @cached_property
    def credentials(self) -> Credentials:
        """The Connection as checked credentials; its secrets are masked in logs from here on."""
        with airflow_errors():
            return read_credentials(self.ringcentral_conn_id, self.get_connection)

    @cached_property
    def _client(self) -> RingCentralClient:
        patience = self.credentials.max_wait
        client = self.make_client(self.max_wait if patience is None else patience)
        if self.worker_run is not None:
            self.worker_run.attach(client)
        return client

    def make_client(self, max_wait: float) -> RingCentralClient:
        """A client of its own whose requests wait for at most `max_wait` seconds each."""
        from airflow_provider_ringcentral.hooks.client import open_client

        with airflow_errors():
            return open_client(self.credentials, max_wait=max_wait, on_secret=mask_secret, raise_as=for_airflow)

    def get_conn(self) -> RingCentralClient:
        """The client: one a hook, safe for threads, made when first asked for. Nothing is sent yet."""
        return self._client

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        on_partial_failure: PartialFailure = "fail",
    ) -> requests.Response:
        """Send one request, any method and path, and return its answer, already judged.

        Waits for its place in the quota, logs in when needed and repeats what may be repeated. `path` starts with /;
        lists in `params` become repeated keys, aware datetimes ISO times in UTC. Streams and files in `data` and
        `files` are read once, up to 64 MiB, so that a repeated request sends the same bytes.

        `repeatable=True` says of a POST that nothing happens when it is executed twice, as with a search: then it is
        repeated like a GET when its answer is lost. None: known for the paths of this provider, else by the method.
        `on_partial_failure`: when some of several ids in `path` fail (207), `"fail"` raises the error of the worst and
        names each, `"return"` returns the answer with a status for each. A DELETE that finds nothing (404) is done.
        """
        return self._client.request(
            method,
            path,
            params=params,
            json=json,
            data=data,
            files=files,
            headers=headers,
            repeatable=repeatable,
            on_partial_failure=on_partial_failure,
        )

    def request_json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        on_partial_failure: PartialFailure = "fail",
    ) -> Any:
        """As `request`, but returns the decoded JSON, or None when the answer has no body.

        For several ids (207) that is a list of `{"resourceId", "status", "body"}`.
        """
        return self._client.request_json(
            method,
            path,
            params=params,
            json=json,
            data=data,
            files=files,
            headers=headers,
            repeatable=repeatable,
            on_partial_failure=on_partial_failure,
        )

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The pages of a list as decoded JSON, asked for one by one as they are consumed."""
        return self._client.pages(path, params)

    def records(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The records of all pages of a list."""
        return self._client.records(path, params)

    def download(
        self, uri: str, destination: str | UPath, *, content_types: str | Sequence[str] | None = None
    ) -> Receipt:
        """Fetch a `contentUri` to `destination`, complete or not at all.

        `destination` is a path of any store that `ObjectStoragePath` knows. `content_types`, such as `image/*`, are
        those to accept; None: `audio/*` for a recording, for anything else all but HTML and JSON, which a proxy may
        answer with. Returns the receipt: destination, bytes, SHA-256, requests, seconds waited. Raises `NotMedia` for
        what is not accepted, or empty.
        """
        from airflow_provider_ringcentral.extract.records import fetch_media
        from airflow_provider_ringcentral.hooks.storage import file_path

        with airflow_errors():
            path = file_path(destination) if isinstance(destination, str) else destination
            accepted = (content_types,) if isinstance(content_types, str) else tuple(content_types or ())
            return fetch_media(self._client, uri, path, accepted)

    def diagnose(self) -> Diagnosis:
        """What is wrong with this Connection and who fixes it; exchanges the JWT itself."""
        from airflow_provider_ringcentral.hooks.diagnosis.examination import examine

        return examine(self, show_numbers=settings.log_personal_data())

    def test_connection(self) -> tuple[bool, str]:
        """Whether work can be done, and at most five short lines about it: the summary of `diagnose`.

        For Airflow's Test button, which shows them for five seconds; never raises.
        """
        try:
            diagnosis = self.diagnose()
        except Exception as error:  # noqa: BLE001 - Airflow shows whatever this returns and breaks on what it raises
            return False, str(error) if isinstance(error, RingCentralError) else f"{type(error).__name__}"
        return diagnosis.ok, f"{diagnosis.summary}\nRun ringcentral-diagnose for all."

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The form's extra fields for Airflow before 3.2, from the same table as `conn-fields`."""
        from airflow_provider_ringcentral.hooks.form_widgets import form_widgets

        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Labels and placeholders of the standard fields for Airflow before 3.2."""
        (declared,) = get_provider_info()["connection-types"]
        return {name.replace("-", "_"): value for name, value in declared["ui-field-behaviour"].items()}
