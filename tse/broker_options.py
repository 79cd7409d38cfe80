"""The options by which commands find the broker and its secrets."""

from pathlib import Path
from typing import Annotated

import typer

from eventlog.access.credentials import connection_for
from eventlog.catalogue.model import Plane
from eventlog.connection import Connection
from eventlog.errors import LogUnreachableError
from eventlog.local_stack import LocalStack
from eventlog.schema.store import CHECKOUT
from eventlog.secret_store import SecretStore

ADMIN = "admin"
TOPICS_FILE = Path("topics.yaml")

File = Annotated[Path, typer.Option("--file", help="The topic catalogue.")]
NamespaceName = Annotated[
    str, typer.Option("--namespace", help="The namespace; without it, names have no prefix.")
]
Home = Annotated[
    Path | None,
    typer.Option("--home", help="The stack's home with its secrets; default $TSE_HOME or .tse."),
]
BootstrapServers = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", help="The broker; default is the local stack's."),
]


def admin_of(home: Path | None, bootstrap_servers: str | None) -> tuple[Connection, SecretStore]:
    """Return the administrator's connection, and where the passwords lie.

    Raises:
        LogUnreachableError: no broker is named and no local stack runs.
        SecretError: the administrator's password is not among the secrets of the home.
    """
    stack = LocalStack(home)
    endpoints = stack.endpoints()
    secrets = SecretStore(endpoints.secrets)
    servers = bootstrap_servers or endpoints.bootstrap_servers
    if not servers:
        raise LogUnreachableError(
            f"no broker runs in {stack.home}; run `tse stack up`, or give --bootstrap-servers"
        )
    return connection_for(ADMIN, servers, secrets), secrets


def known_events() -> dict[str, Plane] | None:
    """Return every event that has a schema, with its plane; None where not all schemas are.

    An installation without the control plane holds only part of them.
    """
    planes = {}
    for path in sorted(CHECKOUT.glob("*.avsc")):
        plane, _, event = path.stem.partition(".")
        planes[event] = Plane(plane)
    return planes if Plane.CONTROL in planes.values() else None
