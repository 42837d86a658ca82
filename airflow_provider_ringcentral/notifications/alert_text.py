"""What an alert says when nobody wrote a text: from the context of a task, of a DAG or of a deadline.

A DAG's callback knows its run and the reason, a deadline only `dag_run` (a dict there) and `deadline`. The words of an
exception are left out: they may quote data and secrets, and Airflow's masking ends at its logs.
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
"""What RingCentral's Markdown, or that of cards, may take for formatting."""

UNCONFIGURED = "http://localhost:8080"
"""Where Airflow takes itself to be when nobody says otherwise."""


def subject_of(context: Mapping[str, Any]) -> str:
    """What the alert is about: `dag.task`, or `dag` for a run of it."""
    ti = _ti(context)
    return f"{_dag_id(context)}.{_of(ti, 'task_id')}" if ti is not None else _dag_id(context)


def key_of(context: Mapping[str, Any]) -> str:
    """What tells this alert from others: its subject and its occasion."""
    return f"{subject_of(context)} {'deadline' if 'deadline' in context else ''}".strip()


def default_text(context: Mapping[str, Any], *, markdown: bool = False) -> str:
    """A line on what happened, and a line with the link to it; `markdown`: escaped for a channel that formats."""
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
    """`text` as Markdown that shows it: ids of runs and tasks are full of underscores (`manual__…`)."""
    return MARKDOWN.sub(r"\\\g<0>", text)


def plain_link(link: str) -> str:
    """A link whose path has nothing that Markdown formats: what a backslash would break is percent-encoded."""
    scheme, slashes, rest = link.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host}{slash}" + MARKDOWN.sub(lambda match: f"%{ord(match[0]):02X}", path)


def link_of(context: Mapping[str, Any]) -> str:
    """Where Airflow shows the task instance or the run; empty when the context has no run."""
    base = conf.get("api" if AIRFLOW_V_3_0_PLUS else "webserver", "base_url", fallback="") or UNCONFIGURED
    ti, run_id = _ti(context), quote(_run_id(context), safe="")
    if not run_id:
        return ""
    dag = f"{base.rstrip('/')}/dags/{_dag_id(context)}"
    if not AIRFLOW_V_3_0_PLUS:
        return f"{dag}/grid?dag_run_id={run_id}" + (f"&task_id={_of(ti, 'task_id')}" if ti is not None else "")
    task = f"/tasks/{_of(ti, 'task_id')}{'/mapped/' + str(_of(ti, 'map_index')) if _index(ti) else ''}"
    return f"{dag}/runs/{run_id}" + (task if ti is not None else "")


def summary_of(word: Decision, min_interval: float, *, markdown: bool = False) -> str:
    """Instead of an alert: how many were held back, and of what."""
    count = sum(word.names.values())
    more = f"{count} more alert{'s' if count > 1 else ''} since {_clock(word.since)}"
    silence = _silence(word, f"The same not again for {min_interval / 60:g} min.")
    return f"Airflow: {more}: {_listed(word, markdown=markdown)}. {silence}"


def with_untold(text: str, word: Decision, *, markdown: bool = False) -> str:
    """An alert, how many were held back before it, and whether no more are sent."""
    held = f"(Held back since {_clock(word.since)}: {_listed(word, markdown=markdown)})" if word.held else ""
    return "\n".join(filter(None, (text, held, _silence(word, ""))))


def _silence(word: Decision, otherwise: str) -> str:
    return f"The hour's limit is reached: nothing more before {_clock(word.until)}." if word.until else otherwise


def _listed(word: Decision, *, markdown: bool) -> str:
    counted = sorted(word.names.items(), key=lambda one: -one[1])
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
    """The task instance the alert is about; a DAG's callback, which has a reason, may hold that of some last task."""
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
    word = STATES.get(state) or ("failed" if error else f"is {state}" if state else "reports")
    kind = f" with {type(error).__name__}" if isinstance(error, BaseException) and word != "succeeded" else ""
    tries = _of(ti, "try_number")
    return f"{word}{kind}" + (f" (try {tries})" if isinstance(tries, int) and tries > 1 else "")


def _reason(context: Mapping[str, Any]) -> str:
    reason = str(context.get("reason") or "")
    if not reason:
        return "reports"
    return "succeeded" if reason == "success" else f"failed ({reason.replace('_', ' ')})"


def _due(deadline: Any) -> str:
    due = _of(deadline, "deadline_time")
    return f" of {due}" if due else ""
