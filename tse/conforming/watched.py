"""Runs one scenario under a monitor: started, perhaps killed, asked to stop, and examined."""

import subprocess
from collections.abc import Callable, Sequence
from statistics import median_low
from typing import Final

import msgspec

from ecosystem.audit.conformance.checks import compare_restarted, examine
from ecosystem.audit.conformance.heartbeats import latencies_ms, topics_read
from ecosystem.audit.conformance.history import CheckResult, Finding, MonitorHistory
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.ids import run_key
from ecosystem.run import RunPlan
from producers.world.feedback import FIRST_SILENCE_MAX_S, SILENCE_MAX_S
from producers.world.host import Progress, WorldHost
from producers.world.session import build_host
from replay.history import KafkaHistory
from replay.monitor_history import read_monitor_history
from tse.conforming.results import ScenarioResult, detections_of, false_alarms_of
from tse.running.environment import EVERY_EVENT, Environment
from tse.running.findings import Findings, await_findings
from tse.running.processes import STOP_GRACE_S, ProcessEndedError, Processes
from tse.running.services import (
    AUDIT,
    RISK_MONITOR,
    start_audit,
    start_monitor,
    write_limits,
)
from tse.running.world_run import prepare

RUNS: Final = "process"
RUNS_ASKS: Final = "the monitor runs until it is asked to stop"
STOPS: Final = "stop"
STOPS_ASKS: Final = "SIGTERM ends the monitor in time, with exit code 0 or by the signal"
_ENDED_BY_SIGTERM: Final = (0, -15, 143)
"""Its own 0, the signal itself, and how a shell reports that."""
_MS_IN_S: Final = 1_000


class WatchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches, and how it is treated."""

    command: tuple[str, ...] = ()
    """The monitor's; empty: the one that is shipped."""
    watches: tuple[str, ...] = ()
    first_heartbeat_s: float = FIRST_SILENCE_MAX_S
    heartbeat_s: float = SILENCE_MAX_S
    stop_within_s: float = STOP_GRACE_S
    """How long it may take to end after SIGTERM."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a monitor watched."""

    result: ScenarioResult
    history: MonitorHistory


OnProgress = Callable[[Progress], None]
OnStage = Callable[[str], None]


def watch(
    environment: Environment,
    plan: RunPlan,
    options: WatchOptions,
    on_progress: OnProgress = lambda progress: None,
    on_stage: OnStage = lambda stage: None,
    kill_after_slices: int | None = None,
) -> Watched:
    """Run `plan` in a fresh namespace under the monitor and examine what it did.

    Args:
        kill_after_slices: kill the monitor after so many slices, and start it again.
    Raises:
        ProcessEndedError: the auditor died.
        NoReportError: the auditor gave no report in time.
        EventLogError: the broker failed.
        OSError: the monitor's command cannot be started.
    """
    return _Watch(environment, plan, options, on_progress, on_stage, kill_after_slices).run()


def with_restart(disturbed: Watched, undisturbed: Watched) -> ScenarioResult:
    """Return the result of a run with a kill, held against the same run without it."""
    compared = compare_restarted(undisturbed.history, disturbed.history)
    checks = (*disturbed.result.checks, compared)
    return msgspec.structs.replace(disturbed.result, checks=checks)


class _Watch:
    def __init__(
        self,
        environment: Environment,
        plan: RunPlan,
        options: WatchOptions,
        on_progress: OnProgress,
        on_stage: OnStage,
        kill_after_slices: int | None,
    ) -> None:
        self._environment = environment
        self._plan = plan
        self._options = options
        self._on_progress = on_progress
        self._on_stage = on_stage
        self._kill_after_slices = kill_after_slices
        self._checks: list[CheckResult] = []

    def run(self) -> Watched:
        plan, environment = self._plan, self._environment
        self._on_stage(f"{plan.scenario.name}: preparing topics and access")
        prepare(environment, plan.run_id)
        clients = environment.clients(plan.run_id)
        with Processes(environment.home / "runs" / plan.run_id) as processes:
            command = self._options.command
            start_monitor(
                processes,
                environment,
                plan.run_id,
                limits=write_limits(environment, plan),
                command=command,
            )
            start_audit(processes, environment, plan.run_id)
            host = build_host(
                plan,
                run_key(plan.seed, environment.secret),
                clients,
                EVERY_EVENT,
                monitor=True,
                check=processes.check,
                patience_s=(self._options.first_heartbeat_s, self._options.heartbeat_s),
            )
            self._on_stage(f"{plan.scenario.name}: running")
            died = self._run(host, processes)
            self._checks.append(_check(RUNS, RUNS_ASKS, died))
            findings = None
            if not died:
                self._on_stage(f"{plan.scenario.name}: judging")
                findings = await_findings(clients, plan.run_id, lambda: processes.check(AUDIT))
                self._checks.append(_check(STOPS, STOPS_ASKS, self._stop(processes)))
        history = read_monitor_history(
            KafkaHistory(clients),
            environment.catalogue,
            first_heartbeat_within_ms=round(self._options.first_heartbeat_s * _MS_IN_S),
            heartbeat_within_ms=round(self._options.heartbeat_s * _MS_IN_S),
            strangers=host.strangers,
        )
        return Watched(result=self._result(findings, history), history=history)

    def _run(self, host: WorldHost, processes: Processes) -> list[str]:
        def watched(progress: Progress) -> None:
            processes.check()
            if progress.slices_done == self._kill_after_slices:
                processes.kill(RISK_MONITOR)
                processes.restart(RISK_MONITOR)
            self._on_progress(progress)

        try:
            host.run(watched)
        except ProcessEndedError as error:
            if error.process != RISK_MONITOR:
                raise
            return [str(error)]
        return []

    def _stop(self, processes: Processes) -> list[str]:
        within_s = self._options.stop_within_s
        try:
            processes.check(RISK_MONITOR)
            code = processes.end(RISK_MONITOR, within_s)
        except ProcessEndedError as error:
            return [f"before that, {error}"]
        except subprocess.TimeoutExpired:
            processes.kill(RISK_MONITOR)
            return [f"it ran on for {within_s:.0f} s after SIGTERM and was killed"]
        return [] if code in _ENDED_BY_SIGTERM else [f"SIGTERM ended it with exit code {code}"]

    def _result(self, findings: Findings | None, history: MonitorHistory) -> ScenarioResult:
        plan = self._plan
        report = None if findings is None else findings.report
        answered = sorted(latencies_ms(history).values())
        scenario = plan.scenario
        return ScenarioResult(
            scenario=scenario.name,
            run_id=plan.run_id,
            checks=(*self._checks, *examine(history)),
            verdict="ABORTED" if report is None else report.verdict,
            reason="the monitor ended during the run" if report is None else report.reason,
            detections=() if report is None else detections_of(report, self._options.watches),
            false_alarms=(
                () if report is None else false_alarms_of(report, scenario.false_alarm_severity)
            ),
            alerts_count=sum(not isinstance(e, RiskHeartbeat) for _, e in history.events()),
            topics_read=topics_read(history),
            slices_count=len(history.clocks),
            heartbeat_latency_ms_median=median_low(answered) if answered else None,
            heartbeat_latency_ms_max=answered[-1] if answered else None,
        )


def _check(name: str, asks: str, found: Sequence[str]) -> CheckResult:
    findings = tuple(Finding(found=text) for text in found)
    return CheckResult(name=name, asks=asks, findings=findings)
