"""The contract of slices: every clock is answered, in order, in time, and by what lies in it."""

from collections.abc import Iterator
from typing import Final

from ecosystem.audit.conformance.history import (
    Check,
    Clock,
    Finding,
    MonitorHistory,
    Place,
    Told,
    named,
)
from ecosystem.audit.conformance.lives import Lives
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.words import EventId

_MS_IN_S: Final = 1_000


def _beats(history: MonitorHistory) -> Iterator[tuple[Told, RiskHeartbeat]]:
    for told, event in history.events():
        if isinstance(event, RiskHeartbeat):
            yield told, event


def _by_sequence(history: MonitorHistory) -> dict[int, Clock]:
    return {clock.event.clock_sequence: clock for clock in history.clocks}


def _one_each(history: MonitorHistory) -> Iterator[Finding]:
    clocks = _by_sequence(history)
    due = 0
    for told, beat in _beats(history):
        clock = clocks.get(beat.slice_sequence)
        if clock is None:
            yield Finding(place=told.place, found=f"{named(beat)} answers no clock")
            continue
        if beat.slice_sequence != due:
            found = f"{named(beat)} follows where slice {due} was due"
            yield Finding(place=told.place, found=found)
        due = beat.slice_sequence + 1
        if beat.clock_event_id != clock.event.event_id:
            found = (
                f"{named(beat)} has the clock_event_id {beat.clock_event_id.hex()}, and the clock"
                f" of that number at {clock.place} is {clock.event.event_id.hex()}"
            )
            yield Finding(place=told.place, found=found)
        elif beat.causation_id != clock.event.event_id:
            yield Finding(place=told.place, found=f"{named(beat)} is not caused by its clock")
    answered = {beat.slice_sequence for _, beat in _beats(history)}
    if silent := [clock for number, clock in sorted(clocks.items()) if number not in answered]:
        found = (
            f"{len(silent)} of {len(clocks)} clocks have no heartbeat, the first of them is"
            f" clock {silent[0].event.clock_sequence}"
        )
        yield Finding(place=silent[0].place, found=found)


def _offsets(history: MonitorHistory) -> Iterator[Finding]:
    clocks = _by_sequence(history)
    reached: dict[tuple[str, int], int] = {}
    for told, beat in _beats(history):
        ends = {(end.topic, end.partition): end.end_offset for end in beat.ends}
        wrong = []
        for (topic, partition), end in ends.items():
            place = (topic, partition)
            if place not in history.ends:
                wrong.append(f"{topic}/{partition}, which is no production partition")
            elif not 0 <= end <= history.ends[place]:
                wrong.append(f"{topic}/{partition} {end}, and it ends at {history.ends[place]}")
            elif end < reached.get(place, 0):
                wrong.append(f"{topic}/{partition} {end}, and it had reached {reached[place]}")
            reached[place] = max(end, reached.get(place, 0))
        if (clock := clocks.get(beat.slice_sequence)) is not None:
            due = clock.ends
            wrong += [
                f"{topic}/{partition} {end}, and its slice ends at {due[topic, partition]}"
                for (topic, partition), end in ends.items()
                if end < due.get((topic, partition), 0)
            ]
            if (clock.place.topic, clock.place.partition) not in ends:
                wrong.append(f"not the partition of its clock, {clock.place}")
        if wrong:
            yield Finding(place=told.place, found=f"{named(beat)} names {'; '.join(wrong)}")


def _slices(history: MonitorHistory) -> Iterator[Finding]:
    clocks = _by_sequence(history)
    pending: list[Told] = []
    for told, event in history.events():
        if isinstance(event, RecordDeadLettered):
            continue
        if not isinstance(event, RiskHeartbeat):
            pending.append(told)
            continue
        if (clock := clocks.get(event.slice_sequence)) is not None:
            for one in pending:
                yield from _ahead(history, one, clock)
        pending.clear()
    for told in pending:
        assert told.event is not None, "only decoded events are pending"
        found = f"{named(told.event)} is followed by no heartbeat"
        yield Finding(place=told.place, found=found)


