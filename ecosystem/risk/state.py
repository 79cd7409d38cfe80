"""Everything the rules can look at, and how each event moves it."""

from collections.abc import Callable, Mapping
from typing import Any

from ecosystem.events.accounts import PositionChanged, PositionLiquidated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted, FundingRateSet
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
from ecosystem.events.words import EventId
from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.exposure import Exposure
from ecosystem.risk.intake.intake import Intake
from ecosystem.risk.intake.sources import Sources
from ecosystem.risk.market import Market, TakeMark
from ecosystem.risk.marks import VenueMarks
from ecosystem.risk.pnl import TradingPnl
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.risk.reconciliation import Reconciliation
from ecosystem.risk.returns import Returns
from ecosystem.risk.settlements import Settlements
from ecosystem.risk.value_at_risk import ValueAtRisk
from ecosystem.risk.venue_books import VenueBooks
from ecosystem.risk.venues import Venues

Take = Callable[[Any], bool]
"""Takes an event in; returns whether it can be believed."""


class RiskState:
    """The firm and its surroundings, folded from production events alone."""

    def __init__(self) -> None:
        self.quality = DataQuality()
        self.market = Market(self.quality)
        self.portfolio = Portfolio(self.quality)
        self.derivatives = self.portfolio.derivatives
        self.exposure = Exposure(self.portfolio)
        self.returns = Returns(self.portfolio)
        self.value_at_risk = ValueAtRisk(self.portfolio, self.returns)
        self.books = VenueBooks(self.quality)
        self.marks = VenueMarks(self.market, self.portfolio, self.books)
        self.intake = Intake(self.quality, self.market)
        self.sources = Sources(self.intake, self.market)
        self.trading = TradingPnl()
        self.settlements = Settlements()
        self.venues = Venues()
        self.reconciliation = Reconciliation()
        for symbol, asset in MARKED_BY.items():
            self.market.marks[symbol] = self._marking(self.portfolio.mark, asset)
        for symbol in UNDERLYINGS:
            self.market.marks[symbol] = self._marking(self.portfolio.mark_derivative, symbol)
        self.moved_by: Event | None = None
        """The last event that changed the worth of the portfolio since it was last judged."""
        self.now_us = 0
        """The latest event time come to."""
        self.wake_us = 0
        """Event time before which no rule wants to be asked; rules bring it forward."""
        self.takes: Mapping[type[Event], Take] = {
            PriceTicked: self.market.tick,
            BalanceChanged: self._balance,
            PositionChanged: self._position,
            PositionLiquidated: self.derivatives.liquidated,
            FundingRateSet: self.derivatives.rate_set,
            BookQuoted: self.books.quoted,
            OrderFilled: self._fill,
            SettlementInstructed: self.settlements.instructed,
            SettlementDelayed: self.settlements.delayed,
            SettlementCompleted: self._settled,
            SettlementFailed: self.settlements.ended,
            SettlementCancelled: self.settlements.ended,
            VenueStatusChanged: self.venues.changed,
        }
        """For each event type that moves the state, what takes it in."""

    def advance(self, now_us: int) -> None:
        """Come to an event time, before anything that happened then is taken in."""
        self.now_us = now_us
        # Between the two halves of a fact the day would begin with a profit it never had.
        if now_us >= self.portfolio.day_ends_us and not self.portfolio.between_legs(now_us):
            self.portfolio.start_day(now_us)
        if now_us >= self.returns.due_us:
            self.returns.sample(now_us)

    def _marking(self, mark: Callable[[str, int, EventId], bool], factor: str) -> TakeMark:
        def take(tick: PriceTicked, mid_e8: int) -> None:
            if mark(factor, mid_e8, tick.event_id):
                self.moved_by = tick

        return take

    def _balance(self, balance: BalanceChanged) -> bool:
        self.reconciliation.balance(balance)
        if not self.portfolio.balance(balance):
            return False
        self.moved_by = balance
        return True

    def _position(self, position: PositionChanged) -> bool:
        if not self.portfolio.position(position):
            return False
        self.reconciliation.position(position)
        self.moved_by = position
        return True

    def _fill(self, fill: OrderFilled) -> bool:
        self.trading.fill(fill)
        self.reconciliation.fill(fill)
        return True

    def _settled(self, event: SettlementCompleted) -> bool:
        return self.settlements.ended(event) and self.reconciliation.settled(event)
