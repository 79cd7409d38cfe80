"""Derivative positions as venues state them, what they are worth, and what they have paid.

A perpetual is linear: a position of `q` units entered at the average price `e` is worth `q (m - e)`
at the mark `m`, which is its unrealised profit (Hull, Options, Futures and Other Derivatives,
chapter 2: marking to market). What was realised is in the wallet, by a balance of its own. The mark
is the middle of the instrument's own quote in the feed.

A venue states quantity and entry price after each change. What the change itself does not explain
(records were lost, or we came late) is believed, and counts as deposited, never as profit; so does
what a position is worth when its instrument has its first mark.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from ecosystem.events.accounts import PositionChanged, PositionLiquidated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import FundingRateSet
from ecosystem.events.words import BalanceReason, EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.data_quality import DataQuality
from ecosystem.units import E8

UNDERLYINGS: Final = {
    symbol: instrument.base
    for symbol, instrument in INSTRUMENTS.items()
    if instrument.kind == "PERPETUAL" and instrument.quote == "USD"
}
"""The asset each derivative moves with, one unit for one unit; all of them pay in USD."""
CASHFLOWS: Final[tuple[BalanceReason, ...]] = ("FUNDING", "LIQUIDATION", "INSURANCE")
"""Why wallets change on account of positions, besides what trades realise."""


class DerivativePosition(msgspec.Struct, frozen=True, gc=False):
    """What one account at one venue holds of one derivative, as last stated."""

    quantity_e8: int
    """Negative when short."""
    entry_price_e8: int
    margin_e8: int
    """What the venue asks to be locked for it, in USD."""
    position_sequence: int
    event_id: EventId

    @property
    def cost_e16(self) -> int:
        """What the quantity was bought for; negative: what it was sold for."""
        return self.quantity_e8 * self.entry_price_e8


class Revaluation(NamedTuple):
    """By how much the worth of all positions changed, in USD scaled by 1e16."""

    worth_e16: int
    deposited_e16: int
    """The part of it that is no profit."""


_UNMOVED: Final = Revaluation(0, 0)
_FLAT: Final = DerivativePosition(0, 0, 0, -1, EventId(bytes(16)))


class Derivatives:
    """Follows positions and the marks of their instruments; all amounts exact."""

    __slots__ = (
        "_costs_e16",
        "_quality",
        "cashflows_e8",
        "deltas_e8",
        "funding_rates",
        "gross_e8",
        "liquidations",
        "mark_ids",
        "marks_e8",
        "positions",
        "quantities_e8",
        "realised_e8",
    )

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self._costs_e16: dict[str, int] = {}
        self.positions: dict[tuple[str, str, str], DerivativePosition] = {}
        """By instrument, venue and account; those that were closed are kept."""
        self.quantities_e8: dict[str, int] = {}
        """By instrument, netted over venues and accounts."""
        self.deltas_e8: dict[str, int] = {}
        """By underlying, in its units."""
        self.gross_e8: dict[str, int] = {}
        """By instrument, long and short added up."""
        self.marks_e8: dict[str, int] = {}
        self.mark_ids: dict[str, EventId] = {}
        self.realised_e8: dict[str, int] = {}
        """What trades have realised since we came, before fees, in USD by instrument."""
        self.cashflows_e8: dict[BalanceReason, int] = dict.fromkeys(CASHFLOWS, 0)
        """What wallets were paid on account of positions, negative when they paid, in USD."""
        self.funding_rates: dict[tuple[str, str], FundingRateSet] = {}
        """The last rate of each venue and instrument."""
        self.liquidations: dict[tuple[str, str, str], PositionLiquidated] = {}
        """The last liquidation of each instrument, venue and account."""

    def mark(self, symbol: str, mark_e8: int, tick_id: EventId) -> Revaluation:
        """Take in the price of a derivative."""
        before_e8 = self.marks_e8.get(symbol)
        self.marks_e8[symbol] = mark_e8
        self.mark_ids[symbol] = tick_id
        quantity_e8 = self.quantities_e8.get(symbol, 0)
        if before_e8 is None:
            worth_e16 = self.worth_e16(symbol, mark_e8)
            return Revaluation(worth_e16, worth_e16)
        if not quantity_e8:
            return _UNMOVED
        return Revaluation(quantity_e8 * (mark_e8 - before_e8), 0)

    def changed(self, event: PositionChanged) -> Revaluation | None:
        """Take in what a position is now; None when that cannot be believed."""
        symbol = event.instrument
        place = (symbol, event.venue, event.account)
        before = self.positions.get(place, _FLAT)
        if symbol not in UNDERLYINGS or (event.quantity_e8 and event.entry_price_e8 <= 0):
            self._quality.note("POSITION_INCONSISTENT", event)
            return None
        if event.position_sequence <= before.position_sequence:
            self._quality.note("POSITION_STALE", event)
            return None
        after = DerivativePosition(
            event.quantity_e8,
            event.entry_price_e8,
            event.margin_e8,
            event.position_sequence,
            event.event_id,
        )
        self.positions[place] = after
        moved_e8 = after.quantity_e8 - before.quantity_e8
        self._add(self.quantities_e8, symbol, moved_e8)
        self._add(self.deltas_e8, UNDERLYINGS[symbol], moved_e8)
        self._add(self.gross_e8, symbol, abs(after.quantity_e8) - abs(before.quantity_e8))
        self._add(self._costs_e16, symbol, after.cost_e16 - before.cost_e16)
        self._add(self.realised_e8, symbol, event.realised_pnl_e8)
        explained = before.quantity_e8 + event.quantity_change_e8 == event.quantity_e8
        # Changes that were lost may add up to nothing; then only their numbers are missing.
        follows = explained and event.position_sequence == before.position_sequence + 1
        if before is not _FLAT and not follows:
            self._quality.note("POSITION_GAP", event)
        mark_e8 = self.marks_e8.get(symbol)
        if mark_e8 is None:
            return Revaluation(0, 0)
        worth_e16 = moved_e8 * mark_e8
        worth_e16 -= after.cost_e16 - before.cost_e16
        if explained:
            return Revaluation(worth_e16, 0)
        # What was realised has gone from the position into the wallet, and is no loss.
        return Revaluation(worth_e16, worth_e16 + event.realised_pnl_e8 * E8)

    def liquidated(self, event: PositionLiquidated) -> bool:
        """Take in that a venue takes a position over; what follows is told by other records."""
        self.liquidations[event.instrument, event.venue, event.account] = event
        return True

    def rate_set(self, event: FundingRateSet) -> bool:
        """Take in a funding rate; what it costs is told by balances."""
        self.funding_rates[event.venue, event.instrument] = event
        return True

    def paid(self, event: BalanceChanged) -> None:
        """Take in a balance that changed on account of a position."""
        if event.reason in self.cashflows_e8:
            self.cashflows_e8[event.reason] += event.change_e8

    def unrealised_e8(self, symbol: str | None = None) -> int:
        """Return the unrealised profit in USD, of one instrument or of all; 0 without a mark."""
        symbols = self.quantities_e8 if symbol is None else (symbol,)
        marks_e8 = self.marks_e8
        return sum(self.worth_e16(one, marks_e8[one]) for one in symbols if one in marks_e8) // E8

    def worth_e16(self, symbol: str, mark_e8: int) -> int:
        """Return what all positions in an instrument are worth at a mark, in USD."""
        return self.quantities_e8.get(symbol, 0) * mark_e8 - self._costs_e16.get(symbol, 0)

    def margin_e8(self) -> int:
        """Return what all positions ask to be locked, in USD."""
        return sum(position.margin_e8 for position in self.positions.values())

    def position_ids(self, symbol: str | None = None) -> Sequence[EventId]:
        """Return the records behind all positions (in one instrument) that are not closed."""
        return [
            position.event_id
            for place, position in sorted(self.positions.items())
            if position.quantity_e8 and symbol in (None, place[0])
        ]

    @staticmethod
    def _add(totals: dict[str, int], key: str, amount: int) -> None:
        totals[key] = totals.get(key, 0) + amount
