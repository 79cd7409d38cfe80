"""What an exchange tells Prometheus, from the wishes it was given and the facts it committed."""

from collections import Counter as TallyOf
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from doors.problems import ProblemError
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTriggered,
)
from ecosystem.events.words import EventId
from ecosystem.exchange import flow_views
from ecosystem.exchange.machine import Exchange
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8
from producers.chaos.board import ChaosBoard
from producers.live.window import Window

LATENCY_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)
_OPERATIONS: Final = {
    OrderSubmitted: "submit",
    OrderCancelRequested: "cancel",
    OrderReplaceRequested: "replace",
}
_ANSWERS: Final = frozenset({OrderAccepted, OrderRejected, OrderCancelled, OrderReplaced})
_STATUSES: Final = {
    OrderAccepted: "ACCEPTED",
    OrderRejected: "REJECTED",
    OrderCancelled: "CANCELLED",
    OrderExpired: "EXPIRED",
    OrderTriggered: "TRIGGERED",
}
_MOVES: Final = frozenset({*_STATUSES, OrderFilled})


class ExchangeMetrics:
    """Counts orders as they move; a `Witness`, and a collector for what stands now."""

    def __init__(
        self,
        venue: str,
        registry: CollectorRegistry,
        window: Window[Exchange],
        board: ChaosBoard,
    ) -> None:
        self._venue = venue
        self._window = window
        self._board = board
        self._live: dict[EventId, str] = {}
        """Type of each live order."""
        self._orders = Counter(
            "exchange_orders",
            "Orders that reached a status, by order type",
            ("type", "status"),
            registry=registry,
        )
        self._latency = Histogram(
            "exchange_order_latency_seconds",
            "Event time from a wish to the venue's answer",
            ("operation",),
            registry=registry,
            buckets=LATENCY_BUCKETS_S,
        )
        self._answers = {
            wish: self._latency.labels(operation) for wish, operation in _OPERATIONS.items()
        }
        registry.register(self)

    def remember(self, event: Event) -> None:
        """Take in which orders are live, counting nothing: counters begin with the process."""
        self._move(event, "")

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Count what was committed."""
        wishes = {event.event_id: event for event in inputs if type(event) in _OPERATIONS}
        moved: TallyOf[tuple[str, str]] = TallyOf()
        for fact in facts:
            kind = type(fact)
            if kind not in _MOVES and kind is not OrderReplaced:
                continue  # balances are most of what a busy venue says
            wish = wishes.get(fact.causation_id)
            self._count(fact, wish, moved)
            if wish is not None and kind in _ANSWERS:
                seconds = (fact.event_time_us - wish.event_time_us) / 1e6
                self._answers[type(wish)].observe(max(0.0, seconds))
        for (order_type, status), count in moved.items():
            self._orders.labels(order_type, status).inc(count)

    def _count(self, fact: Event, wish: Event | None, moved: TallyOf[tuple[str, str]]) -> None:
        status = _STATUSES.get(type(fact))
        if isinstance(fact, OrderFilled):
            status = "PARTIALLY_FILLED" if fact.remaining_quantity_e8 else "FILLED"
        if status is None:
            return
        wished = wish.order_type if isinstance(wish, OrderSubmitted) else ""
        if isinstance(fact, OrderRejected) and not wished:
            return  # a refused wish to cancel or replace: the order did not move
        order_type = self._move(fact, wished)
        moved[order_type, status] += 1

    def _move(self, event: Event, wished: str) -> str:
        match event:
            case OrderAccepted(venue=self._venue):
                self._live[event.order_id] = event.order_type
                return event.order_type
            case OrderFilled(venue=self._venue) if event.remaining_quantity_e8:
                return self._live.get(event.order_id, "UNKNOWN")
            case OrderTriggered(venue=self._venue):
                return self._live.get(event.order_id, "UNKNOWN")
            case OrderFilled(venue=self._venue) | OrderCancelled(venue=self._venue):
                return self._live.pop(event.order_id, "UNKNOWN")
            case OrderExpired(venue=self._venue):
                return self._live.pop(event.order_id, "UNKNOWN")
            case _:
                return wished

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what stands now."""
        now_us = self._window.clock.now_us()
        active = GaugeMetricFamily("exchange_active_orders", "Live orders")
        active.add_metric((), len(self._live))
        yield active
        chaos = GaugeMetricFamily(
            "exchange_chaos_active", "Injections that apply now", labels=("type",)
        )
        counts = self._board.active_by_kind(now_us)
        for kind in self._board.kinds:
            chaos.add_metric((kind,), counts[kind])
        yield chaos
        volume = GaugeMetricFamily(
            "exchange_volume_24h",
            "Quantity published as traded in a day of event time",
            labels=("instrument",),
        )
        try:
            with self._window.looking() as machine:
                for symbol in INSTRUMENTS:
                    volume_e8 = flow_views.volume_24h_e8(machine.state, symbol)
                    volume.add_metric((symbol,), volume_e8 / E8)
        except ProblemError:
            return  # not ready: no volume is better than one of yesterday
        yield volume
