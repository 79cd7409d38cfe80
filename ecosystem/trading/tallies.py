"""Counts for the meters: what was ordered, traded and withheld."""

from ecosystem.events.words import Side


class Tallies:
    """Counts since the engine began; a restored engine counts its past too."""

    __slots__ = ("orders_count", "trades_count", "withheld_count")

    def __init__(self) -> None:
        self.orders_count = 0
        self.trades_count: dict[Side, int] = {"BUY": 0, "SELL": 0}
        self.withheld_count: dict[str, int] = {}
        """By check."""

    def traded(self, side: Side) -> None:
        """Count an execution."""
        self.trades_count[side] = self.trades_count.get(side, 0) + 1

    def withheld(self, check: str) -> None:
        """Count an order that was kept in the house."""
        self.withheld_count[check] = self.withheld_count.get(check, 0) + 1
