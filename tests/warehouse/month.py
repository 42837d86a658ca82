"""Thirty days of a call log: calls come, some late, some are corrected, some deleted, hour by hour."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ringcentral.sandbox import Sandbox

HOURS = 30 * 24
LATE, CORRECTED, DELETED = 0.05, 0.05, 0.01


class Month:
    """What happens in `sandbox` in the 30 days from `start` on, `per_hour` calls an hour in the mean."""

    def __init__(self, sandbox: Sandbox, start: datetime, *, per_hour: int, seed: int) -> None:
        self._sandbox, self._start, self._dice = sandbox, start, random.Random(seed)
        self.calls = self.late = self.corrected = self.deleted = 0
        self._arrivals: defaultdict[int, list[str]] = defaultdict(list)
        self._later: defaultdict[int, list[Callable[[str], None]]] = defaultdict(list)
        for hour in range(HOURS):
            for _ in range(self._dice.randint(0, 2 * per_hour)):
                self._plan_call(hour)

    def _plan_call(self, hour: int) -> None:
        moment = self._start + timedelta(hours=hour, milliseconds=self._dice.randrange(3_600_000))
        late = self._dice.random() < LATE
        appears = min(hour + self._dice.randint(1, 24), HOURS - 1) if late else hour
        self._arrivals[appears].append(moment.isoformat(timespec="milliseconds"))
        self.calls += 1
        self.late += late

    def pass_hour(self, hour: int) -> None:
        """Let everything happen that is due."""
        times = self._arrivals[hour]
        arrived = self._sandbox.insert_calls(start_times=times) if times else []
        for call in arrived:
            if self._dice.random() < CORRECTED:
                self._put_off(hour, call, self._correct)
            if self._dice.random() < DELETED:
                self._put_off(hour, call, self._delete)
        for change in self._later.pop(hour, []):
            change()

    def _put_off(self, hour: int, call: str, change: Callable[[str], None]) -> None:
        due = min(hour + self._dice.randint(0, 72), HOURS - 1)
        self._later[max(due, hour + (hour < HOURS - 1))].append(lambda: change(call))

    def _correct(self, call: str) -> None:
        legs: list[dict[str, Any]] = self._sandbox.call(call, view="Detailed")["legs"]
        fields: dict[str, Any] = {"result": self._dice.choice(["Voicemail", "Missed", "Accepted"])}
        fields["duration"] = self._dice.randint(1, 3600)
        # A transfer that came to light, or a leg that was none.
        fields["legs"] = legs[:-1] if len(legs) > 1 and self._dice.random() < 0.5 else [*legs, {**legs[-1], **fields}]
        self._sandbox.correct_calls([call], fields)
        self.corrected += 1

    def _delete(self, call: str) -> None:
        self._sandbox.delete_calls([call])
        self.deleted += 1
