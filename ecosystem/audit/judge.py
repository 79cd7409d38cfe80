"""The judge: from graphs and evidence to timelines and the report of a run.

The stream job and the offline replay call the same function, and the same records give the same
bytes, in whatever order and however often they arrived.
"""

from collections.abc import Iterable, Mapping, Sequence

from ecosystem.audit.census import RunGraph
from ecosystem.audit.evidence import Alert, Evidence, scenario_of
from ecosystem.audit.graph import CausalGraphs
from ecosystem.audit.linking import Altered, Linked, Linker
from ecosystem.audit.timeline import complete_timeline, wall_latency_ms
from ecosystem.audit.verdict import (
    Alteration,
    Findings,
    LinkedAlert,
    decide,
    judge_expectation,
    judge_injection,
)
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import InjectionApplied, InjectionScheduled
from ecosystem.events.control.words import UnlinkedAlert
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.scenario import Scenario

Alterations = Mapping[EventId, Sequence[Alteration]]
"""By injection, in order of event time and place on the log."""


def judge_run(
    evidence: Evidence, graphs: CausalGraphs, event_types: Mapping[int, str]
) -> tuple[list[TimelineCompleted], AuditReported]:
    """Return the timelines of a finished run, in order of their alerts, and its report.

    Args:
        graphs: cover the ranges of `evidence.completed`.
        event_types: name of the event type by schema id.
    """
    return _Case(evidence, graphs, event_types).judge()


