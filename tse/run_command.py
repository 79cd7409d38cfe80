"""`tse run`: runs a scenario and judges the risk monitor."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ecosystem.errors import InvalidInputError
from ecosystem.run import RunPlan
from eventlog.settings import read_settings
from producers.live.clock import LiveClock
from producers.live.settings import LiveSettings
from producers.world.host import Progress as RunProgress
from tse.recording_options import (
    GapPolicy,
    RecordingOptions,
    examined,
    lasting,
    remarks,
    with_recordings,
)
from tse.running.environment import Environment, attached_environment, local_environment
from tse.running.findings import Findings
from tse.running.live_run import run_attached, run_live
from tse.running.plans import world_plan
from tse.running.reporting import write_reports
from tse.running.services import MONITOR_TOKEN, check_runnable
from tse.running.verdicts import EXIT_CODES, summary_lines
from tse.running.world_run import WorldOptions, run_world


class Host(StrEnum):
    """Where the simulators live."""

    WORLD = "world"
    LIVE = "live"


Home = Annotated[
    Path | None,
    typer.Option("--home", help="Where the local stack lives; default $TSE_HOME or .tse."),
]
Reports = Annotated[Path, typer.Option("--reports", help="Folder that receives the reports.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of all chance in the run.")]


def run(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or a bundled one's name.")],
    seed: Seed = 1,
    twin: Annotated[
        bool, typer.Option("--twin", help="Leave the injections out: the control group.")
    ] = False,
    monitor: Annotated[
        bool, typer.Option("--monitor/--no-monitor", help="Whether the risk monitor watches.")
    ] = True,
    monitor_command: Annotated[
        str | None,
        typer.Option("--monitor-command", help="Starts your own risk monitor in place of ours."),
    ] = None,
    limits: Annotated[
        Path | None,
        typer.Option("--limits", exists=True, dir_okay=False, help="Limits for the monitor."),
    ] = None,
    monitor_port: Annotated[
        int,
        typer.Option(
            "--monitor-port",
            min=0,
            max=65_535,
            help="The monitor's dashboard on the loopback while the run lasts; 0: none.",
        ),
    ] = 0,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", help="One of yours: package.module:Class@account; repeatable."),
    ] = None,
    trading_limits: Annotated[
        Path | None,
        typer.Option(
            "--trading-limits", exists=True, dir_okay=False, help="Limits of the trading engine."
        ),
    ] = None,
    host: Annotated[
        Host, typer.Option("--host", help="All simulators on one virtual clock, or live processes.")
    ] = Host.WORLD,
    scale: Annotated[
        float,
        typer.Option("--scale", min=0.01, max=1_000, help="Live: event seconds per second."),
    ] = 60.0,
    attach: Annotated[
        bool,
        typer.Option("--attach", help="Live: use the environment that TSE_... variables describe."),
    ] = False,
    recordings: Annotated[
        list[Path] | None,
        typer.Option("--recording", help="Recorded CSV or Parquet that an instrument follows."),
    ] = None,
    as_: Annotated[
        list[str] | None,
        typer.Option("--as", help="The instrument that follows it; one for each recording."),
    ] = None,
    mapping: Annotated[
        list[Path] | None, typer.Option("--mapping", help="YAML: which column means what.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", help="Recorded seconds a second of event time.")
    ] = 1.0,
    gaps: Annotated[
        GapPolicy, typer.Option("--gaps", help="In a gap: silence, the last price, or a line.")
    ] = GapPolicy.STALE,
    since: Annotated[
        str | None, typer.Option("--since", help="Begin at this recorded time, UTC by default.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a recording with rows that are left out.")
    ] = False,
    duration: Annotated[
        str | None, typer.Option("--for", help="Another duration of a scenario without injections.")
    ] = None,
    home: Home = None,
    reports: Reports = Path("reports"),
) -> None:
    """Run a scenario and judge the risk monitor; the exit code is the verdict's."""
    # A scenario or a recording that is wrong never touches the broker.
    command = checked_command(monitor_command, monitor=monitor, attach=attach)
    plan = world_plan(
        scenario,
        seed,
        twin=twin,
        limits=limits,
        strategies=strategy or (),
        trading_limits=trading_limits,
        monitor_command=command,
    )
    if duration is not None:
        plan = lasting(plan, duration)
    chosen = RecordingOptions(
        files=recordings or (),
        instruments=as_ or (),
        mappings=mapping or (),
        speed=speed,
        gaps=gaps,
        since=since,
        strict=strict,
    )
    if (found := examined(chosen)) is not None:
        if attach:
            raise InvalidInputError(
                "--recording with --attach: the environment's own feed is told what it follows,"
                " by TSE_MARKET_DATA_SOURCE"
            )
        plan = with_recordings(plan, found)
        for line in remarks(plan, found):
            typer.echo(line)
    options = WorldOptions(monitor=monitor, monitor_command=command, monitor_port=monitor_port)
    if monitor_port and (attach or command or not monitor):
        raise InvalidInputError(
            "--monitor-port: a monitor of ours is not started here; a run with one of its own is"
            " allowed"
        )
    if attach:
        findings = execute_attached(plan, options, reports)
    elif host is Host.LIVE:
        findings = execute_live(local_environment(home, reports), plan, options, scale)
    else:
        findings = execute(local_environment(home, reports), plan, options)
    raise typer.Exit(EXIT_CODES[findings.report.verdict])


