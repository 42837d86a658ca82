"""What an alert says in each context in which Airflow calls."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from airflow_provider_ringcentral.notifications.alert_text import (
    default_text,
    escaped,
    key_of,
    link_of,
    plain_link,
    subject_of,
    summary_of,
    with_held,
)
from airflow_provider_ringcentral.notifications.throttle import Decision, Held
from airflow_provider_ringcentral.sending.text import segments

from .conftest import RUN, failed

QUOTED = "scheduled__2026-11-24T00%3A00%3A00%2B00%3A00"
HOME = "https://airflow.example.com/prefix"


def ended(state, **more):
    context = failed()
    vars(context["ti"]).update({"state": state} | more)
    return {**context, "exception": None}


DEADLINE = {
    "dag_run": {"dag_id": "etl", "dag_run_id": RUN},
    "deadline": {"id": "7", "deadline_time": "2026-11-24T02:00:00Z"},
}
CONTEXTS = [
    ("a task", failed(), f"task etl.load failed with ValueError in {RUN}", "etl.load", f"runs/{QUOTED}/tasks/load"),
    (
        "a mapped task",
        failed(map_index=3),
        f"task etl.load[3] failed with ValueError in {RUN}",
        "etl.load",
        f"runs/{QUOTED}/tasks/load/mapped/3",
    ),
    (
        "a retry",
        ended("up_for_retry", try_number=2),
        f"task etl.load failed and will be retried (try 2) in {RUN}",
        "etl.load",
        f"runs/{QUOTED}/tasks/load",
    ),
    ("a success", ended("success"), f"task etl.load succeeded in {RUN}", "etl.load", f"runs/{QUOTED}/tasks/load"),
    ("an odd state", ended("odd"), f"task etl.load is odd in {RUN}", "etl.load", f"runs/{QUOTED}/tasks/load"),
    ("no state", ended(None), f"task etl.load reports in {RUN}", "etl.load", f"runs/{QUOTED}/tasks/load"),
    (
        "a DAG with its last task",
        {**failed(), "reason": "task_failure"},
        f"etl failed (task failure) in {RUN}",
        "etl",
        f"runs/{QUOTED}",
    ),
    (
        "a DAG without one",
        {"dag": SimpleNamespace(dag_id="etl"), "run_id": RUN, "reason": "timed_out"},
        f"etl failed (timed out) in {RUN}",
        "etl",
        f"runs/{QUOTED}",
    ),
    ("a DAG that succeeded", {"dag_run": failed()["dag_run"], "reason": "success"}, f"etl succeeded in {RUN}", "etl", f"runs/{QUOTED}"),
    ("a deadline", DEADLINE, f"etl missed its deadline of 2026-11-24T02:00:00Z in {RUN}", "etl deadline", f"runs/{QUOTED}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("context", "text", "key", "path"), [row[1:] for row in CONTEXTS], ids=[row[0] for row in CONTEXTS]
)
def test_text_key_and_link(context, text, key, path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"{HOME}/")

    assert default_text(context) == f"Airflow: {text}.\n{HOME}/dags/etl/{path}"
    assert key_of(context) == key
    assert link_of(context) == f"{HOME}/dags/etl/{path}"
    assert segments(default_text(context)) <= 2


def test_nothing_is_known():
    assert (default_text({}), subject_of({})) == ("Airflow: a DAG reports.", "a DAG")


def test_what_an_exception_says_stays_here():
    assert "secret" not in default_text(failed())


NOON = 1_795_521_600.0


def decision(*held: tuple[str, int], summary=True):
    return Decision(summary, {name: Held(name, count) for name, count in held}, NOON)


def test_a_summary_names_the_most_frequent():
    names = [(f"etl.task_{number}", number) for number in range(1, 11)]

    assert summary_of(decision(*names), 300) == (
        "Airflow: 55 more alerts since 12:00 UTC: etl.task_10 (10), etl.task_9 (9), etl.task_8 (8), etl.task_7 (7), "
        "etl.task_6 (6), etl.task_5 (5), etl.task_4 (4), etl.task_3 (3) and 2 others. "
        "The same alerts are held for 5 min."
    )
    assert summary_of(decision(("etl.load", 1)), 90).startswith("Airflow: 1 more alert since 12:00 UTC: etl.load. The")


def test_what_was_held_back_goes_along():
    assert with_held("Help", decision(("etl.load", 7), summary=False)) == "Help\n(Held since 12:00 UTC: etl.load (7))"
    assert with_held("Help", decision(summary=False)) == "Help"


def test_the_last_of_an_hour_says_so():
    last = replace(decision(("etl.load", 2)), until=NOON + 3000)

    assert summary_of(last, 300).endswith("etl.load (2). The hour's limit is reached: nothing more before 12:50 UTC.")
    assert with_held("Help", last).endswith("\nThe hour's limit is reached: nothing more before 12:50 UTC.")


def test_markdown_shows_names_as_they_are(monkeypatch):
    """`manual__…` is underlined from there to the next two underscores, unless it is escaped."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://my_airflow.example.com/a_b")
    context = failed("load_rows", dag="my_etl", map_index=3)
    vars(context["ti"])["run_id"] = context["run_id"] = "manual__2026-11-24T00:00:00+00:00_*x*"
    vars(context["dag_run"])["run_id"] = context["run_id"]

    assert default_text(context, markdown=True) == (
        "Airflow: task my\\_etl.load\\_rows\\[3\\] failed with ValueError in "
        "manual\\_\\_2026-11-24T00:00:00+00:00\\_\\*x\\*.\n"
        "https://my_airflow.example.com/a%5Fb/dags/my%5Fetl/runs/manual%5F%5F2026-11-24T00%3A00%3A00%2B00%3A00%5F%2Ax%2A"
        "/tasks/load%5Frows/mapped/3"
    )
    assert "manual__2026" in default_text(context)


def test_what_markdown_might_take_for_formatting():
    assert escaped(r"_a_ **b** [c](d) `e` ~~f~~ <g> h\i | j") == (
        r"\_a\_ \*\*b\*\* \[c\](d) \`e\` \~\~f\~\~ \<g\> h\\i \| j"
    )
    assert plain_link("https://a_b/c_d?e=f_g") == "https://a_b/c%5Fd?e=f%5Fg"


def test_names_in_summaries_are_escaped_and_the_author_s_text_is_not():
    assert r": etl.load\_rows (2). The" in summary_of(decision(("etl.load_rows", 2)), 300, markdown=True)
    assert with_held("**Help**", decision(("etl.load_rows", 2), summary=False), markdown=True) == (
        "**Help**\n(Held since 12:00 UTC: etl.load\\_rows (2))"
    )
