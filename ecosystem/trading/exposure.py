"""What has been traded and what is on order: what pre-trade checks measure."""

from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import Side
from ecosystem.instruments import INSTRUMENTS


class Exposure:
    """Net trading by account and asset, and the open quantity of each side by instrument."""

    __slots__ = ("_net_e8", "_open_e8")

    def __init__(self) -> None:
        self._net_e8: dict[tuple[str, str], int] = {}
        self._open_e8: dict[tuple[str, str, Side], int] = {}

    def net_e8(self, account: str, asset: str) -> int:
        """Return how far trading has moved an account's holding of an asset, fees left out."""
        return self._net_e8.get((account, asset), 0)

    def open_e8(self, account: str, symbol: str, side: Side) -> int:
        """Return what is on order, at all venues."""
        return self._open_e8.get((account, symbol, side), 0)

    def opened(self, account: str, symbol: str, side: Side, quantity_e8: int) -> None:
        """Take in an order, or with a negative quantity the end of one or of a part."""
        place = (account, symbol, side)
        self._open_e8[place] = self._open_e8.get(place, 0) + quantity_e8

    def filled(self, fill: OrderFilled) -> None:
        """Take in an execution."""
        instrument = INSTRUMENTS[fill.instrument]
        sign = 1 if fill.side == "BUY" else -1
        base, quote = (fill.account, instrument.base), (fill.account, instrument.quote)
        self._net_e8[base] = self._net_e8.get(base, 0) + sign * fill.quantity_e8
        self._net_e8[quote] = self._net_e8.get(quote, 0) - sign * fill.notional_e8
