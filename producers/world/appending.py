"""Who writes a world's slices onto the log, with how much patience: all a writing process needs."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.ids import RootIds
from ecosystem.run import COORDINATOR
from ecosystem.venues import VENUES
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from producers.world.host import TRADING_ENGINE
from producers.world.slices import CLOCK, SliceWriter

WRITERS: Final = (
    COORDINATOR,
    TRADING_ENGINE,
    "market-data",
    *VENUES,
    "custodian",
    CLOCK,
)
"""The order in which the writers of a slice append; part of what makes runs repeatable.

The trading engine goes before the bulk of the ticks, so that its orders are acknowledged by the
time the exchange's answers go to the same partitions."""
PATIENT: Final = ("market-data", CLOCK)
LINGER_MS: Final = 200
"""How long records may gather while nobody waits for them: few large requests cost the least."""
PROMPT_LINGER_MS: Final = 0
"""The same in partitions that several writers share: the next of them waits for each record."""
WATCHED_LINGER_MS: Final = 5
"""The same for ticks while a monitor waits for every slice; then the other writers have the next in
a slice waiting."""


def counted_topics(catalogue: Catalogue) -> list[str]:
    """Return the production topics whose ends the clock announces: what simulators write."""
    return [
        topic.name
        for topic in catalogue.topics.values()
        if topic.plane == "production"
        and topic.name != CLOCK
        and any(topic.name in catalogue.principal(writer).produces for writer in WRITERS)
    ]


def build_writer(clients: Clients, key: bytes, *, watched: bool) -> SliceWriter:
    """Return what writes the slices of a run onto the broker.

    Args:
        watched: whether a risk monitor waits for every slice.
    """
    return SliceWriter(
        {
            writer: clients.appender(writer, linger_ms=_linger_ms(writer, watched=watched))
            for writer in WRITERS
        },
        clients.routes,
        clients.codec,
        clients.partitions(counted_topics(clients.catalogue)),
        RootIds(key, CLOCK),
        partial(clients.ends, COORDINATOR, clients.run_topics()),
        None if watched else partial(clients.appender, linger_ms=PROMPT_LINGER_MS),
    )


def _linger_ms(writer: str, *, watched: bool) -> int:
    if not watched:
        return LINGER_MS
    return WATCHED_LINGER_MS if writer in PATIENT else 0


def writer_elsewhere(
    broker: Broker,
    namespace: Namespace,
    catalogue: Catalogue,
    events: Sequence[type[Event]],
    key: bytes,
) -> SliceWriter:
    """Return the writer of a run that nobody watches, for the process that only writes."""
    return build_writer(Clients(broker, namespace, catalogue, events), key, watched=False)
