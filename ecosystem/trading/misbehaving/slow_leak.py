"""SlowLeak: with every trade it becomes likelier that a decision is turned into its opposite."""

from typing import Final

from ecosystem.rng import Stream
from ecosystem.trading.contract import E8, Place

CHANCE_E8_MAX: Final = E8 // 2


class SlowLeak:
    """Bends the decisions of an honest strategy.

    The chance of a bad decision is 0.001 (the growth) times the trades since it began, one half at
    the most. The draws are its own and numbered by the orders of the strategy it sits on, so no
    other chance is shifted, and a restart goes on with the same number.
    """

    def __init__(self, seed: int, name: str, growth_e8: int) -> None:
        self._draws = Stream(seed, "trading-engine", "slow-leak", name)
        self._growth_e8 = growth_e8
        self.trades_count = 0

    def traded(self) -> None:
        """Take in an execution of the strategy it sits on."""
        self.trades_count += 1

    @property
    def chance_e8(self) -> int:
        """How likely the next decision is a bad one, scaled by 1e8."""
        return min(CHANCE_E8_MAX, self._growth_e8 * self.trades_count)

    def bends(self, number: int) -> bool:
        """Return whether decision `number` is a bad one."""
        return self._draws.integer(number, 0, E8 - 1) < self.chance_e8

    def bent(self, wish: Place) -> Place:
        """Return the bad decision instead: as much in the other direction, at any price."""
        return Place(
            venue=wish.venue,
            instrument=wish.instrument,
            side="SELL" if wish.side == "BUY" else "BUY",
            quantity_e8=wish.quantity_e8,
        )
