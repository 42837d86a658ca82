"""SIGKILL while recordings are on their way: nothing is lost, and nothing is fetched twice but what was interrupted."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections import defaultdict
from pathlib import Path

from scenarios.processes import ProcessSpec, run_processes, start_processes, wait_until
from scenarios.recording_jobs import archive
from scenarios.shared_quota import WIDE_OPEN, shared_quota

DAY = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
KILLS = 10


def test_killed_ten_times_at_random_bytes(tmp_path):
    dice = random.Random()
    limits = WIDE_OPEN | {"Media": 100_000}
    with shared_quota(limits=limits, calls=2200, media_host=True, recording_bytes_per_second=2000, **DAY) as here:
        truth = {found["id"]: found for found in here.sandbox.recordings()}
        assert len(truth) >= 500
        # Every body pauses at a point, so that most kills hit the middle of one.
        here.sandbox.fault(
            "slow", where="body", fraction=0.7, seconds=0.02, operation="readCallRecordingContent", every=1
        )
        for kill in range(1, KILLS + 1):
            order = ProcessSpec(here.credentials, here.ledger, archive, (DAY["start"], DAY["end"], str(tmp_path)))
            (member,) = start_processes([order])
            due = len(truth) * kill // (KILLS + 2)
            wait_until(lambda due=due: here.sandbox.stats()["groups"].get("Media", 0) >= due)
            time.sleep(dice.uniform(0, 0.02))
            member.kill()
            assert member.outcome() is None
        here.sandbox.clear_faults()
        (outcome,) = run_processes([order])
        seen = here.sandbox.requests()
        stats = here.sandbox.stats()

    assert outcome.error is None, outcome.message
    sidecars = [json.loads(path.read_text()) for path in (tmp_path / "2026").rglob("*.json")]
    assert {sidecar["recording_id"] for sidecar in sidecars} == set(truth)
    for sidecar in sidecars:
        content = (tmp_path / sidecar["file"]).read_bytes()
        expected = truth[sidecar["recording_id"]]
        assert hashlib.sha256(content).hexdigest() == expected["sha256"] == sidecar["sha256"]
        assert (len(content), sidecar["content_type"]) == (expected["size"], expected["content_type"])
    answers = defaultdict(list)
    for request in seen:
        if request["operation"] == "readCallRecordingContent":
            answers[request["path"].split("/")[-2]].append(request["status"])
    assert set(answers) == set(truth)
    again = {recording: statuses for recording, statuses in answers.items() if len(statuses) > 1}
    assert sum(len(statuses) - 1 for statuses in again.values()) <= KILLS
    assert any(206 in statuses for statuses in again.values()), "what was half there was gone on with"
    pages = -(-len({found["call_id"] for found in truth.values()}) // 250)
    assert (stats["operations"]["readCompanyCallLog"], stats["logins"]) == (pages, 1), "the log is read once"
    check_manifest(tmp_path, truth, outcome.value)


def check_manifest(folder: Path, truth: dict, receipt: dict) -> None:
    lines = [json.loads(line) for line in Path(receipt["destination"]).read_text().splitlines()]
    assert [line["recording_id"] for line in lines] == list(truth)
    assert {line["status"] for line in lines} <= {"stored", "present"}
    assert receipt["records"] == receipt["stored"] + receipt["present"] == len(truth)
    assert not any((folder / ".recordings").rglob("*.*")), "nothing of the run is left"
