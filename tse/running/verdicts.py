"""Verdicts as exit codes and as lines for people."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.markup import escape

from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.words import ExpectationResult, Verdict

EXIT_CODES: Final[Mapping[Verdict, int]] = {
    "PASS": 0,
    "ERROR": 1,
    "UNKNOWN": 1,
    "MISSED": 3,
    "LATE": 4,
    "FALSE_ALARM": 5,
    "INVALID": 6,
    "ABORTED": 7,
}
"""2 is left to wrong usage, as everywhere."""
COLOURS: Final = {"PASS": "green", "LATE": "yellow", "INVALID": "yellow", "ABORTED": "yellow"}


def chain_line(timeline: TimelineCompleted) -> str:
    """Return the causal chain of a timeline in one line."""
    return " -> ".join(["injection", *(hop.event_type for hop in timeline.hops)])


def summary_lines(report: AuditReported, timelines: Iterable[TimelineCompleted]) -> list[str]:
    """Return the verdict, each expectation with its latencies, and its chain."""
    colour = COLOURS.get(report.verdict, "red")
    lines = [f"[bold {colour}]{report.verdict}[/]  {escape(report.reason)}"]
    by_alert = {timeline.alert_event_id: timeline for timeline in timelines}
    for result in report.expectations:
        lines.append(f"  {result.outcome:<8}{escape(result.name)}{_latencies(result)}")
        timeline = by_alert.get(result.alert_event_id) if result.alert_event_id else None
        if timeline is not None:
            lines.append(f"          {chain_line(timeline)}")
    lines.append(
        f"  {report.events_count:,} events, {report.correlations_count:,} causal trees,"
        f" {report.alerts_count} alerts of which {report.linked_alerts_count} linked"
    )
    return lines


def _latencies(result: ExpectationResult) -> str:
    if result.event_latency_us is None:
        return ""
    wall = "" if result.wall_latency_ms is None else f", {result.wall_latency_ms} ms of wall time"
    seconds = result.event_latency_us / 1e6
    if seconds < 0:
        return f": {-seconds:.1f} s of event time before its condition held{wall}"
    return f": {seconds:.1f} s of event time after its condition held{wall}"
