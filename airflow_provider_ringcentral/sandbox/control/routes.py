"""The sandbox's own controls: `/sandbox/*`, JSON in and out, no login.

Every control is a function of the state and a dict; `SandboxControl` (`remote.py`) is their Python face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.control import calls as call_controls
from airflow_provider_ringcentral.sandbox.control import identity as identity_controls
from airflow_provider_ringcentral.sandbox.control import recordings as recording_controls
from airflow_provider_ringcentral.sandbox.control.messages import MESSAGING_CONTROLS
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.model.state import State

    Control = Callable[[State, dict[str, Any]], Any]


def show(state: State, _: dict[str, Any]) -> Any:
    """Who may log in by default, and the options."""
    return {
        "url": state.url,
        "media_url": state.media_url,
        "client_id": state.client_id,
        "client_secret": state.client_secret,
        "jwt": state.jwt,
        "options": state.options.as_dict(),
        "now": instants.text(state.now()),
        "start": instants.text(state.calls.layout.start),
        "end": instants.text(state.calls.layout.end),
    }


def change_options(state: State, given: dict[str, Any]) -> Any:
    """Changes live options."""
    state.options = state.options.changed(given)
    return state.options.as_dict()


def stats(state: State, _: dict[str, Any]) -> Any:
    """Counts."""
    return state.stats()


def requests(state: State, given: dict[str, Any]) -> Any:
    """The latest requests."""
    limit = given.get("limit")
    return state.journal.latest(None if limit is None else int(limit))


def reset_stats(state: State, _: dict[str, Any]) -> Any:
    """Forgets counts and requests."""
    state.journal.reset()


def reset_limits(state: State, _: dict[str, Any]) -> Any:
    """Opens every window and ends every penalty."""
    if state.limiter is not None:
        state.limiter.forget()


def change_limits(state: State, given: dict[str, Any]) -> Any:
    """Changes limits by group, as the option `limits` gives them."""
    if state.limiter is None:
        raise ValueError("this sandbox runs without limits")
    for group, limit in given.items():
        state.limiter.change(group, limit)


def list_faults(state: State, _: dict[str, Any]) -> Any:
    """The rules in force, with what they did."""
    return [fault.as_dict() for fault in state.faults.rules]


def add_fault(state: State, given: dict[str, Any]) -> Any:
    """Puts a fault in force."""
    return {"id": state.faults.add(Fault(**given))}


def clear_faults(state: State, given: dict[str, Any]) -> Any:
    """Lifts one fault (`id`) or all."""
    state.faults.clear(int(given["id"]) if "id" in given else None)


CONTROLS: dict[tuple[str, str], Control] = MESSAGING_CONTROLS | {
    ("GET", ""): show,
    ("PATCH", "/options"): change_options,
    ("GET", "/stats"): stats,
    ("DELETE", "/stats"): reset_stats,
    ("GET", "/requests"): requests,
    ("PATCH", "/limits"): change_limits,
    ("DELETE", "/limits"): reset_limits,
    ("GET", "/faults"): list_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("DELETE", "/tokens"): identity_controls.kill_tokens,
    ("POST", "/apps"): identity_controls.add_app,
    ("PATCH", "/apps"): identity_controls.change_app,
    ("POST", "/users"): identity_controls.add_user,
    ("PATCH", "/users"): identity_controls.change_user,
    ("POST", "/jwts"): identity_controls.add_jwt,
    ("PATCH", "/jwts"): identity_controls.change_jwt,
    ("GET", "/calls"): call_controls.list_calls,
    ("GET", "/call"): call_controls.show_call,
    ("POST", "/calls"): call_controls.change_calls,
    ("GET", "/recordings"): recording_controls.list_recordings,
    ("POST", "/recordings"): recording_controls.change_recordings,
    ("POST", "/sync-refusal"): call_controls.refuse_sync_tokens,
}