def checked_command(text: str | None, *, monitor: bool, attach: bool) -> tuple[str, ...]:
    """Return the words of a monitor's command; none where ours is to watch.

    Raises:
        InvalidInputError: it is empty, ill quoted or not there, or no monitor would be started.
    """
    if text is None:
        return ()
    if not monitor or attach:
        other = "--attach" if attach else "--no-monitor"
        raise InvalidInputError(f"--monitor-command with {other}: no monitor is started then")
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInputError(f"--monitor-command {text!r}: {error}") from error
    if not words:
        raise InvalidInputError(f"--monitor-command {text!r}: a command is allowed")
    check_runnable(words)
    return words


@contextmanager
def progress_bar() -> Iterator[Callable[..., None]]:
    """Yield a function that updates the one bar on the screen: stage, share, figures."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=None, figures="")
        yield partial(bar.update, task)


def execute(environment: Environment, plan: RunPlan, options: WorldOptions) -> Findings:
    """Run `plan` in a world, with progress on the screen; write its reports, print its verdict."""
    tell_where_to_watch(environment, options)
    with progress_bar() as update:

        def on_progress(progress: RunProgress) -> None:
            update(
                total=progress.slices_total,
                completed=progress.slices_done,
                figures=f"{progress.events_count:,} events, {progress.alerts_count} alerts",
            )

        _, findings = run_world(
            environment, plan, options, on_progress, lambda stage: update(description=stage)
        )
    assert findings is not None, "the auditor judges every run of this command"
    print_findings(environment, findings, plan.run_id)
    return findings


def execute_live(
    environment: Environment, plan: RunPlan, options: WorldOptions, scale: float
) -> Findings:
    """Run `plan` on live processes of its own; write its reports, print its verdict."""
    tell_where_to_watch(environment, options)
    with progress_bar() as update:
        _, findings = run_live(
            environment,
            plan,
            options,
            scale,
            lambda share: update(total=1.0, completed=share),
            lambda stage: update(description=stage),
        )
    print_findings(environment, findings, plan.run_id)
    return findings


def tell_where_to_watch(environment: Environment, options: WorldOptions) -> None:
    """Print where the monitor's dashboard will be, and where the token for acting lies."""
    if options.monitor_port:
        token = environment.broker.secrets.path(MONITOR_TOKEN)
        typer.echo(f"  watch   http://127.0.0.1:{options.monitor_port}/ until the run ends")
        typer.echo(f"  token   {token}, to acknowledge alerts and to use the breaker")


def execute_attached(plan: RunPlan, options: WorldOptions, reports: Path) -> Findings:
    """Run `plan` in the live environment around us; write its reports, print its verdict."""
    settings = read_settings(LiveSettings)
    environment = attached_environment(settings, reports)
    with progress_bar() as update:
        _, findings = run_attached(
            environment,
            environment.clients(settings.namespace),
            plan,
            LiveClock(settings.clock_epoch_us, settings.clock_scale),
            lambda share: update(total=1.0, completed=share),
            lambda stage: update(description=stage),
            monitor=options.monitor,
        )
    print_findings(environment, findings, settings.namespace)
    return findings


def print_findings(environment: Environment, findings: Findings, namespace: str) -> None:
    """Write the reports of a run and print verdict, chains, latencies and paths."""
    run_id = findings.report.run_id
    paths = write_reports(environment, run_id, namespace)
    console = Console(highlight=False)
    for line in summary_lines(findings.report, findings.timelines):
        console.print(line, soft_wrap=True)
    console.print(f"  report  {paths.html}\n          {paths.json}", soft_wrap=True)
    if namespace:
        console.print(f"  replay  tse replay {run_id}")
