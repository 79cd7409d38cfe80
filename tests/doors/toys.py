"""A small door for tests: a list in pages, a body, a stream, a secret, and something that fails."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp

from doors.app import create_app
from doors.fields import PositiveDecimal, SymbolPath
from doors.identity import Identity
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.streams import Streams
from doors.tokens import bearer

IDENTITY = Identity(service="toy", instance="toy-one", environment="test")
TOKEN = "a token of the tests"


class Wish(BaseModel):
    """What can be posted."""

    quantity: PositiveDecimal


class Toy:
    """A door and what a test turns on it."""

    def __init__(self, streams: Streams | None = None) -> None:
        self.unready: str | None = None
        self.away: str | None = None
        self.streams = streams or Streams()
        self.streams.open("news")
        self.registry = CollectorRegistry()
        self.app: ASGIApp = create_app(
            IDENTITY,
            [self._router()],
            title="Toy",
            description="A door for tests.",
            unready=lambda: self.unready,
            registry=self.registry,
            checks={"postgres": lambda: self.away},
        )

    def _router(self) -> APIRouter:
        router = APIRouter()

        @router.get("/numbers")
        def numbers(paging: Paging) -> Page[int]:
            return paging.page(range(250))

        @router.post("/wishes")
        def wish(wish: Wish) -> Wish:
            return wish

        @router.get("/wishes")
        def wishes() -> list[Wish]:
            return []

        @router.get("/books/{instrument}", responses=documented(404))
        def book(instrument: SymbolPath) -> str:
            raise ProblemError(404, "unknown-instrument", f"{instrument} is unknown")

        @router.get("/failing")
        def failing() -> str:
            raise RuntimeError("a bug")

        @router.get("/news")
        async def news(
            last_event_id: Annotated[str | None, Header()] = None,
        ) -> StreamingResponse:
            return self.streams.response("news", last_event_id)

        @router.get("/secret", dependencies=[Depends(bearer(TOKEN))])
        def secret() -> str:
            return "told"

        return router
