"""A local server that speaks the public ticker protocols of Kraken and Bitstamp, as ccxt asks them.

Each exchange lives under a path of its own and can be told to be slow, dead, wrong, late or a liar.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

import msgspec

Mood = Literal["well", "slow", "dead", "garbage", "error", "empty"]


class LocalExchange(msgspec.Struct):
    """What one exchange of the server says."""

    protocol: Literal["kraken", "bitstamp"]
    bid: str = "60000.0"
    ask: str = "60010.0"
    mood: Mood = "well"
    age_s: int = 0
    """How old its timestamps are, where its protocol has any."""
    asked: int = 0


def kraken(path: str, exchange: LocalExchange) -> object:
    """Return what Kraken answers."""
    if path.startswith("/0/public/AssetPairs"):
        pair = {
            "altname": "XBTUSD",
            "wsname": "XBT/USD",
            "base": "XXBT",
            "quote": "ZUSD",
            "pair_decimals": 1,
            "lot_decimals": 8,
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]],
            "leverage_buy": [],
            "ordermin": "0.0001",
            "status": "online",
        }
        return {"error": [], "result": {"XXBTZUSD": pair}}
    if not path.startswith("/0/public/Ticker"):
        return None
    ticker = {
        "a": [exchange.ask, "1", "1.000"],
        "b": [exchange.bid, "1", "1.000"],
        "c": [exchange.bid, "0.1"],
        "v": ["10", "20"],
        "p": [exchange.bid, exchange.bid],
        "t": [1, 2],
        "l": [exchange.bid, exchange.bid],
        "h": [exchange.ask, exchange.ask],
        "o": exchange.bid,
    }
    return {"error": [], "result": {"XXBTZUSD": ticker}}


def bitstamp(path: str, exchange: LocalExchange) -> object:
    """Return what Bitstamp answers."""
    if path.startswith("/api/v2/markets"):
        return [
            {
                "name": "BTC/USD",
                "market_symbol": "btcusd",
                "base_currency": "BTC",
                "base_decimals": 8,
                "counter_currency": "USD",
                "counter_decimals": 0,
                "minimum_order_value": "10",
                "trading": "Enabled",
                "instant_and_market_orders": "Enabled",
                "description": "Bitcoin / U.S. dollar",
                "market_type": "SPOT",
            }
        ]
    if not path.startswith("/api/v2/ticker"):
        return None
    return [
        {
            "timestamp": str(int(time.time()) - exchange.age_s),
            "bid": exchange.bid,
            "ask": exchange.ask,
            "last": exchange.bid,
            "high": exchange.ask,
            "low": exchange.bid,
            "open": exchange.bid,
            "vwap": exchange.bid,
            "volume": "20",
            "pair": "BTC/USD",
        }
    ]


PROTOCOLS = {"kraken": kraken, "bitstamp": bitstamp}


class LocalExchanges:
    """The server, on a port of the loopback; slow answers wait until it is closed."""

    def __init__(self, **exchanges: LocalExchange) -> None:
        self.exchanges = exchanges
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing; tests look at what the feed makes of it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def url(self, name: str) -> str:
        """Return the address of one exchange."""
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the exchange of the path is told to."""
        _, name, path = request.path.split("/", 2)
        exchange = self.exchanges[name]
        exchange.asked += 1
        body = PROTOCOLS[exchange.protocol](f"/{path}", exchange)
        if exchange.mood == "slow":
            self._closing.wait(20)
        if exchange.mood == "dead":
            request.connection.close()
            return
        text = "<html>bad gateway" if exchange.mood == "garbage" else json.dumps(body)
        if exchange.mood == "empty":
            text = "{}"
        request.send_response(503 if exchange.mood == "error" else 200 if body else 404)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
