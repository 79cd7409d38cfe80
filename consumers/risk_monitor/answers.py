"""What the monitor says to one slice, pure: alerts, dead letters, and a heartbeat that names it."""

from collections.abc import Sequence

import msgspec

from consumers.risk_monitor.slices import Slice
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.ids import derive_id
from ecosystem.risk.monitor import RiskEngine
from eventlog.dead_letters import dead_letter


class Answer(msgspec.Struct, frozen=True):
    """The answer to one slice."""

    alerts: Sequence[Event]
    dead_letters: Sequence[RecordDeadLettered]
    heartbeat: RiskHeartbeat

    @property
    def events(self) -> list[Event]:
        """Everything that is written for the slice, in the order in which it is."""
        return [*self.alerts, *self.dead_letters, self.heartbeat]


class Answerer:
    """Answers slice after slice; the same slices give the same answers.

    Args:
        principal: names the monitor in its heartbeats and dead letters.
    """

    def __init__(self, engine: RiskEngine, principal: str) -> None:
        self.engine = engine
        self.events_count = 0
        self.undecodable_count = 0
        self._principal = principal

    def answer(self, cut: Slice) -> Answer:
        """Return the answer to the next slice."""
        letters = self._letters(cut)
        alerts = self.engine.process_slice(cut.records, letters)
        self._count(cut)
        return Answer(alerts, letters, self._heartbeat(cut, letters))

    def restore(self, cut: Slice) -> None:
        """Take in a slice that was answered before."""
        self.engine.restore_slice(cut.records, self._letters(cut))
        self._count(cut)

    def _letters(self, cut: Slice) -> list[RecordDeadLettered]:
        return [dead_letter(bad.raw, bad.cause, self._principal) for bad in cut.undecodable]

    def _count(self, cut: Slice) -> None:
        self.events_count += len(cut.records)
        self.undecodable_count += len(cut.undecodable)

    def _heartbeat(self, cut: Slice, letters: Sequence[Event]) -> RiskHeartbeat:
        cause = cut.clock or _last(cut, letters)
        return RiskHeartbeat(
            event_id=derive_id(cause.event_id, "risk-monitor/heartbeat"),
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            event_time_us=cause.event_time_us,
            monitor=self._principal,
            slice_sequence=cut.sequence,
            clock_event_id=cause.event_id,
            ends=cut.ends,
            events_count=self.events_count,
            alerts_active_count=self.engine.book.active_count(),
            undecodable_count=self.undecodable_count,
            watermark_us=cut.clock.event_time_us if cut.clock else self.engine.reached_us,
            lag_records=cut.lag_records,
        )


def _last(cut: Slice, letters: Sequence[Event]) -> Event:
    if not cut.records:
        return letters[-1]
    last = max(cut.records, key=lambda r: (r.event.event_time_us, r.topic, r.partition, r.offset))
    return last.event
