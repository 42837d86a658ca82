"""Call any endpoint of RingCentral: its JSON goes to XCom, or its records to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_ringcentral.client.answer import decoded
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.hooks.xcom import XCOM_LIMIT_BYTES
from airflow_provider_ringcentral.operators.steps.reporting import announce, log_answer, log_done, log_start

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook


class RingCentralApiOperator(BaseOperator):
    """Call any method and path of RingCentral's REST API, within the quota that all tasks share.

    It waits for a slot of the rate limiter, logs in when needed, and repeats requests that may be repeated: all methods
    except POST, and POSTs known to be harmless, such as searches. Any other POST whose answer is lost is not repeated,
    unless `repeatable=True`. A DELETE that finds nothing (404) succeeds.

    Returns the decoded JSON (up to 48 KB; None for an answer without a body), or with `destination` the receipt of the
    file. Errors tell the missing app scope or role, or the wrong parameter, and who fixes it.

    Every value is a template field, except `repeatable`.

    :param path: such as `/restapi/v1.0/account/~/extension/~`, with the version prefix. Whole URLs are refused: the
        server is the Connection's. Several ids, joined by commas, return a list of `{"resourceId", "status", "body"}`.
    :param method: GET, POST, PUT, PATCH or DELETE.
    :param query: query parameters; a list becomes a repeated key. (`params` is Airflow's own argument of every
        operator.)
    :param body: JSON body.
    :param headers: further headers. Authorization is set for you.
    :param paginate: read all pages of the list and write its records to `destination`, as newline-delimited JSON.
    :param destination: a file (ObjectStoragePath): `.ndjson` or `.ndjson.gz` with `paginate`, else the body as
        received.
    :param file_format: `ndjson` or `ndjson.gz`; None: by the suffix of `destination`. With `paginate` only.
    :param repeatable: True: this POST may be executed twice, so it is repeated like a GET when its answer is lost.
        None: known for the paths of this provider, else by the method.
    :param on_partial_failure: when some of several ids fail (207): `fail` the task and name each, or `return` what came
        for each. A 404 to a DELETE is a success.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        "ringcentral_conn_id",
        "path",
        "method",
        "query",
        "body",
        "headers",
        "paginate",
        "destination",
        "file_format",
        "on_partial_failure",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"query": "json", "body": "json", "headers": "json"}
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        path: str,
        method: str = "GET",
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        paginate: bool = False,
        destination: str | None = None,
        file_format: str | None = None,
        repeatable: bool | None = None,
        on_partial_failure: str = "fail",
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.method = method
        self.query = query
        self.body = body
        self.headers = headers
        self.paginate = paginate
        self.destination = destination
        self.file_format = file_format
        self.repeatable = repeatable
        self.on_partial_failure = on_partial_failure
        self.ringcentral_conn_id = ringcentral_conn_id

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

        return RingCentralJWTHook(self.ringcentral_conn_id)

    def execute(self, context: Context) -> Any:
        """Call the endpoint, and return the JSON or the receipt."""
        from airflow_provider_ringcentral.client.http.hosts import checked_path
        from airflow_provider_ringcentral.extract.records import extract_body, extract_records
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.storage import file_path

        with airflow_errors():
            client, method, path = self.hook.get_conn(), self._checked_method(), checked_path(self.path)
            # Without the query, which may contain a phone number.
            log_start("%s %s, to %s.", method, path.partition("?")[0], self.destination or "XCom")
            if self.destination is None:
                answer = client.raw_json(method, path, **self._options())
                log_answer(len(answer), client.usage)
                return self._for_xcom(answer)
            destination = file_path(self.destination)
            if self.paginate:
                receipt = extract_records(client, path, self.query, destination, self.file_format)
            else:
                receipt = extract_body(client, method, path, self._options(), destination)
        log_done(receipt)
        return announce(receipt, context, self.outlets)

    def _checked_method(self) -> str:
        method = str(self.method).upper()
        if self.paginate and (method != "GET" or self.body is not None):
            raise BadArgument("paginate=True needs method GET and no body.", parameter="method")
        if self.paginate and self.destination is None:
            raise BadArgument("paginate=True writes to a file; set destination.", parameter="destination")
        return method

    def _options(self) -> dict[str, Any]:
        return {
            "params": self.query,
            "json": self.body,
            "headers": self.headers,
            "repeatable": self.repeatable,
            "on_partial_failure": self.on_partial_failure,
        }

    @staticmethod
    def _for_xcom(body: bytes) -> Any:
        if len(body) > XCOM_LIMIT_BYTES:
            raise BadArgument(
                f"the answer has {len(body)} bytes, and XCom takes at most {XCOM_LIMIT_BYTES}; "
                "set destination, and paginate=True for a list",
                parameter="destination",
            )
        return decoded(body)
