"""What the answer of an incoming webhook means. Pure.

Source: guide pages team-messaging/incoming-webhooks (FACTS 8.4): a payload that is not taken is answered with 200 and
`{"status": "error", "message": …, "error": …, "validation": […]}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_ringcentral.client.answer import Answer, is_json, json_object, without_personal_data
from airflow_provider_ringcentral.client.classify import Action, Judge, Verdict
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, Unavailable
from airflow_provider_ringcentral.client.errors.remedies import DAG_AUTHOR, Remedy

_JUDGE = Judge(repeatable=False)
_PASSES = frozenset({408, 429})

_GONE = Remedy(
    "The incoming webhook does not exist any more, or its URL is not whole.",
    "Create one in the chat's settings (Integrations → Incoming Webhook), and put its URL into the Connection.",
    DAG_AUTHOR,
)
_REFUSED = Remedy(
    "RingCentral took the request and made no post of it.",
    "Correct what it names; a webhook that is suspended is activated again in RingCentral's app.",
    DAG_AUTHOR,
)


def judge_webhook(answer: Answer) -> Verdict:
    """What to do about an answer. Nothing says that a post was not made except an error that names why."""
    body = json_object(answer.body)
    status = body.get("status")
    told = isinstance(status, str) and status.lower() == "error"
    if answer.status == 404:
        return Verdict(Action.FAIL, NotFound(_words(body) or "the webhook is not there", status=404, remedy=_GONE))
    if told and answer.status < 500 and answer.status not in _PASSES:
        return Verdict(Action.FAIL, BadRequest(_words(body), status=answer.status, remedy=_REFUSED))
    if 200 <= answer.status < 300:
        return _JUDGE.lost(_unreadable(answer)) if _is_broken(answer) else Verdict(Action.DONE)
    if 300 <= answer.status < 400:
        return Verdict(Action.FAIL, BadRequest("the webhook redirects; it was not followed", status=answer.status))
    verdict = _JUDGE.judge(answer)
    # There is no login here to renew.
    return verdict if verdict.action is Action.AGAIN else Verdict(Action.FAIL, verdict.error)


def _words(body: Mapping[str, Any]) -> str:
    """RingCentral's own words, without the numbers and addresses they may repeat."""
    validation = body.get("validation")
    parts = [body.get("error"), *(validation if isinstance(validation, list) else [validation])]
    return without_personal_data(": ".join(part for part in parts if part and isinstance(part, str)))


def _is_broken(answer: Answer) -> bool:
    """Whether an answer that should say how it went is cut off, or comes from a gateway."""
    kind = answer.headers.get("Content-Type", "").lower()
    return bool(answer.body) and ("html" in kind or ("json" in kind and not is_json(answer.body)))


def _unreadable(answer: Answer) -> Unavailable:
    return Unavailable(f"the answer cannot be read ({len(answer.body)} bytes)", status=answer.status)
