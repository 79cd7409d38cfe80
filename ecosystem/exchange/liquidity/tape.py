"""The tape of one book: its last trades, what was traded since the last publication, and by hour.

It is made of the venue's own facts, so a restored venue has it too. Only where the house stood in
the last seconds, which prices the noise traders' trades for whoever looks at them, follows from
ticks, and its quote knows it: after a restart from the first tick that is shown again.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec

from ecosystem.events.books import BookQuoted
from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId, Side
from ecosystem.exchange.liquidity.noise import Noise
from ecosystem.exchange.liquidity.quote import Quote
from ecosystem.units import DAY_US, HOUR_US, SECOND_US

TRADES_KEPT: Final = 200


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A trade in a book."""

    event_time_us: int
    price_e8: int
    quantity_e8: int
    side: Side
    """Of the one who took."""
    trade_id: EventId | None
    """None for a trade of a noise trader with the house, which is not on the log."""


class Tape:
    """What was traded in one book."""

    __slots__ = ("_hours", "_trades", "book_sequence", "volume_e8")

    def __init__(self) -> None:
        self._trades: deque[Trade] = deque(maxlen=TRADES_KEPT)
        self._hours: dict[int, int] = {}
        self.book_sequence = 0
        """Of the next publication at the earliest."""
        self.volume_e8 = 0
        """What accounts traded since the last publication."""

    @property
    def last(self) -> Trade | None:
        """The last trade of an account; None before the first."""
        return self._trades[-1] if self._trades else None

    def filled(self, fill: OrderFilled) -> None:
        """Take in an execution; of a trade between two accounts, the taker's side counts."""
        with_house = fill.trade_id == fill.event_id
        if fill.liquidity != "TAKER" and not with_house:
            return
        side = fill.side
        if fill.liquidity != "TAKER":
            side = "SELL" if side == "BUY" else "BUY"
        self.volume_e8 += fill.quantity_e8
        self._trades.append(
            Trade(fill.event_time_us, fill.price_e8, fill.quantity_e8, side, fill.trade_id)
        )

    def published(self, quoted: BookQuoted) -> None:
        """Take in a publication of the book."""
        self.book_sequence = quoted.book_sequence + 1
        self.volume_e8 = 0
        hour = quoted.event_time_us // HOUR_US
        self._hours[hour] = self._hours.get(hour, 0) + quoted.volume_e8
        if len(self._hours) > DAY_US // HOUR_US + 1:
            del self._hours[min(self._hours)]

    def volume_24h_e8(self, now_us: int) -> int:
        """Return what was published as traded in this hour and the 23 before it."""
        first = now_us // HOUR_US - DAY_US // HOUR_US + 1
        return sum(volume_e8 for hour, volume_e8 in self._hours.items() if hour >= first)

    def trades(self, noise: Noise, quote: Quote) -> Iterator[Trade]:
        """Yield the remembered trades, latest first.

        Args:
            quote: of the house in this book, which knows where it stood around a tick.
        """
        own = list(self._trades)
        for tick, memory in reversed(quote.seconds):
            bid_e8, ask_e8 = quote.touch_around_e8(tick, memory)
            if not bid_e8:
                continue
            time_us = tick.event_time_us
            while own and own[-1].event_time_us >= time_us:
                yield own.pop()
            drawn = noise.trade(time_us // SECOND_US)
            price_e8 = ask_e8 if drawn.buys else bid_e8
            side: Side = "BUY" if drawn.buys else "SELL"
            yield Trade(time_us, price_e8, drawn.quantity_e8, side, None)
        yield from reversed(own)
