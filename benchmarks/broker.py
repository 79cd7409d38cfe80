"""A broker for benchmarks: the local stack in a temporary home, and a fresh namespace."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from eventlog.local_stack import LocalKafka
from eventlog.secret_store import SecretStore
from tse.running.environment import EVERY_EVENT, ROOT, Environment


@contextmanager
def environment() -> Iterator[Environment]:
    """A running broker with an environment around it; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tse-bench-") as folder:
        home = Path(folder)
        with LocalKafka(home) as kafka:
            yield Environment(
                broker=Broker(
                    bootstrap_servers=kafka.bootstrap_servers, secrets=SecretStore(home / "secrets")
                ),
                catalogue=load_catalogue(ROOT / "topics.yaml"),
                topics_file=ROOT / "topics.yaml",
                home=home,
                reports=home / "reports",
            )


def fresh_clients(around: Environment) -> Clients:
    """Return clients of a namespace of its own, ready for every principal."""
    namespace = f"b{secrets.token_hex(4)}"
    prepare_namespace(
        around.broker.connection("admin"),
        around.catalogue,
        Namespace(namespace),
        around.broker.secrets,
    )
    return around.clients(namespace)


__all__ = ["EVERY_EVENT", "environment", "fresh_clients"]
