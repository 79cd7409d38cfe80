"""A live service on the log in memory: its loop in a thread, its door in the same process."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from starlette.testclient import TestClient

from doors.streams import Streams
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.instruments import INSTRUMENTS
from ecosystem.machine import Machine
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryLog, MemoryReader
from eventlog.records import RawRecord
from producers.live.clock import LiveClock, wall_us
from producers.live.doors import Door, DoorPlan
from producers.live.service import LiveService, restore
from producers.live.window import AnyWindow
from producers.machines import build_machine
from tests.events import tick

EVENTS: Final = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CODEC: Final = Codec(EVENTS)
CATALOGUE: Final = load_catalogue(Path(__file__).parents[2] / "topics.yaml")
ROUTES: Final = routes_of(CATALOGUE, EVENTS)
TOKEN: Final = "a token of the tests"
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}
KEY: Final = b"k" * 32
BOUND_S: Final = 10.0


class _PatientReader(MemoryReader):
    """Waits a moment when there is nothing, so that a loop over it is not busy."""

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        found = super().poll(timeout_s, records_max)
        if not found:
            time.sleep(min(timeout_s, 0.002))
        return found


class Stand:
    """One simulator with its door.

    Args:
        log: an earlier stand's, to start again where it stopped.
    """

    def __init__(
        self,
        name: str,
        *,
        environment: str = "test",
        log: MemoryLog | None = None,
        stream_s: float = 60.0,
        began_s: int = 1,
    ) -> None:
        self.name = name
        self.log = log or MemoryLog(ROUTES, CODEC, lambda: wall_us() // 1_000)
        self.clock = LiveClock(wall_us() - began_s * 1_000_000)
        self.window = AnyWindow(self.clock)
        self.machine = self._new_machine()
        plan = DoorPlan(
            instance=name,
            environment=environment,  # type: ignore[arg-type] # the tests' own words
            run_key=KEY,
            chaos_run="manual",
            chaos_token=TOKEN,
        )
        streams = Streams(lifetime_s=stream_s)
        self.door = Door(plan, self.window, self.log.appender, self._new_machine, streams)
        self.client = TestClient(self.door.app, raise_server_exceptions=False)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def _new_machine(self) -> Machine:
        return build_machine(self.name, KEY, 1, self.clock.epoch_us)

    def __enter__(self) -> Self:
        """Start the loop and wait until the service is ready."""
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

    def start(self) -> None:
        """Restore the machine and run the loop in a thread."""
        followed = CATALOGUE.subscription(self.name)
        history = self.log.reader(CATALOGUE.readable(self.name))
        restore(
            self.machine,
            CODEC,
            history,
            self.log.committed[self.name],
            also=self.window.remember,
        )
        reader = _PatientReader(self.log, followed, self.name)
        service = LiveService(
            self.machine, self.clock, CODEC, reader, self.log.appender(), self.window
        )
        self._thread = threading.Thread(target=service.run, args=(self._stopping.is_set,))
        self._thread.start()

    def stop(self) -> None:
        """Stop the loop, and say at the door that it has."""
        self.door.close("the service stops")
        self._stopping.set()
        assert self._thread is not None, "it was started"
        self._thread.join(BOUND_S)
        assert not self._thread.is_alive()

    def put(self, *events: Event) -> None:
        """Append events as other services would."""
        appender = self.log.appender()
        for event in events:
            appender.append(event)

    def events(self, *topics: str) -> list[Event]:
        """Return everything on these topics, in order of time."""
        records, undecodable = CODEC.decode_batch(self.log.reader(topics).poll(0, 10**6))
        assert undecodable == []
        return sorted((r.event for r in records), key=lambda event: event.event_time_us)

    def ticks(self) -> list[PriceTicked]:
        """Return a tick of each spot instrument at its reference price, now."""
        now_us = self.clock.now_us()
        found = []
        for number, one in enumerate(INSTRUMENTS.values()):
            spread_e8 = one.tick_size_e8 * 2
            plain = tick(now_us + number, one.symbol, one.reference_price_e8)
            found.append(
                PriceTicked(
                    **{
                        **{f: getattr(plain, f) for f in plain.__struct_fields__},
                        "event_time_us": now_us,
                        "feed_sequence": 1,
                        "bid_price_e8": one.reference_price_e8 - spread_e8,
                        "ask_price_e8": one.reference_price_e8 + spread_e8,
                    }
                )
            )
        return found


def until(true: Callable[[], bool]) -> None:
    """Wait, with a bound, until something is so."""
    deadline = time.monotonic() + BOUND_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


def kinds(events: Sequence[Event]) -> list[str]:
    """Return the names of the types of events."""
    return [type(event).__name__ for event in events]
