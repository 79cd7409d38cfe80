"""Small runs with everything in them, on either log: market, crash, monitor, auditor."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import msgspec
from structlog.testing import capture_logs

from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.audit.block import pack_block, position_of
from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.control.audit import AuditReported
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionEnded,
    InjectionScheduled,
    RunCompleted,
    RunStarted,
)
from ecosystem.events.control.words import HostKind, MonitorStatus, PartitionRange, RunStatus
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId, PartitionEnd
from ecosystem.ids import derive_id
from ecosystem.risk.acts import Acknowledge, Act, ChangeLimits, CloseBreaker, TripBreaker
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan, closing_event, opening_events
from ecosystem.units import E8
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.log import LogAppender, LogReader, TransactionalAppender
from eventlog.memory_log import MemoryLog
from eventlog.records import Partition, Positions, RawRecord
from replay.auditor_again import RecordAsMessage
from streams.audit_correlator.correlator import EVIDENCE_TYPES, Correlator
from streams.audit_correlator.cutting import Cutter
from tests.ecosystem.audit.runs import Envelope, crash_scenario
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE, Accounts, clock, tick, with_version

EVENTS: Final = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CODEC: Final = Codec(EVENTS)
CATALOGUE: Final = load_catalogue(Path(__file__).parents[2] / "topics.yaml")
WATCHED: Final = CATALOGUE.subscription("risk-monitor")
RUN_TOPICS: Final = [
    topic.name
    for topic in CATALOGUE.topics.values()
    if topic.internal is None and not topic.name.startswith("audit-")
]
MIDS: Final[Mapping[str, int]] = {"BTC-USD": 60_000, "ETH-USD": 3_000, "USDT-USD": 1}
CRASH: Final[Sequence[float]] = (1.0, 0.999, 0.97, 0.9, 0.85, 0.84, 0.9, 0.97, 1.0, 1.0)
ALTERED_BELOW: Final = 0.99
"""Prices below this share of their start are the crash's."""
LIMITS_TEXT: Final = LAB_LIMITS_FILE.read_text()
SETTINGS_JSON: Final = msgspec.json.encode({"limits_toml": LIMITS_TEXT}).decode()
SHIPPED_VERSION: Final = parse_limits(LIMITS_TEXT, LAB_LIMITS_FILE.name).version
STEPS_MAX: Final = 200


class Log(Protocol):
    """A log that a run can be written to and read from."""

    def appender(self) -> LogAppender: ...
    def transactional(self) -> TransactionalAppender: ...
    def reader(self, topics: Sequence[str]) -> LogReader: ...
    def ends(self) -> Positions: ...
    def read(self, ranges: Mapping[Partition, tuple[int, int]]) -> Iterator[RawRecord]: ...


class InMemory:
    """The log in memory; every record is a little later than the one before."""

    def __init__(self) -> None:
        self._now_ms = 1_000_000
        self.log = MemoryLog(routes_of(CATALOGUE, EVENTS), CODEC, self._tell_time)

    def _tell_time(self) -> int:
        self._now_ms += 3
        return self._now_ms

    def appender(self) -> LogAppender:
        return self.log.appender()

    def transactional(self) -> TransactionalAppender:
        return self.log.appender()

    def reader(self, topics: Sequence[str]) -> LogReader:
        return self.log.reader(topics)

    def ends(self) -> Positions:
        return {p: len(r) for p, r in self.log.partitions.items() if p[0] in RUN_TOPICS}

    def read(self, ranges: Mapping[Partition, tuple[int, int]]) -> Iterator[RawRecord]:
        for place, (start, end) in ranges.items():
            yield from self.log.partitions[place][start:end]

    def rewrite(self, topic: str, change: Callable[[list[RawRecord]], Iterable[RawRecord]]) -> None:
        """Put other records in the place of those of a topic with one partition."""
        changed = change(list(self.log.partitions[topic, 0]))
        self.log.partitions[topic, 0] = [
            msgspec.structs.replace(record, offset=offset) for offset, record in enumerate(changed)
        ]

    def alter(self, topic: str, number: int, **fields: object) -> RawRecord:
        """Change fields of the event in the n-th record of a topic; return the record before."""
        before = self.log.partitions[topic, 0][number]
        value = CODEC.encode(msgspec.structs.replace(CODEC.decode(before.value), **fields))
        after = msgspec.structs.replace(before, value=value)
        self.log.partitions[topic, 0][number] = after
        return before

    def events(self, topic: str) -> list[Event]:
        """Return every event of a topic with one partition."""
        return [CODEC.decode(record.value) for record in self.log.partitions[topic, 0]]


