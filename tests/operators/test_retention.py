"""Windows that reach back further than RingCentral keeps: told before the first request."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_ringcentral.extract.call_log.query import RetentionExceeded
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.steps.window import check_age

NOW = datetime.now(tz=UTC)


def extract(tmp_path, **arguments):
    operator = RingCentralExtractCallLogOperator(
        task_id="extract", destination=str(tmp_path / "calls.ndjson"), **arguments
    )
    return operator.execute({})


def warnings_of(caplog) -> list[str]:
    records = [record for record in caplog.records if record.levelno == logging.WARNING]
    return [record.getMessage() for record in records if "retention" in record.getMessage()]


def test_an_old_window_warns_and_is_read(sandbox, connection, tmp_path, caplog):
    start = NOW - timedelta(days=100)
    before = datetime.now(tz=UTC)
    receipt = extract(tmp_path, start=start, end=start + timedelta(hours=1))
    after = datetime.now(tz=UTC)

    assert receipt["records"] == 0
    (line,) = warnings_of(caplog)
    oldest = datetime.fromisoformat(re.search(r"is before (\S+),", line)[1]) + timedelta(days=90)
    assert before.replace(microsecond=0) <= oldest <= after


def test_the_widened_window_counts(sandbox, connection, tmp_path, caplog):
    extract(tmp_path, start=NOW - timedelta(days=89), end=NOW - timedelta(days=88), lookback=2 * 86_400)

    assert len(warnings_of(caplog)) == 1


@pytest.mark.parametrize("retention", [None, 0, "0", "None", timedelta(days=200), str(200 * 86_400)], ids=str)
def test_what_is_kept_can_be_set(sandbox, connection, tmp_path, caplog, retention):
    start = NOW - timedelta(days=100)
    extract(tmp_path, start=start, end=start + timedelta(hours=1), retention=retention, if_expired="fail")

    assert warnings_of(caplog) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"if_expired": "fail"}, "oldest time that RingCentral still keeps"),
        ({"retention": -1}, "retention -1 is negative; 0 turns the check off"),
        ({"retention": "quarter"}, "not a duration"),
        ({"if_expired": "ignore"}, "'warn' or 'fail'"),
    ],
    ids=str,
)
def test_refusals_come_before_the_first_request(sandbox, connection, tmp_path, arguments, says):
    start = NOW - timedelta(days=100)
    with pytest.raises(AirflowFailException, match=says):
        extract(tmp_path, start=start, end=start + timedelta(hours=1), **arguments)

    assert sandbox.stats()["requests"] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_comes_back_from_its_deferral_is_not_asked_again(sandbox, connection, tmp_path):
    start = NOW - timedelta(days=100)
    operator = RingCentralExtractCallLogOperator(
        task_id="extract",
        destination=str(tmp_path / "calls.ndjson"),
        start=start,
        end=start + timedelta(hours=1),
        if_expired="fail",
    )

    assert operator.execute_complete({}, {"status": "success"})["records"] == 0


def test_another_argument_may_be_to_blame():
    with pytest.raises(RetentionExceeded, match=r"^watermark"):
        check_age(NOW - timedelta(days=2), 86_400, "fail", name="watermark")
