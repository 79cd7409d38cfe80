"""`/health`, `/ready` and `/metrics`, the same at every door."""

from collections.abc import Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from doors.identity import Environment, Identity, utc_text
from doors.problems import documented, not_ready

Checks = Mapping[str, Callable[[], str | None]]
"""For each thing a service leans on, what is wrong with it; None when nothing is."""


class Health(BaseModel):
    """That a service lives, and who it is."""

    status: Literal["ok", "degraded"] = Field(description="degraded: something it uses is away")
    service: str = Field(examples=["exchange"])
    instance: str = Field(examples=["exchange-okx"])
    version: str = Field(examples=["0.1.0"])
    environment: Environment
    time: str = Field(examples=["2026-01-05T09:30:00.000000Z"], description="UTC, on the wall")
    degraded: dict[str, str] = Field(description="what is away, and why")


class Ready(BaseModel):
    """That a service can be asked."""

    status: Literal["ready"] = "ready"


def health_router(
    identity: Identity,
    now_us: Callable[[], int],
    unready: Callable[[], str | None],
    registry: CollectorRegistry,
    checks: Checks,
) -> APIRouter:
    """Return the routes.

    Args:
        now_us: the time on the wall.
        unready: why the service cannot be asked; None when it can.
    """
    router = APIRouter(tags=["health"])

    @router.get("/health")
    def health() -> Health:
        """Tell who answers, and whether something it uses is away."""
        away = {name: why for name, check in checks.items() if (why := check()) is not None}
        return Health(
            status="degraded" if away else "ok",
            service=identity.service,
            instance=identity.instance,
            version=identity.version,
            environment=identity.environment,
            time=utc_text(now_us()),
            degraded=away,
        )

    @router.get("/ready", responses=documented(503))
    def ready() -> Ready:
        """Tell whether the service has caught up with the log and can be asked."""
        if (why := unready()) is not None:
            raise not_ready(why)
        return Ready()

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics() -> Response:
        """Give what Prometheus collects."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
