"""A live service on the log in memory: a crash at any point loses and doubles nothing."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.clock import Clock
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderAccepted, OrderSubmitted
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.units import E8
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryAppender, MemoryLog
from producers.live.clock import LiveClock
from producers.live.service import LiveService, restore
from tests.events import event_id

EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CODEC = Codec(EVENTS)
ROUTES = routes_of(load_catalogue(Path(__file__).parents[3] / "topics.yaml"), EVENTS)


class Crash(Exception):  # noqa: N818 - stands for SIGKILL
    """The process is gone."""


class Accepter:
    """Accepts every order and numbers it; the number is state that must survive a crash."""

    name = "exchange-okx"

    def __init__(self) -> None:
        self.accepted: list[EventId] = []

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        if not isinstance(event, OrderSubmitted):
            return ()
        accepted = msgspec.convert(
            msgspec.structs.asdict(event)
            | {
                "event_id": derive_id(event.event_id, "exchange-okx/accepted"),
                "causation_id": event.event_id,
                "event_time_us": now_us,
                "quantity_e8": len(self.accepted),
            },
            OrderAccepted,
        )
        self.restore(accepted)
        return (accepted,)

    def due_us(self) -> int | None:
        return None

    def wake(self, now_us: int) -> Sequence[Event]:
        raise AssertionError("never due")

    def restore(self, event: Event) -> None:
        if isinstance(event, OrderAccepted):
            self.accepted.append(event.order_id)


def order(number: int) -> OrderSubmitted:
    return OrderSubmitted(
        event_id=event_id(number),
        correlation_id=event_id(number),
        causation_id=event_id(number),
        event_time_us=number,
        order_id=event_id(number),
        venue="exchange-okx",
        account="firm",
        instrument=f"I{number % 5}",
        side="BUY",
        order_type="MARKET",
        time_in_force="IOC",
        quantity_e8=E8,
        limit_price_e8=None,
        stop_price_e8=None,
        post_only=False,
        reduce_only=False,
    )


class Crashing(MemoryAppender):
    """Dies before or after a commit when its fuse has burnt down."""

    def __init__(self, log: MemoryLog, fuse: int, *, after: bool) -> None:
        super().__init__(log)
        self.fuse = fuse
        self.after = after

    def commit(self, events, reader=None):  # type: ignore[no-untyped-def] # as its parent
        self.fuse -= 1
        if self.fuse == 0 and not self.after:
            raise Crash
        super().commit(events, reader)
        if self.fuse == 0:
            raise Crash


def serve(log: MemoryLog, appender: MemoryAppender, clock: LiveClock) -> Accepter:
    """Start a service as its process does, and run it until nothing is left to do."""
    machine = Accepter()
    history = log.reader(["orders"])
    restore(machine, CODEC, history, log.committed["exchange-okx"])
    reader = log.reader(["orders"], "exchange-okx")
    service = LiveService(machine, clock, CODEC, reader, appender)
    while dict(reader.positions()) != dict(reader.end_offsets()):
        service.step(0)
    return machine


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=6),
)
def test_every_order_is_accepted_once_whatever_the_crashes(
    bursts: list[int], crashes: list[tuple[int, bool]]
) -> None:
    log = MemoryLog(ROUTES, CODEC, lambda: 0)
    clock = LiveClock(0, wall=lambda: 10**6)
    source, number, pending = log.appender(), 0, list(crashes)
    for burst in bursts:
        for _ in range(burst):
            source.append(order(number))
            number += 1
        while True:
            fuse, after = pending.pop() if pending else (0, False)
            try:
                machine = serve(log, Crashing(log, fuse, after=after), clock)
            except Crash:
                continue
            break
    records, _ = CODEC.decode_batch(log.reader(["orders"]).poll(0, 10_000))
    answers = [r.event for r in records if isinstance(r.event, OrderAccepted)]
    assert sorted(a.order_id for a in answers) == [event_id(n) for n in range(number)]
    assert sorted(a.quantity_e8 for a in answers) == list(range(number))
    assert sorted(machine.accepted) == [event_id(n) for n in range(number)]


def test_records_nobody_can_decode_are_counted_and_passed_over() -> None:
    log = MemoryLog(ROUTES, CODEC, lambda: 0)
    log.put("orders", 0, b"", b"garbage")
    log.appender().append(order(1))
    reader = log.reader(["orders"], "exchange-okx")
    service = LiveService(
        Accepter(), LiveClock(0, wall=lambda: 10**6), CODEC, reader, log.appender()
    )
    assert service.step(0) == 1
    assert service.undecodable_count == 1


def test_the_clock_service_advances_at_its_pace_and_restarts_where_it_was() -> None:
    log, wall_us = MemoryLog(ROUTES, CODEC, lambda: 0), [0]
    clock = LiveClock(0, 10.0, wall=lambda: wall_us[0])

    def run_until(machine: Clock, until_us: int) -> None:
        service = LiveService(machine, clock, CODEC, None, log.appender())
        while wall_us[0] < until_us:
            service.step(0)
            wall_us[0] += 50_000

    run_until(Clock(b"k", 0, 10_000_000), 3_000_000)
    restarted = Clock(b"k", 0, 10_000_000)
    assert restore(restarted, CODEC, log.reader(["clock"]), {}) == 3
    run_until(restarted, 5_000_000)
    records, _ = CODEC.decode_batch(log.reader(["clock"]).poll(0))
    assert [r.event.event_time_us for r in records] == [n * 10_000_000 for n in range(5)]
    assert [r.event.clock_sequence for r in records] == list(range(5))  # type: ignore[attr-defined] # all are advances


def test_event_time_runs_as_fast_as_the_scale_says() -> None:
    clock = LiveClock(1_000, 60.0, wall=lambda: 3_000)
    assert clock.now_us() == 1_000 + 2_000 * 60
    assert clock.wall_s_until(clock.now_us() + 120_000_000) == pytest.approx(2.0)
    assert clock.wall_s_until(0) == 0.0
    with pytest.raises(InvalidInputError, match="scale 0"):
        LiveClock(0, 0)
