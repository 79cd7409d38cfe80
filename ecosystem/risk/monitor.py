"""The risk engine: slices of production events in, alerts out, the same for the same slices."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.alerts import AlertBook, Finding
from ecosystem.risk.data_quality import DataQuality, defect_of_fill, defect_of_tick
from ecosystem.risk.limits import Limits
from ecosystem.risk.pnl import TradingPnl
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.risk.rules.daily_loss import DailyLoss
from ecosystem.risk.rules.drawdown import Drawdown
from ecosystem.risk.rules.position_limit import PositionLimitRule
from ecosystem.risk.rules.price_shock import PriceShock
from ecosystem.slices import Placed, in_slice_order
from ecosystem.units import HOUR_US

AHEAD_OF_CLOCK_US: Final = HOUR_US
"""A record further ahead of the last clock than this has a wrong time, not a late clock."""
_FOREVER_US: Final = 2**63


class RiskEngine:
    """Judges slices one after the other.

    A rule about one instrument or asset is judged at each of its events; a rule about the whole
    portfolio when all events of one event time are taken in, since between two legs of a trade,
    or two ticks of one second, the portfolio has a worth it never had.
    """

    def __init__(self, limits: Limits) -> None:
        self.quality = DataQuality()
        self.portfolio = Portfolio(self.quality)
        self.trading = TradingPnl()
        self.book = AlertBook(limits.version)
        self.mids_e8: dict[str, int] = {}
        """The last mid of each instrument."""
        self._ticked_us: dict[str, int] = {}
        self._shock: PriceShock | None = None
        if limits.price_shock is not None:
            self._shock = PriceShock(limits.price_shock, self.book)
        self._position: PositionLimitRule | None = None
        if limits.position_limit is not None:
            self._position = PositionLimitRule(limits.position_limit, self.book)
        self._portfolio_rules: list[Drawdown | DailyLoss] = []
        if limits.drawdown is not None:
            self._portfolio_rules.append(Drawdown(limits.drawdown, self.book))
        if limits.daily_loss is not None:
            self._portfolio_rules.append(DailyLoss(limits.daily_loss, self.book))
        self._handlers: Mapping[type[Event], Callable[[Any], None]] = {
            PriceTicked: self._tick,
            BalanceChanged: self._balance,
            OrderFilled: self._fill,
            ClockAdvanced: self._clock,
        }
        self._now_us = 0
        self._horizon_us = _FOREVER_US
        self._moved_by: Event | None = None
        self._alerts: list[Event] | None = None

    def process_slice(self, records: Iterable[Placed]) -> list[Event]:
        """Return the alerts that follow from the records of the next slice, in any order given."""
        alerts = self._alerts = []
        self._take(records)
        return alerts

    def restore_slice(self, records: Iterable[Placed]) -> None:
        """Take in a slice that was judged before; its alerts come by `restore_alert`."""
        self._alerts = None
        self._take(records)

    def restore_alert(self, event: Event) -> None:
        """Take in an own alert from the log, so that it is known and not raised again."""
        self.book.evolve(event)

    def _take(self, records: Iterable[Placed]) -> None:
        handlers = self._handlers
        for record in in_slice_order(records):
            event = record.event
            handler = handlers.get(type(event))
            if handler is None:
                continue
            now_us = event.event_time_us
            if now_us != self._now_us:
                if now_us > self._horizon_us and type(event) is not ClockAdvanced:
                    self.quality.note("TIME_IMPLAUSIBLE")
                    continue
                self._judge_portfolio(now_us)
                self._now_us = now_us
                if now_us >= self.portfolio.day_ends_us:
                    self.portfolio.start_day(now_us)
            handler(event)
        self._judge_portfolio(self._now_us)

    def _clock(self, clock: ClockAdvanced) -> None:
        self._horizon_us = clock.event_time_us + AHEAD_OF_CLOCK_US

    def _tick(self, tick: PriceTicked) -> None:
        symbol = tick.instrument
        if (defect := defect_of_tick(tick)) is not None:
            self.quality.note(defect)
            return
        if tick.event_time_us < self._ticked_us.get(symbol, 0):
            self.quality.note("PRICE_OUT_OF_ORDER")
            return
        self._ticked_us[symbol] = tick.event_time_us
        mid_e8 = self.mids_e8[symbol] = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        asset = MARKED_BY.get(symbol)
        if asset is not None and self.portfolio.mark(asset, mid_e8, tick.event_id):
            self._moved_by = tick
        if self._shock is not None:
            finding = self._shock.judge(tick, mid_e8)
            if finding is not None:
                self._found(finding, tick)

    def _balance(self, balance: BalanceChanged) -> None:
        if not self.portfolio.balance(balance):
            return
        self._moved_by = balance
        if self._position is not None:
            finding = self._position.judge(self.portfolio, balance.asset)
            if finding is not None:
                self._found(finding, balance)

    def _fill(self, fill: OrderFilled) -> None:
        if (defect := defect_of_fill(fill)) is not None:
            self.quality.note(defect)
            return
        self.trading.fill(fill)

    def _judge_portfolio(self, now_us: int) -> None:
        trigger = self._moved_by
        if trigger is None or self.portfolio.between_legs(now_us):
            return
        self._moved_by = None
        self.portfolio.raise_high_water()
        for rule in self._portfolio_rules:
            finding = rule.judge(self.portfolio)
            if finding is not None:
                self._found(finding, trigger)

    def _found(self, finding: Finding, trigger: Event) -> None:
        if self._alerts is None:
            return
        event = self.book.decide(finding, trigger)
        if event is not None:
            self._alerts.append(event)
