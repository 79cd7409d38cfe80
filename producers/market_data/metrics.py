"""What the feed tells Prometheus, from what it committed."""

import threading
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from producers.chaos.board import ChaosBoard
from producers.live.clock import LiveClock

LATENCY_BUCKETS_MS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


class FeedMetrics:
    """Counts ticks; a `Witness`, and a collector for what stands now."""

    def __init__(self, registry: CollectorRegistry, clock: LiveClock, board: ChaosBoard) -> None:
        self._clock = clock
        self._board = board
        self._last_us: dict[str, int] = {}
        self._lock = threading.Lock()
        self._updates = Counter(
            "market_data_price_updates",
            "Ticks published",
            ("instrument",),
            registry=registry,
        )
        self._latency = Histogram(
            "market_data_publication_latency_ms",
            "Wall time from when a tick was due until it stood on the log",
            registry=registry,
            buckets=LATENCY_BUCKETS_MS,
        )
        registry.register(self)

    def remember(self, event: Event) -> None:
        """Take in when each instrument last had a tick."""
        if isinstance(event, PriceTicked):
            self._last_us[event.instrument] = event.event_time_us

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Count the ticks that were committed."""
        now_us = self._clock.now_us()
        for fact in facts:
            if isinstance(fact, PriceTicked):
                with self._lock:
                    self._last_us[fact.instrument] = fact.event_time_us
                self._updates.labels(fact.instrument).inc()
                late_us = max(0, now_us - fact.event_time_us)
                self._latency.observe(late_us / self._clock.scale / 1_000)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what stands now."""
        now_us = self._clock.now_us()
        staleness = GaugeMetricFamily(
            "market_data_staleness_seconds",
            "Event time since the last tick",
            labels=("instrument",),
        )
        with self._lock:
            for symbol, last_us in self._last_us.items():
                staleness.add_metric((symbol,), max(0, now_us - last_us) / 1e6)
        yield staleness
        chaos = GaugeMetricFamily(
            "market_data_chaos_active", "Injections that apply now", labels=("type",)
        )
        counts = self._board.active_by_kind(now_us)
        for kind in self._board.kinds:
            chaos.add_metric((kind,), counts[kind])
        yield chaos
