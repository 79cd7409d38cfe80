"""The REST endpoints of the market data feed."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import StreamingResponse

from doors.fields import SYMBOL_PATTERN
from doors.identity import utc_text
from doors.pages import Page, Paging
from doors.problems import ProblemError, documented
from doors.streams import Streams
from doors.wording import words
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data import views
from ecosystem.market_data.bars import KEPT
from ecosystem.market_data.machine import MarketData
from producers.live.window import Window
from producers.market_data.answers import (
    BarAnswer,
    BookAnswer,
    CorrelationsAnswer,
    DayAnswer,
    PriceAnswer,
)

PREFIX: Final = "/api/v1"
InstrumentPath = Annotated[
    str,
    Path(
        pattern=SYMBOL_PATTERN,
        json_schema_extra={"enum": list(INSTRUMENTS)},
        examples=["BTC-USD"],
    ),
]
Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]


def price_channel(instrument: str) -> str:
    """Return the name of the channel of an instrument's ticks."""
    return f"prices/{instrument}"


def _known(instrument: str) -> str:
    if instrument not in INSTRUMENTS:
        raise ProblemError(404, "unknown-instrument", f"{instrument!r} is on no line of this feed")
    return instrument


def feed_router(window: Window[MarketData], streams: Streams) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix=PREFIX, tags=["market data"], responses=documented(503))

    @router.get("/prices")
    def prices() -> list[PriceAnswer]:
        """Show the last tick of every instrument."""
        with window.looking() as machine:
            ticks = [views.current(machine, instrument) for instrument in INSTRUMENTS]
        return [PriceAnswer(**words(tick)) for tick in ticks if tick is not None]

    @router.get("/prices/{instrument}", responses=documented(404))
    def price(instrument: InstrumentPath) -> PriceAnswer:
        """Show the last tick of an instrument."""
        with window.looking() as machine:
            tick = views.current(machine, _known(instrument))
        if tick is None:
            raise _nothing_yet(instrument, "tick")
        return PriceAnswer(**words(tick))

    @router.get("/prices/{instrument}/history", responses=documented(404))
    def history(
        instrument: InstrumentPath, paging: Paging, interval: Interval = "1m"
    ) -> Page[BarAnswer]:
        """List the closed bars of an instrument that the feed remembers, latest first."""
        with window.looking() as machine:
            bars = views.history(machine, _known(instrument), interval, KEPT[interval])
        return paging.page([BarAnswer(**words(bar)) for bar in reversed(bars)])

    @router.get("/prices/{instrument}/statistics", responses=documented(404))
    def statistics(instrument: InstrumentPath) -> DayAnswer:
        """Tell the last 24 hours of an instrument in numbers."""
        with window.looking() as machine:
            day = views.statistics_24h(machine, _known(instrument))
        if day is None:
            raise _nothing_yet(instrument, "bar")
        return DayAnswer(**words(day), since=utc_text(day.since_us), until=utc_text(day.until_us))

    @router.get("/orderbook/{instrument}", responses=documented(404))
    def orderbook(instrument: InstrumentPath) -> BookAnswer:
        """Show the consolidated depth of an instrument, as last published."""
        with window.looking() as machine:
            book = views.order_book(machine, _known(instrument))
        if book is None:
            raise _nothing_yet(instrument, "book")
        return BookAnswer(**words(book))

    @router.get("/correlations")
    def correlated(
        minutes: Annotated[
            int, Query(ge=views.RETURNS_MIN, lt=KEPT["1m"], description="of event time")
        ] = 240,
    ) -> CorrelationsAnswer:
        """Tell how the returns of minutes of all instruments moved together."""
        with window.looking() as machine:
            found = views.correlations(machine, minutes)
        return CorrelationsAnswer(**words(found))

    @router.get(
        "/stream/prices/{instrument}", response_class=StreamingResponse, responses=documented(404)
    )
    async def price_stream(
        instrument: InstrumentPath,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
    ) -> StreamingResponse:
        """Follow the ticks of an instrument, as server-sent events."""
        return streams.response(price_channel(_known(instrument)), last_event_id)

    return router


def _nothing_yet(instrument: str, what: str) -> ProblemError:
    return ProblemError(404, f"no-{what}", f"the feed has published no {what} of {instrument} yet")
