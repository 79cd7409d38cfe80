"""Runs a scenario in a world: a namespace of its own, monitor and auditor around it."""

from collections.abc import Callable

import msgspec

from ecosystem.events.control.scenario import RunCompleted
from ecosystem.ids import run_key
from ecosystem.run import RunPlan
from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.namespace import Namespace
from producers.world.host import Progress
from producers.world.session import build_host
from tse.running.environment import EVERY_EVENT, Environment
from tse.running.findings import Findings, await_findings
from tse.running.processes import Processes
from tse.running.services import start_audit, start_monitor, write_limits


class WorldOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What of a run is not the plan's: who watches it."""

    monitor: bool = True
    audit: bool = True
    monitor_command: tuple[str, ...] = ()
    """Starts another's risk monitor in the place of ours."""
    monitor_port: int = 0
    """Where the monitor's door is, on the loopback; 0: it has none."""


def prepare(environment: Environment, namespace: str) -> None:
    """Make the namespace ready: topics, users, access."""
    prepare_namespace(
        environment.broker.connection("admin"),
        environment.catalogue,
        Namespace(namespace),
        environment.broker.secrets,
    )


def run_world(
    environment: Environment,
    plan: RunPlan,
    options: WorldOptions,
    on_progress: Callable[[Progress], None],
    on_stage: Callable[[str], None] = lambda stage: None,
) -> tuple[RunCompleted, Findings | None]:
    """Run `plan` in a fresh namespace named like the run; return how it ended and was judged.

    Raises:
        ProcessEndedError: the monitor or the auditor died.
        NoReportError: the auditor gave no report in time.
        EventLogError: the broker failed.
    """
    on_stage("preparing topics and access")
    prepare(environment, plan.run_id)
    clients = environment.clients(plan.run_id)
    with Processes(environment.home / "runs" / plan.run_id) as processes:
        on_stage("starting risk monitor and auditor")
        _start_watchers(processes, environment, plan, options)
        key = run_key(plan.seed, environment.secret)
        host = build_host(
            plan, key, clients, EVERY_EVENT, monitor=options.monitor, check=processes.check
        )

        def watched(progress: Progress) -> None:
            processes.check()
            on_progress(progress)

        on_stage("running")
        completed = host.run(watched)
        if not options.audit:
            return completed, None
        on_stage("judging")
        return completed, await_findings(clients, plan.run_id, processes.check)


def _start_watchers(
    processes: Processes, environment: Environment, plan: RunPlan, options: WorldOptions
) -> None:
    if options.monitor:
        start_monitor(
            processes,
            environment,
            plan.run_id,
            limits=write_limits(environment, plan),
            command=options.monitor_command,
            port=options.monitor_port,
        )
    if options.audit:
        start_audit(processes, environment, plan.run_id)
