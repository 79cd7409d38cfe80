"""Builds a world run from a plan and a namespace that is ready: the composition root."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.ids import RootIds
from ecosystem.run import COORDINATOR, RunPlan, opening_events
from ecosystem.units import HOUR_US
from ecosystem.venues import VENUES
from ecosystem.world import World
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker, Clients
from eventlog.codec import Codec
from producers.desk import settings_of
from producers.machines import SIMULATORS, Feed, build_machine
from producers.market_data.recordings.use import source_of, uses_in
from producers.world.apart import WriterApart
from producers.world.feedback import (
    FIRST_SILENCE_MAX_S,
    SILENCE_MAX_S,
    Feedback,
    LogFeedback,
    NoMonitor,
)
from producers.world.host import TRADING_ENGINE, WorldHost
from producers.world.slices import CLOCK, SliceWriter
from producers.world.writing import Writing

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
LINGER_MS: Final = 50
"""How long records may gather while nobody waits for them: few large requests cost the least."""
WATCHED_LINGER_MS: Final = 5
"""The same for ticks while a monitor waits for every slice; then the other writers have the next in
a slice waiting."""
APART_FROM_US: Final = HOUR_US
"""Event time of a run from which on it pays to start a process that writes."""
ALERTS: Final = "risk-alerts"


def build_world(
    plan: RunPlan, key: bytes, catalogue: Catalogue, events: Sequence[type[Event]]
) -> World:
    """Return the world of a run: its machines, each reading what the catalogue says it reads.

    The clock is not delivered: in a world it is the host that wakes the machines. Market data
    follow the recordings that the plan's settings name.

    Raises:
        InvalidInputError: a recording of the plan is missing, or is another file by now.
    """

    def consumes(machine: str) -> frozenset[type[Event]]:
        names = {
            name
            for topic in catalogue.subscription(machine)
            if topic != CLOCK
            for name in catalogue.topic(topic).events
        }
        return frozenset(event for event in events if event.__name__ in names)

    desk = settings_of(plan.settings_json)
    uses = uses_in(plan.settings_json)
    feed = Feed(source_of(uses, plan.seed)) if uses else None
    machines = [
        build_machine(name, key, plan.seed, plan.starts_at_us, desk=desk, feed=feed)
        for name in SIMULATORS
    ]
    return World(machines, consumes)


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
    )


def _linger_ms(writer: str, *, watched: bool) -> int:
    if not watched:
        return LINGER_MS
    return WATCHED_LINGER_MS if writer in PATIENT else 0


def _writer_elsewhere(
    broker: Broker,
    namespace: Namespace,
    catalogue: Catalogue,
    events: Sequence[type[Event]],
    key: bytes,
) -> SliceWriter:
    return build_writer(Clients(broker, namespace, catalogue, events), key, watched=False)


def build_host(
    plan: RunPlan,
    key: bytes,
    clients: Clients,
    events: Sequence[type[Event]],
    *,
    monitor: bool,
    check: Callable[[], None] = lambda: None,
    patience_s: tuple[float, float] = (FIRST_SILENCE_MAX_S, SILENCE_MAX_S),
) -> WorldHost:
    """Return the host of a run on the broker.

    Args:
        monitor: whether a risk monitor answers; without one nobody is waited for.
        check: called while the monitor is waited for; raises when that has become pointless.
        patience_s: wall time to wait for the monitor's first heartbeat, and for each later one.
    """
    writer: Writing
    if not monitor and plan.scenario.duration_us >= APART_FROM_US:
        build = partial(
            _writer_elsewhere,
            clients.broker,
            clients.namespace,
            clients.catalogue,
            tuple(events),
            key,
        )
        writer = WriterApart(build, WRITERS, events)
    else:
        writer = build_writer(clients, key, watched=monitor)
    feedback = _feedback(clients, events, check, patience_s) if monitor else NoMonitor()
    return WorldHost(
        plan,
        build_world(plan, key, clients.catalogue, events),
        writer,
        feedback,
        opening_events(plan, key),
        partial(clients.ends, COORDINATOR, clients.run_topics()),
    )


def _feedback(
    clients: Clients,
    events: Sequence[type[Event]],
    check: Callable[[], None],
    patience_s: tuple[float, float],
) -> Feedback:
    spoken = clients.catalogue.topic(ALERTS).events
    # Whatever else a monitor writes there is for the auditor to find, and for nobody to obey.
    codec = Codec([event for event in events if event.__name__ in spoken])
    first_s, later_s = patience_s
    reader = clients.reader(TRADING_ENGINE, [ALERTS])
    return LogFeedback(reader, codec, later_s, first_s, check)
