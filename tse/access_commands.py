"""`tse access`: prove on the broker that everybody can do what is declared, and nothing else."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from eventlog.access.probe import (
    TOPIC_ACTIONS,
    AccessReport,
    Action,
    Cell,
    Finding,
    check_in_scratch,
    check_live,
)
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from tse.broker_options import TOPICS_FILE, BootstrapServers, File, Home, admin_of, known_events
from tse.matrix_table import matrix_table

app = typer.Typer(help="Who can do what on the broker.", no_args_is_help=True)

_LETTERS = dict(zip(TOPIC_ACTIONS, "rwld", strict=True))


@app.callback()
def access() -> None:
    """Who can do what on the broker."""


@app.command()
def check(
    file: File = TOPICS_FILE,
    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            help="Check this live namespace, '' for the one without prefix; nothing is left in it."
            " Default: a namespace made for the check.",
        ),
    ] = None,
    home: Home = None,
    bootstrap_servers: BootstrapServers = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write every cell there.")] = None,
) -> None:
    """Let every principal try everything; exit code 1 when the broker and the file disagree."""
    catalogue = load_catalogue(file, events=known_events())
    space = None if namespace is None else Namespace(namespace)
    admin, secrets = admin_of(home, bootstrap_servers)
    if space is None:
        report = check_in_scratch(admin, catalogue, secrets)
    else:
        report = check_live(admin, catalogue, space, secrets)
    if json is not None:
        encoded = msgspec.json.encode(report)
        json.write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")
    _show(report)
    differences = report.differences()
    for finding in differences:
        typer.echo(f"DIFFERENT {finding}")
    typer.echo(
        f"{len(report.findings)} cells tried in namespace {report.namespace!r},"
        f" {len(differences)} differ from the catalogue"
    )
    if differences:
        raise typer.Exit(1)


def _show(report: AccessReport) -> None:
    cells: dict[str, dict[str, str]] = {}
    for finding in report.findings:
        row = cells.setdefault(_row_name(finding.cell), {})
        row[finding.cell.principal] = row.get(finding.cell.principal, "") + _mark(finding)
    principals = list(dict.fromkeys(finding.cell.principal for finding in report.findings))
    rows = {name: [row[principal] for principal in principals] for name, row in cells.items()}
    console = Console()
    console.print(matrix_table(principals, rows))
    console.print("r read, w write, l list, d describe, u use, f fence; · denied; ! differs\n")


def _row_name(cell: Cell) -> str:
    if cell.action in TOPIC_ACTIONS:
        return cell.name
    return f"group {cell.name}" if cell.action is Action.USE else f"id {cell.name}"


def _mark(finding: Finding) -> str:
    letter = _LETTERS.get(finding.cell.action, finding.cell.action[0])
    mark = {True: letter, False: "·", None: "?"}[finding.observed]
    return f"{mark}!" if finding.differs else mark
