"""The monitor on the log in memory: what it answers, and that no kill changes it."""

import time
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from ecosystem.events.alerts import (
    ComplianceStatusChanged,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskHeartbeat,
)
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from eventlog.errors import AppendError
from eventlog.log import LogReader
from eventlog.memory_log import MemoryAppender, MemoryReader
from eventlog.records import RawRecord
from tests.consumers.risk_monitor.worlds import CRASH, SmallWorld, crashed
from tests.ecosystem.risk.facts import tick


def served(service: RiskMonitorService) -> int:
    with capture_logs():
        return service.step(0.0)


class FailingAppender(MemoryAppender):
    """Dies at its n-th transaction, before or after it is on the log."""

    def __init__(self, world: SmallWorld, fails_at: int, *, after: bool) -> None:
        super().__init__(world.log)
        self._left = fails_at
        self._after = after

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise AppendError("killed before the transaction")
        super().commit(events, reader)
        if self._left < 0:
            raise AppendError("killed after the transaction")


class TricklingReader(MemoryReader):
    """Hands out records in batches of the sizes given."""

    def __init__(self, world: SmallWorld, sizes: Sequence[int]) -> None:
        super().__init__(world.log, world.view.subscription, None)
        self._sizes = list(sizes)

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        return super().poll(timeout_s, self._sizes.pop() if self._sizes else records_max)


def test_every_clock_is_answered_by_a_heartbeat_that_names_its_slice() -> None:
    world = crashed()
    assert served(world.service()) == len(CRASH)
    clocks = [event for event in world.events("clock") if isinstance(event, ClockAdvanced)]
    beats = [event for event in world.events("risk-alerts") if isinstance(event, RiskHeartbeat)]
    assert [beat.slice_sequence for beat in beats] == [clock.clock_sequence for clock in clocks]
    for clock, beat in zip(clocks, beats, strict=True):
        assert beat.clock_event_id == beat.causation_id == clock.event_id
        assert beat.event_time_us == clock.event_time_us
        assert set(clock.ends) < set(beat.ends)
    assert beats[-1].events_count == 4 * len(CRASH) + 3


def test_the_crash_is_told_before_the_heartbeat_of_its_slice() -> None:
    world = crashed()
    served(world.service())
    told = world.events("risk-alerts")
    shocks = [e for e in told if isinstance(e, RiskAlertRaised | RiskAlertEscalated)]
    assert {alert.rule for alert in shocks} == {"price_shock", "drawdown", "trailing_stop"}
    first = told.index(shocks[0])
    following = next(e for e in told[first:] if isinstance(e, RiskHeartbeat))
    assert following.slice_sequence == 2
    assert following.alerts_active_count == 2


@given(sizes=st.lists(st.integers(1, 12), max_size=40))
def test_batches_change_nothing_on_the_log(sizes: list[int]) -> None:
    world, expected = crashed(), crashed()
    served(expected.service())
    trickling = world.service(reader=TricklingReader(world, sizes))
    for _ in range(len(sizes) + 1):
        served(trickling)
    assert world.values("risk-alerts") == expected.values("risk-alerts")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("fails_at", "batch"), [*((n, 1) for n in range(len(CRASH))), (0, 5_000)])
def test_a_monitor_killed_at_any_transaction_leaves_the_same_log(
    fails_at: int, batch: int, after: bool
) -> None:
    world, expected = crashed(), crashed()
    for each in (world, expected):
        each.put_rubbish()
        each.write_slice(1.0)
    served(expected.service())
    reader = TricklingReader(world, [batch] * 200)
    failing = FailingAppender(world, fails_at, after=after)
    service = world.service(appender=failing, reader=reader)

    def serve() -> None:
        for _ in range(200):
            served(service)

    with pytest.raises(AppendError, match="killed"):
        serve()
    served(world.service())
    for topic in ("risk-alerts", "dead-letters"):
        assert world.values(topic) == expected.values(topic)


