"""A monitor on the log in memory: its loop in a thread, its door in the same process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.serve import Door, DoorPlan
from consumers.risk_monitor.door.window import MonitorWindow
from consumers.risk_monitor.metrics import Metrics
from doors.server import ServerThread
from doors.streams import Streams
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.registry import RULES
from eventlog.memory_log import MemoryReader
from eventlog.records import RawRecord
from tests.consumers.risk_monitor.worlds import SmallWorld
from tests.ecosystem.risk.facts import LIMITS_FILE

TOKEN: Final = "a token of the tests"
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}
BOUND_S: Final = 10.0


SHOWN: Final = (
    "price_shock",
    "drawdown",
    "daily_loss",
    "position_limit",
    "feed_stale",
    "order_size",
    "order_rate",
)
"""The rules of these tests: what is shown does not change with every new rule."""


def few_limits() -> Limits:
    """Return the shipped limits with all rules but a few switched off."""
    text = LIMITS_FILE.read_text()
    for rule in RULES:
        if rule not in SHOWN:
            text = text.replace(f"\n[{rule}]", f"\n[{rule}]\nenabled = false", 1)
    return parse_limits(text, LIMITS_FILE.name)


def wall_ms() -> int:
    """Return the time on the wall."""
    return time.time_ns() // 1_000_000


def until(true: Callable[[], bool]) -> None:
    """Wait, with a bound, until something is so."""
    deadline = time.monotonic() + BOUND_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


class _PatientReader(MemoryReader):
    """Waits a moment when there is nothing, so that a loop over it is not busy."""

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        found = super().poll(timeout_s, records_max)
        if not found:
            time.sleep(min(timeout_s, 0.002))
        return found


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=BOUND_S).status_code == 200
    except httpx.TransportError:
        return False


class MonitorStand:
    """One monitor with its door over a small world.

    Args:
        world: an earlier stand's, to start again where it stopped.
        token: None: the door is for watching only.
    """

    def __init__(
        self,
        world: SmallWorld | None = None,
        *,
        token: str | None = TOKEN,
        stream_s: float = 60.0,
        window: MonitorWindow | None = None,
    ) -> None:
        self.world = world or SmallWorld(time_ms=wall_ms)
        self.window = window or MonitorWindow()
        self.counter = Counter()
        self.metrics = Metrics()
        plan = DoorPlan(monitor="risk-monitor", environment="test", token=token)
        self.streams = Streams(lifetime_s=stream_s)
        self.door = Door(plan, self.window, self.counter, self.metrics, self.streams)
        self.client = TestClient(self.door.app, raise_server_exceptions=False)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Restore the monitor and run its loop in a thread."""
        self.service_engine = RiskEngine(few_limits())
        self.service = self.world.service(
            engine=self.service_engine,
            reader=_PatientReader(self.world.log, self.world.view.subscription, None),
            metrics=self.metrics,
            counter=self.counter,
            window=self.window,
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.service.run(self._stopping.is_set)

    def stop(self) -> None:
        """Stop the loop, and say at the door that it has."""
        self.door.close("the monitor stops")
        self._stopping.set()
        assert self._thread is not None, "it was started"
        self._thread.join(BOUND_S)
        assert not self._thread.is_alive()
        self.service.close()

    def __enter__(self) -> Self:
        """Start the loop and wait until the monitor is ready."""
        self._logs = capture_logs()
        self.logs = self._logs.__enter__()
        self.start()
        until(lambda: self.client.get("/ready").status_code == 200)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the loop."""
        self.stop()
        self._logs.__exit__(kind, error, trace)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the door on a port of this machine; yield its address."""
        server = ServerThread(self.door.app, "127.0.0.1", 0)
        server.start()
        self.door.teller.start()
        address = f"http://127.0.0.1:{server.port}"
        until(lambda: _answers(f"{address}/health"))
        try:
            yield address
        finally:
            self.streams.close("the test is over")
            server.stop()

    def write(self, *factors: float) -> None:
        """Write slices and wait until the monitor has answered them."""
        for factor in factors:
            self.world.write_slice(factor)
        until(lambda: self.window.progress.slice_sequence == self.world.slices_count - 1)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is answered at a path, which must be 200."""
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object, **headers: str) -> Any:
        """Return the answer to an act."""
        return self.client.post(path, json=body, headers=AUTHORIZED | headers)
