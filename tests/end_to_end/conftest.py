"""The environment of whole runs: the session's broker with a home of its own."""

import pytest

from eventlog.catalogue.load import load_catalogue
from eventlog.clients import Broker as ClientBroker
from tests.brokers import Broker
from tse.monitor_environment import ensure_monitor_environment
from tse.running.environment import ROOT, Environment


@pytest.fixture(scope="session")
def environment(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What commands find around the session's broker."""
    home = tmp_path_factory.mktemp("home")
    ensure_monitor_environment(home)
    return Environment(
        broker=ClientBroker(
            bootstrap_servers=broker.admin.bootstrap_servers, secrets=broker.secrets
        ),
        catalogue=load_catalogue(ROOT / "topics.yaml"),
        topics_file=ROOT / "topics.yaml",
        home=home,
        reports=home / "reports",
    )
