"""Messages handed over: in order, without waiting for who reads, and never for ever."""

from multiprocessing.connection import Connection, Pipe
from threading import Thread

import pytest

from producers.world.handover import HELD_MAX, Handover

pytestmark = pytest.mark.timeout(60)
LARGE = bytes(1 << 20)
"""More than a pipe holds."""


def handover() -> tuple[Handover, Connection]:
    reader, ours = Pipe(duplex=False)
    return Handover(ours), reader


def all_of(reader: Connection) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(reader.recv_bytes())
        except EOFError:
            return found


def test_what_is_brought_before_anybody_reads_arrives_in_order() -> None:
    sent, reader = handover()
    messages = [bytes([number]) + LARGE for number in range(8)]
    for message in messages:
        sent.send(message)
    found: list[list[bytes]] = []
    reading = Thread(target=lambda: found.append(all_of(reader)))
    reading.start()
    assert sent.close(10.0)
    reading.join(10.0)
    assert found == [messages]


def bring(sent: Handover, count: int) -> None:
    for _ in range(count):
        sent.send(LARGE)


def test_who_brings_too_much_waits_until_somebody_reads() -> None:
    sent, reader = handover()
    bringing = Thread(target=bring, args=(sent, 2 * HELD_MAX))
    bringing.start()
    # One message is in the thread's hands, and one may be in the pipe.
    bringing.join(0.5)
    assert bringing.is_alive()
    for _ in range(2 * HELD_MAX):
        assert reader.recv_bytes() == LARGE
    bringing.join(10.0)
    assert not bringing.is_alive()
    assert sent.close(10.0)


def test_what_is_brought_for_one_who_is_gone_keeps_nobody_waiting() -> None:
    sent, reader = handover()
    reader.close()
    bring(sent, 2 * HELD_MAX)
    assert sent.close(10.0)


@pytest.mark.parametrize("count", [1, HELD_MAX + 1])
def test_closing_says_when_nobody_reads_what_is_left(count: int) -> None:
    sent, reader = handover()
    bring(sent, count)
    assert not sent.close(0.2)
    reader.close()
    assert sent.close(10.0)
