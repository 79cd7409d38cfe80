"""The firm's portfolio: what it holds everywhere, what that is worth, and how that moved.

Holdings are the totals that venues and the custodian state, netted by asset. A settlement or a
transfer between own accounts moves an asset in two records, so its legs change no position: what
has left one place and not reached the other is in transit. Equity is the worth of all holdings and
the unrealised profit of all derivative positions. Profit is what equity has gained beyond deposits,
each deposit counted at the mark it came in at (or the first mark its asset ever had).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.derivatives import Derivatives, Revaluation
from ecosystem.risk.held_marks import HeldMarks
from ecosystem.risk.legs import Legs
from ecosystem.units import DAY_US, E8

UNIT_OF_ACCOUNT: Final = "USD"
MARKED_BY: Final = {
    symbol: instrument.base
    for symbol, instrument in INSTRUMENTS.items()
    if instrument.quote == UNIT_OF_ACCOUNT and instrument.kind == "SPOT"
}
"""The asset each instrument's mid marks."""
_MARKED: Final = sorted(MARKED_BY.values())
_MOVES: Final = ("SETTLEMENT", "TRANSFER")
"""Why an asset goes from one own account to another."""


class Holding(msgspec.Struct, frozen=True, gc=False):
    """What one account at one place holds of one asset, as last stated."""

    total_e8: int
    balance_sequence: int
    event_id: EventId


class HighWater(msgspec.Struct, frozen=True, gc=False):
    """A profit the portfolio once had, and the ticks it was measured by."""

    profit_e16: int
    mark_ids: tuple[EventId, ...]


