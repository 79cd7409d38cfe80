"""The door of a live service: an app beside the loop, and its server in a thread of its own."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import structlog
from prometheus_client import CollectorRegistry

from doors.app import create_app
from doors.identity import Environment, Identity
from doors.server import ServerThread
from doors.streams import Streams
from ecosystem.ids import RootIds
from ecosystem.machine import Machine
from ecosystem.venues import VENUES
from eventlog.log import LogAppender
from eventlog.secret_store import read_secret
from producers.chaos.api import Chaos, chaos_router
from producers.chaos.board import ChaosBoard
from producers.custodian.door import custodian_door
from producers.exchange.door import exchange_door
from producers.live.api import requests_router
from producers.live.door_parts import DoorParts, Ground
from producers.live.outbox import Outbox
from producers.live.requests import Requests
from producers.live.settings import LiveSettings
from producers.live.traces import Traces
from producers.live.window import AnyWindow
from producers.market_data.door import feed_door
from producers.trading_engine.door import engine_door

DOORS: Final[Mapping[str, Callable[[Ground], DoorParts]]] = {
    **dict.fromkeys(VENUES, exchange_door),
    "custodian": custodian_door,
    "market-data": feed_door,
    "trading-engine": engine_door,
}
"""What makes the door of each service that has one of its own."""
log = structlog.get_logger()


class DoorPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a door must be told."""

    instance: str
    environment: Environment
    run_key: bytes
    chaos_run: str
    chaos_token: str | None
    """None: there are no chaos endpoints."""


class Door:
    """One service's door, not yet served.

    Args:
        open_appender: gives an appender of the service's principal that needs no transaction.
        probe: makes a fresh machine of the service's kind.
    """

    def __init__(
        self,
        plan: DoorPlan,
        window: AnyWindow,
        open_appender: Callable[[], LogAppender],
        probe: Callable[[], Machine],
        streams: Streams | None = None,
    ) -> None:
        self._window = window
        self._streams = streams or Streams()
        traces, board, registry = Traces(), ChaosBoard(plan.instance), CollectorRegistry()
        requests = Requests(
            Outbox(open_appender),
            traces,
            RootIds(plan.run_key, f"{plan.instance}/door"),
            window.clock.now_us,
        )
        ground = Ground(
            instance=plan.instance,
            window=window,
            requests=requests,
            streams=self._streams,
            registry=registry,
            board=board,
        )
        parts = DOORS.get(plan.instance, _plain_door)(ground)
        routers = [*parts.routers, requests_router(traces)]
        if plan.environment != "prod" and plan.chaos_token is not None and board.kinds:
            chaos = Chaos(plan.instance, plan.chaos_run, board, requests, window, probe)
            routers.append(chaos_router(chaos, plan.instance, plan.chaos_token))
        window.witnesses += [board, *parts.witnesses, traces]
        self.app = create_app(
            Identity(service=parts.service, instance=plan.instance, environment=plan.environment),
            routers,
            title=plan.instance,
            description=parts.description,
            unready=window.unready,
            registry=registry,
        )

    def close(self, why: str) -> None:
        """Say that the service stops, and send the listeners away."""
        self._window.close(why)
        self._streams.close(why)


def serve_door(
    instance: str,
    settings: LiveSettings,
    run_key: bytes,
    window: AnyWindow,
    open_appender: Callable[[], LogAppender],
    probe: Callable[[], Machine],
) -> Callable[[], None]:
    """Open the door that the settings ask for; return what closes it again.

    Raises:
        OSError: the port is taken.
        SecretError: the token's file is readable by others, or empty.
    """
    if not settings.http_port:
        return lambda: window.close("the service stops")
    token = None
    if settings.environment != "prod" and settings.token_file.exists():
        token = read_secret(settings.token_file)
    plan = DoorPlan(
        instance=instance,
        environment=settings.environment,
        run_key=run_key,
        chaos_run=settings.chaos_run,
        chaos_token=token,
    )
    door = Door(plan, window, open_appender, probe)
    server = ServerThread(door.app, settings.http_address, settings.http_port)
    server.start()
    log.info("door_opened", service=instance, port=server.port, chaos=token is not None)

    def close() -> None:
        door.close("the service stops")
        server.stop()
        log.info("door_closed", service=instance)

    return close


def _plain_door(ground: Ground) -> DoorParts:
    return DoorParts(
        service=ground.instance,
        description="Health and metrics.",
        routers=(),
        witnesses=(),
    )
