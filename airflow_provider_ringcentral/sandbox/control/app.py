"""The Starlette application: RingCentral's operations, and the sandbox's own controls beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.endpoint import UNKNOWN, Endpoint
from airflow_provider_ringcentral.sandbox.api.routes import OPERATIONS
from airflow_provider_ringcentral.sandbox.control.routes import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from airflow_provider_ringcentral.sandbox.api.deliver import Connections
    from airflow_provider_ringcentral.sandbox.model.state import State


def make_app(state: State, connections: Connections) -> Starlette:
    """Everything that listens on the sandbox's ports."""
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
    answer = bodies.refusal(405, "MethodNotAllowed", f"Method {request.method} is not allowed here").answer
    return Response(answer.body, 405, {"RCRequestId": str(uuid4())}, media_type=bodies.JSON)


def _control(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def control(request: Request) -> Response:
        path = request.path_params["path"].rstrip("/")
        found = CONTROLS.get((request.method, path))
        if found is None:
            return _reply({"error": f"there is no {request.method} /sandbox{path}"}, 404)
        try:
            body = await request.body()
            given: dict[str, Any] = dict(request.query_params) | (msgspec.json.decode(body) if body else {})
            with state.lock:
                return _reply(found(state, given))
        except (KeyError, TypeError, ValueError) as error:
            return _reply({"error": f"{type(error).__name__}: {error}"}, 400)

    return control


def _reply(value: object, status: int = 200) -> Response:
    return Response(bodies.encode(value), status, media_type=bodies.JSON)
