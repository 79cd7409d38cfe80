"""Server-sent events over a real socket: delivery, what was missed, slow clients, the end."""

import json
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from doors.server import ServerThread
from doors.streams import Streams
from tests.doors.toys import Toy

BOUND_S = 10.0


class Stand:
    """A toy served on a port."""

    def __init__(self, **limits: float) -> None:
        self.toy = Toy(Streams(**limits))  # type: ignore[arg-type] # the limits are whole but one
        self.server = ServerThread(self.toy.app, "127.0.0.1", 0)
        self.server.start()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.server.port}", timeout=BOUND_S)
        until(lambda: self._answers())

    def _answers(self) -> bool:
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def publish(self, *numbers: int) -> None:
        for number in numbers:
            self.toy.streams.publish("news", "number", lambda number=number: number)  # type: ignore[misc] # mypy cannot infer a lambda with a default

    def stop(self) -> None:
        self.toy.streams.close("the test is over")
        self.server.stop()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def stands() -> Iterator[Callable[..., Stand]]:
    """Makes stands, and closes them in the end."""
    made: list[Stand] = []

    def make(**limits: float) -> Stand:
        made.append(Stand(**limits))
        return made[-1]

    yield make
    for stand in made:
        stand.client.close()
        stand.stop()


def events(lines: Iterator[str], count: int) -> list[dict[str, str]]:
    """Return the next events of a stream, each as its fields."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            found.append(fields)
            fields = {}
            if len(found) == count:
                break
    return found


def test_what_happens_reaches_everybody_who_listens(stands: Callable[..., Stand]) -> None:
    stand = stands()
    with stand.client.stream("GET", "/news") as one, stand.client.stream("GET", "/news") as two:
        assert one.headers["content-type"].startswith("text/event-stream")
        stand.publish(7, 8)
        for listener in (one, two):
            assert events(listener.iter_lines(), 2) == [
                {"id": "1", "event": "number", "data": "7"},
                {"id": "2", "event": "number", "data": "8"},
            ]


def test_a_returning_client_is_given_what_it_missed(stands: Callable[..., Stand]) -> None:
    stand = stands()
    stand.publish(100, 101)
    with stand.client.stream("GET", "/news") as listener:
        stand.publish(0)
        assert [event["id"] for event in events(listener.iter_lines(), 1)] == ["3"]
    stand.publish(*range(1, 5))
    with stand.client.stream("GET", "/news", headers={"Last-Event-ID": "5"}) as listener:
        stand.publish(99)
        missed = events(listener.iter_lines(), 3)
    assert [event["data"] for event in missed] == ["3", "4", "99"]
    assert [event["id"] for event in missed] == ["6", "7", "8"]


def test_a_quiet_stream_beats(stands: Callable[..., Stand]) -> None:
    stand = stands(heartbeat_s=0.05)
    with stand.client.stream("GET", "/news") as listener:
        lines = listener.iter_lines()
        assert [next(lines), next(lines), next(lines)] == [": welcome", "", ": heartbeat"]


def test_a_client_that_cannot_keep_up_is_dropped_with_a_reason(
    stands: Callable[..., Stand],
) -> None:
    stand = stands(queue_max=4)
    with stand.client.stream("GET", "/news") as listener:
        # All are published before the event loop gets to send one, or the kernel's buffers fill.
        stand.publish(*range(20_000))
        last = events(listener.iter_lines(), 40_000)[-1]
    assert last["event"] == "dropped"
    assert "too slow: 4 messages wait" in json.loads(last["data"])["reason"]
    until(lambda: not stand.toy.streams.has_clients("news"))


def test_a_stream_ends_after_its_time_and_says_so(stands: Callable[..., Stand]) -> None:
    stand = stands(lifetime_s=0.2)
    with stand.client.stream("GET", "/news") as listener:
        stand.publish(1)
        first, last = events(listener.iter_lines(), 2)
    assert (first["data"], last["event"]) == ("1", "dropped")
    assert "come again" in last["data"]


def test_no_more_clients_than_allowed_are_let_in(stands: Callable[..., Stand]) -> None:
    stand = stands(clients_max=1)
    with stand.client.stream("GET", "/news"):
        refused = stand.client.get("/news")
        assert refused.status_code == 503
        assert "1 clients listen" in refused.json()["detail"]
    until(lambda: not stand.toy.streams.has_clients("news"))
    with stand.client.stream("GET", "/news") as again:
        assert again.status_code == 200


def test_the_server_stops_at_once_though_somebody_listens(stands: Callable[..., Stand]) -> None:
    stand = stands()
    with stand.client.stream("GET", "/news") as listener:
        stopping = threading.Thread(target=stand.stop)
        began_s = time.monotonic()
        stopping.start()
        (last,) = events(listener.iter_lines(), 5)
        stopping.join(BOUND_S)
    assert last["event"] == "dropped"
    assert "the test is over" in last["data"]
    assert time.monotonic() - began_s < 4


def test_a_port_that_is_taken_is_an_error_at_once(stands: Callable[..., Stand]) -> None:
    stand = stands()
    with pytest.raises(OSError, match="in use"):
        ServerThread(stand.toy.app, "127.0.0.1", stand.server.port)
