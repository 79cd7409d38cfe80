"""`tse topics`: read the catalogue, hold it against a cluster, apply it, write it down."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from eventlog.access.apply import apply as apply_changes
from eventlog.access.cluster import Cluster
from eventlog.access.compile import compile_access
from eventlog.access.export import export_live
from eventlog.access.plan import Changes
from eventlog.access.plan import plan as plan_changes
from eventlog.access.prepare import survey
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Catalogue, warnings_of
from eventlog.catalogue.namespace import Namespace
from eventlog.catalogue.view import view_of
from tse.broker_options import (
    TOPICS_FILE,
    BootstrapServers,
    File,
    Home,
    NamespaceName,
    admin_of,
    known_events,
)
from tse.matrix_table import matrix_table

DRIFT_EXIT_CODE = 2

app = typer.Typer(help="Topics, planes, principals and who may do what.", no_args_is_help=True)


@app.command()
def check(file: File = TOPICS_FILE) -> None:
    """Read the catalogue and report every mistake with its line; touches no broker."""
    catalogue = _load(file)
    typer.echo(f"{file}: {len(catalogue.topics)} topics, {len(catalogue.principals)} principals")


@app.command()
def matrix(file: File = TOPICS_FILE) -> None:
    """Show who may read (r), write (w) and only describe (d) each topic; touches no broker."""
    catalogue = _load(file)
    principals = list(catalogue.principals)
    rows = {
        f"{name} ({topic.plane})": [_rights(catalogue, who, name) for who in principals]
        for name, topic in catalogue.topics.items()
    }
    Console().print(matrix_table(principals, rows))


@app.command()
def plan(
    file: File = TOPICS_FILE,
    namespace: NamespaceName = "",
    home: Home = None,
    bootstrap_servers: BootstrapServers = None,
    verify_logins: Annotated[
        bool, typer.Option("--verify-logins", help="Try every stored password by logging in.")
    ] = False,
) -> None:
    """Show how the cluster differs from the catalogue; exit code 2 when it does."""
    desired = compile_access(_load(file), Namespace(namespace))
    admin, secrets = admin_of(home, bootstrap_servers)
    changes = plan_changes(
        desired, survey(Cluster(admin), desired, secrets, verify_logins=verify_logins)
    )
    _show(changes)
    if changes:
        raise typer.Exit(DRIFT_EXIT_CODE)
    typer.echo("the cluster is as the catalogue says")


@app.command()
def apply(
    file: File = TOPICS_FILE,
    namespace: NamespaceName = "",
    home: Home = None,
    bootstrap_servers: BootstrapServers = None,
    allow_destructive: Annotated[
        bool,
        typer.Option("--allow-destructive", help="Also take away what nobody declared."),
    ] = False,
    verify_logins: Annotated[
        bool, typer.Option("--verify-logins", help="Renew every password the broker refuses.")
    ] = False,
) -> None:
    """Make the cluster as the catalogue says; exit code 2 when a step was not taken."""
    desired = compile_access(_load(file), Namespace(namespace))
    admin, secrets = admin_of(home, bootstrap_servers)
    cluster = Cluster(admin)
    changes = plan_changes(desired, survey(cluster, desired, secrets, verify_logins=verify_logins))
    _show(changes)
    apply_changes(cluster, changes, secrets, allow_destructive=allow_destructive)
    taken = changes.harmless + (changes.destructive if allow_destructive else 0)
    left = 0 if allow_destructive else changes.destructive
    typer.echo(f"{taken} steps taken")
    if left:
        typer.echo(f"{left} destructive steps not taken; --allow-destructive takes them")
    if left or changes.refused:
        raise typer.Exit(DRIFT_EXIT_CODE)


@app.command()
def export(
    file: File = TOPICS_FILE,
    namespace: NamespaceName = "",
    home: Home = None,
    bootstrap_servers: BootstrapServers = None,
    principal: Annotated[
        str | None,
        typer.Option("--principal", help="Write what this principal's process needs, as JSON."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="The file to write; default is the screen.")
    ] = None,
) -> None:
    """Write down the live namespace as YAML, or one principal's part of the catalogue as JSON.

    A principal's part is taken from the catalogue alone and touches no broker.
    """
    if principal is not None:
        text = view_of(_load(file), principal).to_json()
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
        return
    space = Namespace(namespace)
    admin, _ = admin_of(home, bootstrap_servers)
    document = export_live(Cluster(admin), space)
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    if output is None:
        yaml.dump(document, sys.stdout)
    else:
        yaml.dump(document, output)


def _load(file: Path) -> Catalogue:
    catalogue = load_catalogue(file, events=known_events())
    for warning in warnings_of(catalogue):
        typer.echo(f"warning: {warning}", err=True)
    return catalogue


def _rights(catalogue: Catalogue, principal: str, topic: str) -> str:
    rights = "r" if topic in catalogue.readable(principal) else ""
    rights += "w" if topic in catalogue.writable(principal) else ""
    return rights or ("d" if topic in catalogue.visible(principal) else "·")


def _show(changes: Changes) -> None:
    rows = [
        *(("create", f"topic {name}") for name in changes.create_topics),
        *(("change", str(growth)) for growth in changes.grow_topics),
        *(("change", str(change)) for change in changes.alter_configs),
        *(("create", str(binding)) for binding in changes.add_bindings),
        *(("create", f"user {user}") for user in changes.add_users),
        *(("change", f"password of user {user}") for user in changes.renew_users),
        *(("DELETE", f"topic {name} with its records") for name in changes.delete_topics),
        *(("DELETE", str(binding)) for binding in changes.remove_bindings),
        *(("DELETE", f"records: {change}") for change in changes.cut_configs),
        *(("refused", text) for text in changes.refused),
        *(("unknown", f"topic {name}") for name in changes.unknown_topics),
    ]
    _print(rows)


def _print(rows: Iterable[tuple[str, str]]) -> None:
    table = Table(box=None, show_header=False)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        Console(soft_wrap=True).print(table, markup=False)
