"""RingCentralJWTHook: from a Connection to a client whose errors Airflow understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from airflow.providers.common.compat.sdk import BaseHook, mask_secret

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import RingCentralError
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


class RequestOptions(TypedDict, total=False):
    """What `request` and `request_json` take besides method and path."""

    params: Mapping[str, Any] | None
    json: Any
    data: Any
    files: Any
    headers: Mapping[str, str] | None
    repeatable: bool | None
    on_partial_failure: PartialFailure


class RingCentralJWTHook(BaseHook):
    """Log in with the JWT of a Connection and call RingCentral within the rate limit of its app and user.

    Methods raise the errors of `airflow_provider_ringcentral.client.errors`. Errors that a retry cannot cure, such as a
    wrong secret or a missing scope, are also `AirflowFailException`, so that Airflow does not retry the task.

    :param ringcentral_conn_id: the Connection.
    :param max_wait: seconds that one request may wait for the rate limit, where the Connection does not say.
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
        """Set for a task that may be deferred: it carries the client's usage and its turn across deferrals."""
        self._client: RingCentralClient | None = None

    @cached_property
    def credentials(self) -> Credentials:
        """The values of the Connection, checked. Reading them masks its secrets in logs."""
        with airflow_errors():
            return read_credentials(self.ringcentral_conn_id, self.get_connection)

    def get_conn(self) -> RingCentralClient:
        """The client of this hook, made at the first call and safe for threads. Sends nothing."""
        if self._client is None:
            max_wait = self.credentials.max_wait
            self._client = self.make_client(self.max_wait if max_wait is None else max_wait)
            if self.worker_run is not None:
                self.worker_run.attach(self._client)
        return self._client

    def make_client(self, max_wait: float) -> RingCentralClient:
        """Make another client, whose requests wait for at most `max_wait` seconds each. Sends nothing."""
        from airflow_provider_ringcentral.hooks.client import open_client

        with airflow_errors():
            return open_client(self.credentials, max_wait=max_wait, on_secret=mask_secret, raise_as=for_airflow)

    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> requests.Response:
        """Send one request to any method and path and return its answer, which is a success.

        Waits for the rate limit, logs in when needed, and repeats the request when that is safe. `path` starts with /.
        The options are keyword arguments, all of them optional:

        - `params`: lists become repeated keys, datetimes with a zone ISO times in UTC.
        - `json`, `data`, `files`, `headers`: as for the requests library. Streams and files are read once, up to
          64 MiB, so that a repeated request sends the same bytes.
        - `repeatable`: True says that a POST may be executed twice, as a search may: it is repeated like a GET when its
          answer is lost. None (the default): as known for the paths of this provider, else by the method.
        - `on_partial_failure`: when some of several ids in `path` fail (207), `"fail"` (the default) raises the error
          of the worst and names each, `"return"` returns the answer with a status for each.

        A DELETE that finds nothing (404) succeeds.
        """
        return self.get_conn().request(method, path, **options)

    def request_json(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Any:
        """Send one request as `request` does, and return its decoded JSON, or None when the answer has no body.

        For several ids (207) that is a list of `{"resourceId", "status", "body"}`.
        """
        return self.get_conn().request_json(method, path, **options)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Iterate over the pages of a list as decoded JSON. Each page is requested when the iterator reaches it."""
        return self.get_conn().pages(path, params)

    def records(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Iterate over the records of all pages of a list, as `pages` does."""
        return self.get_conn().records(path, params)

    def download(
        self, uri: str, destination: str | UPath, *, content_types: str | Sequence[str] | None = None
    ) -> Receipt:
        """Fetch a `contentUri` to `destination`, complete or not at all.

        `destination` is a path of any store that `ObjectStoragePath` supports. `content_types`, such as `image/*`, are
        the types to accept; None means `audio/*` for a recording, and for anything else every type but HTML and JSON,
        which are what a proxy answers. Returns the receipt: destination, bytes, SHA-256, requests, seconds waited.
        Raises `NotMedia` when the content is of another type, or empty.
        """
        from airflow_provider_ringcentral.extract.records import fetch_media
        from airflow_provider_ringcentral.hooks.storage import file_path

        with airflow_errors():
            path = file_path(destination) if isinstance(destination, str) else destination
            accepted = (content_types,) if isinstance(content_types, str) else tuple(content_types or ())
            return fetch_media(self.get_conn(), uri, path, accepted)

    def diagnose(self) -> Diagnosis:
        """Find out what is wrong with this Connection and who fixes it. Exchanges the JWT for a new token."""
        from airflow_provider_ringcentral.hooks.diagnosis.examination import examine_connection

        return examine_connection(self.ringcentral_conn_id, self.get_connection)

    def test_connection(self) -> tuple[bool, str]:
        """Say whether the Connection works, with the summary of `diagnose` in at most five lines. Never raises.

        Airflow's Test button shows them for five seconds.
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
