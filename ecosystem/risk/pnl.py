"""Trading profit and loss from fills, by average cost.

Each account's trading in each instrument begins flat: what the firm owned before is no trade, so
selling it first is a short position here. Amounts are kept exact, in quote units scaled by 1e16
(price times quantity), and rounded once, when they are told.
"""

from collections.abc import Iterator, Mapping

from ecosystem.events.fills import OrderFilled
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8


class TradingPosition:
    """One account's trading in one instrument."""

    __slots__ = ("cost_e16", "quantity_e8", "realised_e16")

    def __init__(self) -> None:
        self.quantity_e8 = 0
        self.cost_e16 = 0
        """What the open quantity was bought for; negative: what it was sold for."""
        self.realised_e16 = 0

    def trade(self, signed_quantity_e8: int, price_e8: int) -> None:
        """Take in an execution; a sale has a negative quantity.

        What closes open quantity realises the difference to its average cost; what goes beyond
        opens at the price. Realised minus cost is always minus the cash paid, to the last digit.
        """
        if self.quantity_e8 * signed_quantity_e8 < 0:
            closed_e8 = min(abs(signed_quantity_e8), abs(self.quantity_e8))
            released_e16 = self.cost_e16 * closed_e8 // abs(self.quantity_e8)
            signed_closed_e8 = closed_e8 if signed_quantity_e8 > 0 else -closed_e8
            self.realised_e16 -= signed_closed_e8 * price_e8 + released_e16
            self.cost_e16 -= released_e16
            self.quantity_e8 += signed_closed_e8
            signed_quantity_e8 -= signed_closed_e8
        self.cost_e16 += signed_quantity_e8 * price_e8
        self.quantity_e8 += signed_quantity_e8

    def unrealised_e16(self, price_e8: int) -> int:
        """Return what closing at `price_e8` would realise."""
        return self.quantity_e8 * price_e8 - self.cost_e16


class TradingPnl:
    """All trading of the firm, by account and instrument, and the fees it cost."""

    __slots__ = ("fees_e8", "positions")

    def __init__(self) -> None:
        self.positions: dict[tuple[str, str], TradingPosition] = {}
        self.fees_e8: dict[str, int] = {}
        """Fees paid, by asset."""

    def fill(self, fill: OrderFilled) -> None:
        """Take in an execution that has no defect."""
        place = (fill.account, fill.instrument)
        position = self.positions.get(place)
        if position is None:
            position = self.positions[place] = TradingPosition()
        sign = 1 if fill.side == "BUY" else -1
        position.trade(sign * fill.quantity_e8, fill.price_e8)
        self.fees_e8[fill.fee_asset] = self.fees_e8.get(fill.fee_asset, 0) + fill.fee_e8

    def realised_usd_e8(self, marks_e8: Mapping[str, int]) -> int:
        """Return realised profit before fees in USD, at the marks of the quote assets."""
        return sum(
            position.realised_e16 * mark_e8 // (E8 * E8)
            for _, position, mark_e8 in self._marked(marks_e8)
        )

    def unrealised_usd_e8(self, mids_e8: Mapping[str, int], marks_e8: Mapping[str, int]) -> int:
        """Return unrealised profit in USD; instruments without a price count as nothing."""
        return sum(
            position.unrealised_e16(mids_e8[symbol]) * mark_e8 // (E8 * E8)
            for symbol, position, mark_e8 in self._marked(marks_e8)
            if symbol in mids_e8
        )

    def fees_usd_e8(self, marks_e8: Mapping[str, int]) -> int:
        """Return the fees paid in USD, at the marks of now."""
        return sum(
            fee_e8 * marks_e8[asset] // E8
            for asset, fee_e8 in self.fees_e8.items()
            if asset in marks_e8
        )

    def _marked(self, marks_e8: Mapping[str, int]) -> Iterator[tuple[str, TradingPosition, int]]:
        for (_, symbol), position in self.positions.items():
            mark_e8 = marks_e8.get(INSTRUMENTS[symbol].quote)
            if mark_e8 is not None:
                yield symbol, position, mark_e8
