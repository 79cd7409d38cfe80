"""`tse replay`: judges a finished run again and says whether everything comes out the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from eventlog.clients import Clients
from replay.rederive import Outcome, rederive
from replay.rederive import Progress as ReplayProgress
from tse.running.environment import local_environment

NOUNS = {
    "risk-alerts": "alerts and heartbeats",
    "dead-letters": "dead letters of the monitor",
    "audit-timelines": "timelines",
    "audit-reports": "report",
}
ALL_OF_IT = "alerts, timelines and verdict"


def replay(
    run: Annotated[str, typer.Argument(help="The id of a finished run, e.g. r3f2a9c0d1e.")],
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Where the local stack lives; default $TSE_HOME or .tse."),
    ] = None,
) -> None:
    """Judge a finished run again from the log; exit code 1 when anything comes out different."""
    outcome = replayed(local_environment(home).clients(run), run)
    console = Console(highlight=False, soft_wrap=True)
    for line in outcome_lines(outcome):
        console.print(line)
    raise typer.Exit(0 if outcome.identical else 1)


def replayed(clients: Clients, run_id: str) -> Outcome:
    """Replay a run with progress on the screen."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(f"replaying {run_id}", total=None, figures="")

        def on_progress(progress: ReplayProgress) -> None:
            bar.update(
                task,
                total=progress.records_total,
                completed=progress.records_done,
                figures=f"{progress.records_done:,} records, {progress.slices_count:,} slices",
            )

        return rederive(clients, run_id, on_progress)


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Yield what a person wants to know of a replay; the markup is rich's."""
    if outcome.difference is None:
        derived = "timelines and verdict" if outcome.foreign_monitor else ALL_OF_IT
        same = f"{derived} are on the log byte for byte as derived"
        yield f"[bold green]IDENTICAL[/]  {outcome.run_id}: {same}"
    else:
        yield f"[bold red]DIFFERENT[/]  {outcome.run_id}: the first difference is"
        yield f"  {escape(outcome.difference.text)}"
    yield f"  verdict {outcome.verdict}: {escape(outcome.reason)}"
    yield f"  {outcome.records_count:,} records of the run, {outcome.slices_count:,} slices"
    if outcome.foreign_monitor:
        yield "  alerts as another's monitor wrote them; only that monitor could derive them again"
    counts = (f"{count:,} {NOUNS[topic]}" for topic, count in outcome.compared.items())
    yield f"  derived: {', '.join(counts)}"
