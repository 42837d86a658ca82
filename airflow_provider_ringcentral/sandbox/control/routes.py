"""The application: RingCentral's operations, and beside them the control calls under `/sandbox`.

A control call takes and returns JSON and needs no login. It is a function of the state and a dict of arguments;
`SandboxControl` has a method for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.endpoint import UNKNOWN, Endpoint
from airflow_provider_ringcentral.sandbox.api.routes import OPERATIONS
from airflow_provider_ringcentral.sandbox.control import calls, identity, messages, team_messaging
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from airflow_provider_ringcentral.sandbox.api.fault_injection import Connections
    from airflow_provider_ringcentral.sandbox.model.state import State

    Control = Callable[[State, dict[str, Any]], Any]


def show_info(state: State, _: dict[str, Any]) -> Any:
    """Return the default identity, the options, and the times of the sandbox."""
    return {
        "url": state.url,
        "media_url": state.media_url,
        "client_id": state.client_id,
        "client_secret": state.client_secret,
        "jwt": state.jwt,
        "options": state.options.as_dict(),
        "now": timestamps.text(state.now()),
        "start": timestamps.text(state.calls.layout.start),
        "end": timestamps.text(state.calls.layout.end),
    }


def change_options(state: State, arguments: dict[str, Any]) -> Any:
    """Change live options, and return all options."""
    state.options = state.options.changed(arguments)
    return state.options.as_dict()


def show_stats(state: State, _: dict[str, Any]) -> Any:
    """Return the counts of the request log."""
    return state.stats()


def list_requests(state: State, arguments: dict[str, Any]) -> Any:
    """Return the latest requests."""
    limit = arguments.get("limit")
    return state.request_log.latest(None if limit is None else int(limit))


def reset_stats(state: State, _: dict[str, Any]) -> Any:
    """Reset the request log."""
    state.request_log.reset()


def reset_limits(state: State, _: dict[str, Any]) -> Any:
    """Open every window and end every penalty."""
    if state.limiter is not None:
        state.limiter.reset()


def change_limits(state: State, arguments: dict[str, Any]) -> Any:
    """Change limits by group, in the form of the option `limits`."""
    if state.limiter is None:
        raise ValueError("this sandbox has no limits to change: start it without limits=False")
    for group, limit in arguments.items():
        state.limiter.change(group, limit)


def list_faults(state: State, _: dict[str, Any]) -> Any:
    """Return the active faults, with how often each was injected."""
    return [fault.as_dict() for fault in state.faults.rules]


def add_fault(state: State, arguments: dict[str, Any]) -> Any:
    """Add a fault rule, and return its id."""
    return {"id": state.faults.add(Fault(**arguments))}


def clear_faults(state: State, arguments: dict[str, Any]) -> Any:
    """Remove one fault (`id`) or all."""
    state.faults.clear(int(arguments["id"]) if "id" in arguments else None)


CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", ""): show_info,
    ("PATCH", "/options"): change_options,
    ("GET", "/stats"): show_stats,
    ("DELETE", "/stats"): reset_stats,
    ("GET", "/requests"): list_requests,
    ("PATCH", "/limits"): change_limits,
    ("DELETE", "/limits"): reset_limits,
    ("GET", "/faults"): list_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("DELETE", "/tokens"): identity.kill_tokens,
    ("POST", "/apps"): identity.add_app,
    ("PATCH", "/apps"): identity.change_app,
    ("POST", "/users"): identity.add_user,
    ("PATCH", "/users"): identity.change_user,
    ("POST", "/jwts"): identity.add_jwt,
    ("PATCH", "/jwts"): identity.change_jwt,
    ("GET", "/calls"): calls.list_calls,
    ("GET", "/call"): calls.show_call,
    ("POST", "/calls"): calls.change_calls,
    ("GET", "/recordings"): calls.list_recordings,
    ("POST", "/recordings"): calls.change_recordings,
    ("POST", "/sync-refusal"): calls.refuse_sync_tokens,
    ("GET", "/messages"): messages.list_messages,
    ("POST", "/messages"): messages.receive_message,
    ("PATCH", "/messages"): messages.change_message,
    ("POST", "/outcomes"): messages.set_outcome,
    ("POST", "/opt-outs"): messages.opt_out,
    ("GET", "/batches"): messages.list_batches,
    ("GET", "/rings"): messages.list_ring_outs,
    ("GET", "/posts"): team_messaging.list_posts,
    ("POST", "/posts"): team_messaging.add_post,
    ("GET", "/files"): team_messaging.list_files,
    ("GET", "/chats"): team_messaging.list_chats,
    ("POST", "/chats"): team_messaging.add_chat,
    ("POST", "/webhooks"): team_messaging.add_webhook,
    ("GET", "/webhook-posts"): team_messaging.list_webhook_posts,
}


def make_app(state: State, connections: Connections) -> Starlette:
    """Return the application that serves the sandbox's ports."""
    routes = [
        Route(path, Endpoint(operation, state, connections), methods=[operation.method])
        for operation in OPERATIONS
        for path in (operation.path, *operation.aliases)
    ]
    methods = sorted({method for method, _ in CONTROLS})
    routes.append(Route("/sandbox{path:path}", _control(state), methods=methods))
    app = Starlette(routes=routes, exception_handlers={405: _wrong_method})
    app.router.redirect_slashes = False
    app.router.default = Endpoint(UNKNOWN, state, connections)
    return app


def _wrong_method(request: Request, _: Exception) -> Response:
    error = responses.api_error(405, "MethodNotAllowed", f"Method {request.method} is not allowed here").response
    return Response(error.body, 405, {"RCRequestId": str(uuid4())}, media_type=responses.JSON)


def _control(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        path = request.path_params["path"].rstrip("/")
        found = CONTROLS.get((request.method, path))
        if found is None:
            return _reply({"error": f"control call {request.method} /sandbox{path} does not exist"}, 404)
        try:
            body = await request.body()
            arguments: dict[str, Any] = dict(request.query_params) | (msgspec.json.decode(body) if body else {})
            with state.lock:
                return _reply(found(state, arguments))
        except (KeyError, TypeError, ValueError) as error:
            return _reply({"error": f"{type(error).__name__}: {error}"}, 400)

    return control


def _reply(value: object, status: int = 200) -> Response:
    return Response(responses.encode(value), status, media_type=responses.JSON)