class Portfolio:
    """Follows balances and prices; all amounts exact, in USD scaled by 1e16."""

    __slots__ = (
        "_held",
        "_held_revision",
        "_holdings",
        "_legs",
        "_mark_ids",
        "_marked_by",
        "_quality",
        "_unvalued_e8",
        "day_ends_us",
        "day_start",
        "deposits_e16",
        "derivatives",
        "equity_e16",
        "high_water",
        "in_transit_e8",
        "marks_e8",
        "positions_e8",
        "positions_revision",
        "revision",
    )

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self._holdings: dict[tuple[str, str, str], Holding] = {}
        self._mark_ids: dict[str, EventId] = {}
        self._unvalued_e8: dict[str, int] = {}
        self._marked_by: tuple[EventId, ...] | None = None
        self._held_revision = -1
        self._legs = Legs()
        self.equity_e16 = 0
        """`equity_e8`, exact: whatever moves it adds to it."""
        self.deposits_e16 = 0
        """What was paid in, less what was paid out, each at its mark."""
        self.marks_e8: dict[str, int] = {UNIT_OF_ACCOUNT: E8}
        """The price of each asset in USD."""
        self.positions_e8: dict[str, int] = {}
        """What the firm owns of each asset, wherever it is."""
        self.in_transit_e8: dict[str, int] = {}
        """What settlements have taken from one place and not yet brought to another."""
        self.high_water = HighWater(0, ())
        self.day_start = HighWater(0, ())
        self.day_ends_us = 0
        self.derivatives = Derivatives(quality)
        self._held = HeldMarks(_MARKED, self._mark_ids, self.derivatives)
        self.revision = 0
        """Rises whenever a position, the mark of one, or a deposit has changed."""
        self.positions_revision = 0
        """Rises whenever a position or a deposit has changed, something has its first mark, or a
        day has begun."""

    def mark(self, asset: str, mark_e8: int, tick_id: EventId) -> bool:
        """Take in the price of `asset` in USD; return whether that changed the equity."""
        position_e8 = self.positions_e8.get(asset, 0)
        before_e8 = self.marks_e8.get(asset)
        self.marks_e8[asset] = mark_e8
        self._mark_ids[asset] = tick_id
        self._marked_by = None
        if before_e8 is None:
            self.deposits_e16 += self._unvalued_e8.pop(asset, 0) * mark_e8
            self.positions_revision += 1
            self.revision += 1
            before_e8 = 0
        if position_e8 == 0 or mark_e8 == before_e8:
            return False
        self.equity_e16 += position_e8 * (mark_e8 - before_e8)
        self.revision += 1
        return True

    def mark_derivative(self, symbol: str, mark_e8: int, tick_id: EventId) -> bool:
        """Take in the price of a derivative; return whether that changed the equity."""
        self._marked_by = None
        if symbol not in self.derivatives.marks_e8:
            self.positions_revision += 1
        return self._revalued(self.derivatives.mark(symbol, mark_e8, tick_id))

    def position(self, event: PositionChanged) -> bool:
        """Take in what a derivative position is now; return whether that can be believed."""
        found = self.derivatives.changed(event)
        if found is None:
            return False
        self._legs.position(event)
        self._revalued(found)
        self._marked_by = None
        self.positions_revision += 1
        self.revision += 1
        return True

    def _revalued(self, found: Revaluation) -> bool:
        self.deposits_e16 += found.deposited_e16
        self.equity_e16 += found.worth_e16
        if not found.worth_e16:
            return False
        self.revision += 1
        return True

    def balance(self, event: BalanceChanged) -> bool:
        """Take in what an account holds now; return whether that changed a position.

        A record older than the last of its account and asset is left out. A total that the change
        does not explain (records were lost, or we came late) is believed, and the unexplained
        part counts as deposited, never as profit.
        """
        place = (event.asset, event.venue, event.account)
        last = self._holdings.get(place)
        if event.available_e8 + event.locked_e8 != event.total_e8:
            self._quality.note("BALANCE_INCONSISTENT", event)
            return False
        if last is not None and event.balance_sequence <= last.balance_sequence:
            self._quality.note("BALANCE_STALE", event)
            return False
        moved_e8 = event.total_e8 - (0 if last is None else last.total_e8)
        unexplained_e8 = moved_e8 - event.change_e8
        # Changes that were lost may add up to nothing; then only their numbers are missing.
        if last is not None and (
            unexplained_e8 or event.balance_sequence != last.balance_sequence + 1
        ):
            self._quality.note("BALANCE_GAP", event)
        self._holdings[place] = Holding(event.total_e8, event.balance_sequence, event.event_id)
        self._legs.balance(event)
        if event.reason in ("DEPOSIT", "WITHDRAWAL"):
            self._deposit(event.asset, moved_e8)
            return self._move(event.asset, moved_e8)
        self._deposit(event.asset, unexplained_e8)
        self.derivatives.paid(event)
        if event.reason in _MOVES:
            before_e8 = self.in_transit_e8.get(event.asset, 0)
            self.in_transit_e8[event.asset] = before_e8 - event.change_e8
            return self._move(event.asset, unexplained_e8)
        return self._move(event.asset, moved_e8)

    def between_legs(self, now_us: int) -> bool:
        """Return whether a fact was booked by half, so that the profit is no true one.

        Where the batches of its records fall apart, one is seen before the other.
        """
        return self._legs.open(now_us)

    def _move(self, asset: str, moved_e8: int) -> bool:
        self.positions_e8[asset] = self.positions_e8.get(asset, 0) + moved_e8
        self.equity_e16 += moved_e8 * self.marks_e8.get(asset, 0)
        if not moved_e8:
            return False
        self._marked_by = None
        self.positions_revision += 1
        self.revision += 1
        return True

    def _deposit(self, asset: str, moved_e8: int) -> None:
        if not moved_e8:
            return
        mark_e8 = self.marks_e8.get(asset)
        if mark_e8 is None:
            self._unvalued_e8[asset] = self._unvalued_e8.get(asset, 0) + moved_e8
            return
        self.deposits_e16 += moved_e8 * mark_e8
        self.positions_revision += 1
        self.revision += 1

    def start_day(self, now_us: int) -> None:
        """Begin the UTC day of `now_us` with the profit of this moment."""
        self.day_ends_us = (now_us // DAY_US + 1) * DAY_US
        self.day_start = HighWater(self.profit_e16, self.mark_ids())
        self.positions_revision += 1

    def raise_high_water(self) -> None:
        """Make the profit of this moment the high water where none was higher."""
        profit_e16 = self.equity_e16 - self.deposits_e16
        if profit_e16 >= self.high_water.profit_e16:
            self.high_water = HighWater(profit_e16, self.mark_ids())

    @property
    def profit_e16(self) -> int:
        """Equity minus deposits."""
        return self.equity_e16 - self.deposits_e16

    @property
    def equity_e8(self) -> int:
        """Worth of all holdings with a mark and of all derivative positions, in USD."""
        return self.equity_e16 // E8

    @property
    def profit_e8(self) -> int:
        """Equity minus deposits, in USD."""
        return (self.equity_e16 - self.deposits_e16) // E8

    def drawdown_e8(self, profit_e16: int | None = None) -> int:
        """Return the fall from high water, by the profit of now or a given one.

        As a fraction of the equity at high water. Deposits since then count as if they had been
        there: paying in or out is no drawdown.
        """
        high_e16 = self.high_water.profit_e16
        equity_high_e16 = self.deposits_e16 + high_e16
        if equity_high_e16 <= 0:
            return 0
        fall_e16 = high_e16 - (self.profit_e16 if profit_e16 is None else profit_e16)
        return fall_e16 * E8 // equity_high_e16

    def loss_of_day_e8(self, profit_e16: int | None = None) -> int:
        """Return what was lost since the day began, by the profit of now or a given one, in USD.

        Negative when it was gained.
        """
        now_e16 = self.profit_e16 if profit_e16 is None else profit_e16
        return (self.day_start.profit_e16 - now_e16) // E8

    def holdings(self) -> dict[tuple[str, str, str], int]:
        """Return what each place holds, by asset, venue and account."""
        return {place: one.total_e8 for place, one in sorted(self._holdings.items())}

    def tick_id(self, factor: str) -> EventId | None:
        """Return the tick behind the mark of an asset or a derivative; None without one."""
        return self._mark_ids.get(factor) or self.derivatives.mark_ids.get(factor)

    def mark_ids(self, assets: Sequence[str] | None = None) -> tuple[EventId, ...]:
        """Return the ticks behind the marks of all that is held, or of some assets.

        Assets come before derivatives.
        """
        if assets is not None:
            return tuple(self._mark_ids[one] for one in assets if one in self._mark_ids)
        if self._marked_by is None:
            if self._held_revision != self.positions_revision:
                self._held_revision = self.positions_revision
                self._held.hold(self.positions_e8)
            self._marked_by = self._held.ids()
        return self._marked_by

    def balance_ids(self, asset: str | None = None) -> tuple[EventId, ...]:
        """Return the balances behind the positions (in one asset), by asset, venue, account."""
        return tuple(
            holding.event_id
            for place, holding in sorted(self._holdings.items())
            if asset is None or place[0] == asset
        )

    def holding_ids(self) -> tuple[EventId, ...]:
        """Return the records behind all that is held: derivative positions, then balances."""
        return (*self.derivatives.position_ids(), *self.balance_ids())
