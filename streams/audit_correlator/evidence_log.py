"""What the correlator reads from and writes to the log beside its blocks."""

from collections.abc import Iterable, Iterator

from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.words import PartitionRange
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from eventlog.codec import schema_id
from eventlog.errors import UndecodableRecordError
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_offsets import committed_offsets, end_offsets
from eventlog.raw import read_ranges
from streams.audit_correlator.correlator import EVIDENCE_TYPES
from streams.audit_correlator.settings import BLOCKS_TOPIC, AuditContext

REPORTS_TOPIC = "audit-reports"


class EvidenceLog:
    """Fetches records by position and publishes what was found, under the auditor's principal."""

    def __init__(self, context: AuditContext) -> None:
        self._context = context
        types = context.codec.event_types
        self._wanted = {number for number, name in types.items() if name in EVIDENCE_TYPES}
        self._appender: KafkaAppender | None = None

    def fetch(self, ranges: Iterable[PartitionRange]) -> list[Event]:
        """Return the decoded events of the evidence types in `ranges`.

        A record that cannot be decoded is left out: the tap has put it into the dead letters.
        """
        bounds = {(r.topic, r.partition): (r.start_offset, r.end_offset) for r in ranges}
        records = read_ranges(self._context.connection, self._context.namespace, bounds)
        wanted = (r for r in records if _schema_id(r.value) in self._wanted)
        decoded, _ = self._context.codec.decode_batch(wanted)
        return [record.event for record in decoded]

    def publish(self, events: Iterable[Event]) -> None:
        """Append events and return once they are acknowledged."""
        if self._appender is None:
            self._appender = self._context.appender(transactional=False)
        for event in events:
            self._appender.append(event)
        self._appender.flush()

    def reported(self) -> set[EventId]:
        """Return the ids of the `RunCompleted` events whose reports are on the log."""
        context = self._context
        places = context.partitions(REPORTS_TOPIC)
        ends = end_offsets(context.connection, context.namespace, places)
        records = read_ranges(
            context.connection, context.namespace, {place: (0, end) for place, end in ends.items()}
        )
        decoded, _ = context.codec.decode_batch(records)
        return {r.event.causation_id for r in decoded if isinstance(r.event, AuditReported)}

    def folded_blocks(self, group: str) -> Iterator[tuple[int, bytes]]:
        """Yield partition and value of every block that the stream job has committed."""
        context = self._context
        places = context.partitions(BLOCKS_TOPIC)
        committed = committed_offsets(context.connection, context.namespace, group, places)
        ranges = {place: (0, end) for place, end in committed.items()}
        for record in read_ranges(context.connection, context.namespace, ranges):
            yield record.partition, record.value


def _schema_id(value: bytes) -> int | None:
    try:
        return schema_id(value)
    except UndecodableRecordError:
        return None
