"""What a custodian tells Prometheus, from the facts it committed."""

from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from ecosystem.events.envelope import Event
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementCompleted,
    SettlementDelayed,
    SettlementFailed,
    SettlementInstructed,
    SettlementStarted,
    TransferRejected,
)
from ecosystem.events.words import EventId
from ecosystem.units import HOUR_US
from producers.chaos.board import ChaosBoard
from producers.live.clock import LiveClock

LATENCY_BUCKETS_HOURS: Final = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 24, 48, 72, 120)
_ENDS: Final = {
    SettlementCompleted: "COMPLETED",
    SettlementFailed: "FAILED",
    SettlementCancelled: "CANCELLED",
}
_STEPS: Final = {SettlementStarted: "IN_PROGRESS", SettlementDelayed: "DELAYED"}


class CustodianMetrics:
    """Counts settlements as they move; a `Witness`, and a collector for what stands now."""

    def __init__(
        self, name: str, registry: CollectorRegistry, clock: LiveClock, board: ChaosBoard
    ) -> None:
        self._name = name
        self._clock = clock
        self._board = board
        self._open: dict[EventId, SettlementInstructed] = {}
        self._discrepant: dict[tuple[str, str], bool] = {}
        """For each venue and asset, whether the last reconciliation found a difference."""
        self._settlements = Counter(
            "custodian_settlements",
            "Settlements that reached a status, by type",
            ("type", "status"),
            registry=registry,
        )
        self._latency = Histogram(
            "custodian_settlement_latency_hours",
            "Event time from a settlement's instruction to its completion",
            registry=registry,
            buckets=LATENCY_BUCKETS_HOURS,
        )
        registry.register(self)

    def remember(self, event: Event) -> None:
        """Take in what is open, counting nothing: counters begin with the process."""
        match event:
            case SettlementInstructed():
                self._open[event.settlement_id] = event
            case SettlementCompleted() | SettlementFailed() | SettlementCancelled():
                self._open.pop(event.settlement_id, None)
            case ReconciliationCompleted() if event.custodian == self._name:
                self._discrepant[event.venue, event.asset] = event.discrepancy_e8 != 0
            case _:
                pass

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Count what was committed."""
        for fact in facts:
            self._count(fact)
            self.remember(fact)

    def _count(self, fact: Event) -> None:
        kind = type(fact)
        if isinstance(fact, SettlementInstructed):
            self._settlements.labels(fact.kind, "PENDING").inc()
        elif isinstance(fact, TransferRejected):
            self._settlements.labels("TRANSFER", "REJECTED").inc()
        elif kind in _STEPS or kind in _ENDS:
            settlement_id: EventId = fact.settlement_id  # type: ignore[attr-defined] # these have it
            instructed = self._open.get(settlement_id)
            settlement_kind = "UNKNOWN" if instructed is None else instructed.kind
            status = _STEPS.get(kind) or _ENDS[kind]
            self._settlements.labels(settlement_kind, status).inc()
            if kind is SettlementCompleted and instructed is not None:
                elapsed_us = fact.event_time_us - instructed.event_time_us
                self._latency.observe(elapsed_us / HOUR_US)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what stands now."""
        pending = GaugeMetricFamily("custodian_pending_settlements", "Settlements that are open")
        pending.add_metric((), len(self._open))
        yield pending
        discrepancies = GaugeMetricFamily(
            "custodian_reconciliation_discrepancies",
            "Assets at venues whose last reconciliation found a difference",
        )
        discrepancies.add_metric((), sum(list(self._discrepant.values())))
        yield discrepancies
        chaos = GaugeMetricFamily(
            "custodian_chaos_active", "Injections that apply now", labels=("type",)
        )
        counts = self._board.active_by_kind(self._clock.now_us())
        for kind in self._board.kinds:
            chaos.add_metric((kind,), counts[kind])
        yield chaos
