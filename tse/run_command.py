"""`tse run`: runs a scenario and judges the risk monitor."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ecosystem.run import RunPlan
from producers.world.host import Progress as RunProgress
from tse.running.environment import Environment, local_environment
from tse.running.findings import Findings
from tse.running.plans import world_plan
from tse.running.reporting import write_reports
from tse.running.verdicts import EXIT_CODES, summary_lines
from tse.running.world_run import WorldOptions, run_world

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
    limits: Annotated[
        Path | None,
        typer.Option("--limits", exists=True, dir_okay=False, help="Limits for the monitor."),
    ] = None,
    home: Home = None,
    reports: Reports = Path("reports"),
) -> None:
    """Run a scenario in a world of its own; the exit code is the verdict's."""
    # A scenario that is wrong never touches the broker.
    plan = world_plan(scenario, seed, twin=twin, limits=limits)
    environment = local_environment(home, reports)
    findings = execute(environment, plan, WorldOptions(monitor=monitor, limits=limits))
    raise typer.Exit(EXIT_CODES[findings.report.verdict])


def execute(environment: Environment, plan: RunPlan, options: WorldOptions) -> Findings:
    """Run `plan` with progress on the screen, write its reports and print the verdict."""
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=None, figures="")

        def on_progress(progress: RunProgress) -> None:
            bar.update(
                task,
                total=progress.slices_total,
                completed=progress.slices_done,
                figures=f"{progress.events_count:,} events, {progress.alerts_count} alerts",
            )

        _, findings = run_world(
            environment,
            plan,
            options,
            on_progress,
            lambda stage: bar.update(task, description=stage),
        )
    assert findings is not None, "the auditor judges every run of this command"
    print_findings(environment, findings, plan.run_id, Console(highlight=False, soft_wrap=True))
    return findings


def print_findings(
    environment: Environment, findings: Findings, namespace: str, console: Console
) -> None:
    """Write the reports of a run and print verdict, chains, latencies and paths."""
    run_id = findings.report.run_id
    paths = write_reports(environment, run_id, namespace)
    for line in summary_lines(findings.report, findings.timelines):
        console.print(line, soft_wrap=True)
    console.print(f"  report  {paths.html}\n          {paths.json}", soft_wrap=True)
    console.print(f"  replay  tse replay {run_id}")