class _Case:
    def __init__(
        self, evidence: Evidence, graphs: CausalGraphs, event_types: Mapping[int, str]
    ) -> None:
        self._evidence = evidence
        self._event_types = event_types
        self._errors: list[str] = []
        started = evidence.started
        self._ends_at_us = (
            evidence.completed.event_time_us if started is None else started.ends_at_us
        )
        """From here on a live environment's partitions may be cut between cause and effect."""
        self._graph = RunGraph(graphs, evidence.completed.ranges, _wanted(evidence))
        self._alerts = self._alerts_of_the_run()
        self._alterations, altered = self._altered()
        linker = Linker(self._graph, altered, evidence.inputs)
        self._links = {alert.event_id: linker.link(alert.event_id) for alert in self._alerts}
        if not graphs.covers(evidence.completed.ranges):
            self._errors.append("records of the run had not been read when it was judged")

    def judge(self) -> tuple[list[TimelineCompleted], AuditReported]:
        scenario = self._scenario()
        findings = self._findings(scenario)
        verdict, reason = decide(findings)
        completed, census = self._evidence.completed, self._graph.census
        started = self._evidence.started
        report = AuditReported(
            event_id=derive_id(completed.event_id, "audit-correlator/report"),
            correlation_id=completed.correlation_id,
            causation_id=completed.event_id,
            event_time_us=completed.event_time_us,
            run_id=completed.run_id,
            scenario="" if started is None else started.scenario,
            seed=0 if started is None else started.seed,
            verdict=verdict,
            reason=reason,
            events_count=census.events_count,
            duplicate_events_count=census.duplicate_events_count,
            correlations_count=census.correlations_count,
            alerts_count=len(self._alerts),
            linked_alerts_count=sum(1 for linked in self._links.values() if linked.links),
            unlinked_events_count=census.unlinked_events_count,
            dead_letters_count=self._count("RecordDeadLettered"),
            expectations=findings.expectations,
            injections=findings.injections,
            unlinked_alerts=findings.unlinked_alerts,
            events_digest=census.digest,
            monitor_status=completed.monitor_status,
        )
        return self._timelines(), report

    def _alerts_of_the_run(self) -> list[Alert]:
        placed = [
            (entry.event_time_us, entry.position, alert)
            for alert in self._evidence.alerts
            if (entry := self._graph.find(alert.event_id)) is not None
        ]
        return [alert for _, _, alert in sorted(placed, key=lambda item: item[:2])]

    def _altered(self) -> tuple[Alterations, Altered]:
        placed = []
        missing_count = 0
        for applied in self._evidence.applied:
            if self._graph.find(applied.event_id) is None:
                continue  # the aftermath of an injection in an environment that lives on
            entry = self._graph.find(applied.altered_event_id)
            if entry is None:
                missing_count += applied.event_time_us < self._ends_at_us
            else:
                placed.append((entry.event_time_us, entry.position, applied.event_id, applied))
        if missing_count:
            self._errors.append(f"{missing_count} altered events are not among the run's records")
        by_injection: dict[EventId, list[Alteration]] = {}
        by_event: dict[EventId, list[InjectionApplied]] = {}
        for time_us, _, _, applied in sorted(placed, key=lambda item: item[:3]):
            by_injection.setdefault(applied.injection_id, []).append(Alteration(applied, time_us))
            by_event.setdefault(applied.altered_event_id, []).append(applied)
        return by_injection, by_event

    def _scenario(self) -> Scenario | None:
        started = self._evidence.started
        if started is None:
            self._errors.append("the start of the run is not on the log")
            return None
        try:
            return scenario_of(started)
        except InvalidInputError as error:
            self._errors.append(str(error))
            return None

    def _findings(self, scenario: Scenario | None) -> Findings:
        scheduled = {found.name: found for found in self._evidence.scheduled}
        self._check_schedule(scenario, scheduled)
        self._check_contents()
        self._check_ends()
        self._check_counts()
        effects = () if scenario is None else scenario.effects
        linked = sorted(self._linked_alerts(), key=lambda found: found.time_us)
        completed = self._evidence.completed
        if completed.status == "UNKNOWN":
            self._errors.append("the status of the completed run is unknown")
        return Findings(
            errors=tuple(self._errors),
            status=completed.status,
            status_reason=completed.reason,
            monitor_status=completed.monitor_status,
            false_alarm_severity="LOW" if scenario is None else scenario.false_alarm_severity,
            scenario=scenario,
            injections=tuple(
                judge_injection(
                    found,
                    [effect for effect in effects if effect.injection == found.name],
                    self._alterations.get(found.injection_id, ()),
                )
                for found in self._evidence.scheduled
            ),
            expectations=tuple(
                judge_expectation(
                    expectation,
                    injection_id := _id_of(scheduled.get(expectation.injection)),
                    () if injection_id is None else self._alterations.get(injection_id, ()),
                    linked,
                )
                for expectation in (() if scenario is None else scenario.expectations)
            ),
            unlinked_alerts=tuple(self._unlinked_alerts()),
        )

    def _check_schedule(
        self, scenario: Scenario | None, scheduled: Mapping[str, InjectionScheduled]
    ) -> None:
        planned = {} if scenario is None else {i.name: i for i in scenario.injections}
        if self._evidence.completed.status == "COMPLETED":  # an aborted run stops before the end
            self._errors += [
                f"injection {name!r} was never scheduled"
                for name in planned
                if name not in scheduled
            ]
        if scenario is not None:
            self._errors += [
                f"injection {name!r} was scheduled, but the scenario has none of that name"
                for name in scheduled
                if name not in planned
            ]
        known = {found.injection_id for found in scheduled.values()}
        self._errors += [
            f"injection {injection_id.hex()} altered events, but was never scheduled"
            for injection_id in sorted(set(self._alterations) - known)
        ]

    def _check_contents(self) -> None:
        self._errors += [
            f"event {event_id.hex()} stands on the log with different contents"
            for event_id in self._evidence.contradicted
        ]
        names = [found.name for found in self._evidence.scheduled]
        self._errors += [
            f"injection {name!r} was scheduled {names.count(name)} times"
            for name in sorted(set(names))
            if names.count(name) > 1
        ]

    def _check_ends(self) -> None:
        ended = {event.injection_id for event in self._evidence.ended}
        if self._evidence.completed.status != "COMPLETED":
            return
        self._errors += [
            f"injection {found.name!r} was to end within the run, and its end is not on the log"
            for found in self._evidence.scheduled
            if found.ends_at_us < self._ends_at_us and found.injection_id not in ended
        ]

    def _check_counts(self) -> None:
        for ended in self._evidence.ended:
            found_count = sum(  # what an injection alters after its end is its aftermath
                applied.injection_id == ended.injection_id
                and applied.event_time_us < ended.event_time_us
                for applied in self._evidence.applied
            )
            if found_count != ended.applied_count:
                self._errors.append(
                    f"injection {ended.injection_id.hex()} says that it altered"
                    f" {ended.applied_count} events, and {found_count} are noted"
                )

    def _linked_alerts(self) -> Iterable[LinkedAlert]:
        for alert in self._alerts:
            for injection_id, link in self._links[alert.event_id].links.items():
                trigger = self._graph.cause(link.path[-1])
                known = link.path if trigger is None else (*link.path, trigger)
                yield LinkedAlert(
                    alert=alert,
                    injection_id=injection_id,
                    time_us=max(entry.event_time_us for entry in known),
                    wall_latency_ms=wall_latency_ms(link, self._graph),
                )

    def _unlinked_alerts(self) -> Iterable[UnlinkedAlert]:
        for alert in self._alerts:
            linked: Linked = self._links[alert.event_id]
            if not linked.links:
                yield UnlinkedAlert(
                    alert_event_id=alert.event_id,
                    alert_time_us=alert.event_time_us,
                    rule=alert.rule,
                    subject=alert.subject,
                    severity=alert.severity,
                    reason=linked.reason,
                )

    def _timelines(self) -> list[TimelineCompleted]:
        return [
            complete_timeline(self._evidence.completed, alert, link, self._graph, self._event_types)
            for alert in self._alerts
            for _, link in sorted(self._links[alert.event_id].links.items())
        ]

    def _count(self, event_type: str) -> int:
        return sum(
            count
            for schema_id, count in self._graph.census.count_by_schema_id.items()
            if self._event_types.get(schema_id) == event_type
        )


def _id_of(scheduled: InjectionScheduled | None) -> EventId | None:
    return None if scheduled is None else scheduled.injection_id


def _wanted(evidence: Evidence) -> set[EventId]:
    wanted = {alert.event_id for alert in evidence.alerts}
    wanted.update(alert.causation_id for alert in evidence.alerts)
    wanted.update(named for inputs in evidence.inputs.values() for named in inputs)
    wanted.update(applied.altered_event_id for applied in evidence.applied)
    wanted.update(applied.event_id for applied in evidence.applied)
    wanted.update(scheduled.event_id for scheduled in evidence.scheduled)
    return wanted
