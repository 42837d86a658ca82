"""Extract a month of calls with legs and costs, with one mapped task per day.

All mapped tasks share one login and one quota. Run them in a pool with few slots if other tasks need the workers.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
DAYS = int(os.environ.get("CALL_LOG_DAYS", "30"))

with DAG(dag_id="ringcentral_call_log_by_day", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):

    @task
    def days() -> list[dict[str, str]]:
        """Return the last complete days in UTC."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
        return [
            {
                "start": start.isoformat(),
                "end": (start + timedelta(days=1)).isoformat(),
                "destination": f"{FOLDER}/by-day/{start:%Y-%m-%d}.ndjson.gz",
            }
            for start in starts
        ]

    # [START howto_call_log_by_day]
    RingCentralExtractCallLogOperator.partial(task_id="extract_day", view="Detailed", retries=2).expand_kwargs(days())
    # [END howto_call_log_by_day]
