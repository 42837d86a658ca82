"""The public API as authors of DAGs, plugins and tests use it. Never run: `make check` type-checks it, strictly."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import requests
from airflow.providers.common.compat.sdk import DAG, Asset, task
from upath import UPath

from airflow_provider_ringcentral import __version__
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    DeliveryFailed,
    FieldProblem,
    LoginFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.remedy import Remedy
from airflow_provider_ringcentral.files.receipt import Receipt
from airflow_provider_ringcentral.hooks.client import shared_client
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.api import RingCentralApiOperator
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.operators.team_messaging import (
    RingCentralPostCardOperator,
    RingCentralPostMessageOperator,
)
from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator
from airflow_provider_ringcentral.retry_policy import RingCentralRetryPolicy
from airflow_provider_ringcentral.sandbox import Sandbox, SandboxControl
from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import (
    RingCentralA2PBatchSensor,
    RingCentralMessageStatusSensor,
    RingCentralNewMessageSensor,
)

EXTENSION = "/restapi/v1.0/account/~/extension/~"
LOG = "/restapi/v1.0/account/~/call-log"
START = datetime(2026, 1, 1, tzinfo=UTC)

assert_type(__version__, str)

with DAG("types", schedule=None, start_date=START):
    calls = RingCentralExtractCallLogOperator(
        task_id="calls",
        destination="s3://conn@bucket/calls.parquet",
        start=START,
        end="{{ data_interval_end }}",
        view="Detailed",
        scope="extension",
        extension_id="5",
        direction=["Inbound", "Outbound"],
        call_type="Voice",
        recording_type="All",
        lookback=timedelta(hours=2),
        file_format="parquet",
        if_empty="skip",
        deferrable=True,
        ringcentral_conn_id="ringcentral_default",
        outlets=[Asset("calls", uri="s3://bucket/calls")],
        retries=3,
        retry_policy=RingCentralRetryPolicy(),
    )
    shortest = RingCentralExtractCallLogOperator(task_id="shortest", destination="/data/calls.ndjson")
    mapped = RingCentralExtractCallLogOperator.partial(task_id="mapped", lookback=3600).expand_kwargs(
        [{"start": START.isoformat(), "end": "2026-01-02T00:00:00Z", "destination": "/data/1.ndjson"}]
    )
    RingCentralDownloadRecordingsOperator(
        task_id="recordings",
        destination="s3://conn@bucket/recordings",
        start=START,
        end="{{ data_interval_end }}",
        name_template="{start:%Y-%m-%d}/{recording_id}.{ext}",
        recording_type=None,
        late_window=timedelta(hours=2),
        max_failures=None,
        verify="sha256",
        retention=30 * 86_400,
        if_expired="fail",
        deferrable=True,
        outlets=[Asset("recordings", uri="s3://bucket/recordings")],
    )
    RingCentralDownloadRecordingsOperator.partial(task_id="days", destination="/data").expand_kwargs(
        [{"start": START.isoformat(), "end": "2026-01-02T00:00:00Z"}]
    )
    RingCentralLoadCallLogOperator(task_id="load", source=calls.output, sql_conn_id="warehouse")
    RingCentralLoadCallLogOperator(
        task_id="settle",
        source=["/data/calls", {"destination": None}],
        sql_conn_id="warehouse",
        schema="telephony",
        table_prefix="pbx_",
        delete_missing=True,
    )
    owner = RingCentralApiOperator(task_id="owner", path=EXTENSION)
    change = RingCentralApiOperator(
        task_id="change", path=EXTENSION, method="PUT", query={"a": ["b", 1, True, START]}, body={"contact": {"x": 1}}
    )
    listed = RingCentralApiOperator(task_id="list", path=f"{EXTENSION}/device", paginate=True, destination="/x.ndjson")

    RingCentralApiSensor(task_id="any_record", path=LOG, query={"dateFrom": START}, poke_interval=timedelta(minutes=5))
    RingCentralApiSensor(task_id="expression", path=EXTENSION, condition="status == 'Enabled'", deferrable=True)
    RingCentralApiSensor(task_id="function", path=EXTENSION, condition=lambda answer: answer["id"] > 1, missing_ok=True)
    RingCentralApiSensor.partial(task_id="mapped_wait", mode="reschedule").expand(path=[EXTENSION])

    RingCentralSendFaxOperator(
        task_id="fax",
        to=["+16505550100"],
        files=["/report.pdf", {"name": "letter.txt", "text": "Hello"}, {"template": "s3://conn@bucket/letter.html"}],
        cover=0,
        send_time=START,
        timeout=timedelta(hours=1),
        wait_for="sent",
        deferrable=True,
    )
    RingCentralSendFaxOperator(task_id="fax_again", original_message_id=5)
    RingCentralPostMessageOperator(task_id="post", team="Data", text="Hello", mentions=["5"], files="/chart.png")
    RingCentralPostMessageOperator.partial(task_id="posts", text="Hello").expand(email=["name@example.com"])
    RingCentralPostCardOperator(task_id="card", chat=5, card={"type": "AdaptiveCard"}, fallback_text="Hello")
    RingCentralPostWebhookOperator(task_id="webhook", text="Hello", attachments={"type": "AdaptiveCard"})

    RingCentralMessageStatusSensor(task_id="delivered", message_id=owner.output, wait_for="delivered", deferrable=True)
    RingCentralMessageStatusSensor.partial(task_id="each").expand(message_id=["1", 2])
    RingCentralA2PBatchSensor(task_id="through", batch_id=["1", "2"], poke_interval=30, timeout=3600)
    RingCentralNewMessageSensor(
        task_id="answer",
        message_type=["SMS", "VoiceMail"],
        direction=None,
        from_number=["+16505550100", "102"],
        to_number="+16505550101",
        text_pattern="(?i)^yes",
        since=START,
        extension_id=5,
        mode="reschedule",
    )
    RingCentralCallSensor(
        task_id="missed",
        direction="Inbound",
        call_type="Voice",
        result=["Missed"],
        extension_id=["5", 6],
        since="{{ dag_run.start_date }}",
        poke_interval=timedelta(minutes=5),
    )

    @task
    def use_the_hook() -> list[str]:
        return list(names(RingCentralJWTHook()))

    calls >> owner >> [change, listed] >> use_the_hook()
    shortest >> mapped


def names(hook: RingCentralJWTHook) -> Iterator[str]:
    for record in hook.records(LOG, {"dateFrom": START, "direction": ["Inbound"]}):
        assert_type(record, dict[str, Any])
        yield str(record["id"])
    for page in hook.pages(LOG):
        assert_type(page, dict[str, Any])


def methods(hook: RingCentralJWTHook) -> None:
    answer = hook.request(
        "POST", EXTENSION, params={}, json={"a": 1}, data=None, files=None, headers={"Accept-Language": "de-DE"}
    )
    assert_type(answer, requests.Response)
    assert_type(hook.request_json("GET", EXTENSION), Any)
    assert_type(hook.get_conn(), RingCentralClient)
    assert_type(hook.download("https://media.ringcentral.com/x", "file:///x.mp3"), Receipt)
    assert_type(hook.download("https://media.ringcentral.com/x", UPath("memory://x.mp3")), Receipt)
    assert_type(hook.test_connection(), tuple[bool, str])
    diagnosis = hook.diagnose()
    assert_type(diagnosis, Diagnosis)
    assert_type(diagnosis.ok, bool)
    assert_type(diagnosis.summary, str)


def client(own: RingCentralClient) -> None:
    assert_type(own.request("GET", EXTENSION), requests.Response)
    assert_type(own.raw_page(LOG, {}), bytes)
    assert_type(own.usage.requests, int)
    assert_type(own.usage.waited, float)
    assert_type(own.remaining("heavy"), int | None)


def receipt(found: Receipt) -> None:
    assert_type(found.destination, str | None)
    assert_type(found.records, int | None)
    assert_type(found.sha256, str | None)
    assert_type(found.as_dict(), dict[str, Any])


def failures(hook: RingCentralJWTHook) -> None:
    try:
        hook.request("GET", EXTENSION)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except (LoginFailed, PermissionDenied, BadRequest, NotFound) as error:
        assert_type(error.remedy, Remedy | None)
        assert_type(error.codes, tuple[str, ...])
        assert_type(error.code, str | None)
        assert_type(error.status, int | None)
    except ConfigurationError as error:
        assert_type(error.problems, tuple[FieldProblem, ...])
    except (Unavailable, OutcomeUnknown, DeliveryFailed) as error:
        assert_type(error.request_id, str | None)
    except RingCentralError as error:
        assert_type(pickle.loads(pickle.dumps(error)), Any)


def sandbox(folder: Path) -> None:
    with Sandbox(calls=500, start=START, end=START + timedelta(days=1), limits={"Heavy": 3}, scale=0.01) as running:
        assert_type(running, Sandbox)
        assert_type(running.url, str)
        assert_type(running.connection_uri, str)
        assert_type(running.fault("status", status=503, every=3), int)
        assert_type(running.call_ids(), list[str])
        assert_type(running.stats(), dict[str, Any])
    control: SandboxControl = SandboxControl("http://127.0.0.1:8080")
    control.kill_tokens()


async def in_a_trigger() -> None:
    async with shared_client("ringcentral_default") as own:
        assert_type(await own.request_json("GET", EXTENSION, params={"a": 1}, max_wait=60.0), Any)
        assert_type(await own.raw_json("GET", EXTENSION), bytes)
        assert_type(await own.work(len, "abc"), int)
