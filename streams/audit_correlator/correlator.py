"""The stream job without its stream: folds blocks, keeps cases, judges runs that are complete.

A run is judged once every record of its ranges was folded; what is shown of it is fetched by
position and decoded then. Whether a run was judged already is asked of the log itself: its report
is there or it is not.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final

from ecosystem.audit.block import Entry
from ecosystem.audit.evidence import gather
from ecosystem.audit.graph import CausalGraphs, Folded
from ecosystem.audit.judge import judge_run
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.control.words import PartitionRange
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId

EVIDENCE_TOPICS: Final = ("scenario-injections", "risk-alerts")
EVIDENCE_TYPES: Final = frozenset(
    {
        "RunStarted",
        "InjectionScheduled",
        "InjectionApplied",
        "InjectionEnded",
        "RunCompleted",
        "RiskAlertRaised",
        "RiskAlertEscalated",
        "CircuitBreakerOpened",
    }
)
Fetch = Callable[[Iterable[PartitionRange]], Iterable[Event]]
"""Returns the decoded events of the evidence types that lie in the ranges."""
Publish = Callable[[Iterable[Event]], None]
"""Appends events and returns once they are acknowledged."""
Case = dict[str, Any]
Judgement = tuple[list[TimelineCompleted], AuditReported]


class Correlator:
    """Folds blocks and judges runs.

    Args:
        reported: ids of the `RunCompleted` events whose reports are on the log.
    """

    def __init__(
        self,
        block_partitions: int,
        event_types: Mapping[int, str],
        fetch: Fetch,
        publish: Publish,
        reported: Iterable[EventId] = (),
    ) -> None:
        self.graphs = CausalGraphs(block_partitions)
        self.entries_count = 0
        self._event_types = event_types
        self._fetch = fetch
        self._publish = publish
        self._reported = set(reported)
        self._completed: dict[bytes, RunCompleted] = {}
        self._ended = frozenset(
            number for number, name in event_types.items() if name == RunCompleted.__name__
        )

    def fold(
        self, block: bytes, block_partition: int, cases: MutableMapping[str, Case]
    ) -> list[RunCompleted]:
        """Take in a block, write each case it touches once, and return the runs that are due.

        Raises:
            InvalidInputError: the bytes are no block.
        """
        folded = self.graphs.fold(block, block_partition)
        self.entries_count += folded.entries_count
        self._note_cases(folded, block_partition, cases)
        due = [run for run in self._completed.values() if self.graphs.covers(run.ranges)]
        for run in [run for run in due if run.event_id in self._reported]:
            self._close(run)
        return [run for run in due if run.event_id not in self._reported]

    def judge(self, run: RunCompleted) -> Judgement:
        """Judge a run that is due, publish timelines and report, and forget the run."""
        events = self._fetch([part for part in run.ranges if part.topic in EVIDENCE_TOPICS])
        timelines, report = judge_run(gather(run, events), self.graphs, self._event_types)
        self._publish((*timelines, report))
        self._reported.add(run.event_id)
        self._close(run)
        return timelines, report

    def _close(self, run: RunCompleted) -> None:
        self.graphs.forget(run.ranges)
        del self._completed[run.correlation_id]

    def _note_cases(
        self, folded: Folded, block_partition: int, cases: MutableMapping[str, Case]
    ) -> None:
        for correlation_id, positions in folded.control.items():
            for position in positions:
                entry = self.graphs.entry(position)
                if entry is not None and entry.schema_id in self._ended:
                    self._completed[correlation_id] = self._read_completed(entry)
            run = self._completed.get(correlation_id)
            # Counts are taken from the graphs and never added up: a block that comes again after
            # a restart must leave the case as it is.
            cases[case_key(correlation_id, block_partition)] = {
                "state": "OPEN" if run is None else "COMPLETED",
                "run_id": None if run is None else run.run_id,
                "caused_events": len(self.graphs.trees.get(correlation_id, ())),
            }

    def _read_completed(self, entry: Entry) -> RunCompleted:
        topic, partition, offset = entry.place
        at = PartitionRange(
            topic=topic, partition=partition, start_offset=offset, end_offset=offset + 1
        )
        return next(event for event in self._fetch([at]) if isinstance(event, RunCompleted))


def case_key(correlation_id: bytes, block_partition: int) -> str:
    """Return the key of a run's case in one partition of the table."""
    return f"{correlation_id.hex()}/{block_partition}"


def judged_case(run: RunCompleted, report: AuditReported) -> Case:
    """Return the case of a run that was judged."""
    return {"state": "JUDGED", "run_id": run.run_id, "verdict": report.verdict}
