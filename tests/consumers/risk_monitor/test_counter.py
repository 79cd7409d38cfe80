"""The counter: acts wait in a bounded queue, and none is left without an answer."""

from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from consumers.risk_monitor.counter import Counter, NotTakenError
from ecosystem.risk.acts import TripBreaker
from tests.ecosystem.risk.facts import event_id

TRIP = TripBreaker(author="desk", reason="drill")


def test_acts_of_many_threads_are_all_taken_once() -> None:
    counter = Counter(waiting_max=400)
    requests = [event_id("request", number) for number in range(400)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda request: counter.submit(TRIP, request), requests))
    taken = counter.take()
    assert sorted(one.request_id for one in taken) == sorted(requests)
    assert counter.take() == ()


def test_acts_are_taken_in_the_order_in_which_they_came() -> None:
    counter = Counter()
    for number in range(5):
        counter.submit(TRIP, event_id("request", number))
    assert [one.request_id for one in counter.take()] == [event_id("request", n) for n in range(5)]


def test_more_acts_than_may_wait_are_refused() -> None:
    counter = Counter(waiting_max=1)
    waits = counter.submit(TRIP, event_id("request", 1))
    with pytest.raises(NotTakenError, match="1 acts wait"):
        counter.submit(TRIP, event_id("request", 2)).result(0)
    assert not waits.done()


def test_a_closed_counter_refuses_what_waits_and_what_is_to_come() -> None:
    counter = Counter()
    waits = counter.submit(TRIP, event_id("request", 1))
    counter.close()
    with pytest.raises(NotTakenError, match="stopped before"):
        waits.result(0)
    with pytest.raises(NotTakenError, match="takes no more acts"):
        counter.submit(TRIP, event_id("request", 2)).result(0)


def test_an_act_that_was_cancelled_in_time_is_not_taken() -> None:
    counter = Counter()
    waits = counter.submit(TRIP, event_id("request", 1))
    assert waits.cancel()
    assert counter.take() == []
    with pytest.raises(CancelledError):
        waits.result(0)
