"""The default text of an alert, from the context of a task, a DAG or a deadline, and what the throttle adds to it.

A DAG's callback knows its run and the reason; a deadline has only `dag_run` (a dict) and `deadline`. The message of an
exception is left out: it may quote data and secrets, which Airflow masks in its logs only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import conf
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_ringcentral.notifications.throttle import Decision

STATES = {"failed": "failed", "up_for_retry": "failed and will be retried", "success": "succeeded"}
MOST_SHOWN = 8
MARKDOWN = re.compile(r"[\\`*_~\[\]<>|]")
"""Characters that format in RingCentral's Markdown, or in that of cards."""

DEFAULT_URL = "http://localhost:8080"
"""Airflow's own address, if it is not configured."""


def subject_of(context: Mapping[str, Any]) -> str:
    """Return the name of what the alert is about: `dag.task`, or `dag` for a run."""
    ti = _ti(context)
    return f"{_dag_id(context)}.{_of(ti, 'task_id')}" if ti is not None else _dag_id(context)


def key_of(context: Mapping[str, Any]) -> str:
    """Return the default key of an alert: its subject, and whether it is about a deadline."""
    return f"{subject_of(context)} {'deadline' if 'deadline' in context else ''}".strip()


def default_text(context: Mapping[str, Any], *, markdown: bool = False) -> str:
    """Say what happened in one line, and where in a second line with a link. `markdown`: escape for Markdown."""
    ti, run_id = _ti(context), _run_id(context)
    where = f" in {run_id}" if run_id else ""
    if ti is not None:
        happened = f"task {subject_of(context)}{_index(ti)} {_ended(ti, context)}{where}"
    elif "deadline" in context:
        happened = f"{subject_of(context)} missed its deadline{_due(context['deadline'])}{where}"
    else:
        happened = f"{subject_of(context)} {_reason(context)}{where}"
    link = link_of(context)
    if markdown:
        happened, link = escaped(happened), plain_link(link)
    return "\n".join(filter(None, (f"Airflow: {happened}.", link)))


def escaped(text: str) -> str:
    """Escape a text for Markdown: ids of runs and tasks are full of underscores, which format (`manual__…`)."""
    return MARKDOWN.sub(r"\\\g<0>", text)


def plain_link(link: str) -> str:
    """Percent-encode what Markdown formats in the path of a link, since a backslash would break the link."""
    scheme, slashes, rest = link.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host}{slash}" + MARKDOWN.sub(lambda match: f"%{ord(match[0]):02X}", path)


def link_of(context: Mapping[str, Any]) -> str:
    """Return the address of the task instance or run in Airflow; empty if the context has no run."""
    base = conf.get("api" if AIRFLOW_V_3_0_PLUS else "webserver", "base_url", fallback="") or DEFAULT_URL
    ti, run_id = _ti(context), quote(_run_id(context), safe="")
    if not run_id:
        return ""
    dag = f"{base.rstrip('/')}/dags/{_dag_id(context)}"
    if not AIRFLOW_V_3_0_PLUS:
        return f"{dag}/grid?dag_run_id={run_id}" + (f"&task_id={_of(ti, 'task_id')}" if ti is not None else "")
    task = f"/tasks/{_of(ti, 'task_id')}{'/mapped/' + str(_of(ti, 'map_index')) if _index(ti) else ''}"
    return f"{dag}/runs/{run_id}" + (task if ti is not None else "")


def summary_of(decision: Decision, min_interval: float, *, markdown: bool = False) -> str:
    """Return the text that replaces an alert: how many were held, and about what."""
    count = sum(decision.names.values())
    more = f"{count} more alert{'s' if count > 1 else ''} since {_clock(decision.since)}"
    silence = _silence(decision, f"The same alerts are held for {min_interval / 60:g} min.")
    return f"Airflow: {more}: {_listed(decision, markdown=markdown)}. {silence}"


def with_held(text: str, decision: Decision, *, markdown: bool = False) -> str:
    """Add to an alert which ones were held before it, and whether the hour's limit is reached."""
    held = f"(Held since {_clock(decision.since)}: {_listed(decision, markdown=markdown)})" if decision.held else ""
    return "\n".join(filter(None, (text, held, _silence(decision, ""))))


def _silence(decision: Decision, otherwise: str) -> str:
    return (
        f"The hour's limit is reached: nothing more before {_clock(decision.until)}." if decision.until else otherwise
    )


def _listed(decision: Decision, *, markdown: bool) -> str:
    counted = sorted(decision.names.items(), key=lambda one: -one[1])
    shown = [
        (escaped(name) if markdown else name) + (f" ({count})" if count > 1 else "")
        for name, count in counted[:MOST_SHOWN]
    ]
    rest = len(counted) - MOST_SHOWN
    return ", ".join(shown) + (f" and {rest} others" if rest > 0 else "")


def _clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M} UTC"


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _ti(context: Mapping[str, Any]) -> Any:
    """The task instance that the alert is about. A DAG's callback (with a reason) may have that of some other task."""
    return None if "reason" in context or "deadline" in context else context.get("ti")


def _dag_id(context: Mapping[str, Any]) -> str:
    found = (_of(context.get(name), "dag_id") for name in ("ti", "dag_run", "dag"))
    return next((str(one) for one in found if one), "a DAG")


def _run_id(context: Mapping[str, Any]) -> str:
    run = context.get("dag_run")
    found = (context.get("run_id"), _of(run, "run_id"), _of(run, "dag_run_id"), _of(context.get("ti"), "run_id"))
    return next((str(one) for one in found if one), "")


def _index(ti: Any) -> str:
    index = _of(ti, "map_index")
    return f"[{index}]" if isinstance(index, int) and index >= 0 else ""


def _ended(ti: Any, context: Mapping[str, Any]) -> str:
    state = _of(ti, "state")
    state = str(getattr(state, "value", state) or "")
    error = context.get("exception")
    verb = STATES.get(state) or ("failed" if error else f"is {state}" if state else "reports")
    kind = f" with {type(error).__name__}" if isinstance(error, BaseException) and verb != "succeeded" else ""
    tries = _of(ti, "try_number")
    return f"{verb}{kind}" + (f" (try {tries})" if isinstance(tries, int) and tries > 1 else "")


def _reason(context: Mapping[str, Any]) -> str:
    reason = str(context.get("reason") or "")
    if not reason:
        return "reports"
    return "succeeded" if reason == "success" else f"failed ({reason.replace('_', ' ')})"


def _due(deadline: Any) -> str:
    due = _of(deadline, "deadline_time")
    return f" of {due}" if due else ""
