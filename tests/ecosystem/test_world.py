"""The virtual clock: order, delivery, and the refusal of facts from the past."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import EcosystemError
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.ids import derive_id
from ecosystem.world import World
from tests.events import clock, tick


class Ticker:
    """Writes a tick at each of its times."""

    name = "ticker"

    def __init__(self, times_us: Sequence[int]) -> None:
        self.times_us = sorted(times_us)

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        raise AssertionError("nothing is for the ticker")

    def due_us(self) -> int | None:
        return self.times_us[0] if self.times_us else None

    def wake(self, now_us: int) -> Sequence[Event]:
        assert now_us == self.times_us.pop(0)
        return [at(tick(now_us), now_us)]

    def restore(self, event: Event) -> None: ...


class Echo:
    """Answers each tick by a clock event, a delay later."""

    name = "echo"

    def __init__(self, delay_us: int) -> None:
        self.delay_us = delay_us
        self.heard: list[tuple[int, Event]] = []

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        self.heard.append((now_us, event))
        answer = clock(0)
        return [
            ClockAdvanced(
                event_id=derive_id(event.event_id, "echo"),
                correlation_id=event.correlation_id,
                causation_id=event.event_id,
                event_time_us=now_us + self.delay_us,
                clock_sequence=answer.clock_sequence,
                ends=(),
            )
        ]

    def due_us(self) -> int | None:
        return None

    def wake(self, now_us: int) -> Sequence[Event]:
        raise AssertionError("the echo is never due")

    def restore(self, event: Event) -> None: ...


def at(event: Event, event_time_us: int) -> Event:
    return msgspec.structs.replace(event, event_time_us=event_time_us)


def consumes(name: str) -> frozenset[type[Event]]:
    return frozenset({type(tick(0))}) if name == "echo" else frozenset()


TIMES = st.lists(st.integers(0, 1_000), max_size=30)


@given(TIMES, st.integers(0, 300), st.lists(st.integers(1, 1_500), max_size=8))
def test_events_come_in_order_of_time_whatever_the_slices(
    times_us: list[int], delay_us: int, cuts: list[int]
) -> None:
    def written(cuts_us: Sequence[int]) -> list[tuple[str, Event]]:
        world = World([Ticker(times_us), Echo(delay_us)], consumes)
        entries = [entry for cut in sorted(cuts_us) for entry in world.run_until(cut)]
        return [(run.writer, event) for run in entries for event in run.events]

    whole = written([2_000])
    assert written([*cuts, 2_000]) == whole
    at_us = [event.event_time_us for _, event in whole]
    assert at_us == sorted(at_us)
    assert len(whole) == 2 * len(times_us)


@given(TIMES, st.integers(1, 1_500))
def test_nothing_is_written_at_or_after_the_end(times_us: list[int], until_us: int) -> None:
    world = World([Ticker(times_us), Echo(7)], consumes)
    entries = world.run_until(until_us)
    assert all(one.event_time_us < until_us for run in entries for one in run.events)
    assert sum(len(run.events) for run in entries if run.writer == "ticker") == sum(
        t < until_us for t in times_us
    )


def test_a_machine_hears_what_it_consumes_at_the_time_it_happens() -> None:
    echo = Echo(5)
    World([Ticker([10, 20]), echo], consumes).run_until(100)
    assert [now_us for now_us, _ in echo.heard] == [10, 20]


def test_what_the_coordinator_publishes_is_delivered_and_written_under_its_name() -> None:
    echo = Echo(5)
    world = World([echo], consumes)
    world.publish(at(tick(1), 3))
    assert [entry.writer for entry in world.run_until(100)] == ["test-coordinator", "echo"]


def test_feedback_reaches_one_machine_at_the_time_given() -> None:
    echo = Echo(5)
    world = World([echo], consumes)
    world.deliver("echo", tick(0), 40)
    assert [one.event_time_us for run in world.run_until(100) for one in run.events] == [45]


def test_a_fact_of_the_past_is_refused() -> None:
    world = World([Echo(-1)], consumes)
    with pytest.raises(EcosystemError, match="echo: ClockAdvanced at 39 was decided at 40"):
        world.deliver("echo", tick(0), 40)
