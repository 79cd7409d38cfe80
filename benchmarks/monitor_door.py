"""The risk monitor's door: what a dashboard that is open costs the loop.

Some hours of a quiet world lie on a log in memory, decoded as from a broker. The loop judges them
as fast as it can, once alone and once with listeners at its door, each of whom is told once a
second how all stands, and one who asks for every view again and again. Told is what the loop does
a second of its own processor time, and how long the others keep it waiting.
"""

import threading
import time
from itertools import chain
from pathlib import Path
from typing import Final

import httpx
import structlog

from benchmarks.row import Row
from benchmarks.world_append import scenario
from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.door.serve import DoorPlan, serve_door
from consumers.risk_monitor.door.window import MonitorWindow
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.settings import LIMITS_FILE
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import run_key
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan, opening_events
from ecosystem.units import HOUR_US, MINUTE_US
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.view import view_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryLog, MemoryReader
from eventlog.records import RawRecord
from eventlog.routes import Routes, TopicRoute
from producers.world.session import build_world

ROOT: Final = Path(__file__).resolve().parent.parent
HOURS: Final = 3
BATCH: Final = 500
LISTENERS: Final = 3
VIEWS: Final = ("snapshot", "pnl/history", "limits", "alerts", "compliance", "timeline")
LOOK_EVERY_S: Final = 0.2


class Batches(MemoryReader):
    """Hands out batches as a broker does, not everything at once."""

    def poll(self, timeout_s: float, records_max: int = BATCH) -> list[RawRecord]:
        """Return the next batch."""
        return super().poll(timeout_s, BATCH)


class TimedLock:
    """The window's lock; notes how long the loop waited for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waited_s: list[float] = []

    def __enter__(self) -> None:
        """Take it as the loop does."""
        begun_s = time.perf_counter()
        self._lock.acquire()
        self.waited_s.append(time.perf_counter() - begun_s)

    def __exit__(self, *error: object) -> None:
        """Let it go."""
        self._lock.release()

    def acquire(self, timeout: float) -> bool:
        """Take it as who looks does."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Let it go as who looks does."""
        self._lock.release()


def recorded() -> MemoryLog:
    """Return a log with what the monitor reads of some quiet hours."""
    catalogue = load_catalogue(ROOT / "topics.yaml")
    view = view_of(catalogue, "risk-monitor")
    routes = [
        TopicRoute(topic=t.name, key=t.key, partitions=t.partitions, events=t.events)
        for t in view.topics
    ]
    log = MemoryLog(
        Routes(routes, PRODUCTION_EVENTS),
        Codec(PRODUCTION_EVENTS),
        lambda: time.time_ns() // 1_000_000,
    )
    plan = RunPlan(run_id="door", scenario=scenario(HOURS), scenario_text="", seed=1)
    key = run_key(1, "door")
    world = build_world(plan, key, catalogue, (*PRODUCTION_EVENTS, *CONTROL_EVENTS))
    for opening in opening_events(plan, key):
        world.publish(opening)
    followed = {name for t in view.topics if t.name in view.subscription for name in t.events}
    appender, at_us = log.appender(), plan.starts_at_us
    while at_us < plan.starts_at_us + HOURS * HOUR_US:
        at_us += MINUTE_US
        for event in chain.from_iterable(run.events for run in world.run_until(at_us)):
            if type(event).__name__ in followed and not isinstance(event, ClockAdvanced):
                appender.append(event)
    return log


def measure(log: MemoryLog, *, watched: bool) -> tuple[float, list[float]]:
    """Return events a second of the loop's processor time, and its waits for the lock."""
    view = view_of(load_catalogue(ROOT / "topics.yaml"), "risk-monitor")
    window, counter, metrics, lock = MonitorWindow(), Counter(), Metrics(), TimedLock()
    window.folding = lock  # type: ignore[assignment] # all of a lock that is used here
    service = RiskMonitorService(
        engine=RiskEngine(parse_limits(LIMITS_FILE.read_text(), "shipped")),
        codec=Codec(PRODUCTION_EVENTS),
        reader=Batches(log, view.subscription, None),
        appender=MemoryLog(log.routes, Codec(PRODUCTION_EVENTS), lambda: 0).appender(),
        metrics=metrics,
        principal="risk-monitor",
        steward_of=(),
        mode="arrival",
        gather_s=0.0,
        counter=counter,
        window=window,
    )
    service.restore(MemoryReader(log, view.rebuilds_from, None))
    window._behind = None  # everything lies there; nothing has to be caught up before looking
    window._unready = None
    plan = DoorPlan(monitor="risk-monitor", environment="test", token=None)
    close = serve_door(plan, window, counter, metrics, "127.0.0.1", 18_084) if watched else None
    over = threading.Event()
    watchers = [threading.Thread(target=_follow, args=(over,)) for _ in range(LISTENERS)]
    watchers.append(threading.Thread(target=_look, args=(over,)))
    for watcher in watchers if watched else ():
        watcher.start()
    if watched:
        time.sleep(1.0)
    begun_s, count = time.thread_time(), 0
    while service.step(0.0):
        count = window.progress.events_count
    spent_s = time.thread_time() - begun_s
    over.set()
    if close is not None:
        close()
        for watcher in watchers:
            watcher.join()
    return count / spent_s, lock.waited_s


def _follow(over: threading.Event) -> None:
    with httpx.stream("GET", "http://127.0.0.1:18084/api/v1/stream", timeout=30) as stream:
        for _ in stream.iter_lines():
            if over.is_set():
                return


def _look(over: threading.Event) -> None:
    with httpx.Client(base_url="http://127.0.0.1:18084/api/v1/", timeout=30) as client:
        while not over.wait(LOOK_EVERY_S):
            for path in VIEWS:
                client.get(path)


def run() -> list[Row]:
    """Return the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    log = recorded()
    measure(log, watched=False)
    alone, _ = measure(log, watched=False)
    watched, waits_s = measure(log, watched=True)
    waits_s.sort()
    return [
        Row(
            what=f"monitor's loop, {LISTENERS} listeners and one who looks",
            ours=watched,
            raw=alone,
            unit="events/s of its processor time",
            raw_what="the same loop, nobody looks",
            aim="ratio >= 0.9",
        ),
        Row(
            what="wait of the loop for who looks, p99 and longest",
            ours=waits_s[len(waits_s) * 99 // 100] * 1_000,
            raw=waits_s[-1] * 1_000,
            unit="ms a slice",
            raw_what="the longest",
        ),
    ]
