"""Where commands find the broker, the secrets, the catalogue and a place for reports."""

from pathlib import Path
from typing import Final

import msgspec

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from eventlog.local_stack import LocalStack
from eventlog.secret_store import SecretStore
from producers.live.settings import LiveSettings

ROOT: Final = Path(__file__).parents[2]
EVERY_EVENT: Final[tuple[type[Event], ...]] = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
RUN_KEY: Final = "run-key"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A broker that answers, and everything commands need around it."""

    broker: Broker
    catalogue: Catalogue
    topics_file: Path
    home: Path
    """Holds secrets, logs of processes and the monitor's installation."""
    reports: Path

    def clients(self, namespace: str) -> Clients:
        """Return clients of a namespace that know every event."""
        return Clients(self.broker, Namespace(namespace), self.catalogue, EVERY_EVENT)

    @property
    def secret(self) -> str:
        """The secret from which, with the seed, a run's key is made."""
        return self.broker.secrets.get_or_create(RUN_KEY)


def local_environment(home: Path | None = None, reports: Path | None = None) -> Environment:
    """Return the environment of the local stack, starting its broker when it does not run.

    Raises:
        LocalStackError: the broker cannot be started.
        CatalogueError: topics.yaml is wrong.
        OSError: the folder for reports cannot be made.
    """
    reports = reports or Path("reports")
    catalogue = load_catalogue(ROOT / "topics.yaml")  # before anything is started
    reports.mkdir(parents=True, exist_ok=True)
    stack = LocalStack(home)
    endpoints = stack.up(["kafka"])
    return Environment(
        broker=Broker(
            bootstrap_servers=endpoints.bootstrap_servers, secrets=SecretStore(endpoints.secrets)
        ),
        catalogue=catalogue,
        topics_file=ROOT / "topics.yaml",
        home=stack.home,
        reports=reports,
    )


def attached_environment(settings: LiveSettings, reports: Path) -> Environment:
    """Return the live environment that settings describe; its services run already.

    Raises:
        CatalogueError: topics.yaml is wrong.
        OSError: the folder for reports cannot be made.
    """
    reports.mkdir(parents=True, exist_ok=True)
    return Environment(
        broker=Broker(
            bootstrap_servers=settings.bootstrap_servers, secrets=SecretStore(settings.secrets_dir)
        ),
        catalogue=load_catalogue(settings.topics_file),
        topics_file=settings.topics_file,
        home=Path(".tse"),
        reports=reports,
    )