class RunOnLog:
    """Writes one run after the other; each is opened, filled, watched, completed and audited."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._appender = log.appender()
        self._accounts = Accounts()
        self._slice = 0
        self._applied_count = 0
        self._counted = {
            (topic, number): 0
            for topic in WATCHED
            if topic != "clock"
            for number in range(CATALOGUE.topic(topic).partitions)
        }
        self._starts: Positions = {}
        self._monitor: RiskMonitorService | None = None
        self.started: RunStarted
        self.scheduled: InjectionScheduled
        self.completed: RunCompleted

    def open(
        self, run_id: str = "r1", host: HostKind = "WORLD", settings_json: str = SETTINGS_JSON
    ) -> None:
        """Write how a run begins."""
        plan = RunPlan(
            run_id=run_id,
            scenario=crash_scenario(),
            scenario_text="",
            seed=7,
            host=host,
            settings_json=settings_json,
        )
        opening = opening_events(plan, b"key of the tests")
        self.append(opening)
        started, scheduled = opening
        assert isinstance(started, RunStarted)
        assert isinstance(scheduled, InjectionScheduled)
        self.started, self.scheduled = started, scheduled
        self._applied_count = 0

    def append(self, events: Iterable[Event]) -> None:
        """Append events as they are."""
        for event in events:
            self.note(self._appender.append(event))

    def flush(self) -> None:
        """Wait until what was appended is there."""
        self._appender.flush()

    def note(self, place: Partition) -> None:
        """Count a record, for the ends that the clock announces."""
        if place in self._counted:
            self._counted[place] += 1

    def put_rubbish(self, topic: str, partition: int) -> None:
        """Append bytes that nobody can decode."""
        self._appender.append_raw(topic, partition, b"key", b"rubbish")
        self.note((topic, partition))

    def fill(self, factors: Sequence[float] = CRASH) -> None:
        """Write slices of the market, each closed by a clock."""
        for factor in factors:
            self._write_slice(factor, altered=factor < ALTERED_BELOW)

    def _write_slice(self, factor: float, *, altered: bool) -> None:
        now_s = 10.0 * self._slice
        ticks = [
            msgspec.structs.replace(tick(now_s, mid * factor, symbol), feed_sequence=self._slice)
            for symbol, mid in MIDS.items()
        ]
        self.append(ticks)
        if self._slice == 0:
            holdings = {"BTC": 2, "ETH": 40, "USD": 30_000}
            self.append(
                self._accounts.change(now_s, asset, quantity * E8)
                for asset, quantity in holdings.items()
            )
        if altered:
            self.append(self._applied(event) for event in ticks)
            self._applied_count += len(ticks)
        self._appender.flush()
        ends = tuple(
            PartitionEnd(topic=topic, partition=partition, end_offset=end)
            for (topic, partition), end in sorted(self._counted.items())
        )
        closing = clock(now_s + 10.0, self._slice)
        self.append([msgspec.structs.replace(closing, ends=ends)])
        self._slice += 1

    def _applied(self, event: PriceTicked) -> InjectionApplied:
        return InjectionApplied(
            **self._caused(f"applied/{event.instrument}", event.event_time_us),
            run_id=self.started.run_id,
            injection_id=self.scheduled.injection_id,
            altered_event_id=event.event_id,
            altered_correlation_id=event.correlation_id,
            measure=f"price {event.instrument}",
            unaltered_e8=MIDS[event.instrument] * E8,
            altered_e8=event.last_price_e8,
        )

    def _caused(self, label: str, number: int) -> Envelope:
        cause = self.scheduled
        return {
            "event_id": derive_id(cause.event_id, f"test/{label}", number),
            "correlation_id": cause.correlation_id,
            "causation_id": cause.event_id,
            "event_time_us": max(number, cause.event_time_us),
        }

    def watch(
        self,
        slices_count: int = len(CRASH),
        mode: SliceMode = "clock",
        limits_text: str = LIMITS_TEXT,
    ) -> None:
        """Let the risk monitor answer so many slices."""
        if self._monitor is None:
            self._monitor = RiskMonitorService(
                engine=RiskEngine(parse_limits(limits_text, "limits of the test")),
                codec=Codec(PRODUCTION_EVENTS),
                reader=self.log.reader(WATCHED),
                appender=self.log.transactional(),
                metrics=Metrics(),
                principal="risk-monitor",
                steward_of=[
                    t.name for t in CATALOGUE.topics.values() if t.steward == "risk-monitor"
                ],
                mode=mode,
                gather_s=0.0,
            )
            with capture_logs():
                self._monitor.restore(self.log.reader(["risk-alerts"]))
        answered = 0
        with capture_logs():
            for _ in range(STEPS_MAX):
                answered += self._monitor.step(0.1)
                if answered >= slices_count:
                    return
        raise AssertionError(f"{answered} slices answered, {slices_count} were due")

    def act(self, act: Act, number: int) -> Sequence[Event]:
        """Let a person act on the monitor, and return its answer."""
        assert self._monitor is not None, "somebody must be there to act on"
        answer = self._monitor.counter.submit(act, derive_id(EventId(bytes(16)), "act", number))
        with capture_logs():
            self._monitor.step(0.1)
        return answer.result(0)

    def kill_monitor(self) -> None:
        """Let the next answers come from a monitor that must find its state on the log."""
        self._monitor = None

    def complete(
        self,
        monitor_status: MonitorStatus = "ANSWERED",
        status: RunStatus = "COMPLETED",
        asked_early: Positions = MappingProxyType({}),
    ) -> None:
        """Write how the run ended, with the bounds of its records.

        Args:
            asked_early: ends that the log told before it told the others.
        """
        ends_at_us = self.started.event_time_us + 10_000_000 * self._slice
        self.append(
            [
                InjectionEnded(
                    **self._caused("ended", ends_at_us),
                    run_id=self.started.run_id,
                    injection_id=self.scheduled.injection_id,
                    applied_count=self._applied_count,
                )
            ]
        )
        self._appender.flush()
        ends = {**self.log.ends(), **asked_early}
        self.completed = closing_event(
            self.started,
            status=status,
            reason="",
            monitor_status=monitor_status,
            event_time_us=ends_at_us,
            ends=ends,
            starts=self._starts,
        )
        self.append([self.completed])
        self._appender.flush()
        self._starts = {**ends, ("scenario-injections", 0): ends["scenario-injections", 0] + 1}

    def audit(self, batch_records: int = 40) -> AuditReported:
        """Let the auditor judge the run as its tap and its stream job do, batch by batch."""
        ranges = {(p.topic, p.partition): (0, p.end_offset) for p in self.completed.ranges}
        cutter = Cutter(
            Namespace(),
            ranges,
            1,
            CODEC,
            [t.name for t in CATALOGUE.topics.values() if t.steward == "audit-correlator"],
            "audit-correlator",
        )
        correlator = Correlator(1, CODEC.event_types, self._fetch, self.append)
        records = list(self.log.read(ranges))
        due: list[RunCompleted] = []
        for at in range(0, len(records), batch_records):
            cut = cutter.cut(map(RecordAsMessage, records[at : at + batch_records]))
            due += correlator.fold(pack_block((), cut.entries[0]), 0, {})
        ends = [position_of(*place, end) for place, (_, end) in ranges.items()]
        due += correlator.fold(pack_block(ends, ()), 0, {})
        reports = [correlator.judge(run)[1] for run in due if run == self.completed]
        self._appender.flush()
        return reports[0]

    def _fetch(self, ranges: Iterable[PartitionRange]) -> list[Event]:
        bounds = {(r.topic, r.partition): (r.start_offset, r.end_offset) for r in ranges}
        records, _ = CODEC.decode_batch(self.log.read(bounds))
        return [r.event for r in records if type(r.event).__name__ in EVIDENCE_TYPES]


def other_limits(version: int, **changes: str) -> ChangeLimits:
    """Return the shipped limits under another version, with some lines of `[price_shock]` new."""
    head, table = LIMITS_TEXT.split("[price_shock]")
    head = with_version(head, version)
    for key, value in changes.items():
        table = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", table, count=1)
    return ChangeLimits(
        limits_toml=f"{head}[price_shock]{table}",
        effective_time_us=None,
        author="head of risk",
        reason="new mandate",
    )


def acted_on(log: Log, host: HostKind = "WORLD") -> RunOnLog:
    """Return a crash in which people acted on the monitor, which was killed on the way."""
    run = RunOnLog(log)
    run.open("r1", host=host)
    mode: SliceMode = "clock" if host == "WORLD" else "arrival"
    for number, factor in enumerate(CRASH):
        run.fill([factor])
        run.watch(1, mode)
        if number == 0:
            run.act(TripBreaker(author="desk", reason="drill"), 4)
        if number == 1:  # a short window forgets what a later, longer one would know
            run.act(other_limits(SHIPPED_VERSION + 1, window_s="10"), 1)
            run.act(CloseBreaker(author="desk", reason="drill over"), 5)
        if number == 3:
            told = [e for e in log_events(log) if isinstance(e, RiskAlertRaised)]
            run.act(Acknowledge(alert_id=told[0].alert_id, author="desk", note="hedged"), 2)
            run.kill_monitor()
        if number == 5:
            run.act(other_limits(SHIPPED_VERSION + 2, move="0.17"), 3)
    run.complete()
    run.audit()
    return run


def log_events(log: Log, topic: str = "risk-alerts") -> list[Event]:
    """Return every event of a topic with one partition."""
    records = log.read({(topic, 0): (0, log.ends()[topic, 0])})
    return [CODEC.decode(record.value) for record in records]


def written(log: Log, host: HostKind = "WORLD", run_id: str = "r1") -> RunOnLog:
    """Return a crash that the monitor saw and the auditor judged."""
    run = RunOnLog(log)
    run.open(run_id, host=host)
    if host == "WORLD":
        run.fill()
        run.watch()
    else:
        for part in (CRASH[:3], CRASH[3:]):
            run.fill(part)
            run.watch(1, "arrival")
    run.complete()
    run.audit()
    return run
