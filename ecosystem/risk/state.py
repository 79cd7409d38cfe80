"""Everything the rules can look at, and how each event moves it."""

from collections.abc import Callable, Mapping
from typing import Any

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.risk.data_quality import DataQuality, defect_of_fill
from ecosystem.risk.market import Market
from ecosystem.risk.pnl import TradingPnl
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.risk.settlements import Settlements
from ecosystem.risk.venues import Venues

Take = Callable[[Any], bool]
"""Takes an event in; returns whether it can be believed."""


class RiskState:
    """The firm and its surroundings, folded from production events alone."""

    def __init__(self) -> None:
        self.quality = DataQuality()
        self.market = Market(self.quality)
        self.portfolio = Portfolio(self.quality)
        self.trading = TradingPnl()
        self.settlements = Settlements()
        self.venues = Venues()
        self.moved_by: Event | None = None
        """The last event that changed the worth of the portfolio since it was last judged."""
        self.takes: Mapping[type[Event], Take] = {
            PriceTicked: self._tick,
            BalanceChanged: self._balance,
            OrderFilled: self._fill,
            SettlementInstructed: self.settlements.instructed,
            SettlementDelayed: self.settlements.delayed,
            SettlementCompleted: self.settlements.ended,
            SettlementFailed: self.settlements.ended,
            SettlementCancelled: self.settlements.ended,
            VenueStatusChanged: self.venues.changed,
        }
        """For each event type that moves the state, what takes it in."""

    def _tick(self, tick: PriceTicked) -> bool:
        if not self.market.tick(tick):
            return False
        symbol = tick.instrument
        asset = MARKED_BY.get(symbol)
        if asset is not None and self.portfolio.mark(
            asset, self.market.mids_e8[symbol], tick.event_id
        ):
            self.moved_by = tick
        return True

    def _balance(self, balance: BalanceChanged) -> bool:
        if not self.portfolio.balance(balance):
            return False
        self.moved_by = balance
        return True

    def _fill(self, fill: OrderFilled) -> bool:
        if (defect := defect_of_fill(fill)) is not None:
            self.quality.note(defect)
            return False
        self.trading.fill(fill)
        return True
