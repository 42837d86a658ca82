"""Wait for the first voicemails of each day without a worker, and store their recordings."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sensors.messages import RingCentralNewMessageSensor

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")

with DAG(
    dag_id="ringcentral_wait_for_voicemail",
    schedule="30 0 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
):
    # [START howto_wait_for_voicemail]
    voicemails = RingCentralNewMessageSensor(
        task_id="voicemails",
        message_type="VoiceMail",
        # A fixed time instead of the start of the task: nothing is missed, and a retry checks the same messages.
        since="{{ ds }}T00:00:00Z",
        timeout=23 * 3600,
        soft_fail=True,
        deferrable=True,
    )

    @task
    def store(messages: list[dict[str, Any]]) -> list[str]:
        """Download the recordings, one file per voicemail."""
        hook, stored = RingCentralJWTHook(), []
        for message in messages:
            for attachment in message["attachments"]:
                if attachment["type"] == "AudioRecording":
                    receipt = hook.download(attachment["uri"], f"{FOLDER}/voicemails/{message['id']}.mp3")
                    stored.append(str(receipt.destination))
        return stored

    store(voicemails.output)
    # [END howto_wait_for_voicemail]
