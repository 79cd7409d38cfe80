"""Wishes on their way to the log: each once, whatever the broker does, and then followed."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from doors.problems import ProblemError
from ecosystem.events.envelope import Event
from ecosystem.ids import RootIds
from eventlog.errors import AppendError
from eventlog.records import Partition
from producers.live.outbox import Outbox
from producers.live.requests import Requests
from producers.live.traces import Traces
from tests.producers.live.test_service import order


class Broker:
    """Takes records at once, late, or never.

    As an appender it is a fake of the broker's: what it took and will not deliver, it says.
    """

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self.opened_count = 0
        self.acknowledges = True
        self.fails = False

    def open(self) -> "Broker":
        self.opened_count += 1
        return self

    def append(self, event: Event) -> Partition:
        self.taken.append(event)
        return "orders", 0

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        raise AssertionError("a door sends events")

    def settled(self) -> bool:
        if self.fails:
            raise AppendError("the broker refused it")
        return self.acknowledges

    def flush(self) -> None:
        raise AssertionError("a door does not wait without a bound")

    def close(self) -> None:
        raise AssertionError("a failed appender is let go")


@pytest.fixture
def broker() -> Broker:
    """A broker that answers."""
    return Broker()


@pytest.fixture
def requests(broker: Broker) -> Requests:
    """Wishes that go there, with little patience."""
    outbox = Outbox(broker.open, acknowledged_max_s=0.01)
    return Requests(outbox, Traces(), RootIds(b"k", "door"), lambda: 0)


def refused(send: Callable[[], object]) -> ProblemError:
    with pytest.raises(ProblemError) as found:
        send()
    return found.value


def test_the_same_wish_is_sent_once(requests: Requests, broker: Broker) -> None:
    assert requests.send(order(1)) is True
    assert requests.send(msgspec.structs.replace(order(1), event_time_us=99)) is False
    assert broker.taken == [order(1)]


def test_an_id_stands_for_one_wish_only(requests: Requests, broker: Broker) -> None:
    requests.send(order(1))
    other = msgspec.structs.replace(order(1), quantity_e8=1)
    assert refused(lambda: requests.send(other)).kind == "key-reused"
    assert broker.taken == [order(1)]


def test_a_wish_that_is_late_is_waited_for_and_not_sent_again(
    requests: Requests, broker: Broker
) -> None:
    broker.acknowledges = False
    late = refused(lambda: requests.send(order(1)))
    assert (late.status, late.kind) == (503, "log-unreachable")
    assert "same Idempotency-Key" in late.detail
    assert requests.traces.events(order(1).event_id) == [order(1)]
    broker.acknowledges = True
    assert requests.send(order(1)) is False
    assert broker.taken == [order(1)]


def test_a_wish_that_failed_is_forgotten_and_can_be_asked_for_again(
    requests: Requests, broker: Broker
) -> None:
    broker.acknowledges = False
    refused(lambda: requests.send(order(1)))
    broker.fails = True
    assert "refused it" in refused(lambda: requests.send(order(2))).detail
    assert requests.traces.events(order(2).event_id) is None
    broker.fails, broker.acknowledges = False, True
    assert requests.send(order(1)) is True
    assert requests.send(order(2)) is True
    assert broker.taken == [order(1), order(2), order(1), order(2)]
    assert broker.opened_count == 2


def test_the_same_key_names_the_same_wish_and_none_names_a_new_one(requests: Requests) -> None:
    assert requests.name("order/firm/1") == requests.name("order/firm/1")
    assert requests.name("order/firm/1") != requests.name("order/firm/2")
    assert requests.name(None) != requests.name(None)


def test_who_waits_is_told_when_the_answer_comes_or_the_time_is_over(requests: Requests) -> None:
    asked = order(1)
    requests.send(asked)
    answer = msgspec.structs.replace(order(2), correlation_id=asked.correlation_id)

    async def waits() -> tuple[bool, bool]:
        too_early = await requests.traces.answered(asked.correlation_id, 0.01)
        waiting = asyncio.ensure_future(requests.traces.answered(asked.correlation_id, 10))
        await asyncio.sleep(0)
        await asyncio.to_thread(requests.traces.witness, [asked], [answer])
        return too_early, await waiting

    assert asyncio.run(waits()) == (False, True)
    assert requests.traces.events(asked.correlation_id) == [asked, answer]
