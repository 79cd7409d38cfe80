"""`tse stack`: bring the local servers up and down, see how they stand, read their logs."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from eventlog.local_stack import Endpoints, LocalStack
from eventlog.local_stack.stack import SERVICES

app = typer.Typer(help="The local Kafka, PostgreSQL and Valkey.", no_args_is_help=True)

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Where data, secrets and logs lie; default $TSE_HOME or .tse."),
]
Services = Annotated[
    list[str] | None,
    typer.Argument(help="kafka, postgres, valkey; all of them when none is named."),
]


@app.command()
def up(
    services: Services = None,
    home: Home = None,
    kafka_port: Annotated[
        int | None, typer.Option("--kafka-port", help="A fixed loopback port for the broker.")
    ] = None,
) -> None:
    """Start the servers that do not run yet and wait until they answer."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        stack = LocalStack(home, kafka_port=kafka_port, on_progress=_jar_progress(progress))
        starting = progress.add_task("starting", total=len(services or SERVICES))

        def on_start(service: str) -> None:
            progress.update(starting, description=f"starting {service}")

        def on_ready(_: str) -> None:
            progress.advance(starting)

        endpoints = stack.up(services or None, on_start=on_start, on_ready=on_ready)
    for line in describe(endpoints):
        typer.echo(line)


def describe(endpoints: Endpoints) -> list[str]:
    """Return the addresses for the screen; passwords stay where they lie."""
    return [
        f"{service:<9} {_without_password(address)}"
        for service, address in (
            ("kafka", endpoints.bootstrap_servers),
            ("postgres", endpoints.postgres_dsn),
            ("valkey", endpoints.valkey_url),
        )
        if address
    ] + [f"{'secrets':<9} {endpoints.secrets}"]


def _without_password(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    credentials, at, place = rest.rpartition("@")
    user = credentials.partition(":")[0]
    return f"{scheme}://{user}{at if user else ''}{place}"


@app.command()
def down(home: Home = None) -> None:
    """Stop the servers; their data and secrets stay."""
    LocalStack(home).down()


@app.command()
def status(home: Home = None) -> None:
    """Show how each server stands; exit code 1 unless all of them run."""
    found = LocalStack(home).status()
    table = Table("service", "state", "pid", "port", "RSS MiB", "log", box=None)
    for one in found:
        cells = (one.pid, one.port, one.rss_mib)
        known = ["-" if cell is None else str(cell) for cell in cells]
        table.add_row(one.service, one.state, *known, str(one.log))
    Console(soft_wrap=True).print(table)
    if any(one.state != "running" for one in found):
        raise typer.Exit(1)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="kafka, postgres or valkey.")],
    home: Home = None,
    lines: Annotated[int, typer.Option("--lines", min=1, help="How many of the last.")] = 50,
) -> None:
    """Print the last lines of a server's log."""
    path = LocalStack(home).logs(service)
    with path.open(errors="replace") as file:
        for line in deque(file, maxlen=lines):
            typer.echo(line.rstrip("\n"))


def _jar_progress(progress: Progress) -> Callable[[int, int], None]:
    tasks: list[TaskID] = []

    def on_progress(ready: int, wanted: int) -> None:
        if not tasks:
            tasks.append(progress.add_task("fetching Kafka's jars", total=wanted))
        progress.update(tasks[0], completed=ready)

    return on_progress
