"""The endpoint every door has to follow a request by its correlation id."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doors.fields import HexId, IdPath, read_id
from doors.problems import ProblemError, documented
from doors.wording import event_words
from producers.live.traces import Traces


class Followed(BaseModel):
    """What came of a request, as far as this service saw or wrote it."""

    correlation_id: HexId
    events: list[dict[str, Any]] = Field(description="in order; each with its type under `event`")


def requests_router(traces: Traces) -> APIRouter:
    """Return the route."""
    router = APIRouter(prefix="/api/v1/requests", tags=["requests"])

    @router.get("/{correlation_id}", responses=documented(404))
    def followed(correlation_id: IdPath) -> Followed:
        """Follow a request: the wish, and every event of its causal tree known here."""
        events = traces.events(read_id(correlation_id))
        if events is None:
            raise ProblemError(
                404,
                "unknown-request",
                f"no request of correlation id {correlation_id} was made at this door since its"
                " start; the log has the rest",
            )
        return Followed(
            correlation_id=correlation_id, events=[event_words(event) for event in events]
        )

    return router
