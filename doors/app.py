"""The app of every door: routes go in, everything that is the same everywhere is there."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry

from doors import problems
from doors.guard import CORRELATION, Guard, HttpMetrics
from doors.health import Checks, health_router
from doors.identity import Identity

EVERYWHERE: Final = (400, 413, 422)
"""Problems any request can meet."""


def wall_us() -> int:
    """Return the time on the wall, microseconds UTC."""
    return time.time_ns() // 1_000


def create_app(
    identity: Identity,
    routers: Sequence[APIRouter],
    *,
    title: str,
    description: str,
    unready: Callable[[], str | None],
    registry: CollectorRegistry,
    checks: Checks | None = None,
) -> FastAPI:
    """Return the app of one service.

    Args:
        unready: why the service cannot be asked; None when it can.
        registry: what `/metrics` shows; the metrics of HTTP are added to it.
        checks: what the service leans on, and what is wrong with it.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=identity.version,
        docs_url=None,  # the pages would load scripts from elsewhere; the document is enough
        redoc_url=None,
        responses=problems.documented(*EVERYWHERE),
    )
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(health_router(identity, wall_us, unready, registry, checks or {}))
    app.add_middleware(Guard, metrics=HttpMetrics(registry))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign] # FastAPI's own way
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    _complete(response, status)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(response: dict[str, Any], status: str) -> None:
    if status.startswith(("4", "5")) and "application/json" in response.get("content", {}):
        response["content"] = {problems.MEDIA_TYPE: response["content"]["application/json"]}
    headers = response.setdefault("headers", {})
    headers[CORRELATION] = {
        "description": "names the causal tree of what was asked for; otherwise the request",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    }
