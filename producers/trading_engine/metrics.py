"""What the trading engine tells Prometheus, from what it read and committed."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily

from doors.problems import ProblemError
from ecosystem.events.control.signals import OrderWithheld
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderSubmitted
from ecosystem.trading import views
from ecosystem.trading.machine import TradingEngine
from ecosystem.units import E8, MINUTE_US, SECOND_US
from producers.chaos.board import ChaosBoard
from producers.live.window import Window

RATE_US: Final = MINUTE_US
"""Event time over which the rate of orders is taken."""


class EngineMetrics:
    """Counts trades and withheld orders; a `Witness`, and a collector for what stands now."""

    def __init__(
        self, registry: CollectorRegistry, window: Window[TradingEngine], board: ChaosBoard
    ) -> None:
        self._window = window
        self._board = board
        self._seconds: deque[list[int]] = deque()
        """Second of event time, and the orders submitted in it."""
        self._trades = Counter(
            "trading_trades", "Executions of the firm's orders", ("side",), registry=registry
        )
        self._breaches = Counter(
            "trading_risk_limit_breaches",
            "Orders that a pre-trade check kept in the house",
            ("check",),
            registry=registry,
        )
        registry.register(self)

    def remember(self, event: Event) -> None:
        """Take in nothing: counters begin with the process."""

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Count executions, which the venues tell, and orders, sent or withheld."""
        for event in inputs:
            if isinstance(event, OrderFilled):
                self._trades.labels(event.side).inc()
        for fact in facts:
            if isinstance(fact, OrderSubmitted):
                self._submitted(fact.event_time_us // SECOND_US)
            elif isinstance(fact, OrderWithheld):
                self._breaches.labels(fact.check).inc()

    def _submitted(self, second: int) -> None:
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0])
        self._seconds[-1][1] += 1
        while self._seconds[0][0] < second - RATE_US // SECOND_US:
            self._seconds.popleft()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what stands now; of a service that is not ready, only what needs no look."""
        now_us = self._window.clock.now_us()
        since = (now_us - RATE_US) // SECOND_US
        count = sum(count for second, count in list(self._seconds) if second >= since)
        rate = GaugeMetricFamily(
            "trading_engine_orders_per_second",
            "Orders submitted a second, over the last minute of event time",
        )
        rate.add_metric((), count / (RATE_US / SECOND_US))
        yield rate
        chaos = GaugeMetricFamily(
            "trading_engine_chaos_active", "Injections that apply now", labels=("type",)
        )
        counts = self._board.active_by_kind(now_us)
        for kind in self._board.kinds:
            chaos.add_metric((kind,), counts[kind])
        yield chaos
        profit = GaugeMetricFamily(
            "trading_strategy_pnl", "Profit less fees in USD", labels=("strategy",)
        )
        try:
            with self._window.looking() as machine:
                state = machine.state
                for one in views.strategies(state):
                    total_e8 = state.portfolio.profit(one.name, state.market).total_e8
                    profit.add_metric((one.name,), total_e8 / E8)
        except ProblemError:
            return  # not ready: no profit is better than one of yesterday
        yield profit
