"""A small world on the log in memory: slices of ticks and balances between clocks."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from structlog.testing import capture_logs

from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.window import MonitorWindow
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import PartitionEnd
from ecosystem.risk.monitor import RiskEngine
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.view import PrincipalView, view_of
from eventlog.codec import Codec
from eventlog.log import LogReader, TransactionalAppender
from eventlog.memory_log import MemoryLog
from eventlog.routes import Routes, TopicRoute
from tests.ecosystem.risk.facts import Accounts, clock, limits, tick

TOPICS = Path(__file__).parents[3] / "topics.yaml"
CODEC = Codec(PRODUCTION_EVENTS)


def monitor_view() -> PrincipalView:
    """Return what the monitor may know of the topics."""
    return view_of(load_catalogue(TOPICS), "risk-monitor")


def routes(view: PrincipalView) -> Routes:
    """Return the routes of the monitor's topics."""
    return Routes(
        [
            TopicRoute(topic=t.name, key=t.key, partitions=t.partitions, events=t.events)
            for t in view.topics
        ],
        PRODUCTION_EVENTS,
    )


class SmallWorld:
    """Writes slices of a falling and recovering market, each closed by a clock.

    Args:
        view: names the topics, where they are not those of our own catalogue.
        time_ms: the log's clock on the wall.
    """

    def __init__(
        self, view: PrincipalView | None = None, time_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self.view = view or monitor_view()
        self.log = MemoryLog(routes(self.view), CODEC, time_ms)
        self._accounts = Accounts()
        self._appender = self.log.appender()
        self._number = 0

    @property
    def slices_count(self) -> int:
        """How many slices were written."""
        return self._number

    def write_slice(self, factor: float) -> None:
        """Write the next ten seconds, with prices at `factor` of their start."""
        now_s = 10.0 * self._number
        mids = {"BTC-USD": 60_000 * factor, "ETH-USD": 3_000 * factor, "USDT-USD": 1.0}
        events: list[Event] = [
            msgspec.structs.replace(tick(now_s, mid, symbol), feed_sequence=self._number)
            for symbol, mid in mids.items()
        ]
        if self._number == 0:
            events += [
                self._accounts.change(now_s, asset, quantity * 10**8)
                for asset, quantity in (("BTC", 2), ("ETH", 40), ("USD", 30_000))
            ]
        self.append(events)
        self.advance_clock()

    def append(self, events: Iterable[Event]) -> None:
        """Append events as they are."""
        for event in events:
            self._appender.append(event)

    def put_rubbish(self, topic: str = "prices", partition: int = 1) -> int:
        """Append bytes that nobody can decode and return their offset."""
        return self.log.put(topic, partition, b"key", b"rubbish")

    def advance_clock(self) -> None:
        """Close the slice."""
        ends = tuple(
            PartitionEnd(topic=topic, partition=partition, end_offset=len(records))
            for (topic, partition), records in sorted(self.log.partitions.items())
            if topic in self.view.subscription and topic != "clock"
        )
        event = clock(10.0 * (self._number + 1), self._number)
        self._appender.append(msgspec.structs.replace(event, ends=ends))
        self._number += 1

    def service(
        self,
        mode: SliceMode = "clock",
        appender: TransactionalAppender | None = None,
        reader: LogReader | None = None,
        metrics: Metrics | None = None,
        hold_s: float = 0.0,
        silence_s: float = 0.0,
        engine: RiskEngine | None = None,
        counter: Counter | None = None,
        window: MonitorWindow | None = None,
    ) -> RiskMonitorService:
        """Return a new monitor, restored from the log."""
        service = RiskMonitorService(
            engine=engine or RiskEngine(limits()),
            codec=CODEC,
            reader=reader or self.log.reader(self.view.subscription),
            appender=appender or self.log.appender(),
            metrics=metrics or Metrics(),
            principal="risk-monitor",
            steward_of=self.view.steward_of,
            mode=mode,
            gather_s=0.0,
            hold_s=hold_s,
            silence_s=silence_s,
            counter=counter,
            window=window,
        )
        with capture_logs():
            service.restore(self.log.reader(self.view.rebuilds_from))
        return service

    def values(self, topic: str) -> list[bytes]:
        """Return the bytes of every record of a topic with one partition."""
        return [record.value for record in self.log.partitions[topic, 0]]

    def events(self, topic: str) -> list[Event]:
        """Return every event of a topic with one partition."""
        return [CODEC.decode(value) for value in self.values(topic)]


CRASH: Sequence[float] = (1.0, 0.999, 0.97, 0.9, 0.85, 0.84, 0.9, 0.97, 1.0, 1.01)


def crashed() -> SmallWorld:
    """Return a world in which the market crashed and recovered."""
    world = SmallWorld()
    for factor in CRASH:
        world.write_slice(factor)
    return world