def test_a_slice_that_has_its_heartbeat_is_not_answered_again() -> None:
    world = crashed()
    served(world.service())
    before = world.values("risk-alerts")
    assert served(world.service()) == 0
    assert world.values("risk-alerts") == before
    world.write_slice(1.0)
    assert served(world.service()) == 1
    assert len(world.values("risk-alerts")) > len(before)


def test_a_record_nobody_can_decode_is_dead_lettered_once_and_nothing_stops() -> None:
    world = SmallWorld()
    world.write_slice(1.0)
    offset = world.put_rubbish()
    world.write_slice(0.9)
    assert served(world.service()) == 2
    assert served(world.service()) == 0
    (letter,) = world.events("dead-letters")
    assert isinstance(letter, RecordDeadLettered)
    assert (letter.origin_topic, letter.origin_partition) == ("prices", 1)
    assert (letter.origin_offset, letter.record_value) == (offset, b"rubbish")
    assert letter.steward == "risk-monitor"
    beat = world.events("risk-alerts")[-1]
    assert isinstance(beat, RiskHeartbeat)
    assert beat.undecodable_count == 1
    assert any(isinstance(e, RiskAlertRaised) for e in world.events("risk-alerts"))


def test_arrival_slices_are_told_and_remembered() -> None:
    world = SmallWorld()
    service = world.service("arrival")
    world.append([tick(0, 60_000)])
    assert served(service) == 1
    world.append([tick(1, 61_500), tick(1, 3_000, "ETH-USD")])
    assert served(service) == 1
    assert served(service) == 0
    told = world.events("risk-alerts")
    assert [type(event).__name__ for event in told] == [
        "RiskHeartbeat",
        "RiskAlertRaised",
        "ComplianceStatusChanged",
        "RiskHeartbeat",
    ]
    beat = told[-1]
    assert isinstance(beat, RiskHeartbeat)
    assert (beat.slice_sequence, beat.events_count) == (1, 3)
    restarted = world.service("arrival")
    world.append([tick(2, 61_500)])
    assert served(restarted) == 1
    (next_beat,) = world.events("risk-alerts")[4:]
    assert isinstance(next_beat, RiskHeartbeat)
    assert (next_beat.slice_sequence, next_beat.events_count) == (2, 4)


class CountingAppender(MemoryAppender):
    """Notes how many records each transaction had."""

    def __init__(self, world: SmallWorld) -> None:
        super().__init__(world.log)
        self.sizes: list[int] = []

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        written = list(events)
        self.sizes.append(len(written))
        super().commit(written, reader)


def test_heartbeats_wait_for_each_other_and_an_alert_takes_them_along_at_once() -> None:
    world = SmallWorld()
    appender = CountingAppender(world)
    service = world.service("arrival", appender=appender, hold_s=3_600.0)
    for second in range(3):
        world.append([tick(second, 60_000)])
        assert served(service) == 1
    assert world.values("risk-alerts") == []
    world.append([tick(3, 61_500)])
    assert served(service) == 1
    told = world.events("risk-alerts")
    expected = [RiskAlertRaised, ComplianceStatusChanged, RiskHeartbeat]
    assert [type(event) for event in told] == [RiskHeartbeat] * 3 + expected
    assert appender.sizes == [6]


def test_a_heartbeat_that_has_waited_long_enough_goes_without_an_alert() -> None:
    world = SmallWorld()
    service = world.service("arrival", hold_s=0.01)
    world.append([tick(0, 60_000)])
    assert served(service) == 1
    deadline_s = time.monotonic() + 10.0
    while not world.values("risk-alerts"):
        assert time.monotonic() < deadline_s
        with capture_logs():
            assert service.step(0.01) == 0
    assert [type(event) for event in world.events("risk-alerts")] == [RiskHeartbeat]


