"""The door of one monitor: its app beside the loop, and its server in a thread of its own."""

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.acting.api import acting_router
from consumers.risk_monitor.door.acting.desk import ActDesk
from consumers.risk_monitor.door.api import view_routers
from consumers.risk_monitor.door.page.api import page_router
from consumers.risk_monitor.door.teller import Teller
from consumers.risk_monitor.door.window import MonitorWindow
from consumers.risk_monitor.metrics import Metrics
from doors.app import create_app, wall_us
from doors.identity import Environment, Identity
from doors.server import ServerThread
from doors.streams import Streams

SERVICE: Final = "risk-monitor"
REMEMBERED: Final = 16
"""Messages a returning listener is given; the page asks for how all stands anyway."""
STOPPING: Final = "the monitor stops"
log = structlog.get_logger()


class DoorPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the door must be told."""

    monitor: str
    environment: Environment
    token: str | None
    """What writers show; None: the door is for watching only."""


class Door:
    """The door of one monitor, not yet served."""

    def __init__(
        self,
        plan: DoorPlan,
        window: MonitorWindow,
        counter: Counter,
        metrics: Metrics,
        streams: Streams | None = None,
    ) -> None:
        self._window = window
        self._streams = streams or Streams(remembered=REMEMBERED)
        acting = plan.token is not None
        self.teller = Teller(window, self._streams, wall_us, monitor=plan.monitor, acting=acting)
        desk = None if plan.token is None else ActDesk(window, counter, plan.monitor, plan.token)
        self.app = create_app(
            Identity(service=SERVICE, instance=plan.monitor, environment=plan.environment),
            [
                *view_routers(window, self.teller, self._streams),
                acting_router(desk, plan.token),
                page_router(),
            ],
            title=plan.monitor,
            description="What the firm holds, what that risks, what was said of it, how to act.",
            unready=window.unready,
            registry=metrics.registry,
        )

    def close(self, why: str) -> None:
        """Say that the monitor stops, and send the listeners away."""
        self._window.close(why)
        self.teller.stop()
        self._streams.close(why)


def serve_door(
    plan: DoorPlan,
    window: MonitorWindow,
    counter: Counter,
    metrics: Metrics,
    address: str,
    port: int,
) -> Callable[[], None]:
    """Open the door; return what closes it again.

    Raises:
        OSError: the port is taken.
    """
    door = Door(plan, window, counter, metrics)
    server = ServerThread(door.app, address, port)
    server.start()
    door.teller.start()
    log.info("door_opened", service=plan.monitor, port=server.port, acting=plan.token is not None)

    def close() -> None:
        door.close(STOPPING)
        server.stop()
        log.info("door_closed", service=plan.monitor)

    return close
