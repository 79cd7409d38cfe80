"""From findings to results and from results to one verdict; the rules and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.audit.evidence import Alert
from ecosystem.events.control.scenario import InjectionApplied, InjectionScheduled
from ecosystem.events.control.words import (
    ExpectationResult,
    InjectionResult,
    MonitorStatus,
    RunStatus,
    UnlinkedAlert,
    Verdict,
)
from ecosystem.events.words import EventId, Severity
from ecosystem.scenario import Effect, Expectation, Scenario
from ecosystem.units import E8

SEVERITIES: Final[tuple[Severity, ...]] = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
"""From least to most severe."""


class Alteration(msgspec.Struct, frozen=True):
    """What an injection did to one event, and when that event happened in event time."""

    applied: InjectionApplied
    time_us: int


class LinkedAlert(msgspec.Struct, frozen=True):
    """An alert in the chain of an injection."""

    alert: Alert
    injection_id: EventId
    time_us: int
    """Its event time, or a later one in its chain: nobody knows an event before it happens."""
    wall_latency_ms: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the verdict of a run depends on."""

    errors: tuple[str, ...]
    status: RunStatus
    status_reason: str
    monitor_status: MonitorStatus
    false_alarm_severity: Severity
    scenario: Scenario | None
    injections: tuple[InjectionResult, ...]
    expectations: tuple[ExpectationResult, ...]
    unlinked_alerts: tuple[UnlinkedAlert, ...]


def severe_enough(severity: Severity, least: Severity) -> bool:
    """Return whether `severity` is at least `least`."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def first_reaching(
    alterations: Iterable[Alteration], measure: str, deviation_e8: int
) -> Alteration | None:
    """Return the first alteration of `measure` (empty: any) that is at least so large.

    Args:
        alterations: in order of event time.
    """
    for alteration in alterations:
        applied = alteration.applied
        if measure and applied.measure != measure:
            continue
        change_e8 = abs(applied.altered_e8 - applied.unaltered_e8)
        if change_e8 * E8 >= deviation_e8 * abs(applied.unaltered_e8):
            return alteration
    return None


def judge_injection(
    scheduled: InjectionScheduled, effects: Sequence[Effect], alterations: Sequence[Alteration]
) -> InjectionResult:
    """Return what an injection did; its effect is reached when all stated effects are.

    Args:
        effects: those the scenario states for it; none means that any alteration is the effect.
        alterations: its own, in order of event time.
    """
    reached = [first_reaching(alterations, e.measure, e.deviation_e8) for e in effects]
    if not effects:
        reached = [alterations[0] if alterations else None]
    times = [alteration.time_us for alteration in reached if alteration is not None]
    first = alterations[0] if alterations else None
    return InjectionResult(
        injection_id=scheduled.injection_id,
        name=scheduled.name,
        kind=scheduled.kind,
        applied_count=len({a.applied.altered_event_id for a in alterations}),
        first_event_id=None if first is None else first.applied.altered_event_id,
        first_event_time_us=None if first is None else first.time_us,
        effect_time_us=max(times) if len(times) == len(reached) else None,
    )


def judge_expectation(
    expectation: Expectation,
    injection_id: EventId | None,
    alterations: Sequence[Alteration],
    linked: Iterable[LinkedAlert],
) -> ExpectationResult:
    """Return how an expectation came out; the first linked alert that fits decides.

    An alert before the condition holds counts too, with a negative latency, but only from the
    first alteration of half the deviation on: before that there was not enough to be seen, and
    who alerts all the same has seen something else.

    Args:
        injection_id: of the injection it names; None when that was never scheduled.
        alterations: of that injection, in order of event time.
        linked: alerts in order of their times.
    """
    condition = first_reaching(alterations, expectation.measure, expectation.deviation_e8)
    visible = first_reaching(alterations, expectation.measure, expectation.deviation_e8 // 2)
    met = next(
        (
            found
            for found in linked
            if visible is not None
            and found.time_us >= visible.time_us
            and found.injection_id == injection_id
            and found.alert.rule == expectation.rule
            and expectation.subject in ("", found.alert.subject)
            and severe_enough(found.alert.severity, expectation.severity)
        ),
        None,
    )
    latency_us = None
    if condition is None:
        outcome: Verdict = "INVALID"
    elif met is None:
        outcome = "MISSED"
    else:
        latency_us = met.time_us - condition.time_us
        outcome = "LATE" if latency_us > expectation.within_us else "PASS"
    return ExpectationResult(
        name=expectation.name,
        injection=expectation.injection,
        rule=expectation.rule,
        subject=expectation.subject,
        severity=expectation.severity,
        outcome=outcome,
        condition_time_us=None if condition is None else condition.time_us,
        within_us=expectation.within_us,
        alert_event_id=None if met is None else met.alert.event_id,
        event_latency_us=latency_us,
        wall_latency_ms=None if met is None else met.wall_latency_ms,
    )


def decide(findings: Findings) -> tuple[Verdict, str]:
    """Return the verdict of a run and its reason in one sentence.

    The first that applies: ERROR, ABORTED, INVALID, MISSED, LATE, FALSE_ALARM, PASS.
    """
    if findings.errors:
        return "ERROR", "; ".join(findings.errors)
    if findings.status != "COMPLETED":
        return "ABORTED", findings.status_reason or "the run was aborted"
    if invalid := _why_invalid(findings):
        return "INVALID", invalid
    if missed := _names(findings.expectations, "MISSED"):
        absent = "" if findings.monitor_status == "ANSWERED" else _MONITOR[findings.monitor_status]
        return "MISSED", f"no alert met {missed}{absent and f': {absent}'}"
    if late := _names(findings.expectations, "LATE"):
        return "LATE", f"the alert came too late for {late}"
    if alarms := _false_alarms(findings):
        return "FALSE_ALARM", alarms
    if findings.monitor_status != "ANSWERED":
        return "INVALID", f"{_MONITOR[findings.monitor_status]}, so its silence proves nothing"
    return "PASS", _why_pass(findings)


_MONITOR: Final[Mapping[MonitorStatus, str]] = {
    "UNKNOWN": "nobody knows whether the risk monitor answered",
    "SILENT": "the risk monitor fell silent during the run",
    "ABSENT": "no risk monitor answered",
}


def _why_invalid(findings: Findings) -> str:
    idle = [result.name for result in findings.injections if not result.applied_count]
    if idle:
        return f"injection {_list(idle)} altered no event"
    weak = [result.name for result in findings.injections if result.effect_time_us is None]
    if weak:
        return f"injection {_list(weak)} did not reach its stated effect"
    if untested := _names(findings.expectations, "INVALID"):
        return f"the condition never held for {untested}"
    return ""


def _false_alarms(findings: Findings) -> str:
    least = findings.false_alarm_severity
    alarms = [
        alert
        for alert in findings.unlinked_alerts
        if alert.severity == "UNKNOWN" or severe_enough(alert.severity, least)
    ]  # what cannot be told apart from a severe alert counts as one
    if not alarms:
        return ""
    first = alarms[0]
    more = f" and {len(alarms) - 1} more" if len(alarms) > 1 else ""
    return f"{first.severity} {first.rule} on {first.subject}{more}: no injection explains it"


def _why_pass(findings: Findings) -> str:
    if findings.expectations:
        count = len(findings.expectations)
        met = "the expectation was" if count == 1 else f"all {count} expectations were"
        return f"{met} met in time, and no false alarm was raised"
    return "nothing was expected, and no false alarm was raised"


def _names(results: Iterable[ExpectationResult], outcome: Verdict) -> str:
    return _list([result.name for result in results if result.outcome == outcome])


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
