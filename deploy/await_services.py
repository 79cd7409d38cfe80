"""`python -m deploy.await_services [SECONDS]`: waits until every service of the environment works.

Asks the log under the test coordinator's principal, which may learn where topics end. A service
works when what it alone writes has grown since this program began, or, where it writes on
occasion only, is there. Says on failure which service is silent.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from eventlog.errors import LogUnreachableError
from eventlog.records import Positions
from eventlog.secret_store import SecretStore
from producers.live.settings import LiveSettings

PRINCIPAL: Final = "test-coordinator"
LOOK_EVERY_S: Final = 0.5
GROWING: Final[Mapping[str, str]] = {
    "market-data": "prices",
    "clock": "clock",
    "risk-monitor": "risk-alerts",  # a heartbeat closes every slice
}
PRESENT: Final[Mapping[str, str]] = {"exchanges": "balances"}  # the opening deposits


def silent_services(before: Positions, now: Positions) -> list[str]:
    """Return the services whose topics say nothing of them, sorted."""
    grown = [
        service for service, topic in GROWING.items() if _sum(now, topic) <= _sum(before, topic)
    ]
    absent = [service for service, topic in PRESENT.items() if _sum(now, topic) == 0]
    return sorted(grown + absent)


def _sum(ends: Positions, topic: str) -> int:
    return sum(end for (name, _), end in ends.items() if name == topic)


def await_services(ends: Callable[[], Positions], wait_max_s: float) -> list[str]:
    """Return the services still silent after `wait_max_s`; empty as soon as all work."""
    deadline = time.monotonic() + wait_max_s
    before = _patient(ends, deadline)
    while (silent := silent_services(before, _patient(ends, deadline))) and (
        time.monotonic() < deadline
    ):
        time.sleep(LOOK_EVERY_S)
    return silent


def _patient(ends: Callable[[], Positions], deadline: float) -> Positions:
    while True:
        try:
            return ends()
        except LogUnreachableError:  # a broker that has just started may answer late
            if time.monotonic() > deadline:
                raise


def main(wait_max_s: float) -> int:
    """Wait for the services that the TSE_ settings point to; return the exit code."""
    settings = LiveSettings()
    clients = Clients(
        Broker(
            bootstrap_servers=settings.bootstrap_servers,
            secrets=SecretStore(settings.secrets_dir),
        ),
        Namespace(settings.namespace),
        load_catalogue(settings.topics_file),
        (*PRODUCTION_EVENTS, *CONTROL_EVENTS),
    )
    topics = sorted({*GROWING.values(), *PRESENT.values()})
    silent = await_services(lambda: clients.ends(PRINCIPAL, topics), wait_max_s)
    for service in silent:
        sys.stderr.write(f"error: {service}: nothing of it on the log after {wait_max_s:.0f} s\n")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0))
