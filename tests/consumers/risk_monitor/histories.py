"""A real world's history in memory: simulators, an injection, a monitor in step, and people."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from structlog.testing import capture_logs

from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.events.alerts import RiskAlertRaised, RiskHeartbeat
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.words import MonitorStatus
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import RootIds, run_key
from ecosystem.risk.acts import Acknowledge, Act, ChangeLimits, CloseBreaker, TripBreaker
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan, opening_events
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.errors import AppendError
from eventlog.log import LogReader
from eventlog.memory_log import MemoryAppender, MemoryLog, MemoryReader
from eventlog.records import Partition, Positions, RawRecord
from producers.world.appending import WRITERS, counted_topics
from producers.world.host import WorldHost
from producers.world.session import build_world
from producers.world.slices import CLOCK, SliceWriter
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE, START_US, event_id, with_version
from tse.running.plans import world_plan

EVENTS: Final = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CODEC: Final = Codec(EVENTS)
CATALOGUE: Final = load_catalogue(Path(__file__).parents[3] / "topics.yaml")
WATCHED: Final = CATALOGUE.subscription("risk-monitor")
STEWARD_OF: Final = [t.name for t in CATALOGUE.topics.values() if t.steward == "risk-monitor"]
KEY: Final = run_key(1, "secret of the tests")
SCENARIO: Final = """
title: A crash of four minutes
description: For tests that need alerts, escalations and a breaker within six minutes.
tags: [test]
duration: 6m
method:
  - inject: crash
    name: crash
    target: market-data
    at: 1m
    for: 4m
    with: {instruments: [all], change: -8%}
effect:
  - {injection: crash, measure: price BTC-USD, deviation: 5%}
expect:
  - alert: price_shock
    subject: BTC-USD
    severity: high
    since: {injection: crash, measure: price BTC-USD, deviation: 1.8%}
    within: 2m
