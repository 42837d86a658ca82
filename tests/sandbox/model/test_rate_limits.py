from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from airflow_provider_ringcentral.sandbox import SandboxError
from airflow_provider_ringcentral.sandbox.model.rate_limits import Limiter

EXTENSION = "/restapi/v1.0/account/~/extension/~"


def decisions(limiter, times, group="Heavy"):
    return [limiter.check("user", "app", group, moment).allowed for moment in times]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 1, 2], [True, True, False]),
        # The window slides: the first request leaves it after 60 s, the second after 90 s.
        ([0, 30, 60, 89, 90], [True, True, True, False, False]),
        ([0, 30, 60, 90], [True, True, True, True]),
        # A penalty is 60 s from the last request inside it.
        ([0, 1, 2, 61, 120, 180], [True, True, False, False, False, True]),
        ([0, 1, 2, 62], [True, True, False, True]),
    ],
)
def test_windows_slide_and_penalties_restart(times, expected):
    assert decisions(Limiter({"Heavy": 2}), times) == expected


def test_each_user_app_and_group_has_its_own_window():
    limiter = Limiter({"Heavy": 1, "Light": 1})
    who = [("a", "x", "Heavy"), ("b", "x", "Heavy"), ("a", "y", "Heavy"), ("a", "x", "Light"), ("a", "x", "Heavy")]
    assert [limiter.check(*names, 0).allowed for names in who] == [True, True, True, True, False]


def test_limits_can_be_overridden_and_scaled():
    limiter = Limiter({"Heavy": {"requests": 1, "window": 10, "penalty": 30}}, scale=0.1)
    assert decisions(limiter, [0, 0.9, 3.8, 3.9]) == [True, False, False, False]
    assert decisions(Limiter({"Heavy": {"requests": 1, "window": 10}}, scale=0.1), [0, 0.99, 1.0]) == [
        True,
        False,
        False,
    ]
    assert decisions(Limiter({"Heavy": {"requests": 1, "window": 10}}, scale=0.1), [0, 1.0]) == [True, True]


def test_remaining_counts_down_and_a_429_has_retry_after(start):
    caller = start(limits={"Light": 2})
    answers = [caller.get(EXTENSION) for _ in range(4)]
    told = [
        (a.status_code, *(a.headers[f"X-Rate-Limit-{name}"] for name in ("Group", "Limit", "Remaining", "Window")))
        for a in answers
    ]
    assert told == [
        (200, "light", "2", "1", "60"),
        (200, "light", "2", "0", "60"),
        (429, "light", "2", "0", "60"),
        (429, "light", "2", "0", "60"),
    ]
    assert answers[2].headers["Retry-After"] == "60"
    assert answers[2].json()["errors"][0]["errorCode"] == "CMN-301"
    stats = caller.sandbox.stats()
    assert (stats["limited"], stats["in_penalty"], stats["groups"]) == (2, 1, {"Auth": 1, "Light": 4})


def test_the_documented_limits(start):
    caller = start(limits=True)
    limits = {
        path: caller.get(path).headers["X-Rate-Limit-Limit"]
        for path in (EXTENSION, f"{EXTENSION}/authz-profile", f"{EXTENSION}/call-log")
    }
    assert list(limits.values()) == ["50", "40", "10"]
    assert [caller.login().status_code for _ in range(5)] == [200, 200, 200, 200, 429]


def test_auth_counts_per_app(start):
    caller = start(limits={"Auth": 1})
    app, user = caller.sandbox.add_app(), caller.sandbox.add_user()
    jwt = caller.sandbox.add_jwt(user_id=user["id"])
    assert caller.login().status_code == 200
    assert caller.login(jwt).status_code == 429
    assert caller.login(auth=(app["client_id"], app["client_secret"])).status_code == 200


def test_windows_are_scaled(start):
    caller = start(limits={"Light": 1}, scale=0.005)
    assert caller.get(EXTENSION).headers["X-Rate-Limit-Window"] == "0.3"
    time.sleep(0.35)
    assert caller.get(EXTENSION).status_code == 200


def test_penalties_are_scaled(start):
    caller = start(limits={"Light": 1}, scale=0.5)
    assert caller.get(EXTENSION).status_code == 200
    assert caller.get(EXTENSION).headers["Retry-After"] == "30"


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_forms_of_retry_after(start, form):
    caller = start(limits={"Light": 1}, retry_after=form)
    caller.get(EXTENSION)
    before = time.time()
    told = caller.get(EXTENSION).headers.get("Retry-After")
    if form == "date":
        assert before + 59 <= parsedate_to_datetime(told).timestamp() <= time.time() + 61
    else:
        assert told == {"seconds": "60", "none": None}[form]


def test_rate_headers_can_be_turned_off(start):
    caller = start(limits={"Light": 1}, rate_headers=False)
    answers = [caller.get(EXTENSION), caller.get(EXTENSION)]
    assert [a.status_code for a in answers] == [200, 429]
    assert not any("X-Rate-Limit-Limit" in a.headers for a in answers)


def test_no_limits(start):
    caller = start(limits=False)
    answers = [caller.get(EXTENSION) for _ in range(60)]
    assert {a.status_code for a in answers} == {200}
    assert "X-Rate-Limit-Limit" not in answers[-1].headers


def test_resetting_limits_ends_a_penalty(start):
    caller = start(limits={"Light": 1})
    assert [caller.get(EXTENSION).status_code for _ in range(2)] == [200, 429]
    caller.sandbox.reset_limits()
    assert caller.get(EXTENSION).status_code == 200


def test_limits_change_while_the_sandbox_runs(start):
    caller = start(limits=True)
    assert caller.get(EXTENSION).headers["X-Rate-Limit-Limit"] == "50"
    caller.sandbox.change_limits(Light=2)
    answer = caller.get(EXTENSION)
    assert (answer.headers["X-Rate-Limit-Limit"], answer.headers["X-Rate-Limit-Remaining"]) == ("2", "0")
    assert caller.get(EXTENSION).status_code == 429
    with pytest.raises(SandboxError, match="group 'Huge' is not one of"):
        caller.sandbox.change_limits(Huge=1)


def test_groups_can_be_renamed(start):
    caller = start(limits=True, group_names={"Light": "feather"})
    assert caller.get(EXTENSION).headers["X-Rate-Limit-Group"] == "feather"
