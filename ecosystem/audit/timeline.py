"""Timelines: a chain with the place of each event on the log, and its latencies in both times."""

from collections.abc import Mapping

from ecosystem.audit.block import Entry
from ecosystem.audit.census import RunGraph
from ecosystem.audit.evidence import Alert
from ecosystem.audit.linking import Link
from ecosystem.events.control.audit import TimelineCompleted
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.control.words import Hop
from ecosystem.ids import derive_id

UNKNOWN_TYPE = "UNKNOWN"


def complete_timeline(
    completed: RunCompleted,
    alert: Alert,
    link: Link,
    graph: RunGraph,
    event_types: Mapping[int, str],
) -> TimelineCompleted:
    """Return the timeline from an injection to an alert: scheduled, applied, altered, ..., alert.

    Args:
        event_types: name of the event type by schema id.
    """
    injection_id = link.applied.injection_id
    scheduled = (graph.find(link.applied.causation_id), graph.find(link.applied.event_id))
    chain = (*(entry for entry in scheduled if entry is not None), *link.path)
    return TimelineCompleted(
        event_id=derive_id(
            completed.event_id,
            f"audit-correlator/timeline/{alert.event_id.hex()}/{injection_id.hex()}",
        ),
        correlation_id=completed.correlation_id,
        causation_id=completed.event_id,
        event_time_us=completed.event_time_us,
        run_id=completed.run_id,
        injection_id=injection_id,
        alert_event_id=alert.event_id,
        rule=alert.rule,
        subject=alert.subject,
        severity=alert.severity,
        hops=tuple(_hop(entry, event_types) for entry in chain),
        event_latency_us=link.path[-1].event_time_us - link.path[0].event_time_us,
        wall_latency_ms=wall_latency_ms(link, graph),
    )


def wall_latency_ms(link: Link, graph: RunGraph) -> int:
    """Return the wall time from the record that triggered the alert to the alert's own record.

    Where the trigger is not among the run's records, the last event of the chain stands in.
    """
    alert = link.path[-1]
    trigger = graph.cause(alert) or link.path[max(len(link.path) - 2, 0)]
    return alert.record_time_ms - trigger.record_time_ms


def _hop(entry: Entry, event_types: Mapping[int, str]) -> Hop:
    topic, partition, offset = entry.place
    return Hop(
        hop_event_id=entry.event_id,
        hop_causation_id=entry.causation_id,
        event_type=event_types.get(entry.schema_id, UNKNOWN_TYPE),
        topic=topic,
        partition=partition,
        offset=offset,
        hop_time_us=entry.event_time_us,
        record_time_ms=entry.record_time_ms,
    )
