"""What the auditor found of a run, awaited on the log."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.words import EventId
from eventlog.clients import Clients

TOPICS: Final = ("audit-timelines", "audit-reports")
WAIT_MAX_S: Final = 180.0


class NoReportError(EcosystemError):
    """The auditor has not judged the run."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a run and the timelines it rests on."""

    report: AuditReported
    timelines: tuple[TimelineCompleted, ...]


def await_findings(
    clients: Clients,
    run_id: str,
    check: Callable[[], None] = lambda: None,
    wait_max_s: float = WAIT_MAX_S,
    principal: str = "test-coordinator",
) -> Findings:
    """Return what the auditor found of `run_id`, waiting for its report.

    The auditor writes at least once: a finding that stands on the log twice counts once.

    Args:
        check: called while waiting; raises when waiting has become pointless.
    Raises:
        NoReportError: no report within `wait_max_s`.
    """
    deadline = time.monotonic() + wait_max_s
    timelines: dict[EventId, TimelineCompleted] = {}
    report: AuditReported | None = None
    reader = clients.reader(principal, TOPICS)
    try:
        ends = dict(reader.end_offsets())
        while True:
            records, _ = clients.codec.decode_batch(reader.poll(0.1))
            for event in (record.event for record in records):
                if isinstance(event, TimelineCompleted) and event.run_id == run_id:
                    timelines[event.event_id] = event
                elif isinstance(event, AuditReported) and event.run_id == run_id:
                    report = event
                    ends = dict(reader.end_offsets())  # timelines are written before the report
            reached = all(reader.positions().get(place, 0) >= end for place, end in ends.items())
            if report is not None and reached:
                return Findings(report=report, timelines=tuple(timelines.values()))
            if time.monotonic() > deadline:
                raise NoReportError(f"run {run_id}: no audit report after {wait_max_s:.0f} s")
            check()
    finally:
        reader.close()
