"""`tse schemas`: see whether schemas stand as released, and release new versions."""

import typer

from eventlog.schema.lock import release as release_schemas
from eventlog.schema.lock import unreleased
from eventlog.schema.store import CHECKOUT, released_schemas

app = typer.Typer(help="The Avro schemas and the lock of their ids.", no_args_is_help=True)


@app.command()
def check() -> None:
    """Exit with 1 when a schema differs from its last released version."""
    if changed := unreleased(CHECKOUT):
        typer.echo(f"not released as they stand: {', '.join(changed)}; fix: tse schemas release")
        raise typer.Exit(1)
    typer.echo(f"{len(released_schemas(CHECKOUT))} released schemas, all as they stand")


@app.command()
def release() -> None:
    """Freeze every new or changed schema as its next version, with an id of its own."""
    for line in release_schemas(CHECKOUT) or ["nothing to release"]:
        typer.echo(line)
