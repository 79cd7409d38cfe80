"""`tse suite`: many runs at once, without a broker, and what they say of the risk monitor."""

import multiprocessing
import signal
from collections import Counter
from collections.abc import Sequence
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import SECOND_US, format_e8
from tse.running.plans import LIMITS, checked_limits
from tse.running.quiet import QuietAlert, QuietRun, QuietTask, run_quiet
from tse.running.verdicts import EXIT_CODES

app = typer.Typer(help="Many runs in process: how quiet a monitor is.", no_args_is_help=True)
WAIT_S: Final = 0.2
_reached: Any = None
"""In a worker: the hours done of each seed, shared with the process that shows them."""


@app.callback()
def suite() -> None:
    """Many runs in process."""


@app.command()
def quiet(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds, from 1 on.")] = 20,
    first_seed: Annotated[int, typer.Option("--first-seed", help="The first seed.")] = 1,
    hours: Annotated[float, typer.Option("--hours", min=0.01, help="Event time of each.")] = 24.0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes.")] = 2,
    limits: Annotated[Path, typer.Option("--limits", help="The monitor's limits.")] = LIMITS,
    high_max: Annotated[
        int, typer.Option("--high-max", min=0, help="Alerts of severity high or above allowed.")
    ] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Write what was found as JSON.")] = None,
) -> None:
    """Run quiet hours over many seeds; exit code 5 when more than the allowed alerts are high.

    Nothing is injected, so every alert is a false one. What is judged is what `tse run quiet`
    gives, without a broker. Ctrl-C ends it and shows the seeds that are done.
    """
    text = checked_limits(limits)
    tasks = [
        QuietTask(seed=seed, hours=hours, limits_text=text)
        for seed in range(first_seed, first_seed + seeds)
    ]
    runs = run_all(tasks, jobs)
    console = Console(highlight=False)
    console.print(rule_table(runs))
    high = [(run, alert) for run in runs for alert in run.alerts if alert.is_high]
    for run, alert in high:
        console.print(high_line(run, alert), soft_wrap=True)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(runs), indent=2) + b"\n")
    events = sum(run.events_count for run in runs)
    console.print(
        f"{len(runs)} of {seeds} seeds, {hours:g} h each, {events:,} events:"
        f" {len(high)} alerts of severity high or above, {high_max} allowed"
    )
    if len(high) > high_max:
        raise typer.Exit(EXIT_CODES["FALSE_ALARM"])
    if len(runs) < seeds:
        raise typer.Exit(EXIT_CODES["ABORTED"])


def run_all(tasks: Sequence[QuietTask], jobs: int) -> list[QuietRun]:
    """Return the runs in order of their seeds; fewer than asked for after Ctrl-C."""
    context = multiprocessing.get_context("spawn")
    reached = context.Array("d", len(tasks))
    with context.Pool(min(jobs, len(tasks)), _begin, (reached,)) as pool:
        waited = [pool.apply_async(_run, (place, task)) for place, task in enumerate(tasks)]
        try:
            _show(waited, reached, sum(task.hours for task in tasks))
        except KeyboardInterrupt:
            pool.terminate()
        return [one.get() for one in waited if one.ready()]


def _show(waited: Sequence["AsyncResult[QuietRun]"], reached: Any, hours: float) -> None:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.1f} of {task.total:g} h"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        shown = bar.add_task("quiet hours", total=hours)
        while left := [one for one in waited if not one.ready()]:
            left[0].wait(WAIT_S)
            bar.update(shown, completed=sum(reached))
    for one in waited:
        one.get()  # raises what a run raised


def _begin(reached: Any) -> None:
    global _reached
    _reached = reached
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command ends its workers itself


def _run(place: int, task: QuietTask) -> QuietRun:
    def on_progress(hours: float) -> None:
        _reached[place] = hours

    run = run_quiet(task, on_progress)
    on_progress(task.hours)
    return run


def rule_table(runs: Sequence[QuietRun]) -> Table:
    """Return, for each rule, its alerts by severity, the seeds that had any, and what was used."""
    table = Table("rule", *(name.lower() for name in SEVERITIES), "seeds", "limit used", box=None)
    for rule in runs[0].utilisations_e8 if runs else ():
        found = [(run.seed, alert) for run in runs for alert in run.alerts if alert.rule == rule]
        counts = Counter(alert.severity for _, alert in found)
        used_e8 = max(run.utilisations_e8[rule] for run in runs)
        table.add_row(
            rule,
            *(str(counts[severity] or "-") for severity in SEVERITIES),
            " ".join(map(str, sorted({seed for seed, _ in found}))) or "-",
            f"{format_e8(used_e8 * 100, 1)} %",
        )
    return table


def high_line(run: QuietRun, alert: QuietAlert) -> str:
    """Return when an alert came, and what it says."""
    minutes, seconds = divmod(alert.at_us // SECOND_US, 60)
    at = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return f"seed {run.seed} at {at}: {alert.severity} {alert.message}"
