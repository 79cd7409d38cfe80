"""What a report shows, read from the log."""

from collections.abc import Iterable

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import InjectionApplied, RunStarted
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.kafka_offsets import end_offsets
from eventlog.raw import read_places, read_ranges
from eventlog.records import RawRecord
from streams.audit_correlator.report.content import ReportContent
from streams.audit_correlator.report.page import shown_timelines


class ReportLog:
    """Reads reports and what belongs to them under one principal."""

    def __init__(
        self, connection: Connection, namespace: Namespace, catalogue: Catalogue, codec: Codec
    ) -> None:
        self._connection = connection
        self._namespace = namespace
        self._catalogue = catalogue
        self._codec = codec

    def reports(self) -> list[AuditReported]:
        """Return every report on the log, each once, in order."""
        return [event for event in self._all("audit-reports") if isinstance(event, AuditReported)]

    def content(self, run_id: str) -> ReportContent:
        """Return everything the report of a run shows; of several, that of the last such run.

        Raises:
            InvalidInputError: no run of this name was judged.
        """
        reports = self.reports()
        own = [report for report in reports if report.run_id == run_id]
        if not own:
            known = ", ".join(dict.fromkeys(report.run_id for report in reports)) or "none yet"
            raise InvalidInputError(f"run {run_id!r}: no report; judged runs: {known}")
        cause = own[-1].causation_id
        control = self._all("scenario-injections")
        content = ReportContent(
            report=own[-1],
            timelines=tuple(
                event
                for event in self._all("audit-timelines")
                if isinstance(event, TimelineCompleted) and event.causation_id == cause
            ),
            started=next(
                (e for e in control if isinstance(e, RunStarted) and e.run_id == run_id), None
            ),
            applied=tuple(
                e for e in control if isinstance(e, InjectionApplied) and e.run_id == run_id
            ),
        )
        return msgspec.structs.replace(content, records=self._records(content))

    def _records(self, content: ReportContent) -> dict[EventId, Event]:
        places = {
            (hop.topic, hop.partition, hop.offset)
            for line in shown_timelines(content)
            for hop in line.hops
        }
        found = read_places(self._connection, self._namespace, places)
        return {event.event_id: event for event in self._decoded(found)}

    def _all(self, topic: str) -> list[Event]:
        places = [(topic, number) for number in range(self._catalogue.topic(topic).partitions)]
        ends = end_offsets(self._connection, self._namespace, places)
        ranges = {place: (0, end) for place, end in ends.items()}
        records = read_ranges(self._connection, self._namespace, ranges)
        return list({event.event_id: event for event in self._decoded(records)}.values())

    def _decoded(self, records: Iterable[RawRecord]) -> list[Event]:
        decoded, _ = self._codec.decode_batch(records)
        return [record.event for record in decoded]
