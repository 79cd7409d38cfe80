"""Realised profit by average cost, for each account and instrument, in the quote asset.

What an account held before its first known execution has no known cost: it is taken in at the
price of that execution, so it yields nothing by itself. Opening deposits count for the instrument
against `OPENING_QUOTE`; sales beyond what is known cost their own price. Fees add to the cost of
what is bought and lessen the proceeds of what is sold. The cost of a part is rounded down, so dust
stays in the cost of what is left and nothing is lost.
"""

from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.events.fills import OrderFilled

OPENING_QUOTE: Final = "USD"


class _Position:
    __slots__ = ("cost_e8", "quantity_e8")

    def __init__(self, quantity_e8: int, cost_e8: int) -> None:
        self.quantity_e8 = quantity_e8
        self.cost_e8 = cost_e8


class Profits:
    """The positions of all accounts, and what they realise."""

    __slots__ = ("_opening_e8", "_positions")

    def __init__(self) -> None:
        self._opening_e8: dict[tuple[str, str], int] = {}
        self._positions: dict[tuple[str, str], _Position] = {}

    def deposit(self, account: str, asset: str, quantity_e8: int) -> None:
        """Take in what an account held before it traded."""
        place = (account, asset)
        self._opening_e8[place] = self._opening_e8.get(place, 0) + quantity_e8

    def realise(self, fill: OrderFilled) -> tuple[str, int]:
        """Return the quote asset of an execution and the profit it realised, scaled by 1e8.

        Raises:
            InvalidInputError: the fill's instrument is no pair, or its side neither BUY nor SELL.
        """
        base, dash, quote = fill.instrument.partition("-")
        if not dash or fill.side not in ("BUY", "SELL") or fill.fee_asset != quote:
            raise InvalidInputError(
                f"fill {fill.event_id.hex()}: {fill.side} of {fill.instrument}, fee in "
                f"{fill.fee_asset}; allowed: BUY or SELL of BASE-QUOTE, fee in its quote"
            )
        place = (fill.account, fill.instrument)
        position = self._positions.get(place)
        if position is None:
            held_e8 = self._opening_e8.get((fill.account, base), 0) if quote == OPENING_QUOTE else 0
            cost_e8 = held_e8 * fill.notional_e8 // fill.quantity_e8
            position = self._positions[place] = _Position(held_e8, cost_e8)
        if fill.side == "BUY":
            position.quantity_e8 += fill.quantity_e8
            position.cost_e8 += fill.notional_e8 + fill.fee_e8
            return quote, 0
        known_e8 = min(fill.quantity_e8, position.quantity_e8)
        cost_e8 = position.cost_e8 * known_e8 // position.quantity_e8 if known_e8 else 0
        position.quantity_e8 -= known_e8
        position.cost_e8 -= cost_e8
        unknown_e8 = fill.notional_e8 * (fill.quantity_e8 - known_e8) // fill.quantity_e8
        return quote, fill.notional_e8 - fill.fee_e8 - cost_e8 - unknown_e8
