"""What a finished run on the log holds of its monitor, made ready for the contract's checks."""

from contextlib import suppress
from typing import Final

from ecosystem.audit.conformance.history import Clock, Known, MonitorHistory, Place, Told
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId
from eventlog.catalogue.model import Catalogue, Plane
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.errors import CatalogueError, UndecodableRecordError
from eventlog.records import Positions, RawRecord
from replay.history import History
from replay.plan import CLOCK, DEAD_LETTERS, RISK_MONITOR

_NONE: Final[Positions] = {}


def read_monitor_history(
    history: History,
    catalogue: Catalogue,
    *,
    first_heartbeat_within_ms: int,
    heartbeat_within_ms: int,
    strangers: Positions = _NONE,
) -> MonitorHistory:
    """Return what the monitor of a world's run wrote, and what it could have read.

    Args:
        strangers: how many records of a partition no simulator wrote, as the world's host found.
    Raises:
        EventLogError: the log cannot be read.
    """
    production = [t.name for t in catalogue.topics.values() if t.plane == Plane.PRODUCTION]
    reading = _Reading(catalogue)
    bounds = history.bounds(production)
    for record in history.read(bounds):
        reading.take(record)
    return MonitorHistory(
        monitor=RISK_MONITOR,
        told=tuple(sorted(reading.told, key=lambda told: (told.place.topic, told.place))),
        known=reading.known,
        clocks=tuple(sorted(reading.clocks, key=lambda clock: clock.place)),
        ends={place: end for place, (_, end) in bounds.items()},
        may_write={
            name: frozenset(catalogue.topic(name).events)
            for name in catalogue.principal(RISK_MONITOR).produces
        },
        undecodable=frozenset(reading.undecodable),
        strangers={place: count for place, count in strangers.items() if count},
        first_heartbeat_within_ms=first_heartbeat_within_ms,
        heartbeat_within_ms=heartbeat_within_ms,
    )


class _Reading:
    def __init__(self, catalogue: Catalogue) -> None:
        self._codec = Codec(PRODUCTION_EVENTS)
        self._routes = routes_of(catalogue, PRODUCTION_EVENTS)
        self._own = frozenset(catalogue.principal(RISK_MONITOR).produces)
        self._steward_of = {t.name for t in catalogue.topics.values() if t.steward == RISK_MONITOR}
        self.told: list[Told] = []
        self.known: dict[EventId, Known] = {}
        self.clocks: list[Clock] = []
        self.undecodable: list[Place] = []

    def take(self, record: RawRecord) -> None:
        place = Place(record.topic, record.partition, record.offset)
        try:
            event, cause = self._codec.decode(record.value), ""
        except UndecodableRecordError as error:
            event, cause = None, str(error)
        if record.topic in self._own:
            if record.topic != DEAD_LETTERS or _is_the_monitors(event):
                self.told.append(self._told(place, record, event, cause))
        elif event is None:
            if record.topic in self._steward_of:
                self.undecodable.append(place)
        else:
            self.known[event.event_id] = Known(
                correlation_id=event.correlation_id,
                event_time_us=event.event_time_us,
                place=place,
            )
            if record.topic == CLOCK and isinstance(event, ClockAdvanced):
                self.clocks.append(
                    Clock(place=place, record_time_ms=record.record_time_ms, event=event)
                )

    def _told(self, place: Place, record: RawRecord, event: Event | None, cause: str) -> Told:
        due_key = record.key
        if event is not None:
            with suppress(CatalogueError):  # no topic carries it: another check says so
                _, due_key, _ = self._routes.place(event)
        return Told(
            place=place,
            record_time_ms=record.record_time_ms,
            key=record.key,
            due_key=due_key,
            event=event,
            cause=cause,
        )


def _is_the_monitors(event: Event | None) -> bool:
    # The auditor writes dead letters there as well, and its own are in order.
    return not isinstance(event, RecordDeadLettered) or event.steward == RISK_MONITOR
