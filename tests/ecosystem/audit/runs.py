"""A small run for tests of the audit: events laid out on topics as a run would lay them."""

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, TypedDict

import msgspec

from ecosystem.audit.block import pack_block, pack_entry, position_of
from ecosystem.audit.evidence import Evidence, gather
from ecosystem.audit.graph import CausalGraphs
from ecosystem.audit.judge import judge_run
from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionEnded,
    InjectionScheduled,
    RunCompleted,
    RunStarted,
)
from ecosystem.events.control.words import MonitorStatus, PartitionRange, RunStatus
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, Severity
from ecosystem.scenario import Effect, Expectation, Injection, Scenario
from ecosystem.units import E8, SECOND_US

START_US = 1_767_571_200_000_000
EVENT_TYPES = dict(
    enumerate(
        (
            "PriceTicked",
            "OrderSubmitted",
            "OrderAccepted",
            "OrderFilled",
            "BalanceChanged",
            "RiskAlertRaised",
            "RiskAlertEscalated",
            "RunStarted",
            "InjectionScheduled",
            "InjectionApplied",
            "RunCompleted",
            "RecordDeadLettered",
            "InjectionEnded",
        ),
        1,
    )
)
SCHEMA_IDS = {name: number for number, name in EVENT_TYPES.items()}
CRASH = EventId(b"crash injection!")


class Envelope(TypedDict):
    """The four fields of every event."""

    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int


def named(name: str) -> EventId:
    """Return an id that shows its name in a failure, where the name is short."""
    text = name.encode()
    if len(text) > 16:
        text = blake2b(text, digest_size=16).digest()
    return EventId(text.ljust(16, b"."))