def _ahead(history: MonitorHistory, told: Told, clock: Clock) -> Iterator[Finding]:
    event, ends = told.event, clock.ends
    assert event is not None, "only decoded events are pending"
    named_ids: tuple[EventId, ...] = (event.causation_id, *getattr(event, "inputs", ()))
    for named_id in dict.fromkeys(named_ids):
        known = history.known.get(named_id)
        if known is not None and not _is_within(known.place, ends):
            found = (
                f"{named(event)} names the record at {known.place}, which lies behind the end of"
                f" slice {clock.event.clock_sequence}, whose heartbeat follows"
            )
            yield Finding(place=told.place, found=found)


def _is_within(place: Place, ends: dict[tuple[str, int], int]) -> bool:
    return place.offset < ends.get((place.topic, place.partition), place.offset + 1)


def _counts(history: MonitorHistory) -> Iterator[Finding]:
    lives = Lives()
    events_count = undecodable_count = 0
    for told, event in history.events():
        lives.follow(event)
        if not isinstance(event, RiskHeartbeat):
            continue
        active_count = len(lives.active)
        if event.alerts_active_count != active_count:
            found = (
                f"{named(event)} says that {event.alerts_active_count} alerts are active, and"
                f" {active_count} are"
            )
            yield Finding(place=told.place, found=found)
        if event.events_count < events_count or event.undecodable_count < undecodable_count:
            found = (
                f"{named(event)} counts {event.events_count} events and"
                f" {event.undecodable_count} undecodable records, less than the one before"
            )
            yield Finding(place=told.place, found=found)
        events_count, undecodable_count = event.events_count, event.undecodable_count


def latencies_ms(history: MonitorHistory) -> dict[int, int]:
    """Return for each slice that was answered the wall time from its clock to its heartbeat."""
    clocks = _by_sequence(history)
    latencies: dict[int, int] = {}
    for told, beat in _beats(history):
        if (clock := clocks.get(beat.slice_sequence)) is not None:
            latency_ms = told.record_time_ms - clock.record_time_ms
            latencies.setdefault(beat.slice_sequence, latency_ms)
    return latencies


def topics_read(history: MonitorHistory) -> tuple[str, ...]:
    """Return the topics of which some heartbeat says that it read records."""
    read = {end.topic for _, beat in _beats(history) for end in beat.ends if end.end_offset > 0}
    return tuple(sorted(read))


def _in_time(history: MonitorHistory) -> Iterator[Finding]:
    clocks = _by_sequence(history)
    for number, latency_ms in latencies_ms(history).items():
        first = number == 0
        within_ms = history.first_heartbeat_within_ms if first else history.heartbeat_within_ms
        if latency_ms > within_ms:
            found = (
                f"slice {number} is answered after {latency_ms / _MS_IN_S:.1f} s on the wall, and"
                f" {within_ms / _MS_IN_S:.1f} s are allowed"
            )
            yield Finding(place=clocks[number].place, found=found)


CHECKS = (
    Check(
        name="heartbeats",
        asks="each ClockAdvanced is answered by one RiskHeartbeat, in order: its slice_sequence is"
        " the clock_sequence, and its clock_event_id and causation_id are the clock's id",
        find=_one_each,
    ),
    Check(
        name="offsets",
        asks="a heartbeat's ends name for each partition that is read an offset that exists, that"
        " never goes back, and that is no less than what its clock names; the clock's own partition"
        " is among them",
        find=_offsets,
    ),
    Check(
        name="slices",
        asks="what follows from a slice stands before its heartbeat and rests on no record behind"
        " the ends that its clock names",
        find=_slices,
    ),
    Check(
        name="counts",
        asks="a heartbeat counts the alerts that are active, and its other counts never fall",
        find=_counts,
    ),
    Check(
        name="in time",
        asks="a heartbeat follows its clock within the wall time that the world waits for it",
        find=_in_time,
    ),
)
