"""The auditor once more, pure and without a stream: the run's records in, its findings out."""

from collections.abc import Iterable, Mapping
from typing import Final

from ecosystem.audit.block import pack_block, position_of
from ecosystem.audit.evidence import gather
from ecosystem.audit.graph import CausalGraphs
from ecosystem.audit.judge import judge_run
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.envelope import Event
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec, schema_id
from eventlog.errors import UndecodableRecordError
from eventlog.records import Partition, RawRecord
from streams.audit_correlator.correlator import EVIDENCE_TOPICS, EVIDENCE_TYPES
from streams.audit_correlator.cutting import Cutter

AUDIT_CORRELATOR: Final = "audit-correlator"


class AuditorAgain:
    """Derives timelines and report of a run again.

    Args:
        ranges: where the records of the run lie; others are passed over.
    """

    def __init__(
        self, catalogue: Catalogue, codec: Codec, ranges: Mapping[Partition, tuple[int, int]]
    ) -> None:
        self._codec = codec
        self._ranges = ranges
        self._graphs = CausalGraphs()
        self._evidence: list[Event] = []
        types = codec.event_types
        self._wanted = {number for number, name in types.items() if name in EVIDENCE_TYPES}
        stewarded = [t.name for t in catalogue.topics.values() if t.steward == AUDIT_CORRELATOR]
        self._cutter = Cutter(
            Namespace(), ranges, 1, codec, stewarded=stewarded, steward=AUDIT_CORRELATOR
        )
        self.records_count = 0

    def take(self, records: Iterable[RawRecord]) -> None:
        """Take in records, each partition in order."""
        own = [record for record in records if self._is_of_the_run(record)]
        cut = self._cutter.cut(map(RecordAsMessage, own))
        self._graphs.fold(pack_block((), cut.entries[0]))
        self._evidence += filter(None, map(self._as_evidence, own))
        self.records_count += len(own)

    def judge(self, completed: RunCompleted) -> tuple[list[TimelineCompleted], AuditReported]:
        """Return timelines and report, once every record of the run was taken in."""
        ends = [
            position_of(topic, number, end) for (topic, number), (_, end) in self._ranges.items()
        ]
        self._graphs.fold(pack_block(ends, ()))
        evidence = gather(completed, self._evidence)
        return judge_run(evidence, self._graphs, self._codec.event_types)

    def _is_of_the_run(self, record: RawRecord) -> bool:
        start, end = self._ranges.get((record.topic, record.partition), (0, 0))
        return start <= record.offset < end

    def _as_evidence(self, record: RawRecord) -> Event | None:
        if record.topic not in EVIDENCE_TOPICS:
            return None
        try:
            wanted = schema_id(record.value) in self._wanted
            return self._codec.decode(record.value) if wanted else None
        except UndecodableRecordError:
            return None  # the auditor has put it into the dead letters, and judges without it


class RecordAsMessage:
    """A record in the clothes of librdkafka's messages, under its logical name."""

    __slots__ = ("_record",)

    def __init__(self, record: RawRecord) -> None:
        self._record = record

    def topic(self) -> str:
        return self._record.topic

    def partition(self) -> int:
        return self._record.partition

    def offset(self) -> int:
        return self._record.offset

    def timestamp(self) -> tuple[int, int]:
        return 0, self._record.record_time_ms

    def key(self) -> bytes | None:
        return self._record.key

    def value(self) -> bytes | None:
        return self._record.value
