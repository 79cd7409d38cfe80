"""The stream job without its stream: when runs are judged, and what a restart changes."""

from collections.abc import Iterable

import pytest

from ecosystem.audit.block import entries_of, pack_block
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.control.words import PartitionRange
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from streams.audit_correlator.correlator import Case, Correlator
from tests.ecosystem.audit.runs import EVENT_TYPES, Run, crash_run


class Log:
    """Holds decoded events by place, and what was published."""

    def __init__(self, run: Run) -> None:
        events = {event.event_id: event for event in run.decoded}
        self.at = {
            entry.place: events[entry.event_id]
            for entry in entries_of(pack_block((), run.entries))
            if entry.event_id in events
        }
        self.published: list[Event] = []
        self.fails_after: int | None = None

    def fetch(self, ranges: Iterable[PartitionRange]) -> list[Event]:
        return [
            event
            for part in ranges
            for (topic, number, offset), event in self.at.items()
            if (topic, number) == (part.topic, part.partition)
            and part.start_offset <= offset < part.end_offset
        ]

    def publish(self, events: Iterable[Event]) -> None:
        for count, event in enumerate(events):
            if count == self.fails_after:
                raise ConnectionError("the broker is gone")
            self.published.append(event)


def finished_run() -> tuple[Run, RunCompleted]:
    run = crash_run()
    run.alert("alert", "altered tick", 101)
    return run, run.complete()


def correlator(log: Log, reported: Iterable[EventId] = ()) -> Correlator:
    return Correlator(1, EVENT_TYPES, log.fetch, log.publish, reported)


def test_a_run_is_due_only_when_all_of_it_was_folded() -> None:
    run, completed = finished_run()
    job, cases = correlator(Log(run)), dict[str, Case]()
    assert job.fold(pack_block((), run.entries), 0, cases) == []
    assert job.fold(pack_block(run.ends()[:-1], ()), 0, cases) == []
    assert job.fold(pack_block(run.ends()[-1:], ()), 0, cases) == [completed]


def test_what_is_published_is_what_the_judge_says() -> None:
    run, _ = finished_run()
    log = Log(run)
    job = correlator(log)
    (due,) = job.fold(pack_block(run.ends(), run.entries), 0, {})
    timelines, report = job.judge(due)
    assert log.published == [*timelines, report]
    assert report.verdict == "PASS"


def test_a_run_that_was_judged_is_forgotten_and_not_due_again() -> None:
    run, _ = finished_run()
    log, block = Log(run), pack_block(run.ends(), run.entries)
    job = correlator(log)
    job.judge(job.fold(block, 0, {})[0])
    assert job.fold(block, 0, {}) == []
    assert sum(isinstance(event, AuditReported) for event in log.published) == 1


def test_a_run_whose_report_is_on_the_log_is_not_judged_again() -> None:
    run, completed = finished_run()
    job = correlator(Log(run), {completed.event_id})
    assert job.fold(pack_block(run.ends(), run.entries), 0, {}) == []
    assert not job.graphs.trees.get(b"tree"), "its graphs are let go"


def test_a_job_that_dies_while_it_publishes_says_the_same_once_more() -> None:
    run, _ = finished_run()
    log, block = Log(run), pack_block(run.ends(), run.entries)
    first = correlator(log)
    log.fails_after = 1
    (due,) = first.fold(block, 0, {})
    with pytest.raises(ConnectionError):
        first.judge(due)
    half, log.fails_after = list(log.published), None
    second = correlator(log)
    for entry in run.entries[::-1]:
        second.fold(pack_block((), [entry]), 0, {})
    second.judge(second.fold(pack_block(run.ends(), ()), 0, {})[0])
    assert half == log.published[1:2]
    assert len({event.event_id for event in log.published}) == len(log.published) - 1


def test_each_case_is_written_once_for_a_block_and_a_block_again_leaves_it() -> None:
    run, completed = finished_run()
    job = correlator(Log(run))

    class Counting(dict[str, Case]):
        writes = 0

        def __setitem__(self, key: str, case: Case) -> None:
            self.writes += 1
            super().__setitem__(key, case)

    cases = Counting()
    job.fold(pack_block((), run.entries[:2]), 0, cases)
    (opened,) = cases.values()
    assert (opened["state"], opened["run_id"]) == ("OPEN", None)
    job.fold(pack_block((), run.entries), 0, cases)
    job.fold(pack_block((), run.entries), 0, cases)
    assert cases.writes == 2
    (case,) = cases.values()
    assert case == {"state": "COMPLETED", "run_id": completed.run_id, "caused_events": 3}