false-alarms: {severity: high}
"""
SLICES: Final = 36
DEEDS_AFTER: Final = (4, 9, 18, 25, 30)
"""The slices after which `much_done` does anything."""
SHIPPED: Final = LAB_LIMITS_FILE.read_text()
WINDOW: Final = "move = 0.02\nwindow_s = 300"
SHORT_WINDOW: Final = "move = 0.02\nwindow_s = 20"
# So near that a crash opens the breaker, and so soon over that it opens more than once.
NEAR: Final = SHIPPED.replace("fast_loss_usd = 250_000", "fast_loss_usd = 2_000").replace(
    "reset_s = 3_600", "reset_s = 60"
)
NEAR_LIMITS: Final = parse_limits(NEAR, "limits of the tests")


def other_limits(version: int, old: str, new: str) -> ChangeLimits:
    """Return the limits of these tests under another version, with one thing other."""
    assert old in NEAR
    return ChangeLimits(
        limits_toml=with_version(NEAR, version).replace(old, new),
        effective_time_us=None,
        author="head of risk",
        reason="new mandate",
    )


Deeds = Callable[[Sequence[Event], int], Sequence[Act]]
"""What people do after the answer to a slice, given all that was said till then."""


def nothing_done(said: Sequence[Event], sequence: int) -> Sequence[Act]:
    """Do nothing."""
    return ()


def much_done(said: Sequence[Event], sequence: int) -> Sequence[Act]:
    """Acknowledge, change limits, and move the breaker, in a crash."""
    version = NEAR_LIMITS.version
    match sequence:
        case 4:
            return [TripBreaker(author="desk", reason="drill")]
        case 9:  # a short window forgets what a later, longer one would know
            return [other_limits(version + 1, WINDOW, SHORT_WINDOW)]
        case 18:
            wide = other_limits(version + 2, "move = 0.02", "move = 0.04")
            return [wide, CloseBreaker(author="desk", reason="calm again")]
        case 25:
            raised = [event for event in said if isinstance(event, RiskAlertRaised)]
            return [
                Acknowledge(alert_id=alert.alert_id, author="desk", note="hedged")
                for alert in raised[-1:]
            ]
        case 30:
            off = "[price_shock]\nenabled = false"
            return [other_limits(version + 3, "[price_shock]", off)]
        case _:
            return []


class People:
    """Does deeds, each under a request of its own, which may be repeated."""

    def __init__(self, log: MemoryLog, deeds: Deeds) -> None:
        self._log = log
        self._deeds = deeds
        self.service: RiskMonitorService | None = None

    def act(self) -> None:
        """Ask for what is due after the last heartbeat on the log."""
        assert self.service is not None, "somebody must be there to act on"
        said = said_on(self._log)
        last = max((n for n, e in enumerate(said) if isinstance(e, RiskHeartbeat)), default=None)
        if last is None:
            return
        heartbeat = said[last]
        assert isinstance(heartbeat, RiskHeartbeat)
        sequence = heartbeat.slice_sequence
        for number, act in enumerate(self._deeds(said[: last + 1], sequence)):
            self.service.counter.submit(act, event_id(f"deed/{sequence}", number))


class WatchedAppender(MemoryAppender):
    """An appender at which people see each heartbeat, and at which a monitor can be killed.

    Args:
        dies_at: the number of the transaction at which it dies; None: never.
        after: whether that transaction is on the log.
    """

    def __init__(
        self, log: MemoryLog, people: People, dies_at: int | None = None, *, after: bool = False
    ) -> None:
        super().__init__(log)
        self._people = people
        self._left = dies_at
        self._after = after

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        dies = self._left == 0
        if self._left is not None:
            self._left -= 1
        if dies and not self._after:
            raise AppendError("killed before the transaction")
        written = list(events)
        super().commit(written, reader)
        if dies:
            raise AppendError("killed after the transaction")
        if any(isinstance(event, RiskHeartbeat) for event in written):
            self._people.act()


class ShuffledReader(MemoryReader):
    """Hands out batches of chance sizes, from the partitions in chance order.

    Args:
        gates: slices whose clock is the last until they are answered, so that people can act
            before the next is judged.
    """

    def __init__(self, log: MemoryLog, seed: int, gates: Iterable[int] = ()) -> None:
        super().__init__(log, WATCHED, None)
        self._chance = Random(seed)
        self._size = self._chance.choice((3, 20, 100, 1_000))
        self._gates = deque(gates)
        self._said = log.reader(["risk-alerts"])

    def _clocks_max(self) -> int:
        for record in self._said.poll(0.0):
            event = CODEC.decode(record.value)
            while self._gates and isinstance(event, RiskHeartbeat):
                if self._gates[0] > event.slice_sequence:
                    break
                self._gates.popleft()
        return self._gates[0] + 1 if self._gates else SLICES

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        batch: list[RawRecord] = []
        places, clocks_max = list(self._next), self._clocks_max()
        for place in self._chance.sample(places, self._chance.randint(1, len(places))):
            at = self._next[place]
            end = at + self._chance.randint(1, self._size)
            if place == (CLOCK, 0):
                end = min(end, clocks_max)
            fresh = self._log.partitions[place][at:end]
            self._next[place] += len(fresh)
            batch += fresh
        return batch


class TimelyReader(MemoryReader):
    """Hands out what was written within spans of event time of chance lengths, as it would come."""

    def __init__(self, log: MemoryLog, seed: int) -> None:
        super().__init__(log, WATCHED, None)
        self._chance = Random(seed)
        self._at_us = START_US

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        self._at_us += self._chance.randint(8_000_000, 12_000_000)
        batch: list[RawRecord] = []
        for place, at in self._next.items():
            records = self._log.partitions[place]
            end = at
            while end < len(records) and time_of(records[end]) <= self._at_us:
                end += 1
            self._next[place] = end
            batch += records[at:end]
        return batch

    def lags(self) -> Mapping[Partition, int]:
        """Return no lag: what has not been handed out is not there yet."""
        return dict.fromkeys(self._next, 0)

    def lag_records(self) -> int:
        """Return how many records of the history are still to come."""
        return sum(super().lags().values())


def time_of(record: RawRecord) -> int:
    """Return the event time of a record."""
    return CODEC.decode(record.value).event_time_us


def monitor_of(
    log: MemoryLog,
    deeds: Deeds = nothing_done,
    *,
    limits: Limits = NEAR_LIMITS,
    mode: SliceMode = "clock",
    reader: LogReader | None = None,
    dies_at: int | None = None,
    after: bool = False,
) -> RiskMonitorService:
    """Return a monitor that has restored what an earlier life said, with people around it."""
    people = People(log, deeds)
    service = RiskMonitorService(
        engine=RiskEngine(limits),
        codec=Codec(PRODUCTION_EVENTS),
        reader=reader or log.reader(WATCHED),
        appender=WatchedAppender(log, people, dies_at, after=after),
        metrics=Metrics(),
        principal="risk-monitor",
        steward_of=STEWARD_OF,
        mode=mode,
        gather_s=0.0,
    )
    people.service = service
    with capture_logs():
        service.restore(log.reader(["risk-alerts"]))
    people.act()  # what they were not answered they ask for again
    return service


def step(service: RiskMonitorService) -> int:
    """Let the monitor answer what is there."""
    with capture_logs():
        return service.step(0.0)


class InStep:
    """The feedback of a monitor in the same thread, which answers when the world asks."""

    status: MonitorStatus = "ANSWERED"

    def __init__(self, log: MemoryLog, service: RiskMonitorService) -> None:
        self._log = log
        self._service = service
        self._taken_count = 0

    def alerts_of(self, slice_sequence: int) -> list[Event]:
        """Return what was said before the heartbeat of a slice and after the one before."""
        step(self._service)
        said = said_on(self._log)[self._taken_count :]
        for number, event in enumerate(said):
            if isinstance(event, RiskHeartbeat):
                assert event.slice_sequence == slice_sequence
                self._taken_count += number + 1
                return said[:number]
        raise AssertionError(f"slice {slice_sequence} was not answered")


def new_log() -> MemoryLog:
    """Return an empty log."""
    return MemoryLog(routes_of(CATALOGUE, EVENTS), CODEC, lambda: 0)


def said_on(log: MemoryLog) -> list[Event]:
    """Return all that the monitor said."""
    return [CODEC.decode(record.value) for record in log.partitions["risk-alerts", 0]]


def values_of(log: MemoryLog) -> list[bytes]:
    """Return the bytes of all that the monitor said."""
    return [record.value for record in log.partitions["risk-alerts", 0]]


def world_on(log: MemoryLog, deeds: Deeds, limits: Limits = NEAR_LIMITS, seed: int = 7) -> None:
    """Run the crash with a monitor in step and people around it."""
    plan = _plan(seed)
    counted: list[Partition] = [
        (topic, partition)
        for topic in counted_topics(CATALOGUE)
        for partition in range(CATALOGUE.topic(topic).partitions)
    ]

    def ends() -> Positions:
        return {place: len(records) for place, records in log.partitions.items()}

    appenders = {name: log.appender() for name in WRITERS}
    clock_ids = RootIds(KEY, CLOCK)
    WorldHost(
        plan,
        build_world(plan, KEY, CATALOGUE, EVENTS),
        SliceWriter(appenders, log.routes, CODEC, counted, clock_ids, ends),
        InStep(log, monitor_of(log, deeds, limits=limits)),
        opening_events(plan, KEY),
        ends,
    ).run(lambda progress: None)


@cache
def _plan(seed: int) -> RunPlan:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "short-crash.yaml"
        path.write_text(SCENARIO)
        return world_plan(str(path), seed)


@cache
def history() -> MemoryLog:
    """Return a crash with everything in it; nobody may write to it."""
    log = new_log()
    world_on(log, much_done)
    return log


def unanswered() -> MemoryLog:
    """Return the production history of the crash, before any monitor has seen it."""
    log = new_log()
    for place, records in history().partitions.items():
        if place[0] in WATCHED:
            log.partitions[place] = list(records)
    return log