def zigzag(number: int) -> bytes:
    """Return `number` as Avro writes a long."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


class Run:
    """Builds the log of a run record by record; event times are seconds after its start."""

    def __init__(self, scenario: Scenario | None = None, *, twin: bool = False) -> None:
        self.scenario = crash_scenario() if scenario is None else scenario
        self.entries: list[bytes] = []
        self.decoded: list[Event] = []
        self._next: dict[tuple[str, int], int] = defaultdict(int)
        self._correlation: dict[EventId, EventId] = {}
        self.put("RunStarted", "run", None, 0, "scenario-injections")
        self.decoded.append(
            RunStarted(
                **self._envelope("run", None, 0),
                run_id="r1",
                scenario=self.scenario.name,
                scenario_text="",
                scenario_json=msgspec.json.encode(self.scenario).decode(),
                seed=7,
                host="WORLD",
                ends_at_us=START_US + 9_999 * SECOND_US,
                slice_us=10 * SECOND_US,
                reaction_slices=2,
                twin=twin,
                settings_json="{}",
                software_version="0",
            )
        )

    def put(
        self,
        event_type: str,
        name: str,
        cause: str | None,
        at_s: int,
        topic: str,
        partition: int = 0,
        *,
        wall_ms: int | None = None,
    ) -> None:
        """Append a record of which only the envelope matters."""
        offset = self._next[topic, partition]
        self._next[topic, partition] += 1
        envelope = self._envelope(name, cause, at_s)
        value = (
            struct.pack(">bI", 0, SCHEMA_IDS[event_type])
            + envelope["event_id"]
            + envelope["correlation_id"]
            + envelope["causation_id"]
            + zigzag(envelope["event_time_us"])
            + b"body of the event"
        )
        wall = 1_000_000 + 10 * len(self.entries) if wall_ms is None else wall_ms
        self.entries.append(pack_entry(position_of(topic, partition, offset), value, wall))

    def gap(self, topic: str, partition: int = 0) -> None:
        """Leave out one offset, as a transaction marker does."""
        self._next[topic, partition] += 1

    def tick(self, name: str, at_s: int, partition: int = 0) -> None:
        """Append a tick."""
        self.put("PriceTicked", name, None, at_s, "prices", partition)

    def schedule(self, injection_id: EventId = CRASH, name: str = "crash", at_s: int = 0) -> None:
        """Append the schedule of an injection."""
        event = f"plan {name}"
        self.put("InjectionScheduled", event, "run", at_s, "scenario-injections")
        self.decoded.append(
            InjectionScheduled(
                **self._envelope(event, "run", at_s),
                run_id="r1",
                injection_id=injection_id,
                name=name,
                kind="crash",
                target="market-data",
                starts_at_us=START_US,
                ends_at_us=START_US + 9_999 * SECOND_US,
                parameters_json="{}",
            )
        )

    def alter(
        self,
        altered: str,
        at_s: int,
        percent: int = -15,
        *,
        injection_id: EventId = CRASH,
        name: str = "crash",
        measure: str = "price BTC-USD",
    ) -> None:
        """Append the note that the injection altered an event."""
        event = f"{name}>{altered}"
        self.put("InjectionApplied", event, f"plan {name}", at_s, "scenario-injections")
        self.decoded.append(
            InjectionApplied(
                **self._envelope(event, f"plan {name}", at_s),
                run_id="r1",
                injection_id=injection_id,
                altered_event_id=named(altered),
                altered_correlation_id=named(altered),
                measure=measure,
                unaltered_e8=60_000 * E8,
                altered_e8=60_000 * E8 * (100 + percent) // 100,
            )
        )

    def end_injection(self, applied_count: int, at_s: int = 500) -> None:
        """Append the end of the crash."""
        self.put("InjectionEnded", "crash ended", "plan crash", at_s, "scenario-injections")
        self.decoded.append(
            InjectionEnded(
                **self._envelope("crash ended", "plan crash", at_s),
                run_id="r1",
                injection_id=CRASH,
                applied_count=applied_count,
            )
        )

    def alert(
        self,
        name: str,
        cause: str,
        at_s: int,
        inputs: Sequence[str] = (),
        *,
        rule: str = "price_shock",
        subject: str = "BTC-USD",
        severity: Severity = "CRITICAL",
        escalated: bool = False,
    ) -> None:
        """Append an alert of the risk monitor."""
        event_type: type[RiskAlertEscalated | RiskAlertRaised] = (
            RiskAlertEscalated if escalated else RiskAlertRaised
        )
        self.put(event_type.__name__, name, cause, at_s, "risk-alerts")
        reason: dict[str, Any] = {"reason": "SEVERITY"} if escalated else {}
        self.decoded.append(
            event_type(
                **self._envelope(name, cause, at_s),
                **reason,
                alert_id=named(name),
                rule=rule,
                subject=subject,
                severity=severity,
                measured_e8=5 * E8,
                limit_e8=2 * E8,
                utilisation_e8=250 * E8 // 100,
                unit="percent",
                rule_version=1,
                limit_version=1,
                inputs=tuple(map(named, inputs)),
                message="",
            )
        )

    def complete(
        self, status: RunStatus = "COMPLETED", monitor_status: MonitorStatus = "ANSWERED"
    ) -> RunCompleted:
        """Append the end of the run and return it."""
        ranges = tuple(
            PartitionRange(topic=topic, partition=partition, start_offset=0, end_offset=end)
            for (topic, partition), end in sorted(self._next.items())
        )
        self.put("RunCompleted", "end", "run", 9_999, "scenario-injections")
        completed = RunCompleted(
            **self._envelope("end", "run", 9_999),
            run_id="r1",
            status=status,
            reason="stopped by hand" if status == "ABORTED" else "",
            monitor_status=monitor_status,
            ranges=ranges,
        )
        self.decoded.append(completed)
        return completed

    def ends(self) -> list[int]:
        """Return how far every partition reaches."""
        return [position_of(topic, number, end) for (topic, number), end in self._next.items()]

    def judge(
        self, status: RunStatus = "COMPLETED", monitor_status: MonitorStatus = "ANSWERED"
    ) -> tuple[list[TimelineCompleted], AuditReported]:
        """Complete the run and judge it."""
        evidence = gather(self.complete(status, monitor_status), self.decoded)
        return judge_run(evidence, folded([self.entries], self.ends()), EVENT_TYPES)

    def evidence(self, completed: RunCompleted) -> Evidence:
        """Return the evidence so far."""
        return gather(completed, self.decoded)

    def _envelope(self, name: str, cause: str | None, at_s: int) -> Envelope:
        event_id = named(name)
        correlation_id = event_id if cause is None else self._correlation.get(named(cause))
        self._correlation[event_id] = correlation_id or named(cause or name)
        return {
            "event_id": event_id,
            "correlation_id": self._correlation[event_id],
            "causation_id": event_id if cause is None else named(cause),
            "event_time_us": START_US + at_s * SECOND_US,
        }


def folded(batches: Iterable[Iterable[bytes]], ends: Sequence[int]) -> CausalGraphs:
    """Return the graphs of some batches of entries, each as one block."""
    graphs = CausalGraphs()
    for entries in batches:
        graphs.fold(pack_block((), entries))
    graphs.fold(pack_block(ends, ()))
    return graphs


def crash_scenario(
    *,
    expectations: tuple[Expectation, ...] | None = None,
    effects: tuple[Effect, ...] | None = None,
    injections: tuple[str, ...] = ("crash",),
) -> Scenario:
    """Return a crash that must move BTC by ten per cent and be seen within two minutes."""
    return Scenario(
        name="market-crash",
        title="Market crash",
        description="",
        tags=(),
        duration_us=7_200 * SECOND_US,
        injections=tuple(
            Injection(
                name=name,
                kind="crash",
                target="market-data",
                starts_after_us=0,
                duration_us=1_800 * SECOND_US,
                parameters={"instruments": ("all",), "change_e8": -15_000_000},
            )
            for name in injections
        ),
        effects=(
            tuple(
                Effect(injection=name, measure="price BTC-USD", deviation_e8=10_000_000)
                for name in injections
            )
            if effects is None
            else effects
        ),
        expectations=(expectation(),) if expectations is None else expectations,
        false_alarm_severity="HIGH",
    )


def expectation(
    name: str = "shock seen",
    *,
    injection: str = "crash",
    rule: str = "price_shock",
    subject: str = "BTC-USD",
    severity: Severity = "HIGH",
    deviation_e8: int = 5_000_000,
    within_s: int = 120,
) -> Expectation:
    """Return an expectation about BTC."""
    return Expectation(
        name=name,
        injection=injection,
        rule=rule,
        subject=subject,
        severity=severity,
        measure="price BTC-USD",
        deviation_e8=deviation_e8,
        within_us=within_s * SECOND_US,
    )


def crash_run(**scenario: Any) -> Run:
    """Return a run in which the crash moves one tick, up to the point where an alert is due."""
    run = Run(crash_scenario(**scenario))
    run.schedule()
    run.tick("quiet tick", 1)
    run.tick("altered tick", 100)
    run.alter("altered tick", 100)
    return run
