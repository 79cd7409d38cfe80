"""Builds a world run from a plan and a namespace that is ready: the composition root."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.run import COORDINATOR, RunPlan, opening_events
from ecosystem.units import HOUR_US
from ecosystem.world import World
from eventlog.catalogue.model import Catalogue
from eventlog.clients import Clients
from eventlog.codec import Codec
from producers.desk import settings_of
from producers.machines import SIMULATORS, Feed, build_machine
from producers.market_data.recordings.use import source_of, uses_in
from producers.world.apart import WriterApart
from producers.world.appending import WRITERS, build_writer, writer_elsewhere
from producers.world.feedback import (
    FIRST_SILENCE_MAX_S,
    SILENCE_MAX_S,
    Feedback,
    LogFeedback,
    NoMonitor,
)
from producers.world.host import TRADING_ENGINE, WorldHost
from producers.world.slices import CLOCK
from producers.world.writing import Writing

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
            writer_elsewhere,
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
