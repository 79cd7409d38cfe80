"""A monitor's process that takes acts from its standard input, one JSON object a line.

The answer to each is a line on standard output. So tests can act on a process without its door.
"""

import sys
from threading import Thread

import msgspec
import structlog

from consumers.risk_monitor.__main__ import build_service
from consumers.risk_monitor.counter import Counter
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.settings import RiskMonitorSettings
from ecosystem.errors import EcosystemError
from ecosystem.events.words import EventId
from ecosystem.risk.acts import Acknowledge, Act, ChangeLimits, CloseBreaker, TripBreaker

KINDS: dict[str, type[Act]] = {
    kind.__name__: kind for kind in (Acknowledge, ChangeLimits, TripBreaker, CloseBreaker)
}


class Wish(msgspec.Struct, frozen=True):
    """One line of the input."""

    kind: str
    request: str
    act: msgspec.Raw


class Reply(msgspec.Struct, frozen=True):
    """One line of the output."""

    request: str
    facts: list[str]
    error: str = ""


def wish(act: Act, request_id: EventId) -> bytes:
    """Return the line that asks for an act."""
    raw = msgspec.Raw(msgspec.json.encode(act))
    return msgspec.json.encode(Wish(type(act).__name__, request_id.hex(), raw)) + b"\n"


def serve(counter: Counter) -> None:
    """Ask for the acts that come in and tell their answers, until the input ends."""
    for line in sys.stdin.buffer:
        asked = msgspec.json.decode(line, type=Wish)
        act = msgspec.json.decode(asked.act, type=KINDS[asked.kind])
        answer = counter.submit(act, EventId(bytes.fromhex(asked.request)))
        try:
            reply = Reply(asked.request, [fact.event_id.hex() for fact in answer.result()])
        except EcosystemError as error:
            reply = Reply(asked.request, [], str(error))
        sys.stdout.buffer.write(msgspec.json.encode(reply) + b"\n")
        sys.stdout.buffer.flush()


def main() -> None:
    """Watch and take acts until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    service = build_service(RiskMonitorSettings(), Metrics())
    Thread(target=serve, args=(service.counter,), daemon=True).start()
    service.run(lambda: False)


if __name__ == "__main__":
    main()
