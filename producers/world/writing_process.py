"""`python -m producers.world.writing_process`: appends the slices that a world hands over.

Started by `WriterApart` with two pipes: requests in, answers out.
"""

import os
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from producers.world.parcels import Parcels
from producers.world.writing import Writing

YIELDING: Final = 5
"""What is added to the nice value of this process; it has time enough."""
WRITE: Final = b"w"
RELEASE: Final = b"r"
RECONCILE: Final = b"c"
ADVANCE: Final = b"a"
FLUSH: Final = b"f"
TIME_BYTES: Final = 8
together: Final = msgspec.msgpack.Encoder().encode
"""Makes one message of a list of requests."""
apart: Final = msgspec.msgpack.Decoder(list[bytes]).decode
"""Returns the requests of a message, in order."""


def serve(
    requests: Connection,
    answers: Connection,
    build: Callable[[], Writing],
    writers: Sequence[str],
    events: Sequence[type[Event]],
) -> None:
    """Do what the other side asks for, until it asks no more or something goes wrong."""
    _stand_back()
    try:
        writer, parcels = build(), Parcels(writers, events)
        while True:
            try:
                found = apart(requests.recv_bytes())
            except EOFError:
                return
            for request in found:
                _do(writer, parcels, request[:1], request[1:], answers)
    except EcosystemError as error:
        answers.send(error)


def _stand_back() -> None:
    """Leave the cores to the world: how fast a run goes is decided by its one thread."""
    os.nice(YIELDING)
    if sys.platform == "linux":
        # It preempts nobody when it has something to do again, and never takes the last core.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:-1] or cores)


def _do(writer: Writing, parcels: Parcels, what: bytes, rest: bytes, answers: Connection) -> None:
    if what == WRITE:
        writer.write(parcels.unpack(rest))
    elif what == ADVANCE:
        writer.advance_clock(int.from_bytes(rest, "big"))
    elif what == RELEASE:
        writer.release()
    elif what == RECONCILE:
        writer.reconcile()
    else:
        assert what == FLUSH, "the world asks for nothing else"
        writer.flush()
        answers.send(writer.strangers)


def main() -> None:
    """Serve on the pipes whose numbers the command line gives; the first request says how."""
    requests = Connection(int(sys.argv[1]), writable=False)
    answers = Connection(int(sys.argv[2]), readable=False)
    build, writers, events = requests.recv()
    serve(requests, answers, build, writers, events)


if __name__ == "__main__":
    main()
