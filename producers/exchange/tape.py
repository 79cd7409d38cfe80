"""The executions of a venue, the latest of each instrument, as its door shows them."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import DAY_US, MINUTE_US

KEPT: Final = 1_000
"""Trades of one instrument that are remembered."""


class Tape:
    """Trades and their volume over a day of event time; a `Witness`.

    A trade between two accounts is published by both sides and counts once.
    """

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._trades: dict[str, deque[OrderFilled]] = {
            symbol: deque(maxlen=KEPT) for symbol in INSTRUMENTS
        }
        self._minutes: dict[str, deque[list[int]]] = {symbol: deque() for symbol in INSTRUMENTS}
        """Minute of event time, and the quantity traded in it."""
        self._lock = threading.Lock()

    def remember(self, event: Event) -> None:
        """Take in an execution."""
        if isinstance(event, OrderFilled) and event.venue == self._venue:
            self.take(event)

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Take in the executions among the facts."""
        for fact in facts:
            self.remember(fact)

    def take(self, fill: OrderFilled) -> bool:
        """Return whether an execution is a trade not yet seen, and take it in."""
        with self._lock:
            trades = self._trades[fill.instrument]
            # Both sides are written as one, so the other is at most a few executions back.
            if fill.trade_id != fill.event_id and any(
                trade.trade_id == fill.trade_id for trade in trades
            ):
                return False
            trades.append(fill)
            minute = fill.event_time_us // MINUTE_US
            minutes = self._minutes[fill.instrument]
            if not minutes or minutes[-1][0] != minute:
                minutes.append([minute, 0])
            minutes[-1][1] += fill.quantity_e8
            return True

    def recent(self, instrument: str, count: int) -> list[OrderFilled]:
        """Return the latest trades, latest first."""
        with self._lock:
            return list(self._trades[instrument])[: -count - 1 : -1]

    def volume_24h_e8(self, instrument: str, now_us: int) -> int:
        """Return the quantity traded in the last 24 hours of event time, to the minute."""
        since = (now_us - DAY_US) // MINUTE_US
        with self._lock:
            minutes = self._minutes[instrument]
            while minutes and minutes[0][0] < since:
                minutes.popleft()
            return sum(quantity_e8 for _, quantity_e8 in minutes)
