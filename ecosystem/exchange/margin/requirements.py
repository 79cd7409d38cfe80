"""What margin a position and its open orders need, and at which price it is too little.

Margin to open is counted at what was paid (orders: at their prices, with the taker fee), so that
locked funds change only with a trade or an order; margin to keep is counted at the mark price.
All margins are rounded up.
"""

from typing import NamedTuple

from ecosystem.exchange.margin.positions import Position
from ecosystem.exchange.margin.terms import PerpetualTerms
from ecosystem.units import E8


class OpenOrders(NamedTuple):
    """The open orders of an account in one perpetual that may open or add to a position."""

    bought_e8: int = 0
    """Quantity of the orders to buy."""
    bought_e16: int = 0
    """Their quantity times their prices."""
    sold_e8: int = 0
    sold_e16: int = 0

    def plus(self, *, buys: bool, quantity_e8: int, value_e16: int) -> "OpenOrders":
        """Return them with one more; negative amounts take one away."""
        if buys:
            return self._replace(
                bought_e8=self.bought_e8 + quantity_e8, bought_e16=self.bought_e16 + value_e16
            )
        return self._replace(sold_e8=self.sold_e8 + quantity_e8, sold_e16=self.sold_e16 + value_e16)


def initial_margin_e8(cost_e8: int, terms: PerpetualTerms) -> int:
    """Return the margin of an open position that cost `cost_e8`."""
    return -(-abs(cost_e8) * terms.initial_rate_e8 // E8)


def required_e8(
    position: Position, orders: OpenOrders, terms: PerpetualTerms, taker_rate_e8: int
) -> int:
    """Return the margin a position and its open orders need together.

    Orders that would close the position need none; of those on one side that go beyond it, the
    part beyond does. Both sides cannot be executed into the same direction, so the dearer counts.
    """
    held_e8 = position.quantity_e8
    rate_e8 = terms.initial_rate_e8 + taker_rate_e8
    longer_e16 = _beyond_e16(orders.bought_e8, orders.bought_e16, max(0, -held_e8))
    shorter_e16 = _beyond_e16(orders.sold_e8, orders.sold_e16, max(0, held_e8))
    adding_e16, turning_e16 = (
        (longer_e16, shorter_e16) if held_e8 >= 0 else (shorter_e16, longer_e16)
    )
    own_e8 = initial_margin_e8(position.cost_e8, terms)
    return max(own_e8 - (-adding_e16 * rate_e8 // E8**2), -(-turning_e16 * rate_e8 // E8**2))


def maintenance_margin_e8(quantity_e8: int, mark_price_e8: int, terms: PerpetualTerms) -> int:
    """Return the margin to keep a position at the mark price."""
    return -(-abs(quantity_e8) * mark_price_e8 * terms.maintenance_rate_e8 // E8**2)


def liquidation_price_e8(
    position: Position, collateral_e8: int, terms: PerpetualTerms
) -> int | None:
    """Return the mark price at which equity is the maintenance margin.

    None when there is no position, or when no price above zero is low enough. Rounded towards
    the safe side: at the price itself the position stands, one unit beyond it does not.
    With q units (negative: short) bought for C on collateral E and maintenance rate m, equity
    E + q p - C is m |q| p at p = (C - E) / (q - m |q|).
    """
    held_e8 = position.quantity_e8
    if not held_e8:
        return None
    # Scaled by 1e16 above and below, so the quotient needs one more factor of 1e8.
    above = (position.cost_e8 - collateral_e8) * E8 * E8
    below = held_e8 * E8 - abs(held_e8) * terms.maintenance_rate_e8
    price_e8 = -(-above // below) if held_e8 > 0 else above // below
    return price_e8 if price_e8 > 0 else None


def leverage_e8(quantity_e8: int, mark_price_e8: int, equity_e8: int) -> int | None:
    """Return notional over equity; None without equity."""
    return abs(quantity_e8) * mark_price_e8 // equity_e8 if equity_e8 > 0 else None


def _beyond_e16(quantity_e8: int, value_e16: int, closing_e8: int) -> int:
    if quantity_e8 <= closing_e8:
        return 0
    return -(-value_e16 * (quantity_e8 - closing_e8) // quantity_e8)
