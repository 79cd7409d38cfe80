"""Runs a scenario on the live host: its own processes in a namespace, or an environment's."""

import json
import re
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Final

import msgspec

from ecosystem.events.control.scenario import RunCompleted
from ecosystem.ids import run_key
from ecosystem.run import COORDINATOR, RunPlan
from eventlog.clients import Clients
from producers.desk import settings_of
from producers.live.__main__ import SERVICES
from producers.live.clock import LiveClock, wall_us
from producers.market_data.recordings.use import uses_in, write_uses
from producers.test_coordinator.live_run import LiveRun, await_flow
from tse.running.environment import RUN_KEY, Environment
from tse.running.findings import Findings, await_findings
from tse.running.processes import Processes
from tse.running.services import start_audit, start_monitor, start_simulator, write_limits
from tse.running.world_run import WorldOptions, prepare

NOTHING: Final[Callable[[], None]] = lambda: None  # noqa: E731 - a default, named for its readers

SILENCE_MIN_S: Final = 10.0
"""Wall time a feed may be silent at least before it counts as stale, however fast time runs."""
_SILENCE: Final = re.compile(r"^silence_s = ([0-9]+)", re.MULTILINE)


def run_live(
    environment: Environment,
    plan: RunPlan,
    options: WorldOptions,
    scale: float,
    on_progress: Callable[[float], None],
    on_stage: Callable[[str], None] = lambda stage: None,
    on_ready: Callable[[Processes], None] = lambda processes: None,
) -> tuple[RunCompleted, Findings]:
    """Start every service in a fresh namespace, run the plan there and stop them again.

    Args:
        scale: seconds of event time per second on the wall.
        on_ready: given the running processes before the scenario begins.
    Raises:
        ProcessEndedError: a service died.
        NothingFlowsError: the services did not come to life.
    """
    on_stage("preparing topics and access")
    prepare(environment, plan.run_id)
    environment.broker.secrets.get_or_create(RUN_KEY)
    clock = LiveClock(wall_us(), scale)
    plan, limits = paced(environment, plan, scale)
    settings = {
        "TSE_NAMESPACE": plan.run_id,
        "TSE_SEED": str(plan.seed),
        "TSE_CLOCK_EPOCH_US": str(clock.epoch_us),
        "TSE_CLOCK_SCALE": str(scale),
        **_desk_settings(environment, plan),
        **_feed_settings(environment, plan),
    }
    with Processes(environment.home / "runs" / plan.run_id) as processes:
        on_stage("starting services")
        for service in SERVICES:
            start_simulator(processes, environment, service, settings)
        if options.monitor:
            start_monitor(
                processes,
                environment,
                plan.run_id,
                slices="arrival",
                limits=limits,
                command=options.monitor_command,
                port=options.monitor_port,
            )
        start_audit(processes, environment, plan.run_id)
        on_ready(processes)
        clients = environment.clients(plan.run_id)
        return run_attached(
            environment,
            clients,
            plan,
            clock,
            on_progress,
            on_stage,
            monitor=options.monitor,
            check=processes.check,
        )


def paced(environment: Environment, plan: RunPlan, scale: float) -> tuple[RunPlan, Path]:
    """Return the plan with limits that bear the pace of its clock, and the file they are in.

    A feed's silence is event time, but what delays a tick is work, on the wall: at scale 60 half
    a second of work is half a minute of silence. So that limit grows to `SILENCE_MIN_S` of wall
    time; as it stands in the settings of the run, a replay judges by the same.
    """
    recorded = json.loads(plan.settings_json)
    least_s = ceil(SILENCE_MIN_S * scale)
    text = _SILENCE.sub(
        lambda found: f"silence_s = {max(int(found[1]), least_s)}", recorded["limits_toml"]
    )
    settings_json = json.dumps({**recorded, "limits_toml": text})
    plan = msgspec.structs.replace(plan, settings_json=settings_json)
    return plan, write_limits(environment, plan)


def _desk_settings(environment: Environment, plan: RunPlan) -> dict[str, str]:
    desk = settings_of(plan.settings_json)
    settings = {"TSE_STRATEGIES": ",".join(desk.strategies)}
    if desk.limits_toml:
        file = environment.home / "runs" / plan.run_id / "trading-limits.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(desk.limits_toml, encoding="utf-8")
        settings["TSE_TRADING_LIMITS_FILE"] = str(file)
    return settings


def _feed_settings(environment: Environment, plan: RunPlan) -> dict[str, str]:
    uses = uses_in(plan.settings_json)
    if not uses:
        return {}
    file = environment.home / "runs" / plan.run_id / "recordings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_uses(file, uses)
    return {"TSE_MARKET_DATA_SOURCE": "recording", "TSE_MARKET_DATA_FILE": str(file.resolve())}


def run_attached(
    environment: Environment,
    clients: Clients,
    plan: RunPlan,
    clock: LiveClock,
    on_progress: Callable[[float], None],
    on_stage: Callable[[str], None],
    *,
    monitor: bool = True,
    check: Callable[[], None] = NOTHING,
) -> tuple[RunCompleted, Findings]:
    """Run the plan in a live environment that runs already, from the present on.

    Raises:
        NothingFlowsError: the environment does not live.
        NoReportError: its auditor gave no report in time.
    """

    def ends() -> dict[tuple[str, int], int]:
        return dict(clients.ends(COORDINATOR, clients.run_topics()))

    on_stage("waiting for prices and heartbeats")
    await_flow(ends, monitor=monitor, check=check)
    on_stage("running")
    present = msgspec.structs.replace(plan, host="LIVE", starts_at_us=clock.now_us())
    run = LiveRun(
        present,
        run_key(plan.seed, environment.secret),
        clients.appender(COORDINATOR),
        clock,
        ends,
    )

    def watched(share: float) -> None:
        check()
        on_progress(share)

    completed = run.run(watched)
    on_stage("judging")
    return completed, await_findings(clients, plan.run_id, check)