def test_a_monitor_asked_to_stop_leaves_no_heartbeat_unwritten() -> None:
    world = SmallWorld()
    service = world.service("arrival", hold_s=3_600.0)
    world.append([tick(0, 60_000)])
    answers = iter([False, True])
    with capture_logs():
        service.run(lambda: next(answers))
    assert [type(event) for event in world.events("risk-alerts")] == [RiskHeartbeat]


def test_slices_that_one_read_has_completed_share_a_transaction() -> None:
    world, expected = crashed(), crashed()
    appender = CountingAppender(world)
    assert served(world.service(appender=appender)) == len(CRASH)
    assert appender.sizes == [len(world.values("risk-alerts"))]
    one_by_one = expected.service(reader=TricklingReader(expected, [1] * 100))
    assert sum(served(one_by_one) for _ in range(100)) == len(CRASH)
    assert world.values("risk-alerts") == expected.values("risk-alerts")


def test_slices_by_the_clock_never_wait() -> None:
    world = SmallWorld()
    service = world.service("clock", hold_s=3_600.0)
    world.write_slice(1.0)
    assert served(service) == 1
    assert [type(event) for event in world.events("risk-alerts")] == [RiskHeartbeat]


@given(killed_after=st.sets(st.integers(0, len(CRASH) - 1)))
def test_a_monitor_killed_with_heartbeats_waiting_tells_no_alert_twice_and_none_never(
    killed_after: set[int],
) -> None:
    straight, killed = SmallWorld(), SmallWorld()
    one, other = straight.service("arrival"), killed.service("arrival", hold_s=3_600.0)
    for number, factor in enumerate(CRASH):
        straight.write_slice(factor)
        killed.write_slice(factor)
        served(one)
        served(other)
        if number in killed_after:
            other = killed.service("arrival", hold_s=3_600.0)
    assert alerts(killed) == alerts(straight) != []


def alerts(world: SmallWorld) -> list[Event]:
    return [event for event in world.events("risk-alerts") if not isinstance(event, RiskHeartbeat)]


def test_an_arrival_slice_of_rubbish_alone_is_answered_by_its_letter() -> None:
    world = SmallWorld()
    world.put_rubbish()
    assert served(world.service("arrival")) == 1
    (letter,) = world.events("dead-letters")
    alert, beat = world.events("risk-alerts")
    assert isinstance(alert, RiskAlertRaised)
    assert (alert.rule, alert.subject, alert.severity) == ("data_quality", "prices", "LOW")
    assert alert.causation_id == beat.causation_id == letter.event_id


@given(cuts=st.lists(st.integers(0, len(CRASH)), max_size=4), extra=st.integers(0, 3))
def test_arrival_slices_replay_to_the_same_alerts_after_any_restart(
    cuts: list[int], extra: int
) -> None:
    straight, restarted = SmallWorld(), SmallWorld()
    one, other = straight.service("arrival"), restarted.service("arrival")
    for number, factor in enumerate((*CRASH, *([1.0] * extra))):
        straight.write_slice(factor)
        restarted.write_slice(factor)
        if number in cuts:
            other = restarted.service("arrival")
        served(one)
        served(other)
    assert restarted.values("risk-alerts") == straight.values("risk-alerts")


def test_metrics_say_what_happened_and_how_things_stand() -> None:
    world, metrics = crashed(), Metrics()
    served(world.service(metrics=metrics))

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    raised = [e for e in world.events("risk-alerts") if isinstance(e, RiskAlertRaised)]
    escalated = [e for e in world.events("risk-alerts") if isinstance(e, RiskAlertEscalated)]
    generated = sum(
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "risk_alert_generated_total"
    )
    assert generated == len(raised) + len(escalated) > 0
    assert value("risk_monitor_latency_seconds_count") == len(CRASH)
    assert value("risk_monitor_events_total") == 4 * len(CRASH) + 3
    # 2 BTC and 40 ETH, one per cent above where they began
    assert value("risk_monitor_portfolio_pnl", kind="total") == 2_400
    assert value("risk_drawdown") == 0
    assert value("risk_limit_utilization", rule="position_limit", subject="ETH") == 0.2
