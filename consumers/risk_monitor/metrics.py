"""What the monitor tells Prometheus of itself and of the firm's risk."""

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ecosystem.events.alerts import CircuitBreakerOpened, RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.envelope import Event
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8, SECOND_US

LATENCY_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The monitor's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._alerts = self._counter(
            "risk_alert_generated", "Alerts raised or escalated", "severity", "type"
        )
        self._openings = self._counter(
            "risk_circuit_breaker_triggered", "Times the circuit breaker opened"
        )
        self._utilisation = self._gauge(
            "risk_limit_utilization", "Share of the limit in use", "rule", "subject"
        )
        self._compliance = self._gauge(
            "risk_compliance_status", "1: the mandate is kept, 0: it is broken", "mandate", "asset"
        )
        self._pnl = self._gauge(
            "risk_monitor_portfolio_pnl", "Profit and loss in USD, before fees", "kind"
        )
        self._equity = self._gauge("risk_monitor_portfolio_equity", "Worth of all holdings in USD")
        self._position = self._gauge("risk_monitor_position", "Position, netted", "asset")
        self._delta = self._gauge(
            "risk_delta_exposure", "Delta in USD, perpetuals included", "underlying"
        )
        self._drawdown = self._gauge("risk_drawdown", "Fall from high water, a fraction")
        self._breaker = self._gauge("risk_circuit_breaker_open", "1: trading must stop")
        self._active = self._gauge("risk_alerts_active", "Alerts active")
        self._defects = self._gauge(
            "risk_monitor_input_defects", "Defects of the input since the start", "defect"
        )
        self._undecodable = self._gauge(
            "risk_monitor_undecodable", "Records given to the dead letters since the start"
        )
        self._reached = self._gauge(
            "risk_monitor_event_time_seconds", "Event time reached, seconds since 1970"
        )
        self._lag = self._gauge("risk_monitor_lag_records", "Offsets on the log not read yet")
        self._staleness = self._gauge(
            "risk_data_staleness_seconds",
            "Age of an instrument's last good price in event time; of any input, on the wall",
            "input",
        )
        self._events = self._counter("risk_monitor_events", "Events processed")
        self._latency = Histogram(
            "risk_monitor_latency_seconds",
            "From a slice's last record on the log to its answer on the log, on the wall",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def watch_silence(self, silent_s: Callable[[], float]) -> None:
        """Have the staleness of all input asked for whenever metrics are collected.

        It must be told by the wall's clock: where everything is silent, event time stands still.
        """
        self._staleness.labels("any").set_function(silent_s)

    def answered(self, events_count: int, alerts: Iterable[Event], latency_s: float) -> None:
        """Note one slice that was judged and whose answer is on the log."""
        self._events.inc(events_count)
        self._latency.observe(latency_s)
        self.told(alerts)

    def told(self, events: Iterable[Event]) -> None:
        """Note what was told, and is on the log."""
        for event in events:
            if isinstance(event, RiskAlertRaised | RiskAlertEscalated):
                self._alerts.labels(event.severity, event.rule).inc()
            elif isinstance(event, CircuitBreakerOpened):
                self._openings.inc()

    def stand(self, engine: RiskEngine, undecodable_count: int, lag_records: int | None) -> None:
        """Note how things stand; called now and then, not for every slice."""
        portfolio, trading = engine.portfolio, engine.state.trading
        marks_e8 = portfolio.marks_e8
        self._pnl.labels("total").set(portfolio.profit_e8 / E8)
        self._pnl.labels("realised").set(trading.realised_usd_e8(marks_e8) / E8)
        unrealised_e8 = trading.unrealised_usd_e8(engine.state.market.mids_e8, marks_e8)
        self._pnl.labels("unrealised").set(unrealised_e8 / E8)
        self._equity.set(portfolio.equity_e8 / E8)
        self._drawdown.set(portfolio.drawdown_e8() / E8)
        for asset, position_e8 in portfolio.positions_e8.items():
            self._position.labels(asset).set(position_e8 / E8)
        for asset, delta_e8 in engine.state.exposure.now().deltas_usd_e8.items():
            self._delta.labels(asset).set(delta_e8 / E8)
        self._tell_limits(engine)
        for defect, count in engine.quality.counts().items():
            self._defects.labels(defect).set(count)
        for symbol, tick in engine.state.market.ticks.items():
            age_us = max(0, engine.reached_us - tick.event_time_us)
            self._staleness.labels(symbol).set(age_us / SECOND_US)
        self._breaker.set(engine.breaker.opened is not None)
        self._active.set(engine.book.active_count())
        self._undecodable.set(undecodable_count)
        self._reached.set(engine.reached_us / 1e6)
        if lag_records is not None:
            self._lag.set(lag_records)

    def _tell_limits(self, engine: RiskEngine) -> None:
        broken = engine.compliance.broken
        for watch in engine.book.watches():
            place = (watch.rule, watch.subject)
            self._utilisation.labels(*place).set(watch.utilisation_e8 / E8)
            self._compliance.labels(*place).set(place not in broken)
