"""A position in a perpetual: how much, what it cost, and what reducing it realises.

Amounts are integers and nothing is lost to rounding: whatever the parts a position is built and
closed in, realised profit minus what the open quantity cost is exactly minus the cash its trades
were worth. Two sides of a trade count the same notional, so over all positions, the house's
included, realised profit is the sum of costs, and zero once all are closed.
"""

from ecosystem.units import E8


class Position:
    """What one account, or the house, holds of one perpetual."""

    __slots__ = ("changes", "cost_e8", "quantity_e8", "realised_e8")

    def __init__(self) -> None:
        self.quantity_e8 = 0
        """In base units; negative when short."""
        self.cost_e8 = 0
        """What the open quantity was bought for; negative: what it was sold for."""
        self.realised_e8 = 0
        """What the last trade realised, before fees."""
        self.changes = 0
        """How many changes were announced, which is the sequence number of the next."""

    def trade(self, signed_quantity_e8: int, notional_e8: int) -> int:
        """Take in an execution and return the profit it realised; a sale has a negative quantity.

        What closes open quantity realises the difference to its average cost; what goes beyond
        opens at the price of the execution. The cost of a part is rounded down, so its dust stays
        with what is left, and the last part takes it all.
        """
        held_e8 = self.quantity_e8
        signed_notional_e8 = notional_e8 if signed_quantity_e8 > 0 else -notional_e8
        realised_e8 = 0
        if held_e8 * signed_quantity_e8 < 0:
            traded_e8, size_e8 = abs(signed_quantity_e8), abs(held_e8)
            closed_e8 = min(traded_e8, size_e8)
            released_e8 = self.cost_e8 * closed_e8 // size_e8
            closing_e8 = signed_notional_e8 * closed_e8 // traded_e8
            realised_e8 = -closing_e8 - released_e8
            self.cost_e8 -= released_e8
            signed_notional_e8 -= closing_e8
        self.cost_e8 += signed_notional_e8
        self.quantity_e8 = held_e8 + signed_quantity_e8
        self.realised_e8 = realised_e8
        return realised_e8

    @property
    def entry_price_e8(self) -> int:
        """The average price of the open quantity, rounded down; 0 when flat."""
        return abs(self.cost_e8) * E8 // abs(self.quantity_e8) if self.quantity_e8 else 0

    def unrealised_e8(self, price_e8: int) -> int:
        """Return what closing at `price_e8` would realise, rounded down."""
        return self.quantity_e8 * price_e8 // E8 - self.cost_e8
