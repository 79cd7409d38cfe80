"""`python -m producers.live SERVICE`: runs one simulator as a process of its own."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, NamedTuple

import structlog

from doors.logs import configure_logs
from ecosystem.clock import Clock
from ecosystem.errors import EcosystemError
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.firm import FEED
from ecosystem.ids import run_key
from ecosystem.machine import Machine
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from eventlog.secret_store import SecretStore
from eventlog.settings import read_settings
from producers.desk import DeskSettings
from producers.live.clock import LiveClock
from producers.live.doors import serve_door
from producers.live.service import LiveService, restore
from producers.live.settings import LiveSettings
from producers.live.window import AnyWindow
from producers.machines import SIMULATORS, Feed, build_machine
from producers.market_data.live_feed import feed_of

SERVICES: Final = (*SIMULATORS, "clock")
CLOCK_INTERVAL_US: Final = 1_000_000
"""Wall time between two advances of the clock."""
log = structlog.get_logger()


class Built(NamedTuple):
    """A service that is ready to run, and what closes its door and its sources in the end."""

    service: LiveService
    close_door: Callable[[], None]
    close_feed: Callable[[], None]


def build_service(service: str, settings: LiveSettings) -> Built:
    """Return the service with its state restored from the log, and its door open.

    The door opens first: who asks meanwhile is told that the service is not ready yet.
    """
    secrets = SecretStore(settings.secrets_dir)
    clients = Clients(
        Broker(bootstrap_servers=settings.bootstrap_servers, secrets=secrets),
        Namespace(settings.namespace),
        load_catalogue(settings.topics_file),
        (*PRODUCTION_EVENTS, *CONTROL_EVENTS),
    )
    key = run_key(settings.seed, secrets.get("run-key"))
    window = AnyWindow(LiveClock(settings.clock_epoch_us, settings.clock_scale))

    def new_machine(feed: Feed | None = None) -> Machine:
        if service == "clock":
            interval_us = int(CLOCK_INTERVAL_US * settings.clock_scale)
            return Clock(key, settings.clock_epoch_us, interval_us)
        return build_machine(
            service,
            key,
            settings.seed,
            settings.clock_epoch_us,
            desk=_desk(settings),
            feed=feed,
        )

    close_door = serve_door(
        service,
        settings,
        key,
        window,
        lambda: clients.appender(service, linger_ms=0),
        new_machine,
    )
    feed = feed_of(settings) if service == FEED else Feed()
    machine = new_machine(feed)
    appender = clients.appender(service, transactional=True)  # fences a predecessor first
    followed = clients.catalogue.subscription(service)
    group = clients.catalogue.principal(service).group
    committed = clients.committed(service, group, followed) if group else {}
    history = clients.reader(service, clients.catalogue.readable(service))
    count = restore(machine, clients.codec, history, committed, also=window.remember)
    history.close()
    reader = clients.reader(service, followed, group=group) if group else None
    log.info("state_restored", service=service, events=count)
    live = LiveService(machine, window.clock, clients.codec, reader, appender, window)
    return Built(live, close_door, feed.close)


def _desk(settings: LiveSettings) -> DeskSettings:
    file = settings.trading_limits_file
    return DeskSettings(
        strategies=tuple(filter(None, settings.strategies.split(","))),
        limits_toml="" if file is None else file.read_text(encoding="utf-8"),
    )


def main(arguments: Sequence[str]) -> int:
    """Run the service named until SIGTERM or SIGINT; return the exit code."""
    configure_logs()
    if len(arguments) != 1 or arguments[0] not in SERVICES:
        sys.stderr.write(f"usage: python -m producers.live {'|'.join(SERVICES)}\n")
        return 2
    stop_asked: list[int] = []

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop_asked.append(number)

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    try:
        built = build_service(arguments[0], read_settings(LiveSettings))
        try:
            built.service.run(lambda: bool(stop_asked))
        finally:
            built.close_door()
            built.close_feed()
    except (EcosystemError, OSError) as error:
        log.error("service_stopped", service=arguments[0], error=str(error))
        return 1
    log.info("service_stopped", service=arguments[0], signal=stop_asked[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
