"""A run of real events on a real log, and what an offline judge makes of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ecosystem.audit.block import pack_block, pack_entry, position_of
from ecosystem.audit.evidence import gather
from ecosystem.audit.graph import CausalGraphs
from ecosystem.audit.judge import judge_run
from ecosystem.events.alerts import RiskAlertRaised, RiskHeartbeat
from ecosystem.events.control.audit import AuditReported, TimelineCompleted
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionScheduled,
    RunCompleted,
    RunStarted,
)
from ecosystem.events.control.words import PartitionRange
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested
from ecosystem.events.prices import PriceTicked
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId
from ecosystem.ids import RootIds, derive_id
from ecosystem.units import E8, SECOND_US
from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_offsets import end_offsets
from eventlog.raw import read_ranges
from eventlog.records import RawRecord
from tests.brokers import Broker
from tests.ecosystem.audit.runs import START_US, Envelope, crash_scenario

ROOT = Path(__file__).parents[3]
EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
OWN_TOPICS = ("audit-timelines", "audit-reports")


class RunOnLog:
    """Writes runs into a namespace of its own, as the broker's superuser."""

    def __init__(self, broker: Broker, namespace: str) -> None:
        self.broker = broker
        self.namespace = Namespace(namespace)
        self.catalogue = load_catalogue(ROOT / "topics.yaml")
        prepare_namespace(broker.admin, self.catalogue, self.namespace, broker.secrets)
        self.codec = Codec(EVENTS)
        self.appender = KafkaAppender(
            broker.admin, self.namespace, routes_of(self.catalogue, EVENTS), self.codec
        )
        self._starts = self._ends()

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the settings of an audit correlator in this namespace."""
        return {
            "AUDIT_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "AUDIT_PASSWORD_FILE": str(self.broker.secrets.path("kafka/audit-correlator")),
            "AUDIT_NAMESPACE": self.namespace.name,
            "AUDIT_TOPICS_FILE": str(ROOT / "topics.yaml"),
            "AUDIT_DATA_DIR": str(folder / "faust"),
            "AUDIT_SESSION_TIMEOUT_S": "6",
        }

    def write(self, run_id: str, ticks_count: int, *, alert: bool = True) -> RunCompleted:
        """Append a run of `ticks_count` ticks whose middle one is altered and alarms."""
        events = list(_events(run_id, ticks_count, alert))
        for event in events:
            self.appender.append(event)
        self.appender.flush()
        ends = self._ends()
        completed = RunCompleted(
            **_caused(events[0], f"test/completed/{run_id}", ticks_count),
            run_id=run_id,
            status="COMPLETED",
            reason="",
            monitor_status="ANSWERED",
            ranges=tuple(
                PartitionRange(
                    topic=topic,
                    partition=number,
                    start_offset=self._starts[topic, number],
                    end_offset=end,
                )
                for (topic, number), end in sorted(ends.items())
            ),
        )
        self.appender.append(completed)
        self.appender.flush()
        self._starts = ends
        return completed

    def records(self, topic: str) -> list[RawRecord]:
        """Return every committed record of a topic."""
        places = [(topic, number) for number in range(self.catalogue.topic(topic).partitions)]
        ends = end_offsets(self.broker.admin, self.namespace, places)
        ranges = {place: (0, end) for place, end in ends.items()}
        return list(read_ranges(self.broker.admin, self.namespace, ranges))

    def events(self, topic: str) -> list[Event]:
        """Return every event of a topic, each id once, in order."""
        decoded = [self.codec.decode(record.value) for record in self.records(topic)]
        return list({event.event_id: event for event in decoded}.values())

    def judged_offline(
        self, completed: RunCompleted
    ) -> tuple[list[TimelineCompleted], AuditReported]:
        """Return what the same pure code says of the run, without tap and stream job."""
        graphs, evidence = CausalGraphs(), []
        for topic in {part.topic for part in completed.ranges}:
            for raw in self.records(topic):
                position = position_of(raw.topic, raw.partition, raw.offset)
                entry = pack_entry(position, raw.value, raw.record_time_ms)
                graphs.fold(pack_block([position + 1], [entry]))
                if topic in ("risk-alerts", "scenario-injections"):
                    evidence.append(self.codec.decode(raw.value))
        graphs.fold(
            pack_block(
                [position_of(p.topic, p.partition, p.end_offset) for p in completed.ranges], ()
            )
        )
        return judge_run(gather(completed, evidence), graphs, self.codec.event_types)

    def _ends(self) -> dict[tuple[str, int], int]:
        places = [
            (topic.name, number)
            for topic in self.catalogue.topics.values()
            if topic.internal is None and topic.name not in OWN_TOPICS
            for number in range(topic.partitions)
        ]
        return dict(end_offsets(self.broker.admin, self.namespace, places))


def _caused(cause: Event, label: str, at_s: int) -> Envelope:
    return {
        "event_id": derive_id(cause.event_id, label, at_s),
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "event_time_us": START_US + at_s * SECOND_US,
    }


def _events(run_id: str, ticks_count: int, alert: bool) -> Iterator[Event]:
    ids = RootIds(run_id.encode(), "test")
    scenario = crash_scenario()
    root = ids.root("run", 0)
    started = RunStarted(
        event_id=root,
        correlation_id=root,
        causation_id=root,
        event_time_us=START_US,
        run_id=run_id,
        scenario=scenario.name,
        scenario_text="",
        scenario_json=msgspec.json.encode(scenario).decode(),
        seed=7,
        host="LIVE",
        ends_at_us=START_US,
        slice_us=10 * SECOND_US,
        reaction_slices=2,
        twin=False,
        settings_json="{}",
        software_version="0",
    )
    yield started
    scheduled = InjectionScheduled(
        **_caused(started, "test/scheduled", 0),
        run_id=run_id,
        injection_id=EventId(ids.root("injection", 0)),
        name="crash",
        kind="crash",
        target="market-data",
        starts_at_us=START_US,
        ends_at_us=START_US,
        parameters_json="{}",
    )
    yield scheduled
    for number in range(ticks_count):
        tick = _tick(ids, number)
        yield tick
        if number % 5 == 0:
            yield OrderCancelRequested(
                **_caused(tick, "test/order", number),
                order_id=tick.event_id,
                venue="exchange-okx",
                account="firm-momentum",
                instrument=tick.instrument,
            )
        if number % 10 == 0:
            yield _heartbeat(tick, number)
        if number == ticks_count // 2:
            yield _applied(scheduled, tick, number)
            if alert:
                yield _alert(tick, number)


def _tick(ids: RootIds, number: int) -> PriceTicked:
    event_id = ids.root("tick", number)
    return PriceTicked(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=START_US + number * SECOND_US,
        feed="market-data",
        instrument=("BTC-USD", "ETH-USD", "ETH-BTC")[number % 3],
        feed_sequence=number,
        bid_price_e8=E8,
        ask_price_e8=E8,
        last_price_e8=E8,
        bid_quantity_e8=E8,
        ask_quantity_e8=E8,
        volume_e8=E8,
    )


def _heartbeat(tick: PriceTicked, number: int) -> RiskHeartbeat:
    return RiskHeartbeat(
        **_caused(tick, "test/heartbeat", number),
        monitor="risk-monitor",
        slice_sequence=number,
        clock_event_id=tick.event_id,
        ends=(),
        events_count=1,
        alerts_active_count=0,
        undecodable_count=0,
    )


def _applied(scheduled: InjectionScheduled, tick: PriceTicked, number: int) -> InjectionApplied:
    return InjectionApplied(
        **_caused(scheduled, "test/applied", number),
        run_id=scheduled.run_id,
        injection_id=scheduled.injection_id,
        altered_event_id=tick.event_id,
        altered_correlation_id=tick.correlation_id,
        measure="price BTC-USD",
        unaltered_e8=100 * E8,
        altered_e8=85 * E8,
    )


def _alert(tick: PriceTicked, number: int) -> RiskAlertRaised:
    caused = _caused(tick, "test/alert", number + 3)
    return RiskAlertRaised(
        **caused,
        alert_id=EventId(derive_id(tick.event_id, "test/alert", number + 3)),
        rule="price_shock",
        subject="BTC-USD",
        severity="CRITICAL",
        measured_e8=15 * E8,
        limit_e8=2 * E8,
        utilisation_e8=750 * E8,
        unit="percent",
        rule_version=1,
        limit_version=1,
        inputs=(tick.event_id,),
        message="",
    )
