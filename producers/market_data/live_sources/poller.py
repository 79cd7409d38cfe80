"""Asks exchanges for their tickers, each in a task of its own: a slow one delays no other.

ccxt speaks each exchange's protocol and keeps to its rate limit. A failed request is told in the
log and tried again, after a pause that doubles up to half a minute; what the source said before
grows stale meanwhile, and that is all the feed needs to know.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import structlog

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.consensus import SourceQuote
from producers.live.clock import wall_us
from producers.market_data.live_sources.board import QuoteBoard
from producers.market_data.live_sources.settings import LiveExchange, LiveSourceSettings
from producers.market_data.recordings.rows import CellError, scaled

PAUSE_MAX_S: Final = 30.0
STOP_WAIT_S: Final = 10.0
log = structlog.get_logger()
Ticker = Mapping[str, object]


class TickerClient(Protocol):
    """The part of an exchange's ccxt client that is used."""

    async def fetch_tickers(self, symbols: list[str]) -> Mapping[str, Ticker]:
        """Return the tickers of these markets."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


def quote_of(source: str, ticker: Ticker, arrived_at_us: int) -> SourceQuote | None:
    """Return the quote of a ticker; None when it has no bid, ask or readable number.

    A ticker that says when it was true is as old as it says, whenever it arrives.
    """
    try:
        bid_e8, ask_e8 = scaled("bid", ticker.get("bid")), scaled("ask", ticker.get("ask"))
        last = ticker.get("last")
        last_e8 = None if last is None else scaled("last", last)
    except CellError:
        return None
    stated_ms = ticker.get("timestamp")
    return SourceQuote(
        source=source,
        seen_at_us=stated_ms * 1000 if isinstance(stated_ms, int) else arrived_at_us,
        bid_price_e8=bid_e8,
        ask_price_e8=ask_e8,
        last_price_e8=last_e8,
    )


def ccxt_client(exchange: LiveExchange, timeout_us: int) -> TickerClient:
    """Return ccxt's client of an exchange.

    Raises:
        InvalidInputError: ccxt does not know the exchange, or it gives no tickers in one request.
    """
    import ccxt.async_support as ccxt

    if exchange.exchange not in ccxt.exchanges:
        raise InvalidInputError(
            f"exchange {exchange.exchange!r}: a name that ccxt knows is allowed, such as kraken"
        )
    client: Any = getattr(ccxt, exchange.exchange)(
        {
            "timeout": timeout_us // 1000,
            # A mirror has no limits but its own.
            "enableRateLimit": not exchange.url,
        }
    )
    if not client.has["fetchTickers"]:
        raise InvalidInputError(f"exchange {exchange.exchange!r} does not tell tickers")
    client.has["fetchCurrencies"] = False  # no ticker needs them, and some ask for a key
    if exchange.url:
        _redirect(client, exchange.url)
    found: TickerClient = client
    return found


def _redirect(client: Any, url: str) -> None:
    def moved(address: object) -> object:
        if isinstance(address, dict):
            return {name: moved(inner) for name, inner in address.items()}
        return f"{url}{urlsplit(str(address)).path}"

    client.urls["api"] = moved(client.urls["api"])


class Poller:
    """Keeps a board up to date from a thread of its own."""

    def __init__(
        self,
        settings: LiveSourceSettings,
        board: QuoteBoard,
        open_client: Callable[[LiveExchange, int], TickerClient] = ccxt_client,
        now_us: Callable[[], int] = wall_us,
    ) -> None:
        self._settings = settings
        self._board = board
        self._open_client = open_client
        self._now_us = now_us
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="live-sources", daemon=True)

    def start(self) -> None:
        """Begin to ask.

        Raises:
            InvalidInputError: an exchange that ccxt does not know.
        """
        self._loop = asyncio.new_event_loop()
        # Opened here, so that a wrong name stops the service and not only a thread of it.
        self._clients = self._loop.run_until_complete(self._opened())
        self._thread.start()

    def stop(self) -> None:
        """Stop asking, and wait until connections are closed.

        Raises:
            TimeoutError: they are not closed in time.
        """
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_WAIT_S)
        if self._thread.is_alive():
            raise TimeoutError(f"live sources did not stop within {STOP_WAIT_S:.0f} s")

    async def _opened(self) -> list[tuple[LiveExchange, TickerClient]]:
        timeout_us = self._settings.timeout_us
        return [(one, self._open_client(one, timeout_us)) for one in self._settings.exchanges]

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._ask_all())
        finally:
            self._loop.close()

    async def _ask_all(self) -> None:
        tasks = [
            asyncio.create_task(self._keep_asking(one, client)) for one, client in self._clients
        ]
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, client in self._clients:
            await client.close()

    async def _keep_asking(self, exchange: LiveExchange, client: TickerClient) -> None:
        every_s = self._settings.every_us / 1e6
        pause_s = every_s
        while True:
            try:
                await self._ask(exchange, client)
                pause_s = every_s
            except Exception as error:  # whatever a source does, the others go on
                log.warning(
                    "live_source_failed",
                    source=exchange.name,
                    error=f"{type(error).__name__}: {error}",
                )
                pause_s = min(max(2 * pause_s, every_s), max(PAUSE_MAX_S, every_s))
            await asyncio.sleep(pause_s)

    async def _ask(self, exchange: LiveExchange, client: TickerClient) -> None:
        bound_s = 2 * self._settings.timeout_us / 1e6  # the first request loads the markets too
        async with asyncio.timeout(bound_s):
            tickers = await client.fetch_tickers(sorted(set(exchange.markets.values())))
        arrived_at_us = self._now_us()
        for instrument, market in exchange.markets.items():
            quote = quote_of(exchange.name, tickers.get(market, {}), arrived_at_us)
            if quote is not None:
                self._board.put(instrument, quote)
