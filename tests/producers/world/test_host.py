"""The world host on the log in memory: slices, clock, feedback, abort, ranges."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import EcosystemError
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import RunCompleted
from ecosystem.events.control.words import MonitorStatus
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import RootIds, derive_id, run_key
from ecosystem.machine import Machine
from ecosystem.run import RunPlan, opening_events
from ecosystem.scenario import Scenario
from ecosystem.units import SECOND_US
from ecosystem.world import World, Written
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryAppender, MemoryLog
from eventlog.records import Partition, Positions, Record
from producers.world.appending import WRITERS, counted_topics
from producers.world.feedback import Feedback, LogFeedback, NoMonitor
from producers.world.host import Interrupted, Progress, WorldHost
from producers.world.slices import CLOCK, SliceWriter
from tests.events import tick
from tests.producers.world.slow import Slow

EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CATALOGUE = load_catalogue(Path(__file__).parents[3] / "topics.yaml")
CODEC = Codec(EVENTS)
KEY = run_key(1, "secret")
QUIET = Scenario(
    name="q",
    title="Quiet",
    description="",
    tags=(),
    duration_us=35 * SECOND_US,
    injections=(),
    effects=(),
    expectations=(),
    false_alarm_severity="HIGH",
)
PLAN = RunPlan(run_id="r1", scenario=QUIET, scenario_text="", seed=1, starts_at_us=0)


class Feed:
    """Writes a tick each second."""

    name = "market-data"

    def __init__(self) -> None:
        self.second = 0

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        return ()

    def due_us(self) -> int | None:
        return self.second * SECOND_US

    def wake(self, now_us: int) -> Sequence[Event]:
        event = tick(self.second)
        self.second += 1
        return [at(event, now_us)]

    def restore(self, event: Event) -> None: ...


class Desk:
    """Remembers which alerts it is given, and when."""

    name = "trading-engine"

    def __init__(self) -> None:
        self.heard: list[tuple[int, Event]] = []

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        self.heard.append((now_us, event))
        return ()

    def due_us(self) -> int | None:
        return None

    def wake(self, now_us: int) -> Sequence[Event]:
        return ()

    def restore(self, event: Event) -> None: ...


def at(event: Event, event_time_us: int) -> Event:
    return type(event)(
        **{name: getattr(event, name) for name in event.__struct_fields__}
        | {"event_time_us": event_time_us}
    )


def memory_log() -> MemoryLog:
    return MemoryLog(routes_of(CATALOGUE, EVENTS), CODEC, lambda: 0)


def ends_of(log: MemoryLog) -> Positions:
    return {place: len(records) for place, records in log.partitions.items()}


def host_on(
    log: MemoryLog, machines: Sequence[Machine], feedback: Feedback | None = None
) -> WorldHost:
    counted: list[Partition] = [
        (topic, partition)
        for topic in counted_topics(CATALOGUE)
        for partition in range(CATALOGUE.topic(topic).partitions)
    ]
    writer = SliceWriter(
        {name: log.appender() for name in WRITERS},
        log.routes,
        log.codec,
        counted,
        RootIds(KEY, CLOCK),
        lambda: ends_of(log),
    )
    world = World(machines, lambda name: frozenset())
    return WorldHost(
        PLAN,
        world,
        writer,
        feedback or NoMonitor(),
        opening_events(PLAN, KEY),
        lambda: ends_of(log),
    )


def read(log: MemoryLog, topic: str) -> list[Record]:
    records, undecodable = CODEC.decode_batch(log.reader([topic]).poll(0))
    assert undecodable == []
    return records


def unwatched(progress: Progress) -> None:
    assert progress.slices_done <= progress.slices_total


def test_the_clock_announces_where_every_partition_stood() -> None:
    log = memory_log()
    host_on(log, [Feed()]).run(unwatched)
    advances = [r.event for r in read(log, "clock")]
    ticks = read(log, "prices")
    assert len(ticks) == 35
    assert [a.event_time_us for a in advances] == [10_000_000, 20_000_000, 30_000_000, 35_000_000]
    for advance in advances:
        assert isinstance(advance, ClockAdvanced)
        ends = {(end.topic, end.partition): end.end_offset for end in advance.ends}
        for record in ticks:
            below = record.offset < ends[record.topic, record.partition]
            assert below == (record.event.event_time_us < advance.event_time_us)
    assert {end.topic for end in advances[0].ends} == {  # type: ignore[attr-defined] # checked above
        *(
            "prices",
            "orders",
            "fills",
            "books",
            "balances",
            "account-requests",
            "settlements",
            "venue-status",
        )
    }


def test_a_run_is_closed_with_the_ranges_of_all_its_records() -> None:
    log = memory_log()
    completed = host_on(log, [Feed()]).run(unwatched)
    assert (completed.status, completed.reason, completed.monitor_status) == (
        "COMPLETED",
        "",
        "ABSENT",
    )
    ranges = {(r.topic, r.partition): (r.start_offset, r.end_offset) for r in completed.ranges}
    assert ranges == {place: (0, len(records)) for place, records in log.partitions.items()}
    assert read(log, "scenario-injections")[-1].event == completed


@pytest.mark.parametrize("stop", [Interrupted("enough"), KeyboardInterrupt()])
def test_an_interrupted_run_is_closed_as_aborted(stop: BaseException) -> None:
    log = memory_log()

    def interrupt(progress: Progress) -> None:
        if progress.slices_done == 2:
            raise stop

    completed = host_on(log, [Feed()]).run(interrupt)
    assert completed.status == "ABORTED"
    assert completed.reason == (str(stop) or "interrupted by the user")
    assert isinstance(read(log, "scenario-injections")[-1].event, RunCompleted)
    assert len(read(log, "clock")) == 2


def test_a_run_whose_service_died_is_closed_before_the_error_goes_on() -> None:
    log = memory_log()

    def die(progress: Progress) -> None:
        raise EcosystemError("audit-correlator ended with exit code 1")

    with pytest.raises(EcosystemError, match="exit code 1"):
        host_on(log, [Feed()]).run(die)
    completed = read(log, "scenario-injections")[-1].event
    assert isinstance(completed, RunCompleted)
    assert (completed.status, completed.reason) == (
        "ABORTED",
        "audit-correlator ended with exit code 1",
    )


class Answering:
    """A feedback that gives one alert for each slice, and records when it was asked."""

    status: MonitorStatus = "ANSWERED"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def alerts_of(self, slice_sequence: int) -> list[Event]:
        self.asked.append(slice_sequence)
        return [at(tick(slice_sequence), slice_sequence)]


def test_alerts_of_a_slice_reach_the_desk_when_the_slice_after_the_next_begins() -> None:
    desk, feedback = Desk(), Answering()
    host_on(memory_log(), [Feed(), desk], feedback).run(unwatched)
    heard = [(now_us, event.event_time_us) for now_us, event in desk.heard]
    assert heard == [(20_000_000, 0), (30_000_000, 1)]
    assert feedback.asked == [0, 1, 2, 3]  # the last two only close the run


def heartbeat(number: int) -> RiskHeartbeat:
    event_id = derive_id(tick(number).event_id, "heartbeat")
    return RiskHeartbeat(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=number,
        monitor="risk-monitor",
        slice_sequence=number,
        clock_event_id=event_id,
        ends=(),
        events_count=0,
        alerts_active_count=0,
        undecodable_count=0,
    )


def feedback_of(log: MemoryLog, patience_s: float = 5.0) -> LogFeedback:
    return LogFeedback(log.reader(["risk-alerts"]), CODEC, patience_s, patience_s)


def test_feedback_gives_each_slice_what_was_said_before_its_heartbeat() -> None:
    log = memory_log()
    monitor = log.appender()
    for event in (heartbeat(0), heartbeat(1), heartbeat(2)):
        monitor.append(event)
    feedback = feedback_of(log)
    assert [feedback.alerts_of(number) for number in (0, 1, 2)] == [[], [], []]
    assert feedback.status == "ANSWERED"


def test_a_monitor_that_falls_silent_is_not_waited_for_again() -> None:
    log = memory_log()
    log.appender().append(heartbeat(0))
    feedback = feedback_of(log, patience_s=0.01)
    assert feedback.alerts_of(0) == []
    assert feedback.alerts_of(1) == []
    assert feedback.status == "SILENT"
    log.appender().append(heartbeat(1))
    assert feedback.alerts_of(1) == []


def test_a_run_with_a_silent_monitor_ends_and_says_so() -> None:
    log = memory_log()
    completed = host_on(log, [Feed()], feedback_of(log, patience_s=0.01)).run(unwatched)
    assert (completed.status, completed.monitor_status) == ("COMPLETED", "SILENT")


def test_a_monitor_that_died_is_not_waited_for() -> None:
    def check() -> None:
        raise EcosystemError("risk-monitor ended with exit code 1")

    feedback = LogFeedback(memory_log().reader(["risk-alerts"]), CODEC, 60.0, 60.0, check)
    with pytest.raises(EcosystemError, match="exit code 1"):
        feedback.alerts_of(0)


def test_the_last_clock_covers_records_of_others_too() -> None:
    log = memory_log()

    def intrude(progress: Progress) -> None:
        if progress.slices_done == 1:
            log.put("settlements", 1, b"", b"garbage")

    host = host_on(log, [Feed()])
    host.run(intrude)
    assert host.strangers == {("settlements", 1): 1}
    last = read(log, "clock")[-1].event
    assert isinstance(last, ClockAdvanced)
    assert {(e.topic, e.partition): e.end_offset for e in last.ends}["settlements", 1] == 1


@given(
    st.lists(
        st.lists(st.sampled_from(["trading-engine", "exchange-okx", "custodian"]), max_size=6),
        max_size=8,
    ),
    st.sets(st.integers(0, 8)),
)
def test_a_partition_gets_its_writers_in_the_same_order_however_slow_they_are(
    slices: list[list[str]], released_after: set[int]
) -> None:
    def written(kind: type[MemoryAppender], *, prompt: bool = False) -> list[bytes]:
        log = memory_log()
        appenders = {name: kind(log) for name in WRITERS}
        clock_ids, more = RootIds(KEY, CLOCK), (lambda name: kind(log)) if prompt else None
        writer = SliceWriter(appenders, log.routes, log.codec, [], clock_ids, dict, more)
        count = 0
        for number, names in enumerate(slices):
            events = []
            for name in names:  # one partition, whoever writes
                events.append(Written(name, (tick(count),)))
                count += 1
            writer.write(events)
            if number in released_after:
                writer.release()
        writer.flush()
        return [record.value for records in log.partitions.values() for record in records]

    assert written(Slow) == written(MemoryAppender)
    assert written(Slow, prompt=True) == written(MemoryAppender)
