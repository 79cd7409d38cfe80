"""A strategy that trades the perpetual without pause: long, short, more, less, and across zero."""

from collections.abc import Iterator
from typing import ClassVar

from ecosystem.trading.contract import (
    SECOND_US,
    VENUE,
    Cause,
    Place,
    PriceTicked,
    Strategy,
    View,
    Wish,
    parse_e8,
)

PERPETUAL = "BTC-USD-PERP"
LARGEST_E8 = parse_e8("0.48")
"""Nearly six times the collateral: a fall of an eighth liquidates it."""
STEP_E8 = parse_e8("0.05")
"""The gate of the trading engine lets an account buy no more than a part of its worth at once."""


class PerpetualTrader(Strategy):
    """Draws a position every 40 seconds and goes there in steps."""

    instruments = (PERPETUAL,)
    venues = (VENUE,)
    every_us: ClassVar[int] = 2 * SECOND_US

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield the next step."""
        last_us = view.last_order_us(PERPETUAL)
        if not isinstance(cause, PriceTicked) or not view.total_e8(VENUE, "USD"):
            return
        if last_us is not None and view.now_us - last_us < self.every_us:
            return
        change_e8 = self.wanted_e8(view) - view.position_e8(PERPETUAL)
        quantity_e8 = min(abs(change_e8), STEP_E8) // 10_000 * 10_000
        if quantity_e8:
            yield Place(
                venue=VENUE,
                instrument=PERPETUAL,
                side="BUY" if change_e8 > 0 else "SELL",
                quantity_e8=quantity_e8,
            )

    def wanted_e8(self, view: View) -> int:
        """Return the position wanted now."""
        return (view.now_us // (40 * SECOND_US) * 7_919 % 13 - 6) * LARGEST_E8 // 6


class PerpetualHolder(PerpetualTrader):
    """Buys as much as it can, and holds."""

    def wanted_e8(self, view: View) -> int:
        """Return the one position."""
        return LARGEST_E8
